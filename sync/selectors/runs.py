"""Single runs, and the newest of a connection."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet, Value
from django.db.models.functions import Now

from integrations.models import Connection
from sync.models import ParentRead, Run, RunIssue, RunLog, RunStream, Schedule
from sync.selectors.readable import UNTOLD, Readable, may_read

KINDS = (Run.Kind.QUICK, Run.Kind.FULL, Run.Kind.CLEAR_RESYNC)
COVERAGE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a per-parent stream was read: ``read`` parents by this run, ``lately`` of ``of`` within the last seven days.
    ``never``: those of which nobody has read any yet."""

    stream: str
    read: int
    of: int | None
    lately: int
    never: int = 0


@dataclass(frozen=True, slots=True)
class IssueGroup:
    """Issues of a run with the same stream and cause. ``message``: the first one's. ``examples``: up to three remote ids."""

    stream: str
    code: str
    count: int
    message: str
    examples: tuple[str, ...]


def shown_runs() -> QuerySet[Run]:
    """Runs with what a line about them shows."""
    return Run.objects.select_related("connection", "requested_by", "cancelled_by").defer("connection__credentials")


def run_get(run_id: int) -> Run:
    """One run with connection and people. Raises Run.DoesNotExist, for foreign and absent ones alike."""
    run: Run = shown_runs().get(pk=run_id)
    return run


def connection_get(connection_id: int) -> Connection:
    """One connection. Raises Connection.DoesNotExist, for foreign and absent ones alike."""
    connection: Connection = Connection.objects.defer("credentials").get(pk=connection_id)
    return connection


def run_streams(run: Run) -> list[RunStream]:
    """The run's streams, in the order in which they are read."""
    return list(RunStream.objects.filter(run_id=run.pk).order_by("position"))


def open_runs(connection: Connection) -> list[Run]:
    """Runs of the connection that are not finished: those at work first, then held ones, then the queue."""
    rank: dict[str, int] = {state: place for place, state in enumerate((*Run.ACTIVE, Run.State.HELD, Run.State.QUEUED))}
    runs = shown_runs().filter(connection_id=connection.pk, state__in=Run.OPEN)
    return sorted(runs, key=lambda run: (rank[run.state], not run.urgent, run.pk))


def last_runs(connection: Connection) -> dict[str, Run]:
    """The newest finished run of each kind, by kind."""
    finished = shown_runs().filter(connection_id=connection.pk, finished_at__isnull=False).order_by("-pk")
    found = ((kind.value, finished.filter(kind=kind).first()) for kind in KINDS)
    return {kind: run for kind, run in found if run is not None}


def lane_holder(run: Run) -> Run | None:
    """The run at work that a queued one waits for."""
    holders = Run.objects.filter(connection_id=run.connection_id, lane=run.lane, state__in=Run.ACTIVE)
    return holders.exclude(pk=run.pk).first()


def schedule_get(connection: Connection) -> Schedule | None:
    """The connection's times; None before they were ever set."""
    return Schedule.objects.filter(connection_id=connection.pk).first()


def run_coverage(run: Run, streams: Sequence[RunStream], now: dt.datetime | None = None) -> list[Coverage]:
    """What the run's per-parent streams cover, of those that know how many parents there are."""
    since = (Now() if now is None else Value(now)) - dt.timedelta(days=COVERAGE_DAYS)
    found = []
    for stream in streams:
        if not stream.coverage.keys() & {"parents", "of"}:
            continue
        reads = ParentRead.objects.filter(connection_id=run.connection_id, stream=stream.name, read_at__gte=since)
        told = stream.coverage
        found.append(
            Coverage(stream.name, told.get("parents", 0), told.get("of"), reads.count(), never=told.get("never", 0))
        )
    return found


def issue_count(run: Run) -> int:
    """How many issues the run has."""
    return RunIssue.objects.filter(run_id=run.pk).count()


def issue_groups(run: Run, readable: Readable = None, *, most: int = 5000) -> list[IssueGroup]:
    """The run's issues by stream and cause, the most frequent first; of the first ``most`` issues. Messages and ids are of what may be
    told."""
    rows = (
        RunIssue.objects.filter(run_id=run.pk)
        .order_by("pk")
        .values_list("stream", "code", "message", "remote_id")[:most]
    )
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for stream, code, message, remote_id in rows:
        groups.setdefault((stream, code), []).append((message, remote_id))
    found = [
        IssueGroup(stream, code, len(members), members[0][0], tuple(remote for _, remote in members[:3] if remote))
        if may_read(stream, readable)
        else IssueGroup(stream, code, len(members), UNTOLD, ())
        for (stream, code), members in groups.items()
    ]
    return sorted(found, key=lambda group: -group.count)


def page_lines(run: Run, *, most: int = 400) -> list[tuple[dt.datetime, str, int]]:
    """The newest committed pages: (when, stream, rows)."""
    lines = (
        RunLog.objects.filter(run_id=run.pk, message="page")
        .order_by("-pk")
        .values_list("at", "stream", "fields")[:most]
    )
    return [(at, stream, int(fields.get("rows") or 0)) for at, stream, fields in lines]
