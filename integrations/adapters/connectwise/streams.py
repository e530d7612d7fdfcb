"""What is read from ConnectWise, from where, and what right it takes.

Paths: OpenAPI 2026.4. Rights: the modules of a security role as ConnectWise names them (System › Security Roles).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from integrations import client_records, records
from integrations.adapters.connectwise import client_mapping, client_payloads, contacts, mapping
from integrations.adapters.connectwise import payloads as cw
from integrations.adapters.connectwise.conditions import Narrowing
from integrations.port import Reach, Remark, StreamSpec

TABLES = "System › Table Setup: Inquire All"
MEMBERS = "System › Member Maintenance: Inquire All"
COMPANIES = "Companies › Company Maintenance: Inquire All"
CONTACTS = "Companies › Contacts: Inquire All"
TICKETS = "Service Desk › Service Tickets: Inquire All"
PROJECTS = "Project › Project Tickets: Inquire All"
TIME = "Time & Expense › Time Entry: Inquire All"
CONFIGURATIONS = "Companies › Configurations: Inquire All"
CATALOG = "Procurement › Product Catalog: Inquire All"
AGREEMENTS = "Finance › Agreements: Inquire All"
INVOICES = "Finance › Invoicing: Inquire All"
OPPORTUNITIES = "Sales › Opportunity: Inquire All"


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a mapping needs beside the row. ``values``: what opportunities are worth; ``untold``: those of which that is not known;
    ``remarks``: what was odd about that."""

    parent_id: str = ""
    custom_field_ids: frozenset[str] | None = None
    values: Mapping[int, Decimal] = {}
    untold: frozenset[int] = frozenset()
    remarks: Sequence[Remark] = ()


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A stream's collection. ``path`` holds ``{parent}`` where the collection belongs to one. ``valued``: what its rows are worth is
    asked of a forecast each."""

    spec: StreamSpec
    path: str
    payload: type[cw.Row]
    record: Callable[[Any, Context], records.Record]
    narrowing: Narrowing = Narrowing.NONE
    searchable: bool = False
    """Whether there is a ``POST …/search`` for long filters."""
    valued: bool = False
    also: Source | None = None
    """Another collection of the same kind of record, with ids of the same sequence."""


def _setup(
    name: str, path: str, payload: type[cw.Row], record: type[records.Record], to: Callable[[Any], Any]
) -> Source:
    """A small global table that is re-read whole."""
    return Source(
        spec=StreamSpec(name=name, record=record, reference=True, permission=TABLES),
        path=path,
        payload=payload,
        record=lambda row, context: to(row),
    )


def _of_board(name: str, payload: type[cw.Row], record: type[records.Record], to: Callable[[Any, str], Any]) -> Source:
    """A table that each board has of its own."""
    return Source(
        spec=StreamSpec(
            name=name,
            record=record,
            reach=Reach.PER_PARENT,
            parent="boards",
            after=("boards",),
            incremental=False,
            counts=False,
            reference=True,
            permission=TABLES,
        ),
        path=f"service/boards/{{parent}}/{name}",
        payload=payload,
        record=lambda row, context: to(row, context.parent_id),
    )


REFERENCE = (
    _setup("boards", "service/boards", cw.Board, records.BoardRecord, mapping.board),
    _of_board("statuses", cw.Status, records.StatusRecord, mapping.status),
    _of_board("types", cw.Category, records.CategoryRecord, mapping.category),
    _of_board("subtypes", cw.Category, records.CategoryRecord, mapping.category),
    _of_board("items", cw.Category, records.CategoryRecord, mapping.category),
    _of_board("teams", cw.Team, records.TeamRecord, mapping.team),
    _setup("priorities", "service/priorities", cw.Priority, records.PriorityRecord, mapping.priority),
    Source(
        spec=StreamSpec(name="members", record=records.MemberRecord, reference=True, permission=MEMBERS),
        path="system/members",
        payload=cw.Member,
        record=lambda row, context: mapping.member(row),
    ),
    _setup(
        "company_statuses",
        "company/companies/statuses",
        cw.CompanyStatus,
        records.CompanyStatusRecord,
        mapping.company_status,
    ),
    _setup("company_types", "company/companies/types", cw.CompanyType, records.CompanyTypeRecord, mapping.company_type),
)

CLIENTS = (
    Source(
        spec=StreamSpec(
            name="companies",
            record=records.CompanyRecord,
            after=("company_statuses", "company_types"),
            permission=COMPANIES,
        ),
        path="company/companies",
        payload=cw.Company,
        record=lambda row, context: mapping.company(row),
        narrowing=Narrowing.COMPANIES,
    ),
    Source(
        spec=StreamSpec(
            name="sites",
            record=records.SiteRecord,
            reach=Reach.PER_PARENT,
            parent="companies",
            after=("companies",),
            incremental=False,
            counts=False,
            permission=COMPANIES,
        ),
        path="company/companies/{parent}/sites",
        payload=cw.Site,
        record=lambda row, context: mapping.site(row, context.parent_id),
    ),
    Source(
        spec=StreamSpec(name="contacts", record=records.ContactRecord, after=("companies",), permission=CONTACTS),
        path="company/contacts",
        payload=cw.Contact,
        record=lambda row, context: contacts.contact(row),
    ),
)


def _of_clients(
    name: str,
    path: str,
    payload: type[cw.Row],
    record: type[records.Record],
    to: Callable[[Any], Any],
    permission: str,
    after: tuple[str, ...] = ("companies", "contacts"),
) -> Source:
    """What belongs to companies beside tickets: one collection, read whole or since a moment."""
    return Source(
        spec=StreamSpec(name=name, record=record, after=after, permission=permission),
        path=path,
        payload=payload,
        record=lambda row, context: to(row),
    )


ASSETS = _of_clients(
    "assets",
    "company/configurations",
    client_payloads.Configuration,
    client_records.AssetRecord,
    client_mapping.asset,
    CONFIGURATIONS,
)

AGREED = (
    _of_clients(
        "products",
        "procurement/catalog",
        client_payloads.CatalogItem,
        client_records.ProductRecord,
        client_mapping.product,
        CATALOG,
        after=(),
    ),
    _of_clients(
        "agreements",
        "finance/agreements",
        client_payloads.Agreement,
        client_records.AgreementRecord,
        client_mapping.agreement,
        AGREEMENTS,
    ),
    Source(
        spec=StreamSpec(
            name="agreement_additions",
            record=client_records.AgreementAdditionRecord,
            reach=Reach.PER_PARENT,
            parent="agreements",
            after=("agreements", "products"),
            incremental=False,
            counts=False,
            permission=AGREEMENTS,
        ),
        path="finance/agreements/{parent}/additions",
        payload=client_payloads.Addition,
        record=lambda row, context: client_mapping.addition(row, context.parent_id),
    ),
)

SALES = (
    _of_clients(
        "opportunity_statuses",
        "sales/opportunities/statuses",
        client_payloads.OpportunityStatus,
        client_records.OpportunityStatusRecord,
        client_mapping.opportunity_status,
        OPPORTUNITIES,
        after=(),
    ),
    Source(
        spec=StreamSpec(
            name="opportunities",
            record=client_records.OpportunityRecord,
            after=("companies", "contacts", "opportunity_statuses"),
            permission=OPPORTUNITIES,
        ),
        path="sales/opportunities",
        payload=client_payloads.Opportunity,
        record=lambda row, context: client_mapping.opportunity(row, context.values.get(row.id)),
        valued=True,
    ),
    _of_clients(
        "invoices",
        "finance/invoices",
        client_payloads.Invoice,
        client_records.InvoiceRecord,
        client_mapping.invoice,
        INVOICES,
        after=("companies", "agreements"),
    ),
)

_TICKETS = StreamSpec(
    name="tickets",
    record=records.TicketRecord,
    after=("boards", "statuses", "priorities", "members", "companies", "contacts"),
    scoped=True,
    permission=TICKETS,
)
_NOTES = StreamSpec(
    name="notes",
    record=records.NoteRecord,
    reach=Reach.PER_PARENT,
    parent="tickets",
    after=("tickets",),
    incremental=False,
    counts=False,
    scoped=True,
    permission=TICKETS,
)
PROJECT_TICKETS = Source(
    spec=msgspec.structs.replace(_TICKETS, permission=PROJECTS),
    path="project/tickets",
    payload=cw.ProjectTicket,
    record=lambda row, context: mapping.project_ticket(row, context.custom_field_ids),
    narrowing=Narrowing.TICKETS,
    searchable=True,
)
SERVICE_TICKETS = Source(
    spec=_TICKETS,
    path="service/tickets",
    payload=cw.Ticket,
    record=lambda row, context: mapping.ticket(row, context.custom_field_ids),
    narrowing=Narrowing.TICKETS,
    searchable=True,
    also=PROJECT_TICKETS,
)
PROJECT_NOTES = Source(
    spec=msgspec.structs.replace(_NOTES, permission=PROJECTS),
    path="project/tickets/{parent}/notes",
    payload=cw.Note,
    record=lambda row, context: mapping.note(row, context.parent_id),
)
SERVICE = (
    SERVICE_TICKETS,
    Source(
        spec=_NOTES,
        path="service/tickets/{parent}/notes",
        payload=cw.Note,
        record=lambda row, context: mapping.note(row, context.parent_id),
        also=PROJECT_NOTES,
    ),
    Source(
        spec=StreamSpec(
            name="time_entries",
            record=records.TimeEntryRecord,
            after=("tickets", "members"),
            scoped=True,
            permission=TIME,
        ),
        path="time/entries",
        payload=cw.TimeEntry,
        record=lambda row, context: mapping.time_entry(row),
        narrowing=Narrowing.TIME,
    ),
)

SOURCES = {source.spec.name: source for source in (*REFERENCE, *CLIENTS, ASSETS, *AGREED, *SERVICE, *SALES)}
STREAMS = tuple(source.spec for source in SOURCES.values())
