"""One list of a PSA that fails for ever costs that list: the rest lands, and people are told what was left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Connection
from portal.tenancy.models import Organization
from portal.tenancy.scope import tenant, tenant_transaction
from sync.engine.drive import advance
from sync.faults.hostile.copies import copy_of
from sync.models import Cursor, Run, RunIssue, RunStream
from sync.services.runs import run_request
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sync.conftest import LOOSE, linked_to
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


@pytest.fixture(scope="module", params=sorted(CONTACTS))
def psa(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with running(request.param, tickets=30) as started:
        yield started


@pytest.fixture
def linked(organization: Organization, psa: Sandbox) -> Iterator[Connection]:
    with linked_to(organization, psa) as made:
        with tenant_transaction(organization.pk):
            Connection.objects.filter(pk=made.pk).update(settings=LOOSE | {"streams": ["contacts", "tickets"]})
        yield made


def ended(linked: Connection, kind: str) -> Run:
    """A run that is worked on until it rests, without its waits."""
    with tenant(linked.organization_id):
        with tenant_transaction():
            fresh = Connection.objects.get(pk=linked.pk)
            run = run_request(connection=fresh, kind=kind, trigger="person", reason="a test").run
        for _ in range(100):
            advance(run.pk)
            with tenant_transaction():
                now: Run = Run.objects.get(pk=run.pk)
                if not now.is_open:
                    return now
                Run.objects.filter(pk=run.pk, state="waiting").update(wait_until=timezone.now())
    raise AssertionError(f"the run never ended: {now.wait_reason}")


@pytest.mark.parametrize("odd", sorted(ODD))
@pytest.mark.parametrize(("psa", "kind"), RUNS, indirect=["psa"])
def test_a_list_that_always_fails_is_left_out_and_the_rest_lands(
    linked: Connection, psa: Sandbox, kind: str, odd: str
) -> None:
    ended(linked, "full")
    before = copy_of(linked.organization_id, linked.pk)
    with tenant_transaction(linked.organization_id):
        ticket = Ticket.objects.filter(is_closed=False).order_by("pk").first()
        assert ticket is not None
        cursor = Cursor.objects.get(connection=linked, stream="contacts").watermark
    changed = {"title": "Changed"} if psa.key == "autotask" else {"summary": "Changed"}
    psa.control("POST", "change", {"ids": [int(ticket.remote_id)], "set": changed})
    with psa.fault(match={"path": CONTACTS[psa.key]}, **ODD[odd]):
        run = ended(linked, kind)
        next_one = ended(linked, kind)
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
    again = ended(linked, "full")
    assert again.result in {"success", "no_change"}, again.message


def test_a_psa_that_fails_altogether_ends_the_run(linked: Connection, psa: Sandbox) -> None:
    ended(linked, "full")
    with psa.fault(kind="500"):
        run = ended(linked, "full")
    assert (run.result, run.error_code) == ("error", "transient")
