"""``python -m lab.sandbox.halo``: see ``docs/sandbox.md``."""

from __future__ import annotations

from lab.sandbox.halo.control import Control
from lab.sandbox.halo.psa import Psa
from lab.sandbox.program import Vendor, run

VENDOR = Vendor("lab.sandbox.halo", "A HaloPSA to try things on.", Psa, Control)

if __name__ == "__main__":
    raise SystemExit(run(VENDOR))
