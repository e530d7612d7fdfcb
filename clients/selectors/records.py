"""Lists of contacts, assets, agreements, invoices and opportunities, which cost the same at a hundred and at a hundred thousand."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from clients.selectors.kinds import Kind, Order
from foundation.core.keyset import Cursor, fitting, ordered
from foundation.core.search_words import patterns_of

PAGE = 50
COUNTED = 10_000
"""Lists are counted exactly up to here."""
FOUND = 2000
"""The most rows that a search considers, the first of the list."""
MOST_CHOICES = 200


@dataclass(frozen=True, slots=True)
class RecordFilters:
    """Every field is off when empty. ``company``: a local id. ``state`` and ``sort``: keys of the kind's, "-" turns the order round."""

    q: str = ""
    company: int | None = None
    status: str = ""
    type: str = ""
    state: str = ""
    sort: str = ""

    def active(self) -> tuple[str, ...]:
        """The names of the filters that are on."""
        return tuple(name for name in ("q", "company", "state", "status", "type") if getattr(self, name))

    def without(self, name: str) -> RecordFilters:
        """These filters with one of them off."""
        off: dict[str, Any] = {name: None if name == "company" else ""}
        return replace(self, **off)


@dataclass(frozen=True, slots=True)
class RecordPage:
    """One page. ``total`` counts all that meet the filters, up to ``COUNTED``; ``exact`` says whether that is all."""

    rows: list[Any]
    number: int
    total: int
    exact: bool
    previous: Cursor | None
    next: Cursor | None


def record_list(
    kind: Kind, wanted: RecordFilters, today: dt.date, cursor: Cursor | None = None, size: int = PAGE
) -> RecordPage:
    """The page that begins at the cursor; the first one for None, or where a backward one has come to the beginning."""
    rows, (order, descending) = records_narrowed(kind, wanted, today), order_of(kind, wanted.sort)
    total = _bounded(rows)
    shown, cursor = rows.select_related(*kind.related), fitting(cursor, kind.model, order.column)
    if cursor and cursor.backward:
        found = list(ordered(shown, order.column, descending=descending, cursor=cursor)[: size + 1])[::-1]
        if len(found) > size:
            page = found[1:]
            before = replace(_at(page[0], order, max(1, cursor.page - 1)), backward=True)
            return _page(page, cursor.page, total, before, _at(page[-1], order, cursor.page + 1))
        cursor = None
    found = list(ordered(shown, order.column, descending=descending, cursor=cursor)[: size + 1])
    page, number = found[:size], cursor.page if cursor else 1
    previous = replace(_at(page[0], order, max(1, number - 1)), backward=True) if cursor and page else None
    return _page(page, number, total, previous, _at(page[-1], order, number + 1) if len(found) > size else None)


def records_narrowed(kind: Kind, wanted: RecordFilters, today: dt.date) -> QuerySet[Any]:
    """Rows that meet the filters; the words go through the search door."""
    rows: QuerySet[Any] = kind.model.objects.all()
    if wanted.company is not None:
        rows = rows.filter(company_id=wanted.company)
    if wanted.status and kind.status_field:
        rows = rows.filter(**{kind.status_field: wanted.status})
    if wanted.type and kind.type_field:
        rows = rows.filter(**{kind.type_field: wanted.type})
    if wanted.state in kind.states:
        rows = rows.filter(kind.states[wanted.state].condition(today))
    return rows.filter(pk__in=_searched(kind, wanted.q)) if wanted.q else rows


def records_counted(kind: Kind, wanted: RecordFilters, today: dt.date) -> int:
    """How many rows meet the filters, up to ``COUNTED`` and one."""
    return _bounded(records_narrowed(kind, wanted, today))


def record_choices(kind: Kind) -> tuple[list[str], list[str]]:
    """The statuses and the types that there are, by name; empty where the kind has none."""
    fields = [field for field in (kind.status_field, kind.type_field) if field]
    if not fields:
        return [], []
    rows = list(kind.model.objects.order_by().values_list(*fields).distinct()[: MOST_CHOICES**2])
    named = [sorted({str(row[place]) for row in rows} - {""})[:MOST_CHOICES] for place in range(len(fields))]
    return (named[0], named[1]) if len(named) > 1 else (named[0], []) if kind.status_field else ([], named[0])


def order_of(kind: Kind, sort: str) -> tuple[Order, bool]:
    """The order that a key names, and whether its end comes first; the kind's own for a key that it has not."""
    key = sort.removeprefix("-")
    order = kind.orders.get(key) or next(iter(kind.orders.values()))
    turned = key in kind.orders and sort.startswith("-")
    return order, order.descending != turned


def _bounded(rows: QuerySet[Any]) -> int:
    return rows.order_by()[: COUNTED + 1].count()


def _page(rows: list[Any], number: int, total: int, previous: Cursor | None, following: Cursor | None) -> RecordPage:
    return RecordPage(rows, number, min(total, COUNTED), total <= COUNTED, previous, following)


def _at(row: Any, order: Order, page: int) -> Cursor:
    return Cursor(getattr(row, order.column), row.pk, page)


def _searched(kind: Kind, text: str) -> list[int]:
    patterns = patterns_of(text)
    if not patterns:
        return []
    with connection.cursor() as database:
        database.execute(f"SELECT {kind.door}(%s::text[], %s)", [patterns, FOUND])
        return [row for (row,) in database.fetchall()]
