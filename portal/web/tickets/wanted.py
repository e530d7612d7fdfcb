"""The address of a ticket list, read: what cannot be understood narrows nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from mappings.selectors.words import IS
from portal.core.keyset import Cursor, cursor_from
from portal.web.request import number_of
from tickets.selectors.filters import SORTS, STATES, UNASSIGNED, TicketFilters

LONGEST = 200
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


def text_of(text: str) -> str:
    """Text without the sign that PostgreSQL cannot store, and no longer than anybody types."""
    return text.replace("\x00", "").strip()[:LONGEST]


def day_of(text: str) -> dt.date | None:
    """A day as browsers write it; None for anything else."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def midnight(day: dt.date | None, zone: ZoneInfo, *, days: int = 0) -> dt.datetime | None:
    """When the day begins in ``zone``, or the one ``days`` later; None for none, and for the ends of the calendar."""
    if day is None or not 1900 <= day.year <= 2900:
        return None
    return dt.datetime.combine(day + dt.timedelta(days=days), dt.time.min, tzinfo=zone)
