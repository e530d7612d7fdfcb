"""Whole runs against a simulated Autotask: equal counts, changes, deletions between full syncs, the shared budget."""

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
from foundation.ledger.models import JournalEntry
from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from integrations.services.connections import connection_configure
from integrations.services.probing import connection_scope_count
from integrations.settings_schema import ConnectionSettings
from sync.models import Run
from sync.selectors.settings_impact import settings_effects
from sync.services.summary import run_summary
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sync.conftest import Sync, Synced, linked_to
from tickets.models import Board, Member, Note, Status, Ticket, TimeEntry

STORES = {
    "tickets": Ticket,
    "notes": Note,
    "time_entries": TimeEntry,
    "companies": Company,
    "sites": Site,
    "contacts": Contact,
    "members": Member,
    "assets": Asset,
    "contracts": Agreement,
    "contract_services": AgreementAddition,
    "opportunities": Opportunity,
    "invoices": Invoice,
}


@pytest.fixture
def autotask() -> Iterator[Sandbox]:
    with running("autotask", tickets=120) as started:
        yield started


@pytest.fixture
def linked(organization: Organization, autotask: Sandbox) -> Connection:
    """A connection to it, everything in scope, the guard off: what ``sync`` of this directory's conftest works on."""
    return linked_to(organization, autotask)


def ids(sandbox: Sandbox, collection: str) -> set[str]:
    return {str(number) for number in sandbox.control("GET", f"truth?collection={collection}")["ids"]}


def kept(linked: Connection, model: Any) -> set[str]:
    with tenant_transaction(linked.organization_id):
        return set(model.objects.values_list("remote_id", flat=True))


def test_a_sync_brings_all_and_a_second_one_changes_nothing(sync: Sync, autotask: Sandbox, linked: Connection) -> None:
    first = sync("full")
    assert (first.state, first.result) == ("done", "success"), first.message
    for collection, model in STORES.items():
        assert kept(linked, model) == ids(autotask, collection), collection
    with tenant_transaction(linked.organization_id):
        assert not Ticket.objects.filter(company=None).exists()
        assert not Ticket.objects.filter(status=None).exists()
        assert not Ticket.objects.filter(company_name="").exists()
        assert not Note.objects.filter(ticket=None).exists()
        assert not Asset.objects.filter(company=None).exists()
        assert not AgreementAddition.objects.filter(agreement=None).exists()
        assert not AgreementAddition.objects.filter(product=None).exists()
        assert not Invoice.objects.filter(lines=[]).exists()
        assert Product.objects.filter(remote_id__startswith="s").exists()
        assert (Board.objects.count(), Status.objects.count()) == (8, 10)
        figures = run_summary(first)["streams"]
        assert figures["tickets"]["expected"] == figures["tickets"]["fetched"] == 120
        assert all(row["ok"] for row in Run.objects.get(pk=first.pk).verification["streams"].values())
    for kind in ("full", "clear_resync", "quick"):
        again = sync(kind)
        assert (again.state, again.result) == ("done", "no_change"), (kind, again.message)


def test_a_quick_sync_brings_what_changed_and_drops_what_was_deleted(
    sync: Sync, synced: Synced, autotask: Sandbox, linked: Connection
) -> None:
    synced()
    changed = autotask.control("POST", "change", {"n": 4})["ids"]
    made = autotask.control("POST", "create", {"n": 2})["ids"]
    noted = autotask.control("POST", "note", {"ticket": made[0]})["ids"]
    gone = next(number for number in sorted(ids(autotask, "tickets"), key=int) if int(number) not in changed + made)
    autotask.control("POST", "delete", {"ids": [int(gone)]})
    run = sync("quick")
    assert (run.state, run.result) == ("done", "success"), run.message
    assert kept(linked, Ticket) == ids(autotask, "tickets")
    assert {str(number) for number in noted} <= kept(linked, Note)
    with tenant_transaction(linked.organization_id):
        titles = {ticket.remote_id: ticket.summary for ticket in Ticket.objects.filter(remote_id__in=changed)}
    assert all(title.endswith("]") for title in titles.values())


def test_notes_and_time_of_a_deleted_ticket_go_with_the_quick_sync_that_drops_it(
    sync: Sync, synced: Synced, autotask: Sandbox, linked: Connection
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        timed = set(TimeEntry.objects.values_list("ticket_remote_id", flat=True))
        gone = (
            Note.objects.filter(ticket_remote_id__in=timed).order_by("pk").values_list("ticket_remote_id", flat=True)[0]
        )
        others = {
            model: model.objects.exclude(ticket_remote_id=gone).filter(removed_at=None).count()
            for model in (Note, TimeEntry)
        }
    autotask.control("POST", "delete", {"ids": [int(gone)]})
    run = sync("quick")
    assert (run.state, run.result) == ("done", "success"), run.message
    with tenant_transaction(linked.organization_id):
        for model, count in others.items():
            assert not model.objects.filter(ticket_remote_id=gone, removed_at=None).exists()
            assert model.objects.filter(removed_at=None).count() == count
        reasons = set(
            JournalEntry.objects.filter(
                run_id=run.pk, action="removed", stream__in=["notes", "time_entries"]
            ).values_list("reason", flat=True)
        )
    assert reasons == {"its ticket is gone"}


def test_a_full_sync_finds_notes_and_sites_that_went(
    sync: Sync, synced: Synced, autotask: Sandbox, linked: Connection
) -> None:
    synced()
    for collection in ("notes", "time_entries", "sites", "contacts"):
        autotask.control("POST", "delete", {"collection": collection, "n": 3})
    sync("full")
    for collection in ("notes", "time_entries", "sites", "contacts"):
        assert kept(linked, STORES[collection]) == ids(autotask, collection), collection


def test_a_run_waits_when_other_tools_have_used_up_the_hour(sync: Sync, autotask: Sandbox, linked: Connection) -> None:
    autotask.control("POST", "usage", {"used": 8000, "limit": 10_000})
    run = sync("full")
    assert run.state not in ("done", "failed")
    assert run.wait_until is not None
    assert "kept for people" in run.wait_reason
    assert not kept(linked, Ticket)
    with tenant_transaction(linked.organization_id):
        usage = Connection.objects.get(pk=linked.pk).usage
    assert usage["used"] >= 8000
    assert (usage["limit"], usage["minutes"], usage["slow_above"], usage["stop_above"]) == (10_000, 60, 0.5, 0.75)


def test_companies_of_another_type_stay_away_with_all_that_is_of_them(linked: Connection, sync: Sync) -> None:
    assert sync("full").state == "done"
    with tenant_transaction(linked.organization_id):
        types = [one for types in Company.objects.values_list("type_remote_ids", flat=True) for one in types]
        chosen = min(set(types), key=lambda one: (types.count(one), one))
        ours = set(Company.objects.filter(type_remote_ids__contains=[chosen]).values_list("remote_id", flat=True))
        wanted = ConnectionSettings(date_range_days=None, hold_least=1_000_000, company_types=[chosen])
        effects = settings_effects(linked, wanted)
        assert 0 < effects.leaving < effects.stored
    with tenant(linked.organization_id):
        counted = connection_scope_count(connection=linked, settings=wanted, outside=effects.outside)
        assert counted == effects.staying
        connection_configure(connection=linked, settings=wanted)
    run = sync("full")
    assert run.state == "done", run.message
    assert kept(linked, Company) == ours
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.count() == effects.staying
        for model in (Ticket, Contact, Site, Asset, Agreement, Invoice, Opportunity):
            of = set(model.objects.values_list("company_remote_id", flat=True)) - {None, ""}
            assert of <= ours, model.__name__
    assert sync("quick").result == "no_change"
