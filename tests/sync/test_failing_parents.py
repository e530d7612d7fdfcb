"""One parent that can't be read costs its own children, by name, and nothing of them is removed; many at once are the PSA's trouble."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from foundation.tenancy.models import Organization, User
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from sync.engine.read import children, failing_parents
from sync.models import Issue, Run, RunIssue, RunStream
from sync.selectors.issues import issue_labels
from sync.services.issues import issues_retry, retry_next
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sync.conftest import LOOSE, Synced, asked, linked_to, rested
from tickets.models import Note, Status, Ticket

Ended = Callable[..., Run]
BELOW = {
    "connectwise": lambda ticket: {"path": f"service/tickets/{ticket}/notes$"},
    "halo": lambda ticket: {"path": "Actions$", "query": f"ticket_id={ticket}(&|$)"},
}
ALL_BELOW = {"connectwise": {"path": "service/tickets/[0-9]+/notes$"}, "halo": {"path": "Actions$"}}


@pytest.fixture(params=["connectwise", "halo"])
def psa(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with running(request.param, tickets=60) as started:
        yield started


@pytest.fixture
def connectwise() -> Iterator[Sandbox]:
    with running("connectwise", tickets=60) as started:
        yield started


@pytest.fixture
def linked(organization: Organization, psa: Sandbox) -> Connection:
    return linked_to(organization, psa)


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Ended:
    """``ended(connection, "full")`` works on a run until it has ended, without the waits in between."""
    monkeypatch.setattr(children, "REST", 0.0)

    def go(connection: Connection, kind: str, **more: Any) -> Run:
        return rested(asked(connection, kind, **more))

    return go


def noted(connection: Connection) -> tuple[str, int]:
    """An open ticket with notes, and how many."""
    with tenant_transaction(connection.organization_id):
        found = Note.objects.filter(ticket__is_closed=False).order_by("-ticket_id").first()
        assert found is not None
        return found.ticket_remote_id, Note.objects.filter(ticket_remote_id=found.ticket_remote_id).count()


def notes_of(connection: Connection, ticket: str) -> int:
    with tenant_transaction(connection.organization_id):
        return int(Note.objects.filter(ticket_remote_id=ticket).count())


def issues_of(run: Run) -> list[tuple[str, str, str, str]]:
    with tenant_transaction(run.organization_id):
        found = RunIssue.objects.filter(run=run).order_by("pk")
        return list(found.values_list("stream", "parent_remote_id", "remote_id", "code"))


@pytest.mark.parametrize(
    ("kind", "fault", "code"),
    [
        ("full", "500", "transient"),
        ("clear_resync", "403", "permission_missing"),
        ("quick", "500", "transient"),
        ("quick", "404", "not_found"),
    ],
)
def test_one_parent_that_always_fails_is_named_and_the_rest_lands(
    linked: Connection, synced: Synced, psa: Sandbox, ended: Ended, kind: str, fault: str, code: str
) -> None:
    synced()
    ticket, notes = noted(linked)
    psa.control("POST", "change", {"ids": [int(ticket)], "set": touched("first")})
    with psa.fault(kind=fault, match=BELOW[psa.key](ticket)):
        run = ended(linked, kind)
    assert (run.state, run.result) == ("done", "warning"), run.message
    assert issues_of(run) == [(stream, ticket, "", code) for stream in below_tickets(psa)]
    assert notes_of(linked, ticket) == notes
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.get(remote_id=ticket).summary == "Changed: first"
        said = list(Issue.objects.filter(cleared_at=None).values_list("message", flat=True))
        assert all(f"ticket {ticket}" in message and "What is here of them stays." in message for message in said)
    psa.control("POST", "change", {"ids": [int(ticket)], "set": touched("second")})
    again = ended(linked, kind)
    assert (again.state, issues_of(again)) == ("done", []), again.message
    with tenant_transaction(linked.organization_id):
        assert not Issue.objects.filter(cleared_at=None).exists()


def below_tickets(psa: Sandbox) -> list[str]:
    """What is read below tickets: HaloPSA keeps notes and time in one place."""
    return ["notes"] if psa.key == "connectwise" else ["notes", "time_entries"]


def touched(text: str) -> dict[str, str]:
    return {"summary": f"Changed: {text}"}


def test_a_quick_sync_reads_a_parent_again_that_failed_before_though_it_did_not_change(
    linked: Connection, synced: Synced, psa: Sandbox, ended: Ended
) -> None:
    synced()
    ticket, _ = noted(linked)
    psa.control("POST", "change", {"ids": [int(ticket)], "set": touched("once")})
    with psa.fault(kind="500", match=BELOW[psa.key](ticket)):
        assert ended(linked, "quick").result == "warning"
    again = ended(linked, "quick")
    assert again.state == "done"
    with tenant_transaction(linked.organization_id):
        assert not Issue.objects.filter(cleared_at=None).exists()


def test_notes_that_could_not_be_read_are_fetched_again_with_their_ticket(
    linked: Connection, synced: Synced, psa: Sandbox, ended: Ended, admin: User
) -> None:
    synced()
    ticket, _ = noted(linked)
    psa.control("POST", "change", {"ids": [int(ticket)], "set": touched("once")})
    with psa.fault(kind="500", match=BELOW[psa.key](ticket)):
        ended(linked, "quick")
    with tenant(linked.organization_id):
        with tenant_transaction():
            issue = Issue.objects.get(stream="notes", cleared_at=None)
            assert issue_labels([issue]) == {ticket: ("Changed: once", Ticket.objects.get(remote_id=ticket).pk)}
            assert issues_retry(issue=issue, all_alike=False, actor=admin) == 1
        assert retry_next()
        with tenant_transaction():
            assert Issue.objects.get(pk=issue.pk).cleared_at is not None


def test_many_failing_parents_have_the_budget_of_one_and_then_cost_their_stream(
    linked: Connection, synced: Synced, psa: Sandbox, ended: Ended
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        before = Note.objects.count()
    with psa.fault(kind="500", match=ALL_BELOW[psa.key]):
        run = ended(linked, "full")
    assert (run.state, run.result) == ("done", "warning"), run.message
    with tenant_transaction(linked.organization_id):
        said = RunIssue.objects.get(run=run, stream="notes", code="stream_unread").message
        assert said.startswith("Notes of ticket ")
        assert "Tried 8 times." in said
        assert RunStream.objects.get(run=run, name="notes").state == "skipped"
        assert Note.objects.count() == before
    assert ended(linked, "full").result in {"success", "no_change"}


def test_a_stream_that_is_refused_below_every_parent_is_a_missing_right(
    linked: Connection, synced: Synced, psa: Sandbox, ended: Ended
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        before = Note.objects.count()
    with psa.fault(kind="403", match=ALL_BELOW[psa.key]):
        run = ended(linked, "full")
    assert (run.state, run.result) == ("done", "warning"), run.message
    assert {(parent, code) for _, parent, _, code in issues_of(run)} == {("", "permission_missing")}
    with tenant_transaction(linked.organization_id):
        assert RunStream.objects.get(run=run, name="notes").state == "skipped"
        assert Note.objects.count() == before


@pytest.mark.parametrize("fault", ["403", "404", "500"])
def test_a_board_costs_that_board_alone(
    organization: Organization, connectwise: Sandbox, ended: Ended, fault: str
) -> None:
    linked = linked_to(organization, connectwise)
    ended(linked, "full")
    with tenant_transaction(linked.organization_id):
        before = sorted(Status.objects.values_list("remote_id", flat=True))
        board = Status.objects.order_by("pk")[0].board_remote_id
    with connectwise.fault(kind=fault, match={"path": f"service/boards/{board}/statuses$"}):
        run = ended(linked, "full")
    assert (run.state, run.result) == ("done", "warning"), run.message
    assert [issue[:3] for issue in issues_of(run)] == [("statuses", board, "")]
    with tenant_transaction(linked.organization_id):
        assert sorted(Status.objects.values_list("remote_id", flat=True)) == before


def test_a_ticket_that_was_deleted_since_it_was_listed_is_no_trouble(
    organization: Organization, connectwise: Sandbox, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked = linked_to(organization, connectwise)
    ended(linked, "full")
    ticket, notes = noted(linked)
    reads = children.fetch_children

    def late(work: Any, spec: Any, stream: Any) -> bool:
        if spec.name == "notes" and not stream.pages:
            connectwise.control("POST", "delete", {"ids": [int(ticket)]})
        return reads(work, spec, stream)

    monkeypatch.setattr("sync.engine.run.drive.fetch_children", late)
    run = ended(linked, "clear_resync")
    assert (run.state, issues_of(run)) == ("done", []), run.message
    assert notes_of(linked, ticket) == notes


@pytest.mark.parametrize(("percent", "state", "code"), [(10, "failed", "too_many_failed"), (70, "done", "")])
def test_more_failing_parents_than_the_settings_allow_end_the_run(
    organization: Organization,
    connectwise: Sandbox,
    ended: Ended,
    monkeypatch: pytest.MonkeyPatch,
    percent: int,
    state: str,
    code: str,
) -> None:
    monkeypatch.setattr("sync.engine.run.plan.LEAST_FAILED", 2)
    linked = linked_to(organization, connectwise)
    ended(linked, "full")
    with tenant_transaction(linked.organization_id):
        linked.settings = LOOSE | {"fail_percent": percent}
        linked.save()
        tickets = Ticket.objects.filter(is_closed=False).values_list("remote_id", flat=True)
        some = "|".join(sorted(tickets)[: len(tickets) // 2])
    with connectwise.fault(kind="500", match={"path": f"service/tickets/({some})/notes$"}):
        run = ended(linked, "full")
    assert (run.state, run.error_code) == (state, code)
    assert ("tickets could not be read, more than the 10 %" in run.message) is (state == "failed")


def test_so_many_parents_have_an_issue_each_and_the_others_are_counted(
    organization: Organization, connectwise: Sandbox, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failing_parents, "NAMED", 2)
    linked = linked_to(organization, connectwise)
    ended(linked, "full")
    with tenant_transaction(linked.organization_id):
        tickets = Ticket.objects.filter(is_closed=False).values_list("remote_id", flat=True)
        some = "|".join(sorted(tickets)[:5])
    with connectwise.fault(kind="500", match={"path": f"service/tickets/({some})/notes$"}):
        run = ended(linked, "full")
    assert run.result == "warning"
    found = issues_of(run)
    assert [parent != "" for _, parent, _, _ in found] == [True, True, False]
    with tenant_transaction(linked.organization_id):
        last = RunIssue.objects.filter(run=run).latest("pk")
        assert last.message == "The notes of 3 more tickets could not be read."
        assert RunStream.objects.get(run=run, name="notes").coverage["unread"] == 5
