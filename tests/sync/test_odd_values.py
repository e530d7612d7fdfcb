"""Odd values in the PSA's answers: they cost themselves, are named, and nothing else changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import Cursor, Issue, Run, RunIssue, RunLog, RunStream
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Sync, Synced
from tickets.models import Ticket

ODD = {"budgetHours": '"twelve"', "closedDate": '"2026-02-30"', "resources": '["a", "b"]'}
"""Values of a ticket as they are sent."""


@pytest.fixture
def odd(sync: Sync, calm: Sandbox) -> Iterator[list[int]]:
    """Two tickets that a full sync brought and that have three odd values since."""
    assert sync("full").result == "success"
    ids = [int(number) for number in calm.control("change", n=2, set={"summary": "Odd values"})["ids"]]
    calm.control("faults", kind="row", odd={"ids": ids, "set": ODD})
    yield ids
    calm.control("faults", method="DELETE")


def stored(linked: Connection, **filters: Any) -> list[Ticket]:
    with tenant_transaction(linked.organization_id):
        return list(Ticket.objects.filter(connection=linked, **filters).order_by("pk"))


def issues_of(run: Run) -> list[RunIssue]:
    with tenant_transaction(run.organization_id):
        return list(RunIssue.objects.filter(run=run).order_by("pk"))


@pytest.mark.parametrize("kind", ["quick", "full", "clear_resync"])
def test_odd_values_are_left_out_named_once_a_record_and_counted_as_read(
    kind: str, odd: list[int], sync: Sync, linked: Connection
) -> None:
    run = sync(kind)
    found = issues_of(run)
    assert {(issue.stream, issue.remote_id, issue.code) for issue in found} == {
        ("tickets", str(number), "value_left_out") for number in odd
    }
    assert found[0].message == (
        "resources is no text: it was left out. closedDate is no date: it was left out. budgetHours is no number: it was left out."
    )
    assert (run.state, run.result) == (Run.State.DONE, "warning")
    assert run.message.endswith("; 2 came without a value that could not be understood.")
    landed = stored(linked, remote_id__in=map(str, odd))
    assert [(ticket.summary, ticket.budget_hours, ticket.closed_at, ticket.resources) for ticket in landed] == [
        ("Odd values", None, None, "")
    ] * 2
    with tenant_transaction(run.organization_id):
        assert RunStream.objects.get(run=run, name="tickets").failed == 0


def test_the_issue_is_cleared_when_the_value_is_one_again(
    odd: list[int], sync: Sync, calm: Sandbox, linked: Connection
) -> None:
    sync("quick")
    with tenant_transaction(linked.organization_id):
        assert set(Issue.objects.filter(cleared_at=None).values_list("remote_id", "code")) == {
            (str(number), "value_left_out") for number in odd
        }
    calm.control("faults", method="DELETE")
    calm.control("change", ids=odd, set={"summary": "As it should be"})
    assert sync("quick").result == "success"
    with tenant_transaction(linked.organization_id):
        assert not Issue.objects.filter(cleared_at=None).exists()


def test_a_record_with_an_odd_value_that_is_gone_is_swept_like_any_other(
    odd: list[int], sync: Sync, calm: Sandbox, linked: Connection
) -> None:
    assert sync("full").result == "warning"
    calm.control("delete", ids=odd[:1])
    sync("full")
    assert stored(linked, remote_id=str(odd[0])) == []
    assert len(stored(linked, remote_id=str(odd[1]))) == 1


def test_numbers_as_text_are_understood_without_an_issue(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    ids = calm.control("change", n=1)["ids"]
    calm.control(
        "faults", kind="row", odd={"ids": ids, "set": {"budgetHours": '" 7.5 "', "closedFlag": "0", "summary": "4711"}}
    )
    run = sync("quick")
    assert (run.result, issues_of(run)) == ("success", [])
    (ticket,) = stored(linked, remote_id=str(ids[0]))
    assert (ticket.summary, ticket.budget_hours, ticket.is_closed) == ("4711", 7.5, False)
    with tenant_transaction(run.organization_id):
        said = RunLog.objects.get(run=run, stream="tickets", message__startswith="Values written in another way")
    assert said.fields == {"fields": {"summary": 1, "closedFlag": 1, "budgetHours": 1}}


@pytest.mark.parametrize("kind", ["full", "quick"])
def test_more_rows_than_can_be_read_land_as_far_as_they_go_and_nothing_is_swept(
    kind: str, sync: Sync, synced: Synced, calm: Sandbox, linked: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced()
    before = {ticket.remote_id for ticket in stored(linked)}
    with tenant_transaction(linked.organization_id):
        cursor = Cursor.objects.get(connection=linked, stream="tickets").watermark
    ids = calm.control("change", n=60, set={"summary": "Of too many"})["ids"]
    monkeypatch.setattr("integrations.decoding.rows.MOST_ROWS", 50)
    run = sync(kind)
    told = [(issue.stream, issue.code, issue.remote_id) for issue in issues_of(run) if issue.stream == "tickets"]
    assert told == [("tickets", "incomplete_answer", "")]
    assert run.result == "warning"
    assert {ticket.remote_id for ticket in stored(linked)} == before
    assert stored(linked, summary="Of too many")
    with tenant_transaction(linked.organization_id):
        assert Cursor.objects.get(connection=linked, stream="tickets").watermark == cursor
        stream = RunStream.objects.get(run=run, name="tickets")
    assert "came in one answer, of which the first 50 were read." in stream.incomplete
    assert len(ids) == 60
