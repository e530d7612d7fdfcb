"""One worker at a time, proven at every write."""

from __future__ import annotations

import datetime as dt
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError
from django.db import connection as database
from django.utils import timezone
from pytest_django import Settings

from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from sync.engine.run.lease import Lease, LeaseLost, RunCancelled, claim, step
from sync.models import Run, RunLog, RunSignal
from sync.services.runs import RunRefused, run_cancel, run_request


def queued(connection: Connection, kind: str = "full") -> Run:
    with tenant_transaction(connection.organization_id):
        return run_request(connection=connection, kind=kind, trigger="person", reason="a test").run


def claimed(run: Run) -> Lease:
    with tenant(run.organization_id):
        lease = claim(run.pk)
    assert lease is not None
    return lease


def expire(run: Run) -> None:
    with tenant_transaction(run.organization_id):
        Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - dt.timedelta(seconds=1))


def test_a_run_that_somebody_works_on_cannot_be_claimed(connection: Connection) -> None:
    run = queued(connection)
    first = claimed(run)
    with tenant(run.organization_id):
        assert claim(run.pk) is None
    expire(run)
    assert claimed(run).fence == first.fence + 1


def test_a_zombie_writes_nothing(connection: Connection) -> None:
    run = queued(connection)
    zombie = claimed(run)
    expire(run)
    claimed(run)
    with pytest.raises(LeaseLost), step(zombie):
        RunLog.objects.create(
            organization_id=run.organization_id, run=run, at=timezone.now(), level="info", message="from the grave"
        )
    with tenant_transaction(run.organization_id):
        assert not RunLog.objects.filter(run=run).exists()


def test_a_lease_that_ran_out_does_not_write_even_when_nobody_took_over(connection: Connection) -> None:
    run = queued(connection)
    late = claimed(run)
    expire(run)
    with pytest.raises(LeaseLost), step(late):
        pass


def test_a_step_renews_the_lease_and_a_sign_of_life_is_not_progress(connection: Connection) -> None:
    run = queued(connection)
    lease = claimed(run)
    with tenant_transaction(run.organization_id):
        Run.objects.filter(pk=run.pk).update(attempts=3, progress_at=timezone.now() - dt.timedelta(minutes=1))
        before = Run.objects.get(pk=run.pk)
    with step(lease, progress=False):
        pass
    with tenant_transaction(run.organization_id):
        alive = Run.objects.get(pk=run.pk)
    assert (alive.attempts, alive.progress_at) == (3, before.progress_at)
    assert alive.lease_until > before.lease_until
    with step(lease):
        pass
    with tenant_transaction(run.organization_id):
        advanced = Run.objects.get(pk=run.pk)
    assert advanced.attempts == 0
    assert advanced.progress_at > before.progress_at


def test_a_cancel_is_seen_at_the_next_step(connection: Connection) -> None:
    run = queued(connection)
    lease = claimed(run)
    with tenant_transaction(run.organization_id):
        RunSignal.objects.create(organization_id=run.organization_id, run=run, kind="cancel")
    with pytest.raises(RunCancelled), step(lease):
        pass
    with tenant_transaction(run.organization_id):
        assert RunSignal.objects.filter(run=run, kind="cancel").count() == 1


def test_a_queued_run_is_cancelled_at_once_and_only_once(connection: Connection) -> None:
    run = queued(connection)
    with tenant_transaction(run.organization_id):
        run_cancel(run=run, actor=None)
        run = Run.objects.get(pk=run.pk)
        assert (run.state, run.result) == ("cancelled", "cancelled")
        with pytest.raises(RunRefused):
            run_cancel(run=run, actor=None)


def test_lanes_run_side_by_side_and_two_of_a_lane_do_not(connection: Connection) -> None:
    full, clear = queued(connection), queued(connection, "clear_resync")
    claimed(full)
    with tenant(full.organization_id):
        assert claim(clear.pk) is None
    with tenant_transaction(full.organization_id):
        assert Run.objects.get(pk=clear.pk).state == "queued"


def test_a_clear_never_joins_a_weaker_run(connection: Connection) -> None:
    full = queued(connection)
    with tenant_transaction(connection.organization_id):
        asked = run_request(connection=connection, kind="clear_resync", trigger="person", reason="start over")
        assert not asked.joined
        assert asked.run.pk != full.pk
        again = run_request(connection=connection, kind="clear_resync", trigger="person", reason="impatient")
        assert again.joined
        assert "joined" in again.message
        with pytest.raises(RunRefused, match="reason"):
            run_request(connection=connection, kind="clear_resync", trigger="person")
        with pytest.raises(RunRefused, match="person"):
            run_request(connection=connection, kind="clear_resync", trigger="nightly", reason="no")


@pytest.mark.committed
def test_many_presses_at_once_make_one_run_and_everyone_is_told(connection: Connection) -> None:
    def press(_: int) -> bool:
        try:
            with tenant_transaction(connection.organization_id):
                return run_request(connection=connection, kind="full", trigger="person").joined
        finally:
            database.close()

    with ThreadPoolExecutor(8) as people:
        joined = list(people.map(press, range(80)))
    assert joined.count(False) == 1
    with tenant_transaction(connection.organization_id):
        run = Run.objects.get()
    assert run.joined == 79


@pytest.mark.committed
def test_a_worker_that_falls_asleep_in_its_transaction_does_not_keep_the_run_from_others(
    connection: Connection, settings: Settings
) -> None:
    settings.SYNC_LEASE_SECONDS = 1
    run = queued(connection)
    lease = claimed(run)
    awake, asleep = threading.Event(), threading.Event()

    def sleep_in_a_step() -> None:
        try:
            with step(lease):
                asleep.set()
                awake.wait(30)
        finally:
            database.close()

    with ThreadPoolExecutor(1) as workers:
        sleeper = workers.submit(sleep_in_a_step)
        asleep.wait(10)
        try:
            assert eventually_claimed(run).fence == lease.fence + 1
        finally:
            awake.set()
        assert isinstance(sleeper.exception(timeout=10), DatabaseError)


def eventually_claimed(run: Run) -> Lease:
    """The lease of another worker, which tries for ten seconds."""
    for _ in range(100):
        with tenant(run.organization_id):
            lease = claim(run.pk)
        if lease is not None:
            return lease
        time.sleep(0.1)
    raise AssertionError("nobody could claim the run")
