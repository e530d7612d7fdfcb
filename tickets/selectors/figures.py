"""Open tickets in numbers. All of them are counted, from the small indexes of what is open."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Q

from portal.tenancy.scope import current_organization_id
from tickets.models import Board, Member, Status, Ticket

AGES = (("Today", 0), ("1–3 days", 3), ("4–7 days", 7), ("8–30 days", 30))
OLDER = "Over 30 days"
MOST = 8
"""Rows of a chart; the rest is one row more."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One bar. ``key``: what a filter of the list takes, None where no single one does. ``since``/``until``: opened in this time.

    ``rest``: what the chart leaves out, all together.
    """

    label: str
    value: int
    key: int | str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    rest: bool = False


@dataclass(frozen=True, slots=True)
class OpenFigures:
    """Open tickets, counted four ways; each of the four adds up to ``total``."""

    total: int
    unassigned: int
    by_status: list[Figure]
    by_age: list[Figure]
    by_board: list[Figure]
    by_technician: list[Figure]


def open_figures(today: dt.datetime) -> OpenFigures:
    """Figures of the organization. ``today``: its last midnight, aware."""
    live = Ticket.objects.filter(is_closed=False)
    ages = _ages(today)
    counts = live.aggregate(
        total=Count("pk"), **{f"age{index}": Count("pk", filter=_within(age)) for index, age in enumerate(ages)}
    )
    unassigned = live.filter(owner_id__isnull=True, owner_remote_id__isnull=True).count()
    statuses = dict(Status.objects.values_list("pk", "name"))
    status_counts, board_counts, owner_counts = _grouped()
    by_status: dict[str, int] = {}
    for status, value in status_counts.items():
        name = statuses.get(status or 0, "")
        by_status[name] = by_status.get(name, 0) + value
    return OpenFigures(
        total=counts["total"],
        unassigned=unassigned,
        by_status=_longest(
            [Figure(name or "Unknown status", value, name or None) for name, value in by_status.items()]
        ),
        by_age=[Figure(a.label, counts[f"age{i}"], None, a.since, a.until) for i, a in enumerate(ages)],
        by_board=_longest(_named(board_counts, dict(Board.objects.values_list("pk", "name")), "No board")),
        by_technician=_technicians(owner_counts, unassigned),
    )


GROUPED = """SELECT GROUPING(status_id, board_id, owner_id), coalesce(status_id, board_id, owner_id), count(*) FROM tickets_ticket
WHERE organization_id = %s AND removed_at IS NULL AND NOT is_closed GROUP BY GROUPING SETS ((status_id), (board_id), (owner_id))"""
BY_STATUS, BY_BOARD, BY_OWNER = 0b011, 0b101, 0b110
"""What GROUPING says: a bit for each column that a row is not grouped by."""
Counts = dict[int | None, int]


def _grouped() -> tuple[Counts, Counts, Counts]:
    """Open tickets by status, board and owner: three ways to count, one walk through the index."""
    counts: dict[int, Counts] = {BY_STATUS: {}, BY_BOARD: {}, BY_OWNER: {}}
    with connection.cursor() as cursor:
        cursor.execute(GROUPED, [current_organization_id()])
        for way, key, value in cursor.fetchall():
            counts[way][key] = value
    return counts[BY_STATUS], counts[BY_BOARD], counts[BY_OWNER]


def _technicians(counts: Counts, unassigned: int) -> list[Figure]:
    """By owner; tickets whose owner is not known here are told apart from those that have none."""
    figures = _named(counts, dict(Member.with_removed.values_list("pk", "name")), "")
    without = sum(figure.value for figure in figures if figure.key is None)
    known = [figure for figure in figures if figure.key is not None]
    strangers = [Figure("Somebody not synced", without - unassigned)] if without > unassigned else []
    none = [Figure("Unassigned", unassigned, "none")] if unassigned else []
    return [*none, *_longest([*known, *strangers])]


def _named(counts: Counts, names: dict[int, str], nothing: str) -> list[Figure]:
    return [Figure(names.get(row, "Unknown") if row else nothing, value, row) for row, value in counts.items()]


def _longest(figures: list[Figure]) -> list[Figure]:
    ranked = sorted(figures, key=lambda figure: (-figure.value, figure.label))
    if len(ranked) <= MOST + 1:
        return ranked
    rest = ranked[MOST:]
    return [*ranked[:MOST], Figure(f"{len(rest)} others", sum(figure.value for figure in rest), rest=True)]


def _ages(today: dt.datetime) -> list[Figure]:
    """The age groups as spans of time, the youngest first, without gap or overlap."""
    spans: list[Figure] = []
    until: dt.datetime | None = None
    for label, days in AGES:
        since = today - dt.timedelta(days=days)
        spans.append(Figure(label, 0, None, since, until))
        until = since
    return [*spans, Figure(OLDER, 0, None, None, until)]


def _within(age: Figure) -> Q:
    within = Q(opened_at__gte=age.since) if age.since else Q()
    return within & Q(opened_at__lt=age.until) if age.until else within


def open_by_company(companies: list[int]) -> dict[int, int]:
    """How many open tickets each of these companies has; companies without any are left out."""
    rows = Ticket.objects.filter(is_closed=False, company_id__in=companies)
    return dict(rows.values_list("company_id").annotate(value=Count("pk")).order_by())
