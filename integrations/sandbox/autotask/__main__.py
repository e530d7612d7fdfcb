"""``python -m integrations.sandbox.autotask``: see ``docs/sandbox-autotask.md``."""

from __future__ import annotations

from integrations.sandbox.autotask.control import Control
from integrations.sandbox.autotask.psa import Psa
from integrations.sandbox.program import Vendor, run

VENDOR = Vendor("integrations.sandbox.autotask", "An Autotask PSA to try things on.", Psa, Control)

if __name__ == "__main__":
    raise SystemExit(run(VENDOR))
