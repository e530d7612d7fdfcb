"""Times of ours are the database's: no code that stores or compares them asks the clock of its own machine."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PLACES = (
    "sync/*.py",
    "sync/engine/*.py",
    "sync/services/*.py",
    "sync/selectors/*.py",
    "sync/models/*.py",
    "integrations/services/*.py",
    "integrations/models/*.py",
    "portal/ledger/**/*.py",
    "portal/core/*.py",
    "mappings/**/*.py",
)
OF_THE_MACHINE = re.compile(
    r"timezone\.(now|localtime|localdate)\(|datetime\.(now|utcnow|today)\(|date\.today\(|\btime\.time(_ns)?\(|auto_now|\"now\""
)
ALLOWED = {
    "sync/engine/report.py": "a row that is compared and never stored: when it was fetched is not looked at",
    "sync/engine/sample.py": "a row that is compared and never stored: when it was fetched is not looked at",
}


def test_what_stores_or_compares_times_asks_the_database() -> None:
    found = {
        str(path.relative_to(ROOT)): line.strip()
        for place in PLACES
        for path in ROOT.glob(place)
        if "migrations" not in path.parts
        for line in path.read_text().splitlines()
        if OF_THE_MACHINE.search(line)
    }
    assert sorted(found) == sorted(ALLOWED), f"use portal.core.database_clock, or say why not: {found}"
