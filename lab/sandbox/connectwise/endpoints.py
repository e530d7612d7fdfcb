"""The addresses of the interface: which collection each is, and which right reading it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lab.sandbox.connectwise import attaching
from lab.sandbox.connectwise.listing import Source
from lab.sandbox.connectwise.psa import Psa


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A collection's address. ``module``: which right reading it takes. ``parent``: the collection whose id it holds."""

    name: str
    module: str
    parent: str = ""


ENDPOINTS = {
    "service/boards": Endpoint("boards", "tables"),
    "service/boards/{}/statuses": Endpoint("statuses", "tables", "boards"),
    "service/boards/{}/types": Endpoint("types", "tables", "boards"),
    "service/boards/{}/subtypes": Endpoint("subtypes", "tables", "boards"),
    "service/boards/{}/items": Endpoint("items", "tables", "boards"),
    "service/boards/{}/teams": Endpoint("teams", "tables", "boards"),
    "service/boards/{}/typeSubTypeItemAssociations": Endpoint("associations", "tables", "boards"),
    "service/priorities": Endpoint("priorities", "tables"),
    "service/sources": Endpoint("sources", "tables"),
    "service/locations": Endpoint("locations", "tables"),
    "service/tickets": Endpoint("tickets", "tickets"),
    "service/tickets/{}/notes": Endpoint("notes", "tickets", "tickets"),
    "service/tickets/{}/timeentries": Endpoint("time_entries", "time", "tickets"),
    "project/projects": Endpoint("projects", "projects"),
    "project/tickets": Endpoint("project_tickets", "projects"),
    "project/tickets/{}/notes": Endpoint("notes", "projects", "project_tickets"),
    "project/tickets/{}/timeentries": Endpoint("time_entries", "time", "project_tickets"),
    "schedule/entries": Endpoint("schedule_entries", "schedule"),
    "schedule/types": Endpoint("schedule_types", "tables"),
    "system/callbacks": Endpoint("callbacks", "callbacks"),
    "system/members": Endpoint("members", "members"),
    "system/userDefinedFields": Endpoint("user_defined_fields", "tables"),
    "company/companies": Endpoint("companies", "companies"),
    "company/companies/statuses": Endpoint("company_statuses", "tables"),
    "company/companies/types": Endpoint("company_types", "tables"),
    "company/companies/{}/sites": Endpoint("sites", "companies", "companies"),
    "company/communicationTypes": Endpoint("communication_types", "tables"),
    "company/contacts": Endpoint("contacts", "contacts"),
    "company/configurations": Endpoint("configurations", "configurations"),
    "company/configurations/statuses": Endpoint("configuration_statuses", "tables"),
    "company/configurations/types": Endpoint("configuration_types", "tables"),
    "procurement/catalog": Endpoint("catalog", "catalog"),
    "finance/agreements": Endpoint("agreements", "agreements"),
    "finance/agreements/{}/additions": Endpoint("additions", "agreements", "agreements"),
    "finance/agreements/types": Endpoint("agreement_types", "tables"),
    "finance/invoices": Endpoint("invoices", "invoices"),
    "sales/opportunities": Endpoint("opportunities", "opportunities"),
    "sales/opportunities/statuses": Endpoint("opportunity_statuses", "opportunities"),
    "time/entries": Endpoint("time_entries", "time"),
    "time/workTypes": Endpoint("work_types", "tables"),
    "time/workRoles": Endpoint("work_roles", "tables"),
}
BY_LOWER = {path.lower(): endpoint for path, endpoint in ENDPOINTS.items()}
FORECAST = "sales/opportunities/{}/forecast"
ALL_NOTES = {
    "service/tickets/{}/allnotes": "service/tickets/{}/notes",
    "project/tickets/{}/allnotes": "project/tickets/{}/notes",
}
BELOW_TICKETS: dict[str, tuple[str, Callable[[Psa, int], Source]]] = {
    "service/tickets/{}/configurations": ("configurations", attaching.configurations),
    "service/tickets/{}/scheduleentries": ("schedule", attaching.visits),
    "service/tickets/{}/documents": ("documents", attaching.documents_of_ticket),
}
"""Lists that are put together for their ticket, with the right that they take."""
MODULES = sorted({endpoint.module for endpoint in ENDPOINTS.values()} | {"documents"})
