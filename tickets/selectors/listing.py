"""Lists of tickets that cost the same at a hundred and at a million."""

from __future__ import annotations

from dataclasses import dataclass, replace

from foundation.core.keyset import Cursor, fitting
from tickets.models import Ticket
from tickets.selectors.filters import TicketFilters
from tickets.selectors.list_positions import Place, counted, list_positions, statuses_named

PAGE = 50
AHEAD = 9
"""Pages whose beginnings are read with each page: links to jump to."""
COUNTED = 1000
"""Lists are counted exactly up to here: a page of 50 must not read ten thousand rows to say how many more there are."""
SHOWN = (
    "number",
    "remote_id",
    "summary",
    "is_closed",
    "board_id",
    "board_name",
    "status_id",
    "status_name",
    "priority_id",
    "priority_name",
    "owner_name",
    "company_id",
    "company_name",
    "contact_name",
    "latest_at",
    "opened_at",
)


@dataclass(frozen=True, slots=True)
class Total:
    """How many there are: exactly, or more than ``count``."""

    count: int
    exact: bool = True

    def __str__(self) -> str:
        return f"{self.count:,}" if self.exact else f"{self.count:,}+"


@dataclass(frozen=True, slots=True)
class TicketPage:
    """One page. ``total`` is None where counting would cost more than it tells. ``jumps``: (page number, cursor) of the pages behind the next."""

    tickets: list[Ticket]
    number: int
    total: Total | None
    previous: Cursor | None
    next: Cursor | None
    jumps: tuple[tuple[int, Cursor], ...]


def ticket_list(
    wanted: TicketFilters, cursor: Cursor | None = None, size: int = PAGE, statuses: list[int] | None = None
) -> TicketPage:
    """The page that begins at the cursor; the first one for None, or where a backward one has come to the beginning.

    ``statuses``: the ids of those with the wanted name, where the caller has them.
    """
    statuses, most = statuses_named(wanted) if statuses is None else statuses, COUNTED
    cursor = fitting(cursor, Ticket, wanted.column)
    if cursor and cursor.backward:
        found, total = list_positions(wanted, statuses, cursor, size + 1, most)
        if len(found) > size:
            return _backward(cursor, found[1:], _total(total, most))
        cursor = None
    window = (1 if wanted.q else AHEAD) * size + 1
    found, total = list_positions(wanted, statuses, cursor, window, most)
    known = Total(len(found)) if cursor is None and len(found) < window else _total(total, most)
    number = cursor.page if cursor else 1
    steps = range(1, -(-len(found) // size))
    starts = [(number + step, _behind(found[step * size - 1], number + step)) for step in steps]
    previous = replace(_behind(found[0], max(1, number - 1)), backward=True) if cursor and found else None
    following = starts[0][1] if starts else None
    return TicketPage(_rows(found[:size]), number, known, previous, following, tuple(starts[1:]))


def tickets_counted(wanted: TicketFilters, most: int = COUNTED) -> Total:
    """How many tickets meet the filters, exactly up to ``most``."""
    found = counted(wanted, statuses_named(wanted), most)
    return Total(min(found, most), exact=found <= most)


def ticket_by_number(text: str) -> Ticket | None:
    """The ticket whose number was typed, "#" or not, whatever filters are on."""
    digits = text.strip().lstrip("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        return None
    return Ticket.objects.filter(number=int(digits)).only("summary", "remote_id").first()


def _backward(cursor: Cursor, found: list[Place], total: Total | None) -> TicketPage:
    previous = replace(_behind(found[0], max(1, cursor.page - 1)), backward=True)
    following = _behind(found[-1], cursor.page + 1)
    return TicketPage(_rows(found), cursor.page, total, previous, following, ())


def _total(found: int | None, most: int) -> Total | None:
    return None if found is None else Total(min(found, most), exact=found <= most)


def _behind(place: Place, page: int) -> Cursor:
    return Cursor(place[0], place[1], page)


def _rows(found: list[Place]) -> list[Ticket]:
    rows = Ticket.objects.only(*SHOWN).in_bulk([row for _, row in found])
    return [rows[row] for _, row in found if row in rows]
