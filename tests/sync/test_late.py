"""What somebody does at the last moment: settings that change while an approved run goes on, presses of Cancel, and a kill."""

from __future__ import annotations

from typing import Any

import pytest

from foundation.ledger.models import PendingChange
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.services.connections import connection_configure
from sync.engine.write import apply
from sync.models import Cursor, Run
from sync.services import sweeper
from sync.services.runs import run_approve, run_cancel
from sync.services.undo import run_undo
from tests.fixtures.crashes import killed_at
from tests.fixtures.interleaving import at_point, in_own_session
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Handle, Synced, asked, rested
from tests.sync.test_runs import truth
from tickets.models import Ticket

pytestmark = pytest.mark.committed
State = PendingChange.State


@pytest.fixture
def small(handle: Handle, synced: Synced, calm: Sandbox) -> None:
    """A copy of the tickets alone, of which some are others at the PSA by now."""
    handle()
    synced()
    calm.control("change", n=5, set={"summary": "Changed at the PSA"})


def changed(linked: Connection) -> int:
    """How many tickets the next full sync has brought."""
    with tenant_transaction(linked.organization_id):
        return int(Ticket.objects.filter(summary="Changed at the PSA").count())


def press(run: Run) -> None:
    with tenant_transaction(run.organization_id):
        run_cancel(run=run, actor=None)


def test_an_approved_run_is_not_applied_when_the_settings_change_after_it_was_verified_anew(
    linked: Connection, handle: Handle, small: None, calm: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle(hold_least=0, hold_percent=1, hold_second_percent=100)
    calm.control("delete", n=20)
    run = rested(asked(linked))
    assert run.state == "held", run.message
    with tenant_transaction(linked.organization_id):
        run_approve(run=run, actor=None, reason="They are gone")
        wanted = Connection.objects.get(pk=linked.pk).settings | {"excluded_statuses": ["1"]}
    with at_point(monkeypatch, "verified", lambda: connection_configure(connection=linked, settings=wanted)):
        run = rested(run)
    assert (run.state, run.error_code, changed(linked)) == ("failed", "outdated", 0), run.message


def test_a_cancel_before_the_moment_ends_the_run_and_changes_nothing(
    linked: Connection, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = asked(linked)
    with at_point(monkeypatch, "verified", lambda: press(run)):
        run = rested(run)
    assert (run.state, run.result, changed(linked)) == ("cancelled", "cancelled", 0)


def test_a_cancel_behind_the_last_merge_takes_all_of_it_back(
    linked: Connection, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, real = asked(linked), apply.move_cursors

    def pressed_first(*arguments: Any, **more: Any) -> None:
        in_own_session(lambda: press(run))
        real(*arguments, **more)

    monkeypatch.setattr(apply, "move_cursors", pressed_first)
    run = rested(run)
    assert (run.state, run.result, changed(linked)) == ("cancelled", "cancelled", 0)


@pytest.mark.parametrize("point", ["applying", "cleaned"])
def test_a_cancel_that_comes_too_late_leaves_a_run_that_has_applied_everything_and_says_so(
    linked: Connection, small: None, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = asked(linked)

    def pressed() -> None:
        press(run)
        sweeper.sweep()

    with at_point(monkeypatch, point, pressed):
        run = rested(run)
    assert (run.state, run.result, changed(linked)) == ("done", "success", 5), run.message
    sweeper.sweep()
    with tenant_transaction(linked.organization_id):
        assert Run.objects.get(pk=run.pk).state == "done"


def test_a_clear_drops_every_edit_that_is_not_sent_and_its_undo_brings_them_back(
    linked: Connection, small: None
) -> None:
    unsent = list(PendingChange.UNSENT)
    own = {"organization_id": linked.organization_id, "connection": linked, "stream": "tickets"}
    with tenant_transaction(linked.organization_id):
        ticket = Ticket.objects.order_by("pk")[0]
        edits = [
            PendingChange.objects.create(**own, record_id=ticket.pk, state=state) for state in [*unsent, State.SENT]
        ]
    run = rested(asked(linked, "clear_resync"))
    assert run.state == "done", run.message

    def states() -> list[str]:
        return [PendingChange.objects.get(pk=edit.pk).state for edit in edits]

    with tenant_transaction(linked.organization_id):
        assert states() == [State.DROPPED] * len(unsent) + [State.SENT]
        undone = run_undo(run=run, actor=None, reason="a test")
        assert (undone.unsent, states()) == (len(unsent), [State.WAITING] * len(unsent) + [State.SENT])


def test_a_first_sync_that_is_killed_when_it_has_been_verified_still_ends_as_one(
    linked: Connection, handle: Handle, calm: Sandbox
) -> None:
    handle()
    killed_at("verified", "start", "--connection", str(linked.pk), "--kind", "full")
    with tenant_transaction(linked.organization_id):
        run = Run.objects.get()
        assert (run.phase, run.lands_live) == ("verifying", True)
        assert not Cursor.objects.filter(full_at__isnull=False).exists()
        Run.objects.update(lease_until=None)
    run = rested(run)
    assert (run.state, run.result) == ("done", "success"), run.message
    with tenant_transaction(linked.organization_id):
        assert Cursor.objects.filter(stream="tickets", full_at__isnull=False).exists()
        assert Ticket.objects.count() == truth(calm, "tickets")
    again = asked(linked, "quick")
    assert (again.kind, again.lands_live) == ("quick", False)
