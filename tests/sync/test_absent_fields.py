"""Rows that come with fewer fields than they had: what is stored of the others stays, and a value that is really gone is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection as database

from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from sync.engine.read.missing_fields import MANY
from sync.models import Issue, Run, RunIssue
from sync.services.replay import record_replay
from sync.streams import TARGETS
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sync.conftest import Sync, Synced, asked, linked_to, rested
from tickets.models import Note, Ticket

TICKETS = 60


def row_without(path: str, *names: str) -> dict[str, Any]:
    """The fault that rows of these lists come without some of their fields."""
    return {"kind": "row", "match": {"path": path}, "odd": {"without": list(names)}}


@dataclass(frozen=True)
class Less:
    """``path``: of the list of tickets; ``without``: fields that it does not show any more, and the words that the run says them with; ``gone``:
    a field that is emptied, with the column behind it; ``single``: of one ticket read by itself; ``notes``: of its notes, a field that they do not
    show, and the column that comes from it alone."""

    path: str
    single: str
    notes: tuple[str, list[str], str]
    without: list[str]
    words: set[str]
    gone: tuple[str, str]
    summary: str


SYSTEMS = {
    "connectwise": Less(
        r"service/tickets(/search)?$",
        r"service/tickets/\d+$",
        (r"tickets/\d+/(allN|n)otes$", ["internalAnalysisFlag", "internalFlag"], "is_internal"),
        ["owner", "company", "customFields", "closedFlag"],
        {"owner name", "company name", "custom fields", "is closed"},
        ("owner", "owner_name"),
        "summary",
    ),
    "halo": Less(
        r"Tickets$",
        r"Tickets$",
        (r"Actions$", ["who"], "author"),
        ["agent_id", "category_1", "status_id", "client_name", "customfields"],
        {"owner name", "type name", "status name", "company name", "custom fields"},
        ("category_1", "type_name"),
        "summary",
    ),
    "autotask": Less(
        r"/Tickets/query$",
        r"/Tickets/\d+$",
        (r"/TicketNotes/query$", ["creatorResourceID"], "member_remote_id"),
        ["assignedResourceID", "status", "description", "userDefinedFields", "companyID"],
        {"owner name", "status name", "is closed", "description", "custom fields", "company name"},
        ("assignedResourceID", "owner_name"),
        "title",
    ),
}
COLUMNS = [name for name in TARGETS["tickets"].names if name not in ("summary", "updated_by")]
"""Without what a change in the PSA moves."""


@pytest.fixture(params=sorted(SYSTEMS))
def system(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with running(request.param, tickets=TICKETS) as started:
        yield started


@pytest.fixture
def linked(organization: Organization, system: Sandbox) -> Connection:
    """What ``sync`` of this directory's conftest works on."""
    return linked_to(organization, system, streams=["tickets"])


def stored(linked: Connection) -> dict[str, dict[str, Any]]:
    with tenant_transaction(linked.organization_id):
        rows = Ticket.objects.filter(removed_at=None).values("remote_id", "status_id", "owner_id", *COLUMNS)
        return {row.pop("remote_id"): row for row in rows}


def altered(linked: Connection, before: dict[str, dict[str, Any]]) -> set[str]:
    """The columns that are not what they were."""
    now = stored(linked)
    assert now.keys() == before.keys()
    return {name for key, row in now.items() for name, value in row.items() if value != before[key][name]}


def told(run: Run) -> str:
    with tenant_transaction(run.organization_id):
        issues = RunIssue.objects.filter(run=run, stream="tickets", message__contains="came without fields")
        return issues.get().message


@pytest.mark.parametrize("kind", ["quick", "full"])
def test_what_a_list_does_not_show_any_more_stays_and_the_run_says_which_fields(
    kind: str, sync: Sync, synced: Synced, system: Sandbox, linked: Connection
) -> None:
    less = SYSTEMS[system.key]
    synced()
    before = stored(linked)
    system.control("POST", "change", {"n": TICKETS, "set": {less.summary: "Seen again"}})
    with system.fault(kind="row", match={"path": less.path}, odd={"without": less.without}):
        run = sync(kind)
    assert (run.state, run.result) == ("done", "warning"), run.message
    assert altered(linked, before) == set()
    assert set(told(run).partition(": ")[2].partition(". What")[0].split(", ")) >= less.words
    with tenant_transaction(linked.organization_id):
        assert set(Ticket.objects.values_list("summary", flat=True)) == {"Seen again"}
    again = sync("full")
    assert again.state == "done"
    assert altered(linked, before) == set()


def test_a_value_that_is_gone_is_gone(sync: Sync, synced: Synced, system: Sandbox, linked: Connection) -> None:
    name, column = SYSTEMS[system.key].gone
    synced()
    with tenant_transaction(linked.organization_id):
        remote_id = Ticket.objects.exclude(**{column: ""}).order_by("pk").first().remote_id
    system.control("POST", "change", {"ids": [int(remote_id)], "set": {name: None}})
    assert sync("quick").result == "success"
    with tenant_transaction(linked.organization_id):
        assert getattr(Ticket.objects.get(remote_id=remote_id), column) == ""


@pytest.mark.parametrize("system", ["connectwise"], indirect=True)
def test_tickets_that_are_opened_again_together_are_closed_by_nobody(
    sync: Sync, synced: Synced, system: Sandbox, linked: Connection
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        board = Ticket.objects.exclude(closed_at=None)[0].board_remote_id
        on_board = Ticket.objects.filter(board_remote_id=board)
        closed = [int(key) for key in on_board.exclude(closed_at=None).values_list("remote_id", flat=True)]
        status = int(on_board.filter(is_closed=False)[0].status_remote_id)
    assert len(closed) >= MANY
    system.control("POST", "change", {"ids": closed, "set": {"status": {"id": status}}})
    run = sync("quick")
    assert run.result == "success", run.message
    with tenant_transaction(linked.organization_id):
        rows = Ticket.objects.filter(remote_id__in=closed).values_list("is_closed", "closed_at", "closed_by")
        assert set(rows) == {(False, None, "")}


def test_what_a_ticket_that_is_read_by_itself_does_not_show_stays_and_an_issue_says_which_fields(
    synced: Synced, system: Sandbox, linked: Connection
) -> None:
    less = SYSTEMS[system.key]
    # ConnectWise leaves out what is null: of one ticket nobody can tell that from a value that is gone.
    without = ["customFields", "closedFlag"] if system.key == "connectwise" else less.without
    synced()
    before = stored(linked)
    remote_id = next(key for key, row in before.items() if row["is_closed"] and row["custom_fields"])
    system.control("POST", "change", {"ids": [int(remote_id)], "set": {less.summary: "Seen alone"}})
    with (
        system.fault(kind="row", match={"path": less.single}, odd={"without": without, "ids": [int(remote_id)]}),
        tenant(linked.organization_id),
    ):
        record_replay(connection=linked, stream="tickets", remote_id=remote_id)
    assert altered(linked, before) == set()
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.get(remote_id=remote_id).summary == "Seen alone"
        issue = Issue.objects.get(stream="tickets", remote_id=remote_id, cleared_at=None)
    assert "came without fields that they had" in issue.message


def test_what_notes_that_are_read_with_their_ticket_do_not_show_stays(
    sync: Sync, system: Sandbox, linked: Connection
) -> None:
    path, without, column = SYSTEMS[system.key].notes
    linked.settings |= {"streams": ["tickets", "notes"]}
    with tenant_transaction(linked.organization_id):
        linked.save()
    sync("full")

    def notes() -> list[dict[str, Any]]:
        with tenant_transaction(linked.organization_id):
            return list(Note.objects.filter(removed_at=None).order_by("pk").values("remote_id", column))

    before = notes()
    with tenant_transaction(linked.organization_id):
        told = Note.objects.filter(removed_at=None).exclude(**{column: False if column == "is_internal" else ""})
        remote_id = told.values_list("ticket__remote_id", flat=True)[0]
    with system.fault(kind="row", match={"path": path}, odd={"without": without}), tenant(linked.organization_id):
        record_replay(connection=linked, stream="tickets", remote_id=remote_id)
    assert notes() == before


CASES: dict[str, tuple[str, list[str], dict[str, Any], str]] = {
    "notes' texts": ("notes", ["tickets", "notes"], row_without(r"tickets/\d+/(allN|n)otes$", "text"), "full"),
    "names of statuses": ("statuses", ["tickets"], row_without(r"service/boards/\d+/statuses$", "name"), "full"),
    "additions": (
        "agreement_additions",
        ["companies", "agreements", "agreement_additions"],
        row_without(r"agreements/\d+/additions$", "quantity", "unitPrice", "product", "description"),
        "full",
    ),
    "items' subtypes": (
        "items",
        ["tickets"],
        {"kind": "empty", "match": {"path": r"typeSubTypeItemAssociations$"}},
        "full",
    ),
    "items' subtypes refused": (
        "items",
        ["tickets"],
        {"kind": "403", "match": {"path": r"typeSubTypeItemAssociations$"}},
        "full",
    ),
    "forecasts not found": (
        "opportunities",
        ["companies", "opportunities"],
        {"kind": "404", "match": {"path": r"/forecast$"}},
        "full",
    ),
    "forecasts that say nothing": (
        "opportunities",
        ["companies", "opportunities"],
        {
            "kind": "answer",
            "match": {"path": r"/forecast$"},
            "odd": {"content_type": "application/json", "body": "{}"},
        },
        "full",
    ),
    "few tickets": (
        "tickets",
        ["tickets"],
        row_without(r"service/tickets(/search)?$", "status", "board", "company", "priority", "summary", "owner"),
        "quick",
    ),
    "tickets' names": (
        "tickets",
        ["tickets"],
        {
            "kind": "body",
            "match": {"path": r"service/tickets(/search)?$"},
            "odd": {"pattern": r'(?<=[0-9])(,"(name|identifier)":"(?:[^"\\]|\\.)*")+'},
        },
        "quick",
    ),
}
FEW = 5


@pytest.mark.parametrize("case", CASES)
def test_whatever_of_connectwise_comes_without_its_fields_stays_column_by_column(
    case: str, organization: Organization
) -> None:
    stream, streams, rule, kind = CASES[case]
    target = TARGETS[stream]
    names = [name for name in target.names if name != "updated_by"]

    def rows() -> dict[str, Any]:
        columns = ", ".join(f'"{name}"' for name in names)
        with tenant_transaction(organization.pk), database.cursor() as cursor:
            cursor.execute(f'SELECT remote_id, {columns} FROM "{target.table}" WHERE removed_at IS NULL')
            return {key: dict(zip(names, values, strict=True)) for key, *values in cursor.fetchall()}

    with running("connectwise", tickets=40) as system:
        made = linked_to(organization, system, streams=streams)
        assert rested(asked(made)).result == "success"
        before = rows()
        assert len(before) >= FEW
        if kind == "quick":
            system.control("POST", "change", {"n": FEW, "set": {"severity": "Low", "budgetHours": 77}})
        with system.fault(**rule):
            run = rested(asked(made, kind))
        after = rows()
        assert run.result == "warning", run.message
        assert after.keys() == before.keys()
        changed = {name for key, row in after.items() for name in names if row[name] != before[key][name]}
        assert changed == ({"budget_hours", "severity"} if kind == "quick" else set())
        with tenant_transaction(organization.pk):
            assert RunIssue.objects.filter(run=run, stream=stream).exists()
