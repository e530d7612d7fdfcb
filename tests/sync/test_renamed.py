"""What is renamed in the PSA is renamed here by the quick sync that sees it, also where other records keep its name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clients.models import Agreement, Asset, Company, Contact, Invoice, Opportunity
from foundation.ledger.models import JournalEntry
from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from sync.services.replay import record_replay
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sync.conftest import Sync, Synced, linked_to
from tickets.models import Ticket

FIELD = {"connectwise": "name", "halo": "name", "autotask": "companyName"}

BEARERS = (Ticket, Contact, Asset, Agreement, Invoice, Opportunity)
STAMPED = ("autotask", "connectwise")
"""HaloPSA's companies bear no time of change: a quick sync does not ask for them, and a full one reads what bears their names."""


def new_name(company: Company) -> str:
    return f"{company.name} & Söhne"


@pytest.fixture(params=sorted(FIELD))
def system(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with running(request.param, tickets=60) as started:
        yield started


@pytest.fixture
def linked(organization: Organization, system: Sandbox) -> Connection:
    """What ``sync`` of this directory's conftest works on."""
    return linked_to(organization, system)


def borne(connection: Connection, company: Company) -> dict[str, set[str]]:
    """The names that records of the company keep of it, by what they are."""
    with tenant_transaction(connection.organization_id):
        found = {
            model.__name__: set(
                model.objects.filter(company_id=company.pk, removed_at=None).values_list("company_name", flat=True)
            )
            for model in BEARERS
        }
    return {kind: names for kind, names in found.items() if names}


def a_company(connection: Connection) -> Company:
    """The one with most tickets."""
    with tenant_transaction(connection.organization_id):
        counted: dict[int, int] = {}
        for number in Ticket.objects.exclude(company=None).values_list("company_id", flat=True):
            counted[number] = counted.get(number, 0) + 1
        company: Company = Company.objects.get(pk=max(counted, key=lambda number: (counted[number], number)))
        return company


def rename(system: Sandbox, company: Company) -> None:
    order = {"collection": "companies", "ids": [int(company.remote_id)], "set": {FIELD[system.key]: new_name(company)}}
    system.control("POST", "change", order)


def journalled(connection: Connection, run: int | None) -> set[tuple[str, str]]:
    with tenant_transaction(connection.organization_id):
        return set(JournalEntry.objects.filter(run_id=run).values_list("stream", "remote_id"))


@pytest.mark.parametrize("system", STAMPED, indirect=True)
def test_a_quick_sync_renames_a_company_wherever_its_name_is_kept(
    sync: Sync, synced: Synced, system: Sandbox, linked: Connection
) -> None:
    synced()
    company = a_company(linked)
    before = borne(linked, company)
    assert {"Ticket", "Contact"} <= set(before)
    assert set().union(*before.values()) == {company.name}
    rename(system, company)
    run = sync("quick")
    assert run.state == "done", run.message
    assert borne(linked, company) == {kind: {new_name(company)} for kind in before}
    assert journalled(linked, run.pk) == {("companies", company.remote_id)}
    full = sync("full")
    assert (full.state, full.result) == ("done", "no_change"), full.message
    assert journalled(linked, full.pk) == set()


def test_a_company_that_is_fetched_by_itself_is_renamed_the_same_way(
    synced: Synced, system: Sandbox, linked: Connection
) -> None:
    synced()
    company = a_company(linked)
    before = borne(linked, company)
    rename(system, company)
    with tenant(linked.organization_id):
        replayed = record_replay(connection=linked, stream="companies", remote_id=company.remote_id)
    assert ("name", company.name, new_name(company)) in replayed.changes
    assert borne(linked, company) == {kind: {new_name(company)} for kind in before}


@pytest.mark.parametrize("system", STAMPED, indirect=True)
def test_a_name_that_the_psa_writes_in_another_way_stays(
    sync: Sync, synced: Synced, system: Sandbox, linked: Connection
) -> None:
    synced()
    company = a_company(linked)
    with tenant_transaction(linked.organization_id):
        odd = Ticket.objects.filter(company_id=company.pk).order_by("pk")[0]
        Ticket.objects.filter(pk=odd.pk).update(company_name="ACME (billing)")
    rename(system, company)
    sync("quick")
    assert borne(linked, company)["Ticket"] <= {new_name(company), "ACME (billing)"}
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.get(pk=odd.pk).company_name == "ACME (billing)"
