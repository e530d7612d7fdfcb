"""The filtered list of tickets as rows for a file: the PSA's own words, and beside them what they are called here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from foundation.core.keyset import Cursor
from mappings.selectors.labels import words_of
from tickets.selectors.export import BATCH, COLUMNS, LONG, ticket_rows
from tickets.selectors.filters import TicketFilters

SHOWN = {"status": "status_name", "priority": "priority_name", "type": "type_name"}
"""Columns that say what a value is called here, and the column with the PSA's own word, which stands where it has no other."""
BESIDE = {"client": "company_name", "person": "owner_name"}
"""Columns that are empty where nothing is mapped, and the column that each follows: lists show the PSA's names of these."""
KINDS = {"status": "status", "priority": "priority", "type": "category", "client": "company", "person": "member"}
LINKS = ("board_remote_id", "status_id", "priority_id", "type_id", "company_id", "owner_id")


def _headings() -> dict[str, str]:
    found: dict[str, str] = {}
    before = {own: name for name, own in SHOWN.items()}
    behind = {own: name for name, own in BESIDE.items()}
    for name, heading in COLUMNS.items():
        if name in before:
            found |= {before[name]: heading, name: f"{heading} in the PSA"}
        else:
            found[name] = heading
        if name in behind:
            found[behind[name]] = behind[name].capitalize()
    return found


HEADINGS = _headings()
"""{column: what stands above it}, in the order of the file."""
USUAL = tuple(name for name in HEADINGS if name not in LONG)


def columns_of(asked: str) -> tuple[str, ...]:
    """The columns that an address asks for, by comma: "all", or names in their order, unknown ones left out; the usual ones where it
    names none. The local id is always the first."""
    if asked == "all":
        return tuple(HEADINGS)
    named = [name for name in dict.fromkeys(asked.split(",")) if name in HEADINGS and name != "pk"]
    return ("pk", *named) if named else USUAL


def file_rows(
    wanted: TicketFilters, cursor: Cursor | None, columns: Sequence[str], size: int = 0
) -> tuple[list[list[Any]], Cursor | None]:
    """The next rows of the list in the order of ``columns``, and the cursor behind them; no rows at the end. Fewer at once where there are
    long texts, so that memory stays flat."""
    stored = tuple(dict.fromkeys(("pk", *(name for name in columns if name in COLUMNS), *SHOWN.values(), *LINKS)))
    size = size or (BATCH // 4 if any(name in LONG for name in columns) else BATCH)
    rows, following = ticket_rows(wanted, cursor, size, stored)
    tickets = [dict(zip(stored, row, strict=True)) for row in rows]
    said = words_of(tickets) if any(name in KINDS for name in columns) else [{} for _ in tickets]
    return [[_value(name, ticket, words) for name in columns] for ticket, words in zip(tickets, said, strict=True)], (
        following
    )


def _value(name: str, ticket: dict[str, Any], words: dict[str, str]) -> Any:
    if name not in KINDS:
        return ticket[name]
    return words.get(KINDS[name]) or (ticket[SHOWN[name]] if name in SHOWN else "")
