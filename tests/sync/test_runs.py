"""Whole runs against the sandbox: what they read, write, count and call their outcome."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection as database
from pytest_django import Settings

from clients.models import Company, Contact, Site
from foundation.ledger.models import JournalEntry
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.engine.check.report import count_unmapped
from sync.engine.run.drive import advance
from sync.engine.run.work import Work
from sync.engine.write import apply
from sync.models import Cursor, Run, RunIssue, RunSignal, RunStream
from sync.services.runs import run_approve, run_cancel, run_request
from sync.services.summary import run_summary
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import DAILY, Handle, Sync, Synced
from tickets.models import Board, Note, Status, Ticket, TimeEntry


def truth(sandbox: Sandbox, collection: str, **more: Any) -> int:
    """The sandbox's own count."""
    return int(sandbox.control("truth", method="GET", collection=collection, **more)["count"])


def figures(run: Run) -> dict[str, dict[str, Any]]:
    with tenant_transaction(run.organization_id):
        return run_summary(run)["streams"]


def test_the_first_sync_lands_everything_and_counts_as_the_psa_does(
    sync: Sync, calm: Sandbox, handle: Handle, linked: Connection
) -> None:
    handle(streams=None)
    run = sync("full")
    assert (run.state, run.result, run.lands_live) == ("done", "success", True), run.message
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.count() == truth(calm, "tickets")
        assert Company.objects.count() == truth(calm, "companies", conditions="deletedFlag=False")
        assert Contact.objects.count() == truth(calm, "contacts")
        assert Board.objects.count() == truth(calm, "boards")
        assert not Ticket.objects.filter(company=None, company_remote_id__isnull=False).exists()
        assert not Ticket.objects.filter(status=None).exists()
        assert not Status.objects.filter(board=None).exists()
        assert Site.objects.exists()
        open_tickets = Ticket.objects.filter(is_closed=False).values_list("remote_id", flat=True)
        assert set(Note.objects.values_list("ticket_remote_id", flat=True)) & set(open_tickets)
        assert TimeEntry.objects.exists()
    assert figures(run)["tickets"]["fetched"] == truth(calm, "tickets")


def test_a_second_full_run_says_no_change_and_writes_no_row(sync: Sync, synced: Synced, linked: Connection) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        before = [
            list(model.with_removed.order_by("pk").values())
            for model in (Ticket, Company, Note, Status, Site, TimeEntry)
        ]
        journal = JournalEntry.objects.count()
    run = sync("full")
    assert (run.result, run.lands_live) == ("no_change", False), run.message
    with tenant_transaction(linked.organization_id):
        after = [
            list(model.with_removed.order_by("pk").values())
            for model in (Ticket, Company, Note, Status, Site, TimeEntry)
        ]
        assert JournalEntry.objects.count() == journal
    assert after[0] == before[0]
    assert [len(rows) for rows in after] >= [len(rows) for rows in before]


def test_a_clear_and_resync_mends_what_was_altered_here_and_keeps_local_ids(
    sync: Sync, synced: Synced, linked: Connection
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        ids = dict(Ticket.objects.values_list("remote_id", "pk"))
        Ticket.objects.filter(pk=min(ids.values())).update(summary="altered by hand")
    run = sync("clear_resync")
    assert run.result == "success", run.message
    assert figures(run)["tickets"]["updated"] == 1
    with tenant_transaction(linked.organization_id):
        assert dict(Ticket.objects.values_list("remote_id", "pk")) == ids
        assert not Ticket.objects.filter(summary="altered by hand").exists()


def test_a_quick_sync_without_changes_costs_one_request_a_global_stream(
    sync: Sync, synced: Synced, linked: Connection
) -> None:
    synced()
    run = sync("quick")
    assert run.result == "no_change", run.message
    with tenant_transaction(linked.organization_id):
        pages = RunStream.objects.filter(run=run, pages__gt=0).count()
    assert run.requests <= pages + 2


def test_a_quick_sync_brings_a_change_with_its_fields(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        chosen = Ticket.objects.filter(is_closed=False).order_by("number").first()
    calm.control("change", ids=[int(chosen.remote_id)], set={"summary": "The printer is on fire"})
    run = sync("quick")
    assert run.result == "success", run.message
    assert figures(run)["tickets"]["updated"] >= 1
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.get(pk=chosen.pk).summary == "The printer is on fire"
        entry = JournalEntry.objects.get(run_id=run.pk, stream="tickets", record_id=chosen.pk)
        assert (entry.before["summary"], entry.after["summary"]) == (chosen.summary, "The printer is on fire")


def test_what_the_psa_deleted_goes_with_the_next_full_run_and_can_be_found_again(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    gone = calm.control("delete", n=3)
    run = sync("full")
    assert run.result == "success", run.message
    assert figures(run)["tickets"]["removed"] == 3, gone
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.count() == truth(calm, "tickets")
        assert Ticket.with_removed.filter(removed_at__isnull=False).count() == 3
        assert JournalEntry.objects.filter(run_id=run.pk, stream="tickets", action="removed").count() == 3


def test_bad_credentials_fail_with_the_reason_and_change_nothing(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    calm.control("faults", match={"path": "service/tickets"}, kind="401")
    run = sync("clear_resync")
    assert (run.state, run.result, run.error_code) == ("failed", "error", "authentication_failed")
    assert "Nothing here was changed" in run.message
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.count() == truth(calm, "tickets")
        assert Connection.objects.get(pk=linked.pk).state == "refused"


@pytest.mark.parametrize("kind", ["empty", "count"])
def test_a_psa_that_lies_about_its_rows_changes_nothing(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection, kind: str
) -> None:
    synced()
    path = "service/tickets/count" if kind == "count" else "service/tickets$"
    more = {"offset": 40} if kind == "count" else {}
    calm.control("faults", match={"path": path}, kind=kind, **more)
    run = sync("full")
    assert (run.result, run.error_code) == ("error", "incomplete"), run.message
    calm.control("faults", method="DELETE")
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.count() == truth(calm, "tickets")


def test_a_wave_of_removals_is_held_until_a_person_approves(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        Connection.objects.filter(pk=linked.pk).update(
            settings={"streams": DAILY, "date_range_days": None, "hold_least": 2, "hold_percent": 0}
        )
    calm.control("delete", n=5)
    run = sync("full")
    assert (run.state, run.result) == ("held", "held"), run.message
    assert "5 of" in run.message
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.count() == truth(calm, "tickets") + 5
        run_approve(run=run, actor=None, reason="they were duplicates")
    with tenant_transaction(linked.organization_id):
        advance(run.pk)
        run = Run.objects.get(pk=run.pk)
        assert (run.state, run.result) == ("done", "success"), run.message
        assert Ticket.objects.count() == truth(calm, "tickets")


def test_a_missing_right_on_one_stream_is_a_warning_and_keeps_its_data(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        entries = TimeEntry.objects.count()
    calm.control("faults", match={"path": "time/entries"}, kind="403")
    run = sync("full")
    assert run.result == "warning", run.message
    with tenant_transaction(linked.organization_id):
        assert TimeEntry.objects.count() == entries
        assert RunIssue.objects.get(run=run).code == "permission_missing"
        assert RunStream.objects.get(run=run, name="time_entries").state == "skipped"


def test_being_asked_to_wait_is_a_wait_with_its_reason(sync: Sync, calm: Sandbox, linked: Connection) -> None:
    calm.control("faults", match={"path": "service/tickets"}, kind="429", retry_after=30, times=1)
    run = sync("full")
    assert run.state == "waiting"
    assert run.wait_until is not None
    assert run.wait_reason
    with tenant_transaction(linked.organization_id):
        Run.objects.filter(pk=run.pk).update(wait_until=run.created_at)
    assert sync("full").pk == run.pk
    with tenant_transaction(linked.organization_id):
        assert Run.objects.get(pk=run.pk).result == "success"


def test_a_cancelled_run_leaves_what_was_there(synced: Synced, calm: Sandbox, linked: Connection) -> None:
    synced()
    calm.control("delete", n=2)
    with tenant_transaction(linked.organization_id):
        before = Ticket.objects.count()
        run = run_request(connection=Connection.objects.get(pk=linked.pk), kind="full", trigger="person").run
        run_cancel(run=run, actor=None)
        advance(run.pk)
        run = Run.objects.get(pk=run.pk)
        assert (run.state, run.result) == ("cancelled", "cancelled")
        assert Ticket.objects.count() == before


def test_a_record_that_leaves_the_scope_is_noticed_by_a_quick_sync(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        ticket = Ticket.objects.filter(is_closed=False).first()
        Connection.objects.filter(pk=linked.pk).update(
            settings={
                "streams": DAILY,
                "date_range_days": None,
                "boards": [ticket.board_remote_id],
                "hold_least": 1_000_000,
            }
        )
        noted = Note.objects.values("ticket_id")
        other = Ticket.objects.exclude(board_id=ticket.board_id).filter(is_closed=False, pk__in=noted).first()
    calm.control("change", ids=[int(other.remote_id)], set={"summary": "Elsewhere"})
    run = sync("quick")
    with tenant_transaction(linked.organization_id):
        entry = JournalEntry.objects.get(run_id=run.pk, stream="tickets", remote_id=other.remote_id)
        assert (entry.action, entry.reason) == ("removed", "left the scope")
        for model in (Note, TimeEntry):
            assert not model.objects.filter(ticket_remote_id=other.remote_id, removed_at=None).exists()
            assert model.objects.filter(removed_at=None).exists()


def test_cursors_come_from_the_psas_clock_and_move_forward(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        first = Cursor.objects.get(connection=linked, stream="tickets")
    sync("quick")
    with tenant_transaction(linked.organization_id):
        second = Cursor.objects.get(connection=linked, stream="tickets")
    assert first.watermark is not None
    assert second.watermark >= first.watermark
    assert second.full_at == first.full_at


def test_a_press_of_cancel_after_everything_was_applied_does_not_deny_it(
    sync: Sync, synced: Synced, linked: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(work: Work) -> None:
        RunSignal.objects.create(
            organization_id=work.lease.organization_id, run_id=work.run.pk, kind=RunSignal.Kind.CANCEL
        )
        count_unmapped(work)

    synced()
    monkeypatch.setattr("sync.engine.write.apply.count_unmapped", pressed)
    run = sync("full")
    assert run.state == Run.State.DONE


def test_an_apply_that_outlasts_the_lease_ends_its_run_in_the_same_slice(
    sync: Sync, synced: Synced, calm: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced()
    calm.control("change", n=3)
    settings.SYNC_LEASE_SECONDS = 4
    link = apply.link_references

    def slow_link(work: Work, streams: list[RunStream]) -> int:
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")
        return link(work, streams)

    monkeypatch.setattr(apply, "link_references", slow_link)
    run = sync("full", slices=1)
    assert (run.state, run.result) == ("done", "success"), run.message
