"""``python -m lab.sandbox.autotask``: see ``docs/sandbox-autotask.md``."""

from __future__ import annotations

from lab.sandbox.autotask.control import Control
from lab.sandbox.autotask.psa import Psa
from lab.sandbox.program import Vendor, run

VENDOR = Vendor("lab.sandbox.autotask", "An Autotask PSA to try things on.", Psa, Control)

if __name__ == "__main__":
    raise SystemExit(run(VENDOR))
