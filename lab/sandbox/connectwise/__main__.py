"""``python -m lab.sandbox.connectwise``: see ``docs/sandbox.md``."""

from __future__ import annotations

from lab.sandbox.connectwise.control import Control
from lab.sandbox.connectwise.psa import Psa
from lab.sandbox.program import Vendor, run

VENDOR = Vendor("lab.sandbox.connectwise", "A ConnectWise PSA to try things on.", Psa, Control)

if __name__ == "__main__":
    raise SystemExit(run(VENDOR))
