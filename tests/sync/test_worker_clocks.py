"""Workers whose clocks are minutes off: nothing live is swept, waits and schedules keep to the database's time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import time_machine
from pytest_django import Settings

from foundation.core import database_clock
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from sync.engine.run.drive import advance
from sync.models import DriftAudit, Run, RunStream, Schedule
from sync.services import sweeper
from sync.services.audits import audit_request
from sync.services.live import ticket_refresh
from sync.services.previews import preview_request, previews_expire
from sync.services.runs import run_request
from sync.services.schedules import schedule_of, schedule_update
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Sync, Synced
from tickets.models import Note, Ticket

SKEWS = [dt.timedelta(minutes=-10), dt.timedelta(minutes=10)]
both_ways = pytest.mark.parametrize("skew", SKEWS, ids=["slow", "fast"])
SECOND = dt.timedelta(seconds=1)


@contextmanager
def worker_at(skew: dt.timedelta) -> Iterator[None]:
    """This process's clock is so far ahead of the database's; both go on."""
    with time_machine.travel(dt.datetime.now(dt.UTC) + skew, tick=True):
        yield


@pytest.fixture
def short_slices(settings: Settings) -> None:
    settings.SYNC_SLICE_SECONDS = 0


def asked(linked: Connection, kind: str) -> int:
    with tenant_transaction(linked.organization_id):
        return int(run_request(connection=linked, kind=kind, trigger="person", reason="a test").run.pk)


def read_until_notes(linked: Connection, run_id: int, skew: dt.timedelta) -> None:
    """Works on the run by a worker of that clock until all tickets and some notes are read."""
    with tenant(linked.organization_id), worker_at(skew):
        for _ in range(200):
            assert advance(run_id), "the run ended too early"
            with tenant_transaction():
                if RunStream.objects.filter(run_id=run_id, name="notes", pages__gt=0).exists():
                    return
    raise AssertionError("the run never came to notes")


def ended(linked: Connection, run_id: int, skew: dt.timedelta) -> Run:
    with tenant(linked.organization_id), worker_at(skew):
        for _ in range(200):
            if not advance(run_id):
                break
    with tenant_transaction(linked.organization_id):
        run: Run = Run.objects.get(pk=run_id)
    return run


@both_ways
@pytest.mark.usefixtures("short_slices")
def test_what_another_worker_brings_during_a_full_run_stays(
    skew: dt.timedelta, sync: Sync, calm: Sandbox, linked: Connection
) -> None:
    with worker_at(skew):
        assert sync("full", slices=200).result == "success"
    full = asked(linked, "full")
    read_until_notes(linked, full, dt.timedelta())
    (ticket,) = calm.control("create", collection="tickets", n=1)["ids"]
    with worker_at(skew):
        assert sync("quick", slices=200).result == "success"
    run = ended(linked, full, dt.timedelta())
    assert run.result in {"no_change", "success"}, run.message
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.filter(remote_id=str(ticket)).exists()
        assert Note.objects.filter(ticket_remote_id=str(ticket)).exists()
        assert sum(RunStream.objects.filter(run_id=full).values_list("removed", flat=True)) == 0


@both_ways
@pytest.mark.usefixtures("short_slices")
def test_a_full_run_of_such_a_worker_leaves_what_came_meanwhile(
    skew: dt.timedelta, sync: Sync, calm: Sandbox, linked: Connection
) -> None:
    sync("full", slices=200)
    full = asked(linked, "full")
    read_until_notes(linked, full, skew)
    (ticket,) = calm.control("create", collection="tickets", n=1)["ids"]
    assert sync("quick", slices=200).result == "success"
    with tenant_transaction(linked.organization_id):
        noted = Ticket.objects.get(remote_id=Note.objects.order_by("pk").values_list("ticket_remote_id", flat=True)[0])
    (note,) = calm.control("note", ticket=int(noted.remote_id), n=1)["ids"]
    with tenant(linked.organization_id):
        assert ticket_refresh(ticket_id=noted.pk).ok
    ended(linked, full, skew)
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.filter(remote_id=str(ticket)).exists()
        assert Note.objects.filter(remote_id=str(note)).exists()
        assert sum(RunStream.objects.filter(run_id=full).values_list("removed", flat=True)) == 0


@both_ways
def test_a_wait_is_as_long_as_the_psa_asked(skew: dt.timedelta, sync: Sync, calm: Sandbox, linked: Connection) -> None:
    calm.control("faults", kind="429", retry_after=100, times=1)
    with worker_at(skew):
        run = sync("full")
    with tenant_transaction(linked.organization_id):
        left = run.wait_until - database_clock.now()
    assert (run.state, 80 * SECOND < left < 102 * SECOND) == ("waiting", True), left


@both_ways
def test_schedules_fire_when_the_database_says_so(skew: dt.timedelta, synced: Synced, linked: Connection) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        Connection.objects.filter(pk=linked.pk).update(state="connected")
        schedule = schedule_update(schedule=schedule_of(linked), actor=None, quick_minutes=15, nightly_on=False)
        now = database_clock.now()
        Schedule.objects.filter(pk=schedule.pk).update(quick_next_at=now + dt.timedelta(minutes=2))
    with worker_at(skew):
        sweeper.sweep()
        assert quick_runs(linked) == 0
        with tenant_transaction(linked.organization_id):
            Schedule.objects.filter(pk=schedule.pk).update(quick_next_at=now - SECOND)
        sweeper.sweep()
    assert quick_runs(linked) == 1
    with tenant_transaction(linked.organization_id):
        following = Schedule.objects.get(pk=schedule.pk).quick_next_at
    assert dt.timedelta(minutes=15) <= following - now < dt.timedelta(minutes=17)


def quick_runs(linked: Connection) -> int:
    with tenant_transaction(linked.organization_id):
        return int(Run.objects.filter(connection=linked, kind="quick").count())


def test_a_preview_is_kept_for_its_hour_though_a_worker_is_two_hours_ahead(synced: Synced, linked: Connection) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        run = preview_request(connection=linked, kind="full", trigger="person").run
    assert ended(linked, run.pk, dt.timedelta()).state == "done"
    with worker_at(dt.timedelta(hours=2)):
        previews_expire()
    with tenant_transaction(linked.organization_id):
        assert Run.objects.get(pk=run.pk).staged_until is not None


def test_an_audit_that_a_worker_holds_is_not_due_to_one_whose_clock_is_ahead(
    synced: Synced, linked: Connection
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        audit = audit_request(connection=linked, sample=5).audit
        DriftAudit.objects.filter(pk=audit.pk).update(lease_until=database_clock.now() + 60 * SECOND)
    with worker_at(SKEWS[1]):
        sweeper.sweep()
    with tenant_transaction(linked.organization_id):
        assert DriftAudit.objects.get(pk=audit.pk).rung_at is None
