"""Two transactions at once: who looks, looks again once it is their turn; nobody's press is lost; nobody waits for each other."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from foundation.core import database_clock
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from sync.engine.run.lease import claim, step
from sync.models import Run, Schedule
from sync.services import sweeper
from sync.services.instance import change_begin
from sync.services.previews import preview_request
from sync.services.recovery import refused_retry
from sync.services.removal import connection_remove
from sync.services.runs import RunRefused, run_approve, run_cancel, run_reject, run_request, serialise
from sync.services.schedules import schedule_of, schedule_pause, schedule_update
from tests.fixtures.interleaving import in_another_transaction, meanwhile, until_it_waits

pytestmark = pytest.mark.committed


def pressed(connection: Connection, ask: Callable[..., object]) -> Callable[[], object]:
    def press() -> object:
        with tenant_transaction():
            return ask(connection=connection, kind="full", trigger="person")

    return press


@pytest.mark.parametrize("ask", [run_request, preview_request], ids=["a sync", "a preview"])
def test_a_press_during_the_beginning_of_a_change_of_instance_is_refused(
    ask: Callable[..., object], connection: Connection, owner: psycopg.Connection
) -> None:
    def begin() -> object:
        return change_begin(connection=connection, actor=None, reason="a test")

    with in_another_transaction(connection.organization_id, begin):
        hands, press = meanwhile(connection.organization_id, pressed(connection, ask))
        until_it_waits(owner, press)
    with hands, pytest.raises(RunRefused, match="instance of this connection is being changed"):
        press.result(timeout=30)
    with tenant_transaction(connection.organization_id):
        assert not Run.objects.exists()


def test_a_press_during_the_removal_of_its_connection_is_refused(
    connection: Connection, owner: psycopg.Connection
) -> None:
    with in_another_transaction(
        connection.organization_id, lambda: connection_remove(connection=connection, actor=None)
    ):
        hands, press = meanwhile(connection.organization_id, pressed(connection, run_request))
        until_it_waits(owner, press)
    with hands, pytest.raises(RunRefused, match="has been removed"):
        press.result(timeout=30)


def test_the_clock_and_a_change_of_instance_do_not_wait_for_each_other(
    connection: Connection, owner: psycopg.Connection
) -> None:
    with tenant_transaction(connection.organization_id):
        schedule = schedule_of(connection)
        Connection.objects.filter(pk=connection.pk).update(state="connected")
        Schedule.objects.filter(pk=schedule.pk).update(nightly_next_at=database_clock.now())
    with tenant_transaction(connection.organization_id):
        serialise(connection)
        hands, start = meanwhile(
            connection.organization_id, lambda: sweeper.start_due(connection.organization_id, schedule.pk)
        )
        until_it_waits(owner, start)
        schedule_pause(schedule=schedule, actor=None)
    with hands:
        start.result(timeout=30)
    with tenant_transaction(connection.organization_id):
        assert Schedule.objects.get().paused_at is not None


def test_credentials_that_are_accepted_again_and_the_removal_of_their_connection_do_not_wait_for_each_other(
    linked: Connection, owner: psycopg.Connection
) -> None:
    with tenant_transaction(linked.organization_id):
        schedule_of(linked)
        past = database_clock.now()
        Connection.objects.filter(pk=linked.pk).update(state="refused", retry_at=past)
    with tenant_transaction(linked.organization_id):
        serialise(linked)
        hands, accepted = meanwhile(linked.organization_id, lambda: refused_retry(linked.pk))
        assert until_it_waits(owner, accepted)
        connection_remove(connection=linked, actor=None)
    with hands:
        assert accepted.result(timeout=30) is True
    with tenant_transaction(linked.organization_id):
        assert not Run.objects.exists()


def test_a_pause_survives_new_times_that_were_typed_before_it(connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        typed = schedule_of(connection)
    with tenant_transaction(connection.organization_id):
        schedule_pause(schedule=Schedule.objects.get(), actor=None)
    with tenant_transaction(connection.organization_id):
        schedule_update(schedule=typed, actor=None, quick_minutes=30)
        assert (Schedule.objects.get().paused_at is not None, Schedule.objects.get().quick_minutes) == (True, 30)


def held_run(connection: Connection) -> Run:
    with tenant_transaction(connection.organization_id):
        run = run_request(connection=connection, kind="full", trigger="person").run
        Run.objects.filter(pk=run.pk).update(state="held", result="held", phase="verifying")
        return Run.objects.get(pk=run.pk)


def state_of(run: Run) -> tuple[str, str]:
    with tenant_transaction(run.organization_id):
        now = Run.objects.get(pk=run.pk)
    return now.state, now.result


def test_a_cancel_in_the_instant_in_which_a_run_is_held_ends_it(connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        run = run_request(connection=connection, kind="full", trigger="person").run
    with tenant(connection.organization_id):
        lease = claim(run.pk)
    assert lease is not None

    def hold() -> object:
        with step(lease):
            pass
        return Run.objects.filter(pk=run.pk).update(state="held", result="held", phase="verifying", lease_until=None)

    with in_another_transaction(connection.organization_id, hold), tenant_transaction(connection.organization_id):
        run_cancel(run=Run.objects.get(pk=run.pk), actor=None)
    assert state_of(run) == ("held", "held")
    sweeper.sweep()
    assert state_of(run) == ("cancelled", "cancelled")


@pytest.mark.parametrize("second", [False, True], ids=["one is enough", "two are needed"])
@pytest.mark.parametrize("end", [run_cancel, run_reject], ids=["cancelled", "rejected"])
def test_a_run_that_is_approved_and_ended_at_once_ends(
    end: Callable[..., None], second: bool, connection: Connection
) -> None:
    run = held_run(connection)
    with tenant_transaction(connection.organization_id):
        Run.objects.filter(pk=run.pk).update(verification={"held": {"tickets": {"second": second}}})

    def approve() -> object:
        return run_approve(run=Run.objects.get(pk=run.pk), actor=None, reason="fine")

    with in_another_transaction(connection.organization_id, approve), tenant_transaction(connection.organization_id):
        end(run=Run.objects.get(pk=run.pk), actor=None, reason="no")
    if second:
        with tenant_transaction(connection.organization_id), pytest.raises(RunRefused, match="has cancelled this run"):
            run_approve(run=Run.objects.get(pk=run.pk), actor=None, reason="again")
    sweeper.sweep()
    assert state_of(run) == ("cancelled", "cancelled")
