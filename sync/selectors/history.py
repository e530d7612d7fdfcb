"""What changed here: runs and settings in one timeline."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from itertools import groupby

from django.db.models import Q, QuerySet

from foundation.tenancy.models import AuditEvent, Membership, User
from integrations.models import Connection
from sync.models import Run, Schedule
from sync.selectors.runs import shown_runs

PAGE = 50
SCAN = 1000
"""Runs looked at for one page: a long row of repeated No change is cut here and goes on with the next page."""
OPEN = "open"
SETTINGS_ACTIONS = ("connection.", "schedule.", "settings.")


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """What to show; empty values show all. ``result`` may be "open". ``since``/``until``: moments, half open."""

    connection: int | None = None
    result: str = ""
    kind: str = ""
    trigger: str = ""
    person: int | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    @property
    def active(self) -> int:
        """How many filters are set."""
        return sum(bool(getattr(self, field.name)) for field in fields(self))

    @property
    def runs_only(self) -> bool:
        """Whether changes of settings can't match."""
        return bool(self.result or self.kind or self.trigger)


@dataclass(frozen=True, slots=True)
class RunBrief:
    """What a collapsed run shows."""

    pk: int
    kind: str
    result: str
    trigger: str
    connection_id: int
    created_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None

    @property
    def quiet(self) -> bool:
        """A No change that nobody pressed for: worth a line only with its like."""
        return self.result == Run.Result.NO_CHANGE and self.trigger != Run.Trigger.PERSON


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline: a run, several quiet ones in a row (newest first), or a change of settings."""

    at: dt.datetime
    run: Run | None = None
    quiet: tuple[RunBrief, ...] = ()
    event: AuditEvent | None = None

    @property
    def kind(self) -> str:
        """The kind's words of the collapsed runs."""
        return Run.Kind(self.quiet[0].kind).label.lower() if self.quiet else ""

    @property
    def connections(self) -> int:
        return len({brief.connection_id for brief in self.quiet})


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """``next``: the run id to go on below; None at the end."""

    entries: list[Entry]
    next: int | None


def filtered_runs(wanted: HistoryFilter) -> QuerySet[Run]:
    """The runs that match, newest first. Single-record runs are not part of the history."""
    runs = Run.objects.order_by("-pk")
    if wanted.result == OPEN:
        runs = runs.filter(state__in=Run.OPEN)
    elif wanted.result:
        runs = runs.filter(result=wanted.result)
    exact = {"connection_id": wanted.connection, "kind": wanted.kind, "trigger": wanted.trigger}
    runs = runs.filter(**{name: value for name, value in exact.items() if value})
    if wanted.person:
        runs = runs.filter(Q(requested_by_id=wanted.person) | Q(cancelled_by_id=wanted.person))
    if wanted.since:
        runs = runs.filter(created_at__gte=wanted.since)
    return runs.filter(created_at__lt=wanted.until) if wanted.until else runs


def history_page(wanted: HistoryFilter, before: int | None = None, size: int = PAGE) -> HistoryPage:
    """One page of the timeline, newest first, with repeated No change collapsed."""
    briefs = run_briefs(wanted, before)
    groups = collapsed(briefs)
    shown, rest = groups[:size], groups[size:]
    ends = bool(not rest and len(briefs) < SCAN)
    last = shown[-1][-1] if shown else None
    whole = {run.pk: run for run in shown_runs().filter(pk__in=[group[0].pk for group in shown if len(group) == 1])}
    entries = [run_entry(group, whole) for group in shown]
    upper = next(iter(briefs)).created_at if before and briefs else None
    entries += [
        Entry(event.at, event=event)
        for event in setting_changes(wanted, None if ends or not last else last.created_at, upper)
    ]
    entries.sort(key=lambda entry: entry.at, reverse=True)
    return HistoryPage(entries, None if ends or not last else last.pk)


def run_briefs(wanted: HistoryFilter, before: int | None) -> list[RunBrief]:
    """Up to ``SCAN`` matching runs below ``before``."""
    runs = filtered_runs(wanted)
    if before:
        runs = runs.filter(pk__lt=before)
    columns = [field.name for field in fields(RunBrief)]
    return [RunBrief(*row) for row in runs.values_list(*columns)[:SCAN]]


def collapsed(briefs: list[RunBrief]) -> list[list[RunBrief]]:
    """Neighbours that are quiet and of one kind, together; every other run alone."""
    found: list[list[RunBrief]] = []
    for quiet, neighbours in groupby(briefs, key=lambda brief: brief.kind if brief.quiet else ""):
        members = list(neighbours)
        found.extend([members] if quiet else [[brief] for brief in members])
    return found


def run_entry(group: list[RunBrief], whole: dict[int, Run]) -> Entry:
    """The line of one group."""
    newest = group[0]
    if len(group) == 1:
        return Entry(newest.created_at, run=whole[newest.pk])
    return Entry(newest.created_at, quiet=tuple(group))


def setting_changes(
    wanted: HistoryFilter, lower: dt.datetime | None, upper: dt.datetime | None, most: int = 100
) -> list[AuditEvent]:
    """Changes of connections and schedules within the page's stretch of time, newest first."""
    if wanted.runs_only:
        return []
    actions = Q()
    for start in SETTINGS_ACTIONS:
        actions |= Q(action__startswith=start)
    events = AuditEvent.objects.filter(actions).select_related("actor").order_by("-pk")
    bounds = {"at__gte": lower, "at__lt": upper, "actor_id": wanted.person}
    events = events.filter(**{name: value for name, value in bounds.items() if value})
    if wanted.since:
        events = events.filter(at__gte=wanted.since)
    if wanted.until:
        events = events.filter(at__lt=wanted.until)
    if wanted.connection:
        events = events.filter(about(wanted.connection))
    return list(events[:most])


def about(connection_id: int) -> Q:
    """Events of one connection and of its schedule."""
    schedules = Schedule.objects.filter(connection_id=connection_id).values("pk")
    own = Q(target_type="integrations.connection", target_id=connection_id)
    return own | Q(target_type="sync.schedule", target_id__in=schedules)


def history_rows(wanted: HistoryFilter, before: int | None, size: int = 500) -> list[Run]:
    """The next matching runs below ``before``, each by itself: for an export, batch by batch."""
    runs = filtered_runs(wanted).select_related("connection", "requested_by").defer("connection__credentials")
    return list((runs.filter(pk__lt=before) if before else runs)[:size])


def connection_choices() -> list[tuple[int, str]]:
    """The organization's connections by name."""
    return list(Connection.objects.order_by("name").values_list("pk", "name"))


def person_choices() -> list[tuple[int, str]]:
    """The organization's people by name."""
    people = User.objects.filter(pk__in=Membership.objects.values("user_id")).order_by("name", "email")
    return [(person.pk, str(person)) for person in people]
