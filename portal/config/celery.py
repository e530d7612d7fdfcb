"""The Celery application: its messages only say that there is something to do; what and how far is in PostgreSQL."""

import os

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.config.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_django_logging(**kwargs: object) -> None:
    """Celery would replace the handlers; Django has set them up already."""


@worker_init.connect
@beat_init.connect
def refuse_wrong_role(**kwargs: object) -> None:
    """Before the first task. By SystemExit, since Celery logs any Exception of a receiver and starts all the same."""
    from foundation.tenancy.app_role import WrongRole, verify_at_start

    try:
        verify_at_start()
    except WrongRole as err:
        raise SystemExit(str(err)) from err
