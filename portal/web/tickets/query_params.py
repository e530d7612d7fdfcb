"""The address of a ticket list, read: what cannot be understood narrows nothing."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from foundation.core.client_input import day_of, midnight, number_of, text_of
from foundation.core.keyset import Cursor, cursor_from
from mappings.selectors.labels import IS
from tickets.selectors.filters import SORTS, STATES, UNASSIGNED, TicketFilters

DAYS = ("updated_from", "updated_to", "created_from", "created_to")


def filters_of(query: Mapping[str, str], zone: ZoneInfo) -> TicketFilters:
    """The filters of an address. Days are of ``zone``; the last one is included."""
    state, sort = query.get("state", ""), query.get("sort", "")
    technician = query.get("technician", "")
    status, priority = query.get("status", ""), query.get("priority", "")
    first = {name: day_of(query.get(name, "")) for name in DAYS}
    return TicketFilters(
        q=text_of(query.get("q", "")),
        state=state if state in STATES else TicketFilters().state,
        company=number_of(query.get("company", "")),
        board=number_of(query.get("board", "")),
        status="" if status.startswith(IS) else text_of(status),
        priority=number_of(priority),
        mapped_status=mapped_of(status),
        mapped_priority=mapped_of(priority),
        technician=technician if technician == UNASSIGNED or number_of(technician) else "",
        updated_from=midnight(first["updated_from"], zone),
        updated_to=midnight(first["updated_to"], zone, days=1),
        created_from=midnight(first["created_from"], zone),
        created_to=midnight(first["created_to"], zone, days=1),
        sort=sort if sort.removeprefix("-") in SORTS else TicketFilters().sort,
    )


def mapped_of(text: str) -> int | None:
    """The id of one of the organization's own words, such as "is:12"; None for anything else."""
    return number_of(text.removeprefix(IS)) if text.startswith(IS) else None


def place_of(query: Mapping[str, str]) -> Cursor | None:
    """Where the wanted page begins; None for the first one."""
    if query.get("before"):
        return cursor_from(query["before"], backward=True)
    return cursor_from(query.get("after", ""))
