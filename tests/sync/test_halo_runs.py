"""Whole runs against a simulated Halo: equal counts of all that is there, changes, what a missing right leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from clients.models import (
    Agreement,
    AgreementAddition,
    Asset,
    Company,
    Contact,
    Invoice,
    Opportunity,
    Product,
    Site,
)
from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import Run
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sync.conftest import Sync, Synced, linked_to
from tickets.models import Member, Note, Ticket, TimeEntry

STORES = {
    "tickets": Ticket,
    "companies": Company,
    "sites": Site,
    "contacts": Contact,
    "assets": Asset,
    "items": Product,
    "invoices": Invoice,
    "opportunities": Opportunity,
}


@pytest.fixture
def halo() -> Iterator[Sandbox]:
    with running("halo", tickets=120) as started:
        yield started


@pytest.fixture
def linked(organization: Organization, halo: Sandbox) -> Connection:
    """A connection to it, everything in scope, the guard off: what ``sync`` of this directory's conftest works on."""
    return linked_to(organization, halo)


def ids(sandbox: Sandbox, collection: str) -> set[str]:
    return {str(number) for number in sandbox.control("GET", f"truth?collection={collection}")["ids"]}


def kept(linked: Connection, model: Any) -> set[str]:
    with tenant_transaction(linked.organization_id):
        return set(model.objects.filter(removed_at=None).values_list("remote_id", flat=True))


def test_a_sync_brings_all_and_a_second_one_changes_nothing(sync: Sync, halo: Sandbox, linked: Connection) -> None:
    first = sync("full")
    assert (first.state, first.result) == ("done", "success"), first.message
    for collection, model in STORES.items():
        assert kept(linked, model) == ids(halo, collection), collection
    recurring = {f"r{number}" for number in ids(halo, "recurring")}
    assert kept(linked, Agreement) == ids(halo, "contracts") | recurring
    with tenant_transaction(linked.organization_id):
        assert not Asset.objects.filter(company=None).exists()
        assert not AgreementAddition.objects.filter(agreement=None).exists()
        assert not AgreementAddition.objects.filter(product=None).exists()
        billed = AgreementAddition.objects.values_list("agreement_remote_id", flat=True)
        assert set(billed) == recurring
        assert Asset.objects.exclude(serial_number="").exists()
        assert Invoice.objects.exclude(lines=[]).count() == Invoice.objects.count()
        owners = set(Opportunity.objects.values_list("owner_name", flat=True))
        assert owners <= set(Member.objects.values_list("name", flat=True))
        checked = Run.objects.get(pk=first.pk).verification["streams"]
    assert {"assets", "agreements", "invoices", "opportunities", "tickets"} <= set(checked)
    assert all(row["ok"] for row in checked.values())
    for kind in ("full", "quick"):
        again = sync(kind)
        assert (again.state, again.result) == ("done", "no_change"), (kind, again.message)


def test_what_went_is_gone_after_a_full_sync(sync: Sync, synced: Synced, halo: Sandbox, linked: Connection) -> None:
    synced()
    for collection in ("assets", "invoices", "opportunities", "recurring"):
        halo.control("POST", "delete", {"collection": collection, "n": 2})
    run = sync("full")
    assert (run.state, run.result) == ("done", "success"), run.message
    for collection in ("assets", "invoices", "opportunities"):
        assert kept(linked, STORES[collection]) == ids(halo, collection), collection
    left = {f"r{number}" for number in ids(halo, "recurring")}
    assert {remote_id for remote_id in kept(linked, Agreement) if remote_id.startswith("r")} == left
    with tenant_transaction(linked.organization_id):
        lines = AgreementAddition.objects.filter(removed_at=None)
        assert set(lines.values_list("agreement_remote_id", flat=True)) == left


def test_a_missing_right_leaves_out_its_streams_alone(sync: Sync, halo: Sandbox, linked: Connection) -> None:
    halo.control("POST", "role", {"denied": ["invoices", "assets"]})
    run = sync("full")
    assert run.state == "done", run.message
    assert kept(linked, Ticket) == ids(halo, "tickets")
    assert kept(linked, Opportunity) == ids(halo, "opportunities")
    assert not kept(linked, Asset) | kept(linked, Invoice) | kept(linked, AgreementAddition)


def actions(halo: Sandbox) -> int:
    return int(halo.control("GET", "truth?collection=actions")["count"])


def here(linked: Connection) -> tuple[int, int]:
    """How many notes and time entries are here, together, and of how many closed tickets."""
    with tenant_transaction(linked.organization_id):
        found = [model.objects.filter(removed_at=None) for model in (Note, TimeEntry)]
        parents = {number for rows in found for number in rows.values_list("ticket_remote_id", flat=True)}
        closed = Ticket.objects.filter(is_closed=True, remote_id__in=parents).count()
        return sum(rows.count() for rows in found), closed


def configure(linked: Connection, **settings: object) -> None:
    with tenant_transaction(linked.organization_id):
        linked.settings = linked.settings | settings
        linked.save(update_fields=["settings"])


@pytest.mark.parametrize("kind", ["full", "clear_resync"])
def test_a_full_sync_reads_notes_and_time_of_closed_tickets_too(
    sync: Sync, halo: Sandbox, linked: Connection, kind: str
) -> None:
    configure(linked, notes_rotation=500)
    if kind == "clear_resync":
        configure(linked, notes_rotation=0)
        sync("full")
        assert here(linked)[1] == 0
        configure(linked, notes_rotation=500)
    run = sync(kind)
    assert run.result == "success", run.message
    found, closed = here(linked)
    assert found == actions(halo)
    assert closed > 60
    with tenant_transaction(linked.organization_id):
        assert [stream.coverage["never"] for stream in run.streams.filter(name__in=["notes", "time_entries"])] == [0, 0]


def test_what_a_full_sync_leaves_the_next_ones_go_on_with_and_it_is_said(
    sync: Sync, halo: Sandbox, linked: Connection
) -> None:
    configure(linked, notes_rotation=4)
    left = []
    for _ in range(4):
        run = sync("full")
        with tenant_transaction(linked.organization_id):
            left.append(run.streams.get(name="notes").coverage["never"])
    assert left == sorted(left, reverse=True)
    assert left[0] > 0
    assert left[-1] == 0
    assert here(linked)[0] == actions(halo)
