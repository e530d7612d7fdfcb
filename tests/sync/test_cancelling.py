"""A press of Cancel is seen within seconds, whatever the worker does, and whether there is one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection as database

from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from sync.engine.run import drive
from sync.engine.run.drive import advance
from sync.engine.run.lease import Lease, LeaseLost, RunCancelled, step
from sync.engine.write import apply
from sync.models import Run, RunSignal
from sync.services.runs import run_cancel, run_request
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Handle, Synced
from tests.sync.test_leases import claimed, queued
from tickets.models import Ticket

MUCH_LONGER = 240
"""Seconds that take longer than any test waits."""


def press(run: Run) -> Run:
    """Cancels, and gives the run as it is right after."""
    with tenant_transaction(run.organization_id):
        run_cancel(run=run, actor=None)
    return now(run)


def now(run: Run) -> Run:
    with tenant_transaction(run.organization_id):
        found: Run = Run.objects.get(pk=run.pk)
    return found


def test_a_run_whose_worker_is_dead_is_ended_by_the_press(connection: Connection) -> None:
    run = queued(connection)
    claimed(run)  # and never heard of again
    ended = press(run)
    assert (ended.state, ended.result, ended.lease_until) == ("cancelled", "cancelled", None)
    assert queued(connection).pk != run.pk, "the lane is free"


def test_the_worker_of_a_run_that_was_ended_writes_nothing_more(connection: Connection) -> None:
    run = queued(connection)
    lease = claimed(run)
    press(run)
    with pytest.raises(LeaseLost), step(lease):
        pass


def test_a_run_that_cleans_up_has_applied_everything_and_goes_on(
    linked: Connection, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle()
    run = queued(linked)
    real = drive.clean_up

    def pressed(work: Any) -> None:
        press(run)
        real(work)

    monkeypatch.setattr(drive, "clean_up", pressed)
    with tenant(linked.organization_id):
        while advance(run.pk):
            pass
    assert (now(run).state, now(run).result) == ("done", "success")


@contextmanager
def working_on(run: Run) -> Iterator[threading.Thread]:
    """A worker at the run, in a thread of its own."""

    def work() -> None:
        try:
            with tenant(run.organization_id):
                while advance(run.pk):
                    pass
        finally:
            database.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield worker
    finally:
        worker.join(MUCH_LONGER / 4)
    assert not worker.is_alive(), "the worker did not see the press"


def wait_for(condition: Callable[[], bool], what: str) -> None:
    tick = threading.Event()
    for _ in range(600):
        if condition():
            return
        tick.wait(0.1)
    raise AssertionError(f"{what} never happened")


@pytest.mark.committed
def test_a_press_in_the_midst_of_a_transaction_is_kept_for_the_worker(connection: Connection) -> None:
    run = queued(connection)
    lease = claimed(run)
    inside, over = threading.Event(), threading.Event()

    def hold_the_row(lease: Lease) -> None:
        try:
            with step(lease):
                inside.set()
                over.wait(60)
        finally:
            database.close()

    worker = threading.Thread(target=hold_the_row, args=[lease])
    worker.start()
    inside.wait(60)
    try:
        assert press(run).state == "running"
    finally:
        over.set()
        worker.join(60)
    with pytest.raises(RunCancelled), step(lease):
        pass


@pytest.mark.committed
def test_a_press_is_seen_while_the_psa_keeps_the_worker_waiting(
    linked: Connection, handle: Handle, calm: Sandbox
) -> None:
    handle()
    calm.control("faults", kind="slow", seconds=40, match={"path": "service/tickets$"})
    run = queued(linked)
    with working_on(run) as worker:
        wait_for(lambda: streams_read(run) > 0, "the reading of tickets")
        assert press(run).state == "cancelled"
        worker.join(30)
        assert not worker.is_alive(), "the worker still waits for the PSA"


def streams_read(run: Run) -> int:
    with tenant_transaction(run.organization_id):
        return run.streams.filter(name="tickets", state="fetching").count()


@pytest.mark.committed
def test_a_press_ends_a_long_statement_and_nothing_is_applied(
    linked: Connection, handle: Handle, synced: Synced, calm: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle()
    synced()
    with tenant_transaction(linked.organization_id):
        before = sorted(Ticket.objects.values_list("pk", "summary"))
    calm.control("change", n=5, set={"summary": "not to be seen"})
    under_way = threading.Event()

    def takes_long(*arguments: Any) -> None:
        under_way.set()
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s)", [MUCH_LONGER])

    monkeypatch.setattr(apply, "link_references", takes_long)
    run = queued(linked)
    with working_on(run):
        under_way.wait(60)
        assert press(run).state == "applying", "its row is locked: the worker has to see the press itself"
    assert (now(run).state, now(run).result) == ("cancelled", "cancelled")
    with tenant_transaction(linked.organization_id):
        assert sorted(Ticket.objects.values_list("pk", "summary")) == before
        assert RunSignal.objects.filter(run=run).count() == 1
        assert run_request(connection=linked, kind="full", trigger="person").run.pk != run.pk
