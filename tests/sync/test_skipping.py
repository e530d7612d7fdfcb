"""One list of a PSA that fails for ever costs that list: the rest lands, and people are told what was left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from lab.faults.hostile.copies import copy_of
from sync.models import Cursor, RunIssue, RunStream
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sync.conftest import LOOSE, Synced, asked, linked_to, rested
from tickets.models import Ticket

CONTACTS = {
    "connectwise": r"company/contacts$",
    "halo": r"/Users$",
    "autotask": r"/Contacts/query(/next)?$",
}
RUNS = [(system, "full") for system in sorted(CONTACTS)] + [("connectwise", "quick"), ("autotask", "quick")]
"""Quick syncs of HaloPSA read no contacts."""
ODD: dict[str, dict[str, Any]] = {
    "unwell": {"kind": "500"},
    "not_understood": {"kind": "answer", "odd": {"body": "<html>Sorry</html>"}},
}


@pytest.fixture(params=sorted(CONTACTS))
def psa(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with running(request.param, tickets=30) as started:
        yield started


@pytest.fixture
def linked(organization: Organization, psa: Sandbox) -> Connection:
    return linked_to(organization, psa, streams=["contacts", "tickets"])


@pytest.mark.parametrize("odd", sorted(ODD))
@pytest.mark.parametrize(("psa", "kind"), RUNS, indirect=["psa"])
def test_a_list_that_always_fails_is_left_out_and_the_rest_lands(
    linked: Connection, synced: Synced, psa: Sandbox, kind: str, odd: str
) -> None:
    synced()
    before = copy_of(linked.organization_id, linked.pk)
    with tenant_transaction(linked.organization_id):
        ticket = Ticket.objects.filter(is_closed=False).order_by("pk").first()
        assert ticket is not None
        cursor = Cursor.objects.get(connection=linked, stream="contacts").watermark
    changed = {"title": "Changed"} if psa.key == "autotask" else {"summary": "Changed"}
    psa.control("POST", "change", {"ids": [int(ticket.remote_id)], "set": changed})
    with psa.fault(match={"path": CONTACTS[psa.key]}, **ODD[odd]):
        run = rested(asked(linked, kind))
        next_one = rested(asked(linked, kind))
    assert run.result == "warning", run.message
    # What is known to fail is tried once; Autotask's tickets look names up in the same table.
    assert next_one.result == "warning"
    assert next_one.waited < run.waited
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.get(pk=ticket.pk).summary == "Changed"
        skipped = RunStream.objects.get(run=run, name="contacts")
        assert skipped.state == "skipped"
        messages = [issue.message for issue in RunIssue.objects.filter(run=run, stream="contacts")]
        assert len(messages) == 1
        assert messages[0].startswith(("Contacts, page 1: ", "The count of contacts: "))
        assert "The rest of the sync went on without it." in messages[0]
        assert Cursor.objects.get(connection=linked, stream="contacts").watermark == cursor
    now = copy_of(linked.organization_id, linked.pk)
    assert {key: row for key, row in now.items() if key[0] == "contacts"} == {
        key: row for key, row in before.items() if key[0] == "contacts"
    }
    if kind == "full":
        assert run.verification["unseen_streams"] == [], "what failed is not what the key may not see"
    again = rested(asked(linked))
    assert again.result in {"success", "no_change"}, again.message


def test_a_psa_that_fails_altogether_ends_the_run(linked: Connection, synced: Synced, psa: Sandbox) -> None:
    synced()
    with psa.fault(kind="500"):
        run = rested(asked(linked))
    assert (run.result, run.error_code) == ("error", "transient")


LISTS = {"connectwise": "sales/opportunities", "halo": "Opportunities", "autotask": "/Opportunities/"}
REFUSED = [(psa, status) for psa in sorted(LISTS) for status in (404, 409, 422)]


@pytest.mark.parametrize("first", [True, False], ids=["first", "quick"])
@pytest.mark.parametrize(("psa", "status"), REFUSED, indirect=["psa"])
def test_a_list_that_the_psa_does_not_have_costs_its_stream_alone(
    linked: Connection, synced: Synced, psa: Sandbox, status: int, first: bool
) -> None:
    with tenant_transaction(linked.organization_id):
        linked.settings = LOOSE | {"streams": ["opportunities", "tickets"]}
        linked.save()
    if not first:
        synced()
    with psa.fault(
        kind="answer",
        match={"path": LISTS[psa.key]},
        odd={"status": status, "body": "{}", "content_type": "application/json"},
    ):
        run = rested(asked(linked, "full" if first else "quick"))
    assert (run.state, run.result) == ("done", "warning"), run.message
    with tenant_transaction(linked.organization_id):
        assert RunStream.objects.get(run=run, name="opportunities").state == "skipped"
        assert Ticket.objects.count() == 30
    again = rested(asked(linked))
    assert again.result in {"success", "no_change"}, again.message


@pytest.mark.parametrize("psa", sorted(LISTS), indirect=True)
def test_several_lists_that_fail_for_ever_end_too(linked: Connection, psa: Sandbox) -> None:
    with tenant_transaction(linked.organization_id):
        linked.settings = LOOSE | {"streams": ["assets", "contacts", "opportunities", "tickets"]}
        linked.save()
    paths = {
        "connectwise": r"sales/opportunities|company/(contacts|configurations)",
        "halo": r"/(Opportunities|Users|Asset)$",
        "autotask": r"/(Opportunities|Contacts|ConfigurationItems)/",
    }
    with psa.fault(kind="500", match={"path": paths[psa.key]}):
        run = rested(asked(linked))
    assert (run.state, run.result) == ("done", "warning"), run.message
