"""Open tickets in numbers. All of them are counted, from the small indexes of what is open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Q

from foundation.tenancy.scope import current_organization_id
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


Called = Callable[[int | None, int | None], tuple[str, str] | None]
"""(status, board) → (name, what a filter of the list takes) of what the status is called here; None where the PSA's own word stands."""


def open_figures(today: dt.datetime, called: Called = lambda status, board: None) -> OpenFigures:
    """Figures of the organization. ``today``: its last midnight, aware. ``called``: what statuses are called here."""
    live = Ticket.objects.filter(is_closed=False)
    ages = _ages(today)
    counts = live.aggregate(
        total=Count("pk"), **{f"age{index}": Count("pk", filter=_within(age)) for index, age in enumerate(ages)}
    )
    unassigned = live.filter(owner_id__isnull=True, owner_remote_id__isnull=True).count()
    status_counts, board_counts, owner_counts = _grouped()
    return OpenFigures(
        total=counts["total"],
        unassigned=unassigned,
        by_status=_longest(_statuses(status_counts, called)),
        by_age=[Figure(a.label, counts[f"age{i}"], None, a.since, a.until) for i, a in enumerate(ages)],
        by_board=_longest(_named(board_counts, dict(Board.objects.values_list("pk", "name")), "No board")),
        by_technician=_technicians(owner_counts, unassigned),
    )


GROUPED = """SELECT GROUPING(status_id, owner_id), status_id, board_id, owner_id, count(*) FROM tickets_ticket
WHERE organization_id = %s AND removed_at IS NULL AND NOT is_closed GROUP BY GROUPING SETS ((status_id, board_id), (owner_id))"""
BY_OWNER = 0b10
"""What GROUPING says of a row that is not grouped by its status."""
Counts = dict[int | None, int]
Pairs = dict[tuple[int | None, int | None], int]


def _grouped() -> tuple[Pairs, Counts, Counts]:
    """Open tickets by status and board, by board, and by owner: one walk through the index."""
    pairs: Pairs = {}
    boards: Counts = {}
    owners: Counts = {}
    with connection.cursor() as cursor:
        cursor.execute(GROUPED, [current_organization_id()])
        for way, status, board, owner, value in cursor.fetchall():
            if way == BY_OWNER:
                owners[owner] = value
            else:
                pairs[status, board] = value
                boards[board] = boards.get(board, 0) + value
    return pairs, boards, owners


def _statuses(counts: Pairs, called: Called) -> list[Figure]:
    """By what statuses are called here. The PSA's own word leads to the list only where no ticket of that word is called otherwise, for
    the list's filter by it would find those too."""
    names = dict(Status.objects.values_list("pk", "name"))
    mapped: dict[tuple[str, str], int] = {}
    own: dict[str, int] = {}
    elsewhere: set[str] = set()
    for (status, board), value in counts.items():
        word, name = called(status, board), names.get(status or 0, "")
        if word is not None:
            mapped[word] = mapped.get(word, 0) + value
            elsewhere.add(name)
        else:
            own[name] = own.get(name, 0) + value
    words = {name.casefold() for name, _ in mapped}
    return [
        *(Figure(name, value, key) for (name, key), value in mapped.items()),
        *(
            Figure(
                f"PSA: {name}" if name.casefold() in words else name or "Unknown status",
                value,
                None if name in elsewhere else name or None,
            )
            for name, value in own.items()
        ),
    ]


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
