"""Nights in many zones, over both changes of the clocks, with the sweeper killed, doubled and away for six hours."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch
from zoneinfo import ZoneInfo, available_timezones

from django.db import connection as line

from foundation.core import database_clock
from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.organizations import organization_create
from integrations.models import Connection
from lab.faults.scenario_context import ScenarioContext, connected
from lab.faults.verdict import Verdict, until
from sync import dispatch
from sync.models import Nightly, Run, Schedule
from sync.services import sweeper
from sync.services.schedules import schedule_of, schedule_update

SEASONS = (dt.datetime(2027, 3, 26, tzinfo=dt.UTC), dt.datetime(2027, 10, 29, tzinfo=dt.UTC))
"""Ahead of us, so that the arena's own sweeper finds none of these nights due."""
CHANGING = ("Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Chatham")
DOWN = dt.timedelta(hours=6)
PATIENCE = 600
"""Seconds for all nights by beat: each is a first sync of the whole PSA."""


def nightly(ground: ScenarioContext, verdict: Verdict) -> None:
    """F10: each local night has exactly one run, whatever the clocks and the sweeper do."""
    wanted = 8 if ground.short else 40
    plain = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc"))
    zones = [*CHANGING, *ground.chance.sample(plain, wanted - len(CHANGING))]
    ground.crew.kill("beat")
    try:
        with patch.object(dispatch, "dispatch_run", lambda *ids, **more: None):
            homes = [home(ground, str(number), zone) for number, zone in enumerate(zones)]
            for season in SEASONS:
                live_through(ground, verdict, season, homes)
    finally:
        ground.crew.beat()
    for zone, place in zip(zones, homes, strict=True):
        judge(verdict, zone, place)
    verdict.figures["zones"] = len(zones)
    by_beat(ground, verdict, 2 if ground.short else 12)


def by_beat(ground: ScenarioContext, verdict: Verdict, number: int) -> None:
    """Tonight's night and the next one by the real clock, beat and workers: beat doubled; killed and six hours away; started anew."""
    homes = [home(ground, f"beat-{each}", zone) for each, zone in enumerate(ground.chance.choices(CHANGING, k=number))]
    ground.crew.beat("another beat")
    now = dt.datetime.now(dt.UTC)
    tonight = now.date()
    for place in homes:
        set_due(place, tonight, now)
    until(lambda: all(len(ended_nights(place)) == 1 for place in homes), PATIENCE, "each night is run")
    for beat in ("another beat", "beat"):
        ground.crew.kill(beat)
    for place in homes:
        set_due(place, tonight + dt.timedelta(days=1), now - DOWN)
    for beat in ("beat", "another beat"):
        ground.crew.beat(beat)
    until(lambda: all(len(ended_nights(place)) == 2 for place in homes), PATIENCE, "each missed night is run")
    ground.crew.kill("another beat")
    witness = home(ground, "witness", CHANGING[0])
    set_due(witness, tonight, dt.datetime.now(dt.UTC))
    until(lambda: len(ended_nights(witness)) == 1, 60, "another round is made")
    for place in homes:
        judge_beat(verdict, place)
    verdict.figures["nights_by_beat"] = 2 * number


def set_due(place: Connection, date: dt.date, at: dt.datetime) -> None:
    """The night of that local date is due since ``at``."""
    with tenant_transaction(place.organization_id):
        Schedule.objects.filter(connection=place).update(nightly_next_at=at, nightly_next_date=date)


def ended_nights(place: Connection) -> list[Nightly]:
    """The nights whose run has come to its end."""
    with tenant_transaction(place.organization_id):
        nights = Nightly.objects.filter(connection=place).order_by("local_date").select_related("run")
        return [night for night in nights if night.run is not None and not night.run.is_open]


def judge_beat(verdict: Verdict, place: Connection) -> None:
    """Two nights, a run each, the second one caught up."""
    nights = ended_nights(place)
    with tenant_transaction(place.organization_id):
        runs = Run.objects.filter(connection=place).count()
    verdict.require(runs == len(nights) == 2, f"beat: {len(nights)} nights, {runs} runs")
    verdict.require([night.caught_up for night in nights] == [False, True], "beat: the missed night was not caught up")
    ends = {night.run.state for night in nights if night.run is not None}
    verdict.require(ends == {Run.State.DONE}, f"beat: the nights' runs ended as {sorted(ends)}")


def home(ground: ScenarioContext, name: str, zone: str) -> Connection:
    """An organization of that zone with a connection and a nightly at a random time."""
    organization = organization_create(slug=f"night-{name}", name=zone, time_zone=zone)
    with tenant_transaction(organization.pk):
        made = connected(organization, ground.psa, "Night")
        Connection.objects.filter(pk=made.pk).update(state=Connection.State.CONNECTED)
        at = dt.time(ground.chance.choice([0, 1, 2, 3, 23]), ground.chance.choice([0, 15, 30]))
        schedule_update(schedule=schedule_of(made), actor=None, quick_minutes=0, nightly_at=at, window_minutes=60)
    return made


def live_through(ground: ScenarioContext, verdict: Verdict, season: dt.datetime, homes: list[Connection]) -> None:
    """Five days in steps of twenty minutes; the sweeper is doubled now and then, and away once for six hours."""
    now, end = season, season + dt.timedelta(days=5)
    moved_at = season + dt.timedelta(days=2, hours=12)
    down = season + dt.timedelta(hours=ground.chance.randint(12, 96))
    while now < end:
        if not down <= now < down + DOWN:
            sweep_at(now, at_once=ground.chance.choice([1, 1, 2]))
            verdict.add("sweeps")
        for place in homes:
            finish(place)
            if now == moved_at:
                verdict.add("moved", move(place, now))
        now += dt.timedelta(minutes=20)


def sweep_at(now: dt.datetime, *, at_once: int) -> None:
    """One round at that moment, or two at once."""

    def one(_: int) -> None:
        try:
            for organization, schedule in sweeper.schedules_due():
                sweeper.start_due(organization, schedule)
        finally:
            line.close()

    with patch.object(database_clock, "now", lambda: now), ThreadPoolExecutor(at_once) as hands:
        list(hands.map(one, range(at_once)))


def move(place: Connection, now: dt.datetime) -> int:
    """Somebody makes the night an hour from now, after today's has had its run: it has none a second time. Returns 1 where that was so."""
    with tenant_transaction(place.organization_id):
        local = now.astimezone(ZoneInfo(Organization.objects.get(pk=place.organization_id).time_zone))
        last = Nightly.objects.filter(connection=place).order_by("-local_date").first()
        if last is None or last.local_date != local.date() or local.hour > 21:
            return 0
        with patch.object(database_clock, "now", lambda: now):
            later = (local + dt.timedelta(hours=1)).time().replace(second=0, microsecond=0)
            schedule_update(schedule=schedule_of(place), actor=None, nightly_at=later)
    return 1


def finish(place: Connection) -> None:
    """The night's run has ended, so that the next night's is another one."""
    with tenant_transaction(place.organization_id):
        Run.objects.filter(connection=place, state=Run.State.QUEUED).update(state=Run.State.DONE, result="no_change")


def judge(verdict: Verdict, zone: str, place: Connection) -> None:
    """One run a local night, none left out within a season, none twice."""
    with tenant_transaction(place.organization_id):
        rows = list(Nightly.objects.filter(connection=place).order_by("local_date").values_list("local_date", "run_id"))
        runs = Run.objects.filter(connection=place).count()
    dates = [date for date, _ in rows]
    verdict.require(len({run for _, run in rows}) == len(rows) == runs, f"{zone}: {len(rows)} nights, {runs} runs")
    for season in SEASONS:
        first = season.date() + dt.timedelta(days=1)
        wanted = {first + dt.timedelta(days=day) for day in range(3)}
        verdict.require(wanted <= set(dates), f"{zone}: no run in the nights of {sorted(wanted - set(dates))}")
    verdict.add("nights", len(rows))
