"""Every connection with what a glance asks: is it working, since when, how fresh, what next?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Sum

from integrations.models import Connection
from integrations.selectors import Health, connection_list, health_of
from sync.models import Cursor, InstanceChange, Run, RunStream, Schedule

GOOD = (Run.Result.NO_CHANGE, Run.Result.SUCCESS, Run.Result.WARNING)
NO_SYNC = "No sync starts until the change of its PSA instance is finished or called off."
FIGURES = ("fetched", "created", "updated", "removed", "failed")


@dataclass(frozen=True, slots=True)
class ConnectionCard:
    """``open_run``: the one at work, else the first in the queue. ``last``: the newest finished run, with its ``figures`` summed over
    streams ({} without a run). ``next_at``/``next_kind``: what starts next by itself; None when nothing will, ``next_note`` then says why.
    ``unread``: the connection was never read completely, so that its next sync is the first one, and no ``last_good`` counts: it was of
    an instance that the connection has left, or of a part. ``changing_since``: when the change of its PSA instance that is open began."""

    connection: Connection
    health: Health
    schedule: Schedule | None
    open_run: Run | None
    last: Run | None
    last_good: Run | None
    figures: dict[str, int]
    next_at: dt.datetime | None
    next_kind: str
    next_note: str
    unread: bool
    changing_since: dt.datetime | None


def connection_cards(now: dt.datetime) -> list[ConnectionCard]:
    """All connections of the organization by name, in a number of queries that does not grow with them."""
    return cards_of(list(connection_list()), now)


def connection_card(connection: Connection, now: dt.datetime) -> ConnectionCard:
    """One connection's card."""
    return cards_of([connection], now)[0]


def cards_of(connections: Sequence[Connection], now: dt.datetime) -> list[ConnectionCard]:
    """The cards of these connections, in their order."""
    ids = [connection.pk for connection in connections]
    schedules = {s.connection_id: s for s in Schedule.objects.filter(connection_id__in=ids).select_related("paused_by")}
    at_work = _open(ids)
    last = _newest(ids, finished_at__isnull=False)
    good = _newest(ids, result__in=GOOD)
    figures = _figures(run.pk for run in last.values())
    read = set(_read_once(ids))
    changing = dict(
        InstanceChange.objects.filter(connection_id__in=ids, finished_at=None).values_list(
            "connection_id", "started_at"
        )
    )
    found = []
    for connection in connections:
        schedule = schedules.get(connection.pk)
        run = last.get(connection.pk)
        unread = connection.pk not in read
        since = changing.get(connection.pk)
        note = "after the change of its instance" if since else nothing_next(connection, schedule)
        next_at, next_kind = (None, "") if note or schedule is None else next_start(schedule, unread=unread)
        found.append(
            ConnectionCard(
                connection=connection,
                health=_changing(since) if since else _health(connection, schedule, now),
                schedule=schedule,
                open_run=at_work.get(connection.pk),
                last=run,
                last_good=None if unread else good.get(connection.pk),
                figures=figures.get(run.pk, {}) if run else {},
                next_at=next_at,
                next_kind=next_kind,
                next_note=note or ("" if next_at else "nothing is scheduled"),
                unread=unread,
                changing_since=since,
            )
        )
    return found


def nothing_next(connection: Connection, schedule: Schedule | None) -> str:
    """Why nothing starts by itself, whatever the times say; "" when they count."""
    if connection.setup_step:
        return "after setting up"
    if schedule is None:
        return "nothing is scheduled"
    if schedule.paused_at is not None:
        return "nothing: the schedule is paused"
    if connection.state == Connection.State.REFUSED:
        return "nothing until the credentials are accepted"
    return "nothing until a test succeeds" if connection.state == Connection.State.DRAFT else ""


def next_start(schedule: Schedule, *, unread: bool) -> tuple[dt.datetime | None, str]:
    """(when, "Quick sync" or "Nightly"); quick syncs begin after the first complete one."""
    times = [(schedule.nightly_next_at, "Nightly")]
    if not unread:
        times.append((schedule.quick_next_at, "Quick sync"))
    known = [(at, kind) for at, kind in times if at is not None]
    return min(known, key=lambda pair: pair[0]) if known else (None, "")


def _changing(since: dt.datetime) -> Health:
    return Health("changing", "Changing instance", "warn", "Its PSA instance is being changed.", NO_SYNC, since)


def _health(connection: Connection, schedule: Schedule | None, now: dt.datetime) -> Health:
    if schedule is None or schedule.paused_at is None:
        return health_of(connection, now)
    return health_of(connection, now, paused_at=schedule.paused_at, paused_by=str(schedule.paused_by or ""))


def _open(ids: Sequence[int]) -> dict[int, Run]:
    runs = list(Run.objects.filter(connection_id__in=ids, state__in=Run.OPEN).order_by("pk"))
    runs.sort(key=lambda run: run.state not in Run.ACTIVE)
    found: dict[int, Run] = {}
    for run in runs:
        found.setdefault(run.connection_id, run)
    return found


def _newest(ids: Sequence[int], **conditions: object) -> dict[int, Run]:
    runs = (
        Run.objects.filter(connection_id__in=ids, **conditions)
        .exclude(kind=Run.Kind.PREVIEW)
        .order_by("connection_id", "-pk")
        .distinct("connection_id")
    )
    return {run.connection_id: run for run in runs}


def _read_once(ids: Sequence[int]) -> list[int]:
    whole = Cursor.objects.filter(connection_id__in=ids, stream="tickets", full_at__isnull=False)
    return list(whole.values_list("connection_id", flat=True))


def _figures(run_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    rows = RunStream.objects.filter(run_id__in=list(run_ids)).order_by().values("run_id")
    sums = rows.annotate(**{f"all_{name}": Sum(name) for name in FIGURES}).values_list(
        "run_id", *(f"all_{name}" for name in FIGURES)
    )
    return {row[0]: {name: number or 0 for name, number in zip(FIGURES, row[1:], strict=True)} for row in sums}
