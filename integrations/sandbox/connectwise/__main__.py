"""``python -m integrations.sandbox.connectwise``: see ``docs/sandbox.md``."""

from __future__ import annotations

from integrations.sandbox.connectwise.control import Control
from integrations.sandbox.connectwise.psa import Psa
from integrations.sandbox.program import Vendor, run

VENDOR = Vendor("integrations.sandbox.connectwise", "A ConnectWise PSA to try things on.", Psa, Control)

if __name__ == "__main__":
    raise SystemExit(run(VENDOR))
