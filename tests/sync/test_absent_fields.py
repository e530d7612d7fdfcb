"""Rows that come with fewer fields than they had: what is stored of the others stays, and a value that is really gone is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from integrations.models import Connection
from portal.tenancy.models import Organization
from portal.tenancy.scope import tenant_transaction
from sync.models import Run, RunIssue
from sync.streams import TARGETS
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sync.conftest import Sync, linked_to
from tickets.models import Ticket

TICKETS = 60


@dataclass(frozen=True)
class Less:
    """``path``: of the list of tickets; ``without``: fields that it does not show any more, and the words that the run says them with; ``gone``:
    a field that is emptied, with the column behind it."""

    path: str
    without: list[str]
    words: set[str]
    gone: tuple[str, str]
    summary: str


SYSTEMS = {
    "connectwise": Less(
        r"service/tickets(/search)?$",
        ["owner", "company", "customFields", "closedFlag"],
        {"owner name", "company name", "custom fields", "is closed"},
        ("owner", "owner_name"),
        "summary",
    ),
    "halo": Less(
        r"Tickets$",
        ["agent_id", "category_1", "status_id", "client_name", "customfields"],
        {"owner name", "type name", "status name", "company name", "custom fields"},
        ("category_1", "type_name"),
        "summary",
    ),
    "autotask": Less(
        r"/Tickets/query$",
        ["assignedResourceID", "status", "description", "userDefinedFields", "companyID"],
        {"owner name", "status name", "is closed", "description", "custom fields", "company name"},
        ("assignedResourceID", "owner_name"),
        "title",
    ),
}
COLUMNS = [name for name in TARGETS["tickets"].names if name not in ("summary", "updated_by")]
"""Without what a change in the PSA moves."""


@pytest.fixture(scope="module", params=sorted(SYSTEMS))
def system(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with running(request.param, tickets=TICKETS) as started:
        yield started


@pytest.fixture
def linked(organization: Organization, system: Sandbox) -> Iterator[Connection]:
    """What ``sync`` of this directory's conftest works on."""
    with linked_to(organization, system) as made:
        made.settings |= {"streams": ["tickets"]}
        with tenant_transaction(organization.pk):
            made.save()
        yield made


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
    kind: str, sync: Sync, system: Sandbox, linked: Connection
) -> None:
    less = SYSTEMS[system.key]
    assert sync("full").result == "success"
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


def test_a_value_that_is_gone_is_gone(sync: Sync, system: Sandbox, linked: Connection) -> None:
    name, column = SYSTEMS[system.key].gone
    sync("full")
    with tenant_transaction(linked.organization_id):
        remote_id = Ticket.objects.exclude(**{column: ""}).order_by("pk").first().remote_id
    system.control("POST", "change", {"ids": [int(remote_id)], "set": {name: None}})
    assert sync("quick").result == "success"
    with tenant_transaction(linked.organization_id):
        assert getattr(Ticket.objects.get(remote_id=remote_id), column) == ""
