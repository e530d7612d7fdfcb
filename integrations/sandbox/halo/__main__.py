"""``python -m integrations.sandbox.halo``: see ``docs/sandbox.md``."""

from __future__ import annotations

from integrations.sandbox.halo.control import Control
from integrations.sandbox.halo.psa import Psa
from integrations.sandbox.program import Vendor, run

VENDOR = Vendor("integrations.sandbox.halo", "A HaloPSA to try things on.", Psa, Control)

if __name__ == "__main__":
    raise SystemExit(run(VENDOR))
