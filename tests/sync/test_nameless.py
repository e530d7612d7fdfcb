"""Rows whose id cannot be read: each may be a record that is here, so that nothing that seems gone beside them is removed unproven."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from lab.faults.hostile.copies import copy_of
from sync.models import RunIssue
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sync.conftest import Synced, asked, linked_to, rested
from tickets.models import Note

TICKETS = 60
LISTS = {
    "connectwise": (r"service/tickets(/search)?$", r"tickets/\d+/(allN|n)otes$"),
    "halo": (r"Tickets$", r"Actions$"),
    "autotask": (r"/Tickets/query$", r"/TicketNotes/query$"),
}
"""The lists of tickets and of notes."""
IDS = ["null", "{}"]


@pytest.fixture(params=sorted(LISTS))
def system(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with running(request.param, tickets=TICKETS) as started:
        yield started


@pytest.fixture
def linked(organization: Organization, system: Sandbox) -> Connection:
    made = linked_to(organization, system)
    made.settings = {"date_range_days": None, "streams": ["tickets", "notes"]}
    with tenant_transaction(organization.pk):
        made.save()
    return made


def said(linked: Connection, run_id: int) -> str:
    with tenant_transaction(linked.organization_id):
        return " ".join(RunIssue.objects.filter(run_id=run_id).values_list("message", flat=True))


@pytest.mark.parametrize("raw", IDS)
@pytest.mark.parametrize("kind", ["full", "clear_resync"])
def test_a_ticket_whose_id_cannot_be_read_stays_with_its_notes(
    linked: Connection, system: Sandbox, synced: Synced, kind: str, raw: str
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        noted = Note.objects.order_by("pk").values_list("ticket_remote_id", flat=True)[0]
    before = copy_of(linked.organization_id, linked.pk).keys()
    odd = {"ids": [int(noted)], "set": {"id": raw}}
    with system.fault(kind="row", match={"path": LISTS[system.key][0]}, odd=odd):
        run = rested(asked(linked, kind))
    assert (run.state, run.result) == ("done", "warning"), run.message
    assert copy_of(linked.organization_id, linked.pk).keys() == before
    assert said(linked, run.pk)


@pytest.mark.parametrize("kind", ["quick", "full"])
def test_a_note_whose_id_cannot_be_read_stays(linked: Connection, system: Sandbox, synced: Synced, kind: str) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        notes = Note.objects.filter(ticket__is_closed=False).order_by("pk")
        several = next(one for one in notes if notes.filter(ticket=one.ticket_id).count() > 1)
    before = copy_of(linked.organization_id, linked.pk).keys()
    field = "title" if system.key == "autotask" else "summary"
    system.control("POST", "change", {"ids": [int(several.ticket_remote_id)], "set": {field: "Changed"}})
    number = int(several.remote_id.rpartition("-")[2])
    with system.fault(kind="row", match={"path": LISTS[system.key][1]}, odd={"ids": [number], "set": {"id": "null"}}):
        run = rested(asked(linked, kind))
    assert run.state == "done", run.message
    assert copy_of(linked.organization_id, linked.pk).keys() == before
    # Autotask's notes are a list of their own, of which quick syncs read what changed.
    if system.key != "autotask":
        assert several.ticket_remote_id in said(linked, run.pk)
    elif kind == "full":
        assert "without an id that can be read" in said(linked, run.pk)
