"""What is read from Autotask, from which entity, and what tells that a record changed.

Entities and fields: vendor Swagger 2026; stamps: developer help, "REST API best practices", and live field information.
A security level is not published by its rights' names; what is named is the query access that ``entityInformation`` shows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from integrations import client_records, records
from integrations.adapters.autotask import client_mapping, client_payloads, mapping, picklists
from integrations.adapters.autotask import payloads as at
from integrations.adapters.autotask.filters import TICKET_STAMPS, Reading, exists
from integrations.adapters.autotask.mapping import Names
from integrations.port import StreamSpec

DELETED = "DeletedTicketLogs"


def right(entity: str) -> str:
    return f"query access to {entity}"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A stream's entity. ``parent``: the field that names the parent record, where children are asked for alone. ``also``: another
    entity of the same stream, whose ids stand behind ``prefix``."""

    spec: StreamSpec
    entity: str
    payload: type[at.Row]
    record: Callable[[Any, Names], records.Record]
    reading: Reading = Reading()
    parent: str = ""
    prefix: str = ""
    also: Source | None = None


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A stream that is a pick list: of which entity's field."""

    spec: StreamSpec
    entity: str
    field: str
    record: picklists.ToRecord


def _table(
    name: str, record: type[records.Record], field: str, to: picklists.ToRecord, entity: str = "Tickets"
) -> Table:
    """Pick lists come whole, tell no changes and cannot be counted by the remote."""
    spec = StreamSpec(
        name=name, record=record, reference=True, incremental=False, counts=False, permission=right(entity)
    )
    return Table(spec=spec, entity=entity, field=field, record=to)


TABLES = (
    _table("boards", records.BoardRecord, "queueID", picklists.board),
    _table("statuses", records.StatusRecord, "status", picklists.status),
    _table("types", records.CategoryRecord, "issueType", picklists.category),
    _table("subtypes", records.CategoryRecord, "subIssueType", picklists.category),
    _table("priorities", records.PriorityRecord, "priority", picklists.priority),
    _table("company_types", records.CompanyTypeRecord, "companyType", picklists.company_type, "Companies"),
    _table(
        "opportunity_statuses",
        client_records.OpportunityStatusRecord,
        "status",
        client_mapping.opportunity_status,
        "Opportunities",
    ),
)


def _holding(
    name: str,
    record: type[records.Record],
    entity: str,
    payload: type[at.Row],
    to: Callable[[Any, Names], records.Record],
    *after: str,
    stamps: tuple[str, ...] = (),
    prefix: str = "",
    also: Source | None = None,
) -> Source:
    """What a company has; ``stamps``: none where Autotask does not say when one changed."""
    rights = " and ".join([right(entity), *([] if also is None else [also.spec.permission])])
    spec = StreamSpec(name=name, record=record, after=after, incremental=bool(stamps), permission=rights)
    reading = Reading(stamps=stamps)
    return Source(spec=spec, entity=entity, payload=payload, record=to, reading=reading, prefix=prefix, also=also)


SERVICES = _holding(
    "products",
    client_records.ProductRecord,
    "Services",
    client_payloads.Service,
    client_mapping.service,
    prefix=client_mapping.SERVICE,
)
HOLDINGS = (
    _holding(
        "assets",
        client_records.AssetRecord,
        "ConfigurationItems",
        client_payloads.ConfigurationItem,
        client_mapping.asset,
        *("companies", "sites", "contacts"),
        stamps=("lastModifiedTime",),
    ),
    _holding(
        "products",
        client_records.ProductRecord,
        "Products",
        client_payloads.Product,
        client_mapping.product,
        also=SERVICES,
    ),
    _holding(
        "agreements",
        client_records.AgreementRecord,
        "Contracts",
        client_payloads.Contract,
        client_mapping.agreement,
        *("companies", "contacts"),
    ),
    _holding(
        "agreement_additions",
        client_records.AgreementAdditionRecord,
        "ContractServices",
        client_payloads.ContractService,
        client_mapping.addition,
        *("agreements", "products"),
    ),
)
SOLD = (
    _holding(
        "opportunities",
        client_records.OpportunityRecord,
        "Opportunities",
        client_payloads.Opportunity,
        client_mapping.opportunity,
        *("companies", "contacts", "opportunity_statuses"),
        stamps=("lastActivity",),
    ),
    _holding(
        "invoices",
        client_records.InvoiceRecord,
        "Invoices",
        client_payloads.Invoice,
        client_mapping.invoice,
        *("companies", "agreements"),
    ),
)

SOURCES = (
    Source(
        spec=StreamSpec(
            name="members",
            record=records.MemberRecord,
            incremental=False,
            reference=True,
            permission=right("Resources"),
        ),
        entity="Resources",
        payload=at.Resource,
        record=mapping.member,
    ),
    Source(
        spec=StreamSpec(
            name="companies", record=records.CompanyRecord, after=("company_types",), permission=right("Companies")
        ),
        entity="Companies",
        payload=at.Company,
        record=mapping.company,
        reading=Reading(stamps=("lastTrackedModifiedDateTime", "lastActivityDate")),
    ),
    Source(
        spec=StreamSpec(
            name="sites",
            record=records.SiteRecord,
            after=("companies",),
            incremental=False,
            permission=right("CompanyLocations"),
        ),
        entity="CompanyLocations",
        payload=at.CompanyLocation,
        record=mapping.site,
        parent="companyID",
    ),
    Source(
        spec=StreamSpec(
            name="contacts", record=records.ContactRecord, after=("companies",), permission=right("Contacts")
        ),
        entity="Contacts",
        payload=at.Contact,
        record=mapping.contact,
        reading=Reading(stamps=("lastModifiedDate", "lastActivityDate")),
    ),
    *HOLDINGS,
    Source(
        spec=StreamSpec(
            name="tickets",
            record=records.TicketRecord,
            after=("boards", "statuses", "priorities", "members", "companies", "contacts"),
            scoped=True,
            permission=right("Tickets"),
        ),
        entity="Tickets",
        payload=at.Ticket,
        record=mapping.ticket,
        reading=Reading(stamps=TICKET_STAMPS, by_board=True),
    ),
    Source(
        spec=StreamSpec(
            name="notes",
            record=records.NoteRecord,
            after=("tickets",),
            scoped=True,
            permission=right("TicketNotes"),
        ),
        entity="TicketNotes",
        payload=at.TicketNote,
        record=mapping.note,
        reading=Reading(stamps=("lastActivityDate",), by_date=True),
        parent="ticketID",
    ),
    Source(
        spec=StreamSpec(
            name="time_entries",
            record=records.TimeEntryRecord,
            after=("tickets", "members"),
            scoped=True,
            permission=right("TimeEntries"),
        ),
        entity="TimeEntries",
        payload=at.TimeEntry,
        record=mapping.time_entry,
        reading=Reading(stamps=("lastModifiedDateTime",), constant=(exists("ticketID"),), by_date=True),
        parent="ticketID",
    ),
    *SOLD,
)

BY_NAME: dict[str, Source | Table] = {source.spec.name: source for source in (*TABLES, *SOURCES)}
STREAMS = tuple(source.spec for source in BY_NAME.values())
