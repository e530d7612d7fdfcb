"""Where tickets stand in a list: ids and sort keys alone, read from the indexes without a visit to the rows."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.db import connection
from django.db.models import IntegerField, Subquery, Value

from foundation.core.keyset import Cursor, ordered
from tickets.models import Status, Ticket
from tickets.selectors.filters import TicketFilters, for_the_door, narrowed

Place = tuple[dt.datetime, int]
"""(sort key, id)."""

SEARCH = "SELECT id, at, total FROM portal_ticket_search(%s::text[], %s::jsonb, %s, %s, %s, %s, %s)"


class CountOf(Subquery):
    """How many rows a query has: as one value beside the rows of another, so that a page and its total are one statement."""

    template = "(SELECT count(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def statuses_named(wanted: TicketFilters) -> list[int]:
    """The ids of the statuses with the wanted name: each board has its own. Empty, without a query, when none is wanted."""
    return list(Status.objects.filter(name=wanted.status).values_list("pk", flat=True)) if wanted.status else []


def list_positions(
    wanted: TicketFilters, statuses: list[int], cursor: Cursor | None, limit: int, count_to: int = 0
) -> tuple[list[Place], int | None]:
    """Up to ``limit`` places from the cursor on, in the list's order, and how many tickets there are in all.

    They are counted up to ``count_to`` + 1, not at all for 0; of a search where the search knows.
    """
    if wanted.q:
        found, total = searched(wanted, statuses, cursor, limit)
    else:
        found, total = _listed(wanted, statuses, cursor, limit, count_to)
    return (found[::-1] if cursor and cursor.backward else found), total


def _listed(
    wanted: TicketFilters, statuses: list[int], cursor: Cursor | None, limit: int, count_to: int
) -> tuple[list[Place], int | None]:
    every = narrowed(Ticket.objects.all(), wanted, statuses)
    total = CountOf(every.order_by().values("pk")[: count_to + 1]) if count_to else Value(None, IntegerField())
    rows = ordered(every, wanted.column, descending=wanted.descending, cursor=cursor)
    found = list(rows.values_list(wanted.column, "id", total)[:limit])
    return [(at, row) for at, row, _ in found], found[0][2] if found else None


def searched(
    wanted: TicketFilters, statuses: list[int], cursor: Cursor | None, limit: int
) -> tuple[list[Place], int | None]:
    """The same through the search door, against the order for a backward cursor; nothing where no word can be looked for."""
    backward = bool(cursor and cursor.backward)
    edge: tuple[Any, Any] = (cursor.key, cursor.id) if cursor else (None, None)
    asked = json.dumps(for_the_door(wanted, statuses))
    with connection.cursor() as database:
        database.execute(SEARCH, [wanted.patterns, asked, wanted.column, wanted.descending != backward, *edge, limit])
        rows = database.fetchall()
    return [(at, row) for row, at, _ in rows], rows[0][2] if rows else None


def counted(wanted: TicketFilters, statuses: list[int], most: int) -> int:
    """How many tickets meet the filters, ``most`` + 1 for more than ``most``."""
    if not wanted.q:
        return narrowed(Ticket.objects.all(), wanted, statuses).order_by()[: most + 1].count()
    found, total = searched(wanted, statuses, None, most + 1)
    return min(total, most + 1) if total is not None else len(found)
