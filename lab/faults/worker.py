"""A Celery worker of the harness. With FAULTS_SABOTAGE set, one of the engine's guards is off, to prove that a scenario would see it.

The switches are here and not in the engine: no setting of a portal can take a guard away.
"""

from __future__ import annotations

import os
import sys

import django
from celery.app.utils import find_app


def main() -> None:
    """Sets Django up, switches a guard off where asked, and becomes the worker."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.config.settings")
    django.setup()
    from lab.faults.sabotage import switch_off

    switch_off(os.environ.get("FAULTS_SABOTAGE", ""))
    arguments = sys.argv[sys.argv.index("worker") :]
    find_app("portal.config").worker_main(arguments)


if __name__ == "__main__":
    main()
