"""Times of ours are the database's: no code that stores or compares them asks the clock of its own machine."""

from __future__ import annotations

import re

from tests.source_files import ROOT, source_files

PLACES = (
    "sync",
    "integrations/services",
    "integrations/models",
    "foundation",
    "mappings",
)
OF_THE_MACHINE = re.compile(
    r"timezone\.(now|localtime|localdate)\(|datetime\.(now|utcnow|today)\(|date\.today\(|\btime\.time(_ns)?\(|auto_now|\"now\""
)
ALLOWED = {
    "sync/management/commands/connection.py": "an answer that is printed",
    "sync/engine/check/report.py": "a row that is compared and never stored: when it was fetched is not looked at",
    "sync/engine/audit/drift_sample.py": "a row that is compared and never stored: when it was fetched is not looked at",
}


def test_what_stores_or_compares_times_asks_the_database() -> None:
    found = {
        str(path.relative_to(ROOT)): line.strip()
        for path in source_files(*PLACES)
        for line in path.read_text().splitlines()
        if OF_THE_MACHINE.search(line)
    }
    assert sorted(found) == sorted(ALLOWED), f"use foundation.core.database_clock, or say why not: {found}"
