"""What a run removed comes back, a clear is taken back in full, and what changed since stays."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.management import call_command

from foundation.ledger.models import JournalEntry, PendingChange
from foundation.tenancy.models import AuditEvent, User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import Run
from sync.selectors.undo import undo_outlook, undo_refusal
from sync.services.runs import RunRefused
from sync.services.undo import Undone, run_undo
from tests.fixtures.runs import make_run
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Sync, Synced
from tickets.models import Note, Ticket, TimeEntry


def undo(run: Run, actor: User | None = None) -> Undone:
    with tenant_transaction(run.organization_id):
        return run_undo(run=run, actor=actor, reason="They were needed")


def contents(model: Any) -> list[dict[str, Any]]:
    """All live rows but for when they were written."""
    hidden = {"synced_at", "content_hash", "fetched_at", "remote_updated_at", "latest_at"}
    return [
        {name: value for name, value in row.items() if name not in hidden}
        for row in model.objects.order_by("pk").values()
    ]


def test_what_a_full_run_removed_comes_back_with_what_hung_on_it(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection, admin: User
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        before = [contents(model) for model in (Ticket, Note, TimeEntry)]
    calm.control("delete", n=12)
    run = sync("full")
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.count() == len(before[0]) - 12
        assert undo_outlook(run).kept == 0
    undone = undo(run, admin)
    assert undone.restored > 12
    assert (undone.updated, undone.removed, undone.kept) == (0, 0, 0)
    with tenant_transaction(linked.organization_id):
        assert [contents(model) for model in (Ticket, Note, TimeEntry)] == before
        entries = JournalEntry.objects.filter(origin="undo", stream="tickets")
        assert set(entries.values_list("action", "run_id", "reason")) == {("restored", None, f"undo of run {run.pk}")}
        assert AuditEvent.objects.get(action="sync.undone").actor_id == admin.pk


def test_a_record_that_came_back_by_itself_is_kept_as_it_is_and_reported(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    calm.control("delete", n=3)
    run = sync("full")
    with tenant_transaction(linked.organization_id):
        changed = Ticket.with_removed.filter(removed_at__isnull=False).order_by("pk").first()
        Ticket.with_removed.filter(pk=changed.pk).update(
            summary="Newer", removed_at=None, synced_at=run.finished_at + dt.timedelta(seconds=5)
        )
    undone = undo(run)
    assert undone.kept == 1
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.get(pk=changed.pk).summary == "Newer"
        assert not Ticket.with_removed.filter(removed_at__isnull=False).exists()


def test_a_later_journal_entry_alone_keeps_a_record(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    calm.control("delete", n=2)
    run = sync("full")
    with tenant_transaction(linked.organization_id):
        gone = JournalEntry.objects.filter(run_id=run.pk, stream="tickets").first()
        gone.pk, gone.run_id, gone.origin = None, None, "live"
        gone.save()
        assert [line.kept for line in undo_outlook(run).lines if line.stream == "tickets"] == [1]
    assert undo(run).kept == 1


def test_a_clear_and_resync_is_taken_back_in_full_and_the_next_full_sync_reads_the_psa_again(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        before = contents(Ticket)
        other = Ticket.objects.exclude(board=None).order_by("pk").first()
        moved = Ticket.objects.exclude(board_id=other.board_id).exclude(board=None).order_by("pk").first()
        PendingChange.objects.create(
            organization_id=linked.organization_id, connection=linked, stream="tickets", record_id=other.pk
        )
    calm.control("change", ids=[int(other.remote_id)], set={"summary": "Rewritten"})
    calm.control("move", ids=[int(moved.remote_id)], board=int(other.board_remote_id))
    calm.control("create", n=2)
    calm.control("delete", n=3)
    run = sync("clear_resync")
    with tenant_transaction(linked.organization_id):
        created = JournalEntry.objects.filter(run_id=run.pk, action="created").count()
    undone = undo(run)
    assert (undone.removed, undone.kept, undone.unsent) == (created, 0, 1)
    assert undone.updated >= 2
    with tenant_transaction(linked.organization_id):
        assert contents(Ticket) == before
        assert PendingChange.objects.get().state == "waiting"
    assert sync("full").result == "success"
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.get(pk=other.pk).summary == "Rewritten"
        assert Ticket.objects.get(pk=moved.pk).board_id == other.board_id
        assert Ticket.objects.count() == calm.control("truth", method="GET", collection="tickets")["count"]


def test_undone_rows_go_again_with_the_next_full_sync_when_the_psa_still_lacks_them(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    calm.control("delete", n=4)
    run = sync("full")
    undo(run)
    again = sync("full")
    with tenant_transaction(linked.organization_id):
        assert Ticket.with_removed.filter(removed_at__isnull=False).count() == 4
        assert JournalEntry.objects.filter(run_id=again.pk, stream="tickets", action="removed").count() == 4


def test_once_is_enough_and_too_late_is_too_late(sync: Sync, synced: Synced, calm: Sandbox, linked: Connection) -> None:
    synced()
    calm.control("delete", n=1)
    run = sync("full")
    with tenant_transaction(linked.organization_id):
        assert undo_refusal(run) == ""
        assert "for 72 hours" in undo_refusal(run, run.finished_at + dt.timedelta(hours=73))
    undo(run)
    with pytest.raises(RunRefused, match="undone already"):
        undo(run)


def test_refused_without_a_reason_while_a_sync_works_and_where_nothing_was_removed(
    sync: Sync, calm: Sandbox, linked: Connection
) -> None:
    first = sync("full")
    with pytest.raises(RunRefused, match="nothing to undo"):
        undo(first)
    calm.control("delete", n=1)
    run = sync("full")
    with tenant_transaction(linked.organization_id):
        with pytest.raises(RunRefused, match="Give a reason"):
            run_undo(run=run, actor=None, reason=" ")
        make_run(linked, "quick")
        with pytest.raises(RunRefused, match="at work"):
            run_undo(run=run, actor=None, reason="They were needed")


def test_the_hours_are_a_setting(connection: Connection, in_tenant: object) -> None:
    connection.settings = {"undo_hours": 0}
    connection.save()
    run = make_run(connection, "full", result="success", ago=60)
    assert "for 0 hours" in undo_refusal(Run.objects.get(pk=run.pk))


@pytest.mark.committed
def test_the_command_undoes_too(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    synced()
    calm.control("delete", n=2)
    run = sync("full")
    call_command("sync", "undo", "--run", str(run.pk), "--reason", "They were needed")
    assert "records brought back" in capsys.readouterr().out
    with tenant_transaction(linked.organization_id):
        assert not Ticket.with_removed.filter(removed_at__isnull=False).exists()
