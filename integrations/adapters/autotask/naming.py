"""Gathers the names that the numbers in a page of rows stand for: only those tables that the rows point into."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from integrations.adapters.autotask import client_payloads
from integrations.adapters.autotask import payloads as at
from integrations.adapters.autotask.labels import Labels
from integrations.adapters.autotask.mapping import Names
from integrations.port import Scope


def names_for(entity: str, rows: Sequence[at.Row], labels: Labels, scope: Scope) -> Names:
    """What the mapping of an entity's rows needs, and which look-ups failed. Asks for nothing when there are no rows."""
    return msgspec.structs.replace(_found(rows, labels, scope), failed=labels.failed_for(entity))


def _found(rows: Sequence[at.Row], labels: Labels, scope: Scope) -> Names:
    first = rows[0] if rows else None
    if isinstance(first, at.Ticket):
        return _of_tickets([row for row in rows if isinstance(row, at.Ticket)], labels, scope)
    if isinstance(first, at.TicketNote):
        return _of_notes([row for row in rows if isinstance(row, at.TicketNote)], labels)
    if isinstance(first, at.TimeEntry):
        return Names(resources=labels.resources(), roles=labels.table("Roles"), work_types=labels.table("BillingCodes"))
    if isinstance(first, at.Company):
        return _of_companies([row for row in rows if isinstance(row, at.Company)], labels, scope)
    if isinstance(first, at.Contact):
        return _of_contacts([row for row in rows if isinstance(row, at.Contact)], labels)
    if isinstance(first, at.CompanyLocation):
        return Names(countries=labels.table("Countries"))
    return _of_holdings(rows, labels)


def _of_holdings(rows: Sequence[at.Row], labels: Labels) -> Names:
    first = rows[0] if rows else None
    if isinstance(first, client_payloads.ConfigurationItem):
        return _of_assets([row for row in rows if isinstance(row, client_payloads.ConfigurationItem)], labels)
    if isinstance(first, client_payloads.Product):
        has_fields = any(row.user_defined_fields for row in rows if isinstance(row, client_payloads.Product))
        return Names(picks=labels.picks("Products"), fields=_fields("Products", labels, has_fields))
    if isinstance(first, client_payloads.ContractService):
        return Names(services=labels.table("Services"), units=labels.units(row.id for row in rows))
    if isinstance(first, client_payloads.Invoice):
        ids = [row.company_id for row in rows if isinstance(row, client_payloads.Invoice)]
        return Names(companies=labels.companies(ids), lines=labels.lines(row.id for row in rows))
    if isinstance(first, client_payloads.Contract):
        return _of_deals("Contracts", [row for row in rows if isinstance(row, client_payloads.Contract)], labels)
    if isinstance(first, client_payloads.Opportunity):
        named = _of_deals(
            "Opportunities", [row for row in rows if isinstance(row, client_payloads.Opportunity)], labels
        )
        return msgspec.structs.replace(named, resources=labels.resources())
    return Names()


def _of_assets(rows: Sequence[client_payloads.ConfigurationItem], labels: Labels) -> Names:
    has_products = any(row.product_id is not None for row in rows)
    named = _of_deals("ConfigurationItems", rows, labels)
    return msgspec.structs.replace(named, products=labels.table("Products") if has_products else {})


def _of_deals(
    entity: str,
    rows: Sequence[client_payloads.ConfigurationItem | client_payloads.Contract | client_payloads.Opportunity],
    labels: Labels,
) -> Names:
    """What all that belongs to a company and one of its contacts has."""
    return Names(
        picks=labels.picks(entity),
        fields=_fields(entity, labels, any(row.user_defined_fields for row in rows)),
        companies=labels.companies(row.company_id for row in rows),
        contacts=labels.contacts(row.contact_id for row in rows),
    )


def _fields(entity: str, labels: Labels, has_fields: bool) -> dict[str, at.Field]:
    return labels.field_definitions(entity) if has_fields else {}


def _of_tickets(rows: Sequence[at.Ticket], labels: Labels, scope: Scope) -> Names:
    wanted = None if scope.custom_field_ids is None else frozenset(scope.custom_field_ids)
    has_fields = wanted != frozenset() and any(row.user_defined_fields for row in rows)
    has_contracts = any(row.contract_id is not None for row in rows)
    return Names(
        picks=labels.picks("Tickets"),
        fields=labels.field_definitions("Tickets") if has_fields else {},
        wanted_fields=wanted,
        resources=labels.resources(),
        companies=labels.companies(row.company_id for row in rows),
        contacts=labels.contacts(row.contact_id for row in rows),
        contracts=labels.table("Contracts") if has_contracts else {},
        helpers=labels.helpers(row.id for row in rows),
    )


def _of_notes(rows: Sequence[at.TicketNote], labels: Labels) -> Names:
    return Names(resources=labels.resources(), contacts=labels.contacts(row.created_by_contact_id for row in rows))


def _of_companies(rows: Sequence[at.Company], labels: Labels, scope: Scope) -> Names:
    wanted = frozenset(scope.field_ids["companies"]) if "companies" in scope.field_ids else None
    has_fields = wanted != frozenset() and any(row.user_defined_fields for row in rows)
    return Names(
        wanted_fields=wanted,
        picks=labels.picks("Companies"),
        fields=labels.field_definitions("Companies") if has_fields else {},
        countries=labels.table("Countries"),
    )


def _of_contacts(rows: Sequence[at.Contact], labels: Labels) -> Names:
    has_fields = any(row.user_defined_fields for row in rows)
    return Names(
        fields=labels.field_definitions("Contacts") if has_fields else {},
        countries=labels.table("Countries"),
        companies=labels.companies(row.company_id for row in rows),
    )
