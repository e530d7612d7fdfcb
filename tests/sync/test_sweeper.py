"""What is due is started once, what nobody works on is told of again, and a night runs once whatever happens."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from sync.engine.run.drive import advance
from sync.models import Cursor, Nightly, Run, Schedule
from sync.services import sweeper
from sync.services.schedules import (
    ScheduleInvalid,
    nightly_bring_forward,
    schedule_of,
    schedule_pause,
    schedule_resume,
    schedule_update,
)
from tests.fixtures.clock import DatabaseTime

DAY = dt.datetime(2026, 6, 10, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def settled(connection: Connection) -> Connection:
    """A connection that has been synced completely once."""
    with tenant_transaction(connection.organization_id):
        Connection.objects.filter(pk=connection.pk).update(state="connected")
        Cursor.objects.create(
            organization_id=connection.organization_id,
            connection=connection,
            stream="tickets",
            updated_at=DAY,
            full_at=DAY,
        )
    return connection


def times(connection: Connection, **values: object) -> Schedule:
    with tenant_transaction(connection.organization_id):
        return schedule_update(schedule=schedule_of(connection), actor=None, **values)


def runs(connection: Connection) -> list[tuple[str, str]]:
    with tenant_transaction(connection.organization_id):
        return list(Run.objects.order_by("id").values_list("kind", "trigger"))


def finish_all(connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        Run.objects.update(state="done", result="no_change", finished_at=timezone.now())


def test_quick_syncs_recur_and_a_round_too_many_starts_nothing(
    settled: Connection, database_time: DatabaseTime
) -> None:
    database_time.move_to(DAY)
    times(settled, quick_minutes=15, nightly_on=False)
    sweeper.sweep()
    assert runs(settled) == []
    database_time.shift(dt.timedelta(minutes=15))
    sweeper.sweep()
    sweeper.sweep()
    assert runs(settled) == [("quick", "interval")]
    finish_all(settled)
    database_time.shift(dt.timedelta(minutes=15))
    sweeper.sweep()
    assert len(runs(settled)) == 2


def test_a_night_runs_once_in_the_organizations_zone(
    settled: Connection, organization: Organization, database_time: DatabaseTime
) -> None:
    database_time.move_to(DAY)
    schedule = times(settled, quick_minutes=0, nightly_at=dt.time(1, 0), window_minutes=0)
    assert schedule.nightly_next_at == dt.datetime(2026, 6, 10, 23, 0, tzinfo=dt.UTC)
    database_time.move_to(dt.datetime(2026, 6, 10, 23, 0, 1, tzinfo=dt.UTC))
    sweeper.sweep()
    sweeper.sweep()
    assert runs(settled) == [("full", "nightly")]
    with tenant_transaction(organization.pk):
        night = Nightly.objects.get()
    assert (night.local_date, night.caught_up) == (dt.date(2026, 6, 11), False)


def test_six_hours_down_the_missed_night_runs_once(settled: Connection, database_time: DatabaseTime) -> None:
    database_time.move_to(DAY)
    times(settled, quick_minutes=0, nightly_at=dt.time(1, 0), window_minutes=0)
    database_time.move_to(dt.datetime(2026, 6, 11, 5, 0, tzinfo=dt.UTC))
    sweeper.sweep()
    finish_all(settled)
    sweeper.sweep()
    assert runs(settled) == [("full", "nightly")]
    with tenant_transaction(settled.organization_id):
        assert Nightly.objects.get().caught_up


@pytest.mark.parametrize("changing", [dt.date(2026, 3, 29), dt.date(2026, 10, 25)])
def test_the_nights_when_clocks_change_run_once(
    settled: Connection, changing: dt.date, database_time: DatabaseTime
) -> None:
    begin = dt.datetime.combine(changing, dt.time(12), dt.UTC) - dt.timedelta(days=1)
    database_time.move_to(begin)
    times(settled, quick_minutes=0, nightly_at=dt.time(2, 30), window_minutes=0)
    for _ in range(24 * 4):
        database_time.shift(dt.timedelta(minutes=15))
        sweeper.sweep()
        finish_all(settled)
    assert runs(settled) == [("full", "nightly")]


def test_a_night_brought_forward_does_not_run_again(settled: Connection, database_time: DatabaseTime) -> None:
    database_time.move_to(DAY)
    schedule = times(settled, quick_minutes=0, nightly_at=dt.time(1, 0), window_minutes=0)
    with tenant_transaction(settled.organization_id):
        nightly_bring_forward(schedule=schedule, actor=None)
    sweeper.sweep()
    finish_all(settled)
    assert runs(settled) == [("full", "nightly")]
    database_time.move_to(dt.datetime(2026, 6, 11, 12, tzinfo=dt.UTC))
    sweeper.sweep()
    assert len(runs(settled)) == 1
    database_time.move_to(dt.datetime(2026, 6, 12, 12, tzinfo=dt.UTC))
    sweeper.sweep()
    assert len(runs(settled)) == 2


def test_paused_starts_nothing_and_resumed_does_not_catch_up(settled: Connection, database_time: DatabaseTime) -> None:
    database_time.move_to(DAY)
    schedule = times(settled, quick_minutes=15, nightly_at=dt.time(1, 0), window_minutes=0)
    with tenant_transaction(settled.organization_id):
        schedule_pause(schedule=schedule, actor=None)
    database_time.move_to(DAY + dt.timedelta(days=2))
    sweeper.sweep()
    assert runs(settled) == []
    with tenant_transaction(settled.organization_id):
        schedule_resume(schedule=Schedule.objects.get(), actor=None)
    sweeper.sweep()
    assert runs(settled) == []


@pytest.mark.parametrize("change", [{"state": "refused"}, {"state": "draft"}, {"setup_step": "schedule"}])
def test_a_connection_that_needs_a_person_is_left_alone(
    settled: Connection, change: dict[str, str], database_time: DatabaseTime
) -> None:
    database_time.move_to(DAY)
    times(settled, quick_minutes=15, nightly_on=False)
    with tenant_transaction(settled.organization_id):
        Connection.objects.filter(pk=settled.pk).update(**change)
    database_time.shift(dt.timedelta(minutes=16))
    sweeper.sweep()
    assert runs(settled) == []


def test_no_quick_sync_starts_by_itself_before_everything_was_read_once(
    connection: Connection, database_time: DatabaseTime
) -> None:
    database_time.move_to(DAY)
    with tenant_transaction(connection.organization_id):
        Connection.objects.filter(pk=connection.pk).update(state="connected")
    times(connection, quick_minutes=1, nightly_on=False)
    database_time.shift(dt.timedelta(minutes=2))
    sweeper.sweep()
    assert runs(connection) == []


def test_a_run_that_nobody_works_on_is_rung_for_and_not_at_every_round(settled: Connection) -> None:
    with tenant_transaction(settled.organization_id):
        past = timezone.now() - dt.timedelta(minutes=5)
        run = Run.objects.create(
            organization_id=settled.organization_id,
            connection=settled,
            kind="quick",
            lane="fast",
            trigger="person",
            state="running",
            created_at=past,
            rung_at=past,
            lease_until=past,
        )
    assert [row[1] for row in sweeper.runs_due()] == [run.pk]
    assert sweeper.runs_due() == []


def test_a_bell_that_rings_while_a_run_waits_does_not_cut_the_wait_short(settled: Connection) -> None:
    with tenant_transaction(settled.organization_id):
        now = timezone.now()
        until = now + dt.timedelta(minutes=5)
        run = Run.objects.create(
            organization_id=settled.organization_id,
            connection=settled,
            kind="quick",
            lane="fast",
            trigger="person",
            state="waiting",
            created_at=now,
            wait_until=until,
            wait_reason="Asked to wait.",
        )
    with tenant(settled.organization_id):
        assert advance(run.pk) is False
    with tenant_transaction(settled.organization_id):
        left = Run.objects.get(pk=run.pk)
        assert (left.state, left.wait_until, left.wait_reason) == ("waiting", until, "Asked to wait.")
        assert (left.fence, left.claims) == (run.fence, run.claims)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"quick_minutes": -1}, "1 to 1,440"),
        ({"quick_minutes": 2000}, "1 to 1,440"),
        ({"window_minutes": 1000}, "720"),
        ({"nightly_kind": "weekly"}, "full or quick"),
        ({"full_every": "year"}, "week, month or quarter"),
        ({"colour": "red"}, "no “colour”"),
    ],
)
def test_impossible_times_are_refused_in_words(connection: Connection, values: dict[str, object], word: str) -> None:
    with pytest.raises(ScheduleInvalid, match=word):
        times(connection, **values)
