"""What a full run says about its own copy."""

from __future__ import annotations

from typing import Any

import pytest

from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.engine.check import report
from sync.models import RunLog
from sync.streams import TARGETS
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import DAILY, Sync, Synced
from tickets.models import Board, Ticket


@pytest.mark.parametrize("kind", ["full", "clear_resync"])
def test_boards_agree_and_the_newest_tickets_are_the_same(
    sync: Sync, synced: Synced, linked: Connection, calm: Sandbox, kind: str
) -> None:
    synced()
    calm.control("stats/reset")
    run = sync(kind)
    boards = run.verification["boards"]
    with tenant_transaction(linked.organization_id):
        ours = {board.remote_id: Ticket.objects.filter(board_id=board.pk).count() for board in Board.objects.all()}
    assert boards
    assert all(board["remote"] == board["ours"] == ours[board["remote_id"]] for board in boards)
    assert len(boards) + run.verification["boards_more"] == len(ours)
    read_again = [(record["stream"], record["verdict"]) for record in run.verification["newest"]]
    assert read_again == [(stream, "same") for stream, most in report.NEWEST.items() for _ in range(most)]
    assert run.verification["unseen_streams"] == []


def test_the_report_costs_a_bounded_number_of_requests(
    sync: Sync, synced: Synced, linked: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced()
    with_it = sync("full").requests
    monkeypatch.setattr("sync.engine.check.verify.report_on", lambda work: None)
    # The tickets of a board are counted at two end points: those of service and those of projects.
    assert 0 < with_it - sync("full").requests <= 2 * report.BOARDS + sum(report.NEWEST.values()) <= 27


def test_a_ticket_whose_list_row_lied_is_found_by_its_fields(
    sync: Sync, synced: Synced, linked: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced()

    def altered(work: Any, target: Any, real: Any = report.copy_of) -> str:
        if target is not TARGETS["tickets"]:
            return str(real(work, target))
        names = [name for name in target.names if name != "summary"]
        columns = ", ".join(f'"{name}"' for name in names)
        meta = "remote_id, remote_updated_at, 'another'::bytea AS content_hash, unknown_columns"
        return f"(SELECT {meta}, 'other' AS summary, {columns} FROM {real(work, target)} x)"

    monkeypatch.setattr(report, "copy_of", altered)
    run = sync("full")
    first = run.verification["newest"][0]
    assert (first["verdict"], first["fields"]) == ("differs", ["summary"])
    with tenant_transaction(linked.organization_id):
        lines = RunLog.objects.filter(
            run_id=run.pk, level="warning", message__contains="differs from the PSA in summary"
        )
        assert lines.count() == report.NEWEST["tickets"]


def test_a_ticket_that_changed_or_went_since_it_was_read_is_no_difference(synced: Synced, linked: Connection) -> None:
    synced()
    mine = {"remote_id": "1", "remote_updated_at": None, "content_hash": b""}
    assert report.judged(TARGETS["tickets"], mine, "gone").verdict == "gone"
    assert report.is_newer(linked.created_at, None)


@pytest.mark.parametrize("path", [r"service/tickets/\d+$", r"service/tickets/count"])
def test_a_psa_that_can_not_answer_the_report_stops_no_run(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection, path: str
) -> None:
    synced()
    after = 2 if path.endswith("count") else 0  # the counts before and after the read are not the report's
    calm.control("faults", match={"path": path}, kind="403", after=after)
    run = sync("full")
    assert run.state == "done", run.message
    if after:
        assert {board["remote"] for board in run.verification["boards"]} == {None}
    else:
        verdicts = {(record["stream"], record["verdict"]) for record in run.verification["newest"]}
        assert verdicts == {("tickets", "unread"), ("companies", "same"), ("contacts", "same")}


def test_dead_credentials_are_not_overlooked_by_the_report(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    calm.control("faults", match={"path": r"service/tickets/\d+$"}, kind="401")
    run = sync("full")
    assert (run.state, run.error_code) == ("failed", "authentication_failed")


def test_references_without_a_target_are_counted_by_column(sync: Sync, calm: Sandbox, linked: Connection) -> None:
    first = sync("full")
    assert first.verification["unmapped"].get("tickets", {}).get("company_remote_id") is None
    with tenant_transaction(linked.organization_id):
        (company,) = Ticket.objects.exclude(company=None).values_list("company_remote_id", flat=True)[:1]
        number = Ticket.objects.filter(company_remote_id=company).count()
        hidden = {"company": None, "company_remote_id": "999999", "company_name": "Hidden"}
        Ticket.objects.filter(company_remote_id=company).update(**hidden)
    run = sync("full")
    assert run.verification["unmapped"]["tickets"]["company_remote_id"] == number
    assert run.verification["unmapped_examples"]["tickets"]["company_remote_id"] == [
        {"remote_id": "999999", "name": "Hidden", "rows": number}
    ]


def test_streams_that_the_key_may_not_read_are_named(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    calm.control("role", denied=["contacts"])
    run = sync("full")
    calm.control("role", denied=[])
    assert run.state == "done", run.message
    unseen = {row["stream"]: row["message"] for row in run.verification["unseen_streams"]}
    assert set(unseen) == {"contacts"}
    assert unseen["contacts"]
    assert {record["stream"] for record in run.verification["newest"]} == {"tickets", "companies"}


def test_boards_that_the_key_does_not_see_are_named(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        board = Board.objects.order_by("pk").first()
        settings = {"streams": DAILY, "date_range_days": None, "hold_least": 1_000_000, "hold_company_percent": 100}
        Connection.objects.filter(pk=linked.pk).update(settings=settings | {"boards": [board.remote_id, "424242"]})
    run = sync("full")
    assert run.verification["unseen_boards"] == ["424242"], run.message


def test_a_quick_sync_reports_nothing(sync: Sync, synced: Synced, linked: Connection) -> None:
    synced()
    assert sync("quick").verification == {}
