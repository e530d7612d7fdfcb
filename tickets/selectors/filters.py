"""What narrows a list of tickets."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields, replace
from typing import Any

from django.db.models import Q, QuerySet

from foundation.core.search_words import patterns_of

SORTS = {"updated": "latest_at", "created": "opened_at"}
UNASSIGNED = "none"
STATES = ("open", "closed", "all")
MAPPED = {"mapped_status": "status_id", "mapped_priority": "priority_id"}
"""Filters by the organization's own words, and the columns that they narrow."""


Pairs = tuple[tuple[int, int], ...]
"""(id, board's id)."""


@dataclass(frozen=True, slots=True)
class LabelFilter:
    """What a word of the organization means: ``ids`` on all boards ``but`` some pairs, and ``also`` some pairs more."""

    ids: tuple[int, ...] = ()
    but: Pairs = ()
    also: Pairs = ()


@dataclass(frozen=True, slots=True)
class TicketFilters:
    """Every field but ``state`` and ``sort`` is off when empty. ``status``: the name, on whichever board.

    ``technician``: a member's id, or "none". ``state``: open, closed or all. ``sort``: updated or created, "-" in front for the newest first.
    The four moments are aware; "from" is included, "to" is not. ``mapped_status``, ``mapped_priority``: what the organization calls it; ``meant``
    says what these two mean, by their names. Without it they let nothing through.
    """

    q: str = ""
    state: str = "open"
    company: int | None = None
    board: int | None = None
    status: str = ""
    priority: int | None = None
    technician: str = ""
    mapped_status: int | None = None
    mapped_priority: int | None = None
    updated_from: dt.datetime | None = None
    updated_to: dt.datetime | None = None
    created_from: dt.datetime | None = None
    created_to: dt.datetime | None = None
    sort: str = "-updated"
    meant: tuple[tuple[str, LabelFilter], ...] = ()

    @property
    def column(self) -> str:
        return SORTS[self.sort.lstrip("-")]

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def patterns(self) -> list[str]:
        return patterns_of(self.q)

    def active(self) -> tuple[str, ...]:
        """The names of the filters that are on, in order; the state counts unless it is "all"."""
        names = [f.name for f in fields(self) if f.name not in ("sort", "state", "meant") and getattr(self, f.name)]
        return (*names, "state") if self.state != "all" else tuple(names)

    def without(self, name: str) -> TicketFilters:
        """These filters with one of them off."""
        off: Any = "all" if name == "state" else getattr(TicketFilters(), name)
        return replace(self, **{name: off})

    def meaning(self, name: str) -> LabelFilter | None:
        """What "mapped_status" or "mapped_priority" means; None where it is off."""
        return None if getattr(self, name) is None else dict(self.meant).get(name, LabelFilter())


def narrowed(rows: QuerySet[Any], wanted: TicketFilters, statuses: list[int]) -> QuerySet[Any]:
    """``rows`` that meet the filters, the words apart. ``statuses``: the ids of the statuses with the wanted name."""
    exact = {"company_id": wanted.company, "board_id": wanted.board, "priority_id": wanted.priority}
    ranges = {
        "latest_at__gte": wanted.updated_from,
        "latest_at__lt": wanted.updated_to,
        "opened_at__gte": wanted.created_from,
        "opened_at__lt": wanted.created_to,
    }
    rows = rows.filter(**{name: value for name, value in (exact | ranges).items() if value is not None})
    if wanted.state != "all":
        rows = rows.filter(is_closed=wanted.state == "closed")
    if wanted.status:
        rows = rows.filter(status_id__in=statuses)
    for name, column in MAPPED.items():
        if (meant := wanted.meaning(name)) is not None:
            rows = rows.filter(_having(column, meant))
    if wanted.technician == UNASSIGNED:
        return rows.filter(owner_id__isnull=True, owner_remote_id__isnull=True)
    return rows.filter(owner_id=int(wanted.technician)) if wanted.technician else rows


def _having(column: str, meant: LabelFilter) -> Q:
    found = Q(**{f"{column}__in": meant.ids})
    for row, board in meant.but:
        found &= ~Q(**{column: row, "board_id": board})
    for row, board in meant.also:
        found |= Q(**{column: row, "board_id": board})
    return found


def for_the_door(wanted: TicketFilters, statuses: list[int]) -> dict[str, Any]:
    """The same filters in the words of the search door; absent ones are off."""
    owner = wanted.technician
    status, priority = wanted.meaning("mapped_status"), wanted.meaning("mapped_priority")
    values = {
        "closed": None if wanted.state == "all" else wanted.state == "closed",
        "company": wanted.company,
        "board": wanted.board,
        "priority": wanted.priority,
        "statuses": statuses if wanted.status else status and status.ids,
        "statuses_but": status and status.but,
        "statuses_also": status and status.also,
        "priorities": priority and priority.ids,
        "priorities_but": priority and priority.but,
        "priorities_also": priority and priority.also,
        "owner": int(owner) if owner and owner != UNASSIGNED else None,
        "unassigned": True if owner == UNASSIGNED else None,
        "latest_from": _stamp(wanted.updated_from),
        "latest_to": _stamp(wanted.updated_to),
        "opened_from": _stamp(wanted.created_from),
        "opened_to": _stamp(wanted.created_to),
    }
    return {name: value for name, value in values.items() if value is not None}


def _stamp(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None
