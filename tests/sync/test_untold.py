"""A look-up that is refused, or comes empty, blanks nothing: record by record, what is stored of it stays, and the run says which it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from clients.models import AgreementAddition, Asset, Contact, Invoice, Opportunity
from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import Run, RunIssue
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sync.conftest import Sync, Synced, linked_to
from tickets.models import Member, Note, Status, Ticket, TimeEntry

LOOKUPS = {
    "connectwise": r"/forecast$",
    "halo": r"(Agent|Status|TicketType|Priority|Team|FieldInfo)$",
    "autotask": r"/(Resources|Contacts|Contracts|Roles|BillingCodes|Countries|TicketSecondaryResources)/query$"
    r"|(Tickets|Opportunities)/entityInformation/(fields|userDefinedFields)$",
}
"""Paths of what names are looked up in."""
TRUE_WHEN_EMPTY = "|TicketSecondaryResources"
"""Nobody helps with a ticket: that is what an empty list says."""
SHAPELESS = r"|(Tickets|Opportunities)/entityInformation/(fields|userDefinedFields)$"
"""An empty list is no answer there at all, but one that can't be understood."""
CHANGES: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "connectwise": [("opportunities", {"name": "Seen again"})],
    "halo": [("tickets", {"summary": "Seen again"})],
    "autotask": [("tickets", {"title": "Seen again"}), ("opportunities", {"title": "Seen again"})],
}
"""So that the records are read again: none of these is looked up."""
MODELS = (Ticket, Note, TimeEntry, Contact, Asset, Opportunity)
LOOKED_UP = frozenset(
    {"value", "custom_fields", "agreement", "resources", "closed_by", "entered_by", "contact_email", "contact_phone"}
    | {"author", "work_type", "work_role", "team_remote_id", "source", "sla", "record_type", "country", "address"}
)


@pytest.fixture(params=sorted(LOOKUPS))
def system(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with running(request.param, tickets=60) as started:
        yield started


@pytest.fixture
def linked(organization: Organization, system: Sandbox) -> Connection:
    """What ``sync`` of this directory's conftest works on."""
    return linked_to(organization, system)


def looked_up(connection: Connection) -> dict[tuple[str, str], dict[str, Any]]:
    """What the copy has from look-ups, record by record."""
    found = {}
    with tenant_transaction(connection.organization_id):
        for model in MODELS:
            names = [f.name for f in model._meta.concrete_fields if f.name in LOOKED_UP or f.name.endswith("_name")]
            names = [name for name in names if name not in {"first_name", "last_name", "listed_name"}]
            for row in model.objects.filter(removed_at=None).values("remote_id", *names):
                found[model.__name__, row.pop("remote_id")] = row
    return found


def now_of(
    connection: Connection, before: dict[tuple[str, str], dict[str, Any]]
) -> dict[tuple[str, str], dict[str, Any]]:
    """The same of the records that were here before."""
    return {key: row for key, row in looked_up(connection).items() if key in before}


def change(system: Sandbox) -> None:
    for collection, values in CHANGES[system.key]:
        system.control("POST", "change", {"collection": collection, "n": 8, "set": values})


def told(connection: Connection, run: Run) -> str:
    with tenant_transaction(connection.organization_id):
        return " ".join(RunIssue.objects.filter(run_id=run.pk).order_by("pk").values_list("message", flat=True))


@pytest.mark.parametrize("kind", ["403", "empty"])
def test_what_was_looked_up_stays_and_the_run_says_what_could_not_be(
    kind: str, sync: Sync, synced: Synced, system: Sandbox, linked: Connection
) -> None:
    synced()
    before = looked_up(linked)
    assert any(value for row in before.values() for value in row.values())
    change(system)
    paths = (
        LOOKUPS[system.key]
        if kind == "403"
        else LOOKUPS[system.key].replace(SHAPELESS, "").replace(TRUE_WHEN_EMPTY, "")
    )
    with system.fault(kind=kind, match={"path": paths}):
        run = sync("quick")
    assert (run.state, run.result) == ("done", "warning"), run.message
    assert now_of(linked, before) == before
    assert "Seen again" in summaries(linked)
    if (system.key, kind) != ("connectwise", "empty"):
        assert "could not be looked up" in told(linked, run)
    well = sync("full")
    assert well.state == "done", well.message
    assert now_of(linked, before) == before


def summaries(connection: Connection) -> set[str]:
    with tenant_transaction(connection.organization_id):
        return {*Ticket.objects.values_list("summary", flat=True), *Opportunity.objects.values_list("name", flat=True)}


FIREWALL = {"status": 403, "content_type": "text/html", "body": "<html><title>Blocked</title>Request blocked</html>"}


@pytest.mark.parametrize("rule", [{"kind": "500"}, {"kind": "answer", "odd": FIREWALL}], ids=["500", "firewall"])
def test_what_fails_blanks_nothing_and_is_told_with_its_place(
    rule: dict[str, Any], sync: Sync, synced: Synced, system: Sandbox, linked: Connection
) -> None:
    synced()
    before = looked_up(linked)
    change(system)
    with system.fault(**rule, match={"path": LOOKUPS[system.key]}):
        run = sync("quick")
    assert now_of(linked, before) == before
    if run.state == "waiting":
        assert ", page " in run.wait_reason
        assert "lacks" not in run.wait_reason
    else:
        assert (run.state, run.result) == ("done", "warning"), run.message
        assert "lacks" not in told(linked, run)


def without(path: str, *keys: str) -> dict[str, Any]:
    return {"kind": "row", "match": {"path": path}, "odd": {"without": list(keys)}}


def reworded(path: str, pattern: str, body: str) -> dict[str, Any]:
    return {"kind": "body", "match": {"path": path}, "odd": {"pattern": pattern, "body": body}}


HALF_TOLD: dict[str, list[dict[str, Any]]] = {
    "halo": [
        without(r"/(Agent|TicketType|Priority)$", "name", "firstname", "surname", "namewithinactive"),
        without(r"/Agent/\d+$", "email"),
        {"kind": "empty", "match": {"path": r"/Status$", "query": "exclude"}},
        {"kind": "403", "match": {"path": r"/AssetType$"}},
    ],
    "autotask": [
        without(r"/(Resources|Companies|Contacts)/query$", "firstName", "lastName", "companyName"),
        without(r"/(Contracts|Services)/query$", "contractName", "name"),
        reworded(r"/Tickets/entityInformation/fields$", '"label":"', '"caption":"'),
        reworded(r"/userDefinedFields$", r'"picklistValues":\[[^\]]*\]', '"picklistValues":[]'),
        {"kind": "empty", "match": {"path": r"/(BillingItems|ContractServiceUnits)/query$"}},
    ],
}
"""Look-ups that answer, and lack what they are asked for."""
SAID: dict[str, list[str]] = {
    "halo": [
        *("names of agents", "names of ticket types", "names of priorities"),
        *("statuses that close", "details of assets", "Agents' e-mail"),
    ],
    "autotask": [
        *("names of resources", "names of companies", "names of contracts", "names of services"),
        *("labels of pick lists", "definitions of user-defined fields", "lines of invoices", "units of services"),
    ],
}
VALUES: dict[Any, tuple[str, ...]] = {
    Ticket: (
        *("owner_name", "board_name", "priority_name", "status_name", "company_name", "contact_name", "agreement"),
        *("entered_by", "source", "custom_fields", "is_closed", "closed_at"),
    ),
    Member: ("name", "email"),
    Status: ("name", "is_closed"),
    Asset: ("manufacturer", "model", "serial_number", "operating_system", "ip_address", "custom_fields"),
    AgreementAddition: ("product_name", "quantity", "total"),
    Invoice: ("lines", "agreement_remote_id"),
    Opportunity: ("owner_name", "status_name", "closed_at"),
}


def values(connection: Connection) -> dict[tuple[str, str], dict[str, Any]]:
    with tenant_transaction(connection.organization_id):
        return {
            (model.__name__, row.pop("remote_id")): row
            for model, names in VALUES.items()
            for row in model.objects.filter(removed_at=None).values("remote_id", *names)
        }


@pytest.mark.parametrize("system", sorted(HALF_TOLD), indirect=True)
def test_a_look_up_that_answers_without_what_it_is_asked_for_blanks_nothing(
    sync: Sync, synced: Synced, system: Sandbox, linked: Connection
) -> None:
    synced()
    before = values(linked)
    with ExitStack() as faults:
        for rule in HALF_TOLD[system.key]:
            faults.enter_context(system.fault(**rule))
        run = sync("full")
    assert (run.state, run.result) == ("done", "warning"), run.message
    after = values(linked)
    assert {key: (row, after.get(key)) for key, row in before.items() if row != after.get(key)} == {}
    said = told(linked, run)
    assert [words for words in SAID[system.key] if words not in said] == []
