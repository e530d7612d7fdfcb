"""What is read from Halo, from where, and what right it takes.

Paths, parameters and keys of the lists: the vendor's OpenAPI document of March 2025, and what lists of a live Halo held.
Rights: the permissions of an API application (Configuration › Integrations › Halo API) and the role of its agent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from integrations import client_records, records
from integrations.adapters.halo import actions, client_mapping, client_payloads, mapping
from integrations.adapters.halo import payloads as halo
from integrations.adapters.halo.custom_fields import Choices
from integrations.adapters.halo.mapping import Names
from integrations.port import Reach, StreamSpec

TICKETS = "read:tickets"
CUSTOMERS = "read:customers"
SETUP = "the agent role's access to ticket types, statuses and priorities"
AGENTS = "the agent role's access to agents and teams"
ASSETS = "read:assets"
ITEMS = "read:items"
CONTRACTS = "read:contracts"
INVOICES = "read:invoices"
SALES = "read:sales"
FIELDS = "the agent role's access to custom fields"

INACTIVE_TOO: Mapping[str, str] = {"includeactive": "true", "includeinactive": "true"}
DISABLED_TOO: Mapping[str, str] = {"includeenabled": "true", "includedisabled": "true"}

TIMED: Mapping[str, str] = {"includetimetaken": "true"}
EXCLUDE_CLOSED: Mapping[str, str] = {"excludeclosed": "true"}


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a mapping needs beside the row. ``closed``: the statuses that close, None where that is not known; ``failed``: look-ups that
    were refused or empty (``lookups``); ``asks_for_fields``: the rows have custom fields only where a look-up told their ids."""

    names: Names = Names()
    custom_field_ids: frozenset[str] | None = None
    closed: frozenset[int] | None = frozenset()
    active_items: frozenset[int] | None = None
    choices: Choices = {}
    failed: Mapping[str, str] = {}
    asks_for_fields: bool = False


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A stream's collection. ``key``: under what name its rows stand, where it is no bare list; ``alone``: what is asked of a
    record by its id; ``parts``: the collections of a stream that has several; ``many``: the records of a row that holds several;
    ``named``: its rows hold ids of types, statuses and agents; ``stamped``: it is filtered by the time of change."""

    spec: StreamSpec
    path: str
    payload: Any
    record: Callable[[Any, Context], records.Record]
    key: str = ""
    params: Mapping[str, str] = {}
    alone: Mapping[str, str] = {}
    paged: bool = False
    named: bool = False
    stamped: bool = False
    parts: tuple[Source, ...] = ()
    many: Callable[[Any], Sequence[records.Record]] | None = None
    wanted: Callable[[Any], bool] = lambda row: True


def closing(rows: Iterable[halo.Status], left: Iterable[halo.Status]) -> frozenset[int] | None:
    """The statuses that close a ticket: those that the same list leaves out when it is asked to. None where that cannot be told, for no Halo
    has statuses of one kind alone: a list that leaves out all of them was no answer, one that leaves out none did not heed the question."""
    of_tickets = frozenset(row.id for row in rows if not row.type)
    found = of_tickets - frozenset(row.id for row in left)
    return found if found and found != of_tickets else None


def _closes(row: halo.Status, context: Context) -> bool | None:
    return None if context.closed is None else row.id in context.closed


def _table(
    name: str,
    path: str,
    payload: Any,
    record: type[records.Record],
    to: Callable[[Any, Context], records.Record],
    *,
    permission: str = SETUP,
    key: str = "",
    params: Mapping[str, str] | None = None,
    wanted: Callable[[Any], bool] = lambda row: True,
) -> Source:
    """A small table that comes in one answer, without a count and without a filter by time."""
    spec = StreamSpec(name=name, record=record, incremental=False, counts=False, reference=True, permission=permission)
    return Source(spec=spec, path=path, payload=payload, record=to, key=key, params=params or {}, wanted=wanted)


def _category(name: str, level: int) -> Source:
    """Categories of one of Halo's four levels. The fourth has no place in a record."""
    return _table(
        name,
        "Category",
        halo.Category,
        records.CategoryRecord,
        lambda row, context: mapping.category(row),
        params={"type_id": str(level)},
        wanted=lambda row: row.type_id in (level, None),
    )


REFERENCE = (
    _table(
        "boards",
        "TicketType",
        halo.TicketType,
        records.BoardRecord,
        lambda row, context: mapping.board(row),
        params={"showinactive": "true"},
    ),
    _table(
        "statuses",
        "Status",
        halo.Status,
        records.StatusRecord,
        lambda row, context: mapping.status(row, is_closed=_closes(row, context)),
        # The type parameter is ignored, so the statuses of orders and items are left out here.
        wanted=lambda row: not row.type,
    ),
    _category("types", 1),
    _category("subtypes", 2),
    _category("items", 3),
    _table(
        "teams",
        "Team",
        halo.Team,
        records.TeamRecord,
        lambda row, context: mapping.team(row),
        permission=AGENTS,
        params=DISABLED_TOO,
    ),
    _table("priorities", "Priority", halo.Priority, records.PriorityRecord, lambda row, context: mapping.priority(row)),
)
MEMBER_SOURCE = msgspec.structs.replace(
    _table(
        "members",
        "Agent",
        halo.Agent,
        records.MemberRecord,
        lambda row, context: mapping.member(row, row.email),
        permission=AGENTS,
        key="results",
        params=DISABLED_TOO,
        wanted=lambda row: row.id > mapping.UNASSIGNED,
    ),
    alone={"includedetails": "true"},
)


def _client_table(
    name: str,
    path: str,
    payload: Any,
    record: type[records.Record],
    to: Callable[[Any], records.Record],
    *,
    after: tuple[str, ...] = (),
    params: Mapping[str, str] | None = None,
) -> Source:
    """Read whole at each full sync: that these lists can be filtered by the time of change was never seen to work."""
    spec = StreamSpec(name=name, record=record, after=after, incremental=False, permission=CUSTOMERS)
    return Source(
        spec=spec,
        path=path,
        payload=payload,
        record=lambda row, context: to(row),
        key={"Client": "clients", "Site": "sites", "Users": "users"}[path],
        params={**INACTIVE_TOO, **(params or {})},
        paged=True,
    )


CLIENTS = (
    _client_table("companies", "Client", halo.Client, records.CompanyRecord, mapping.company),
    _client_table(
        "sites",
        "Site",
        halo.Site,
        records.SiteRecord,
        mapping.site,
        after=("companies",),
        params={"includeaddress": "true"},
    ),
    _client_table("contacts", "Users", halo.User, records.ContactRecord, mapping.contact, after=("companies",)),
)

TICKET_SOURCE = Source(
    spec=StreamSpec(
        name="tickets",
        record=records.TicketRecord,
        after=("boards", "statuses", "priorities", "members", "companies", "contacts"),
        scoped=True,
        permission=TICKETS,
    ),
    path="Tickets",
    payload=halo.Ticket,
    record=lambda row, context: mapping.ticket(row, context.names, context.custom_field_ids, context.choices),
    key="tickets",
    paged=True,
    named=True,
    stamped=True,
)
WITH_LINES: Mapping[str, str] = {"includelines": "true"}
DETAILS: Mapping[str, str] = {"includedetails": "true"}


def _holding(name: str, record: type[records.Record], permission: str, *after: str, counts: bool = True) -> StreamSpec:
    return StreamSpec(name=name, record=record, after=after, incremental=False, counts=counts, permission=permission)


ASSET_SOURCE = Source(
    spec=_holding("assets", client_records.AssetRecord, ASSETS, "companies", "sites"),
    path="Asset",
    payload=client_payloads.Asset,
    record=lambda row, context: client_mapping.asset(row, context.choices),
    key="assets",
    params=INACTIVE_TOO,
    alone=DETAILS,
    paged=True,
)
PRODUCT_SOURCE = Source(
    spec=_holding("products", client_records.ProductRecord, ITEMS),
    path="Item",
    payload=client_payloads.Item,
    record=lambda row, context: client_mapping.product(row, context.active_items),
    key="items",
    params=INACTIVE_TOO,
    paged=True,
)
CONTRACT_SOURCE = Source(
    spec=_holding("agreements", client_records.AgreementRecord, CONTRACTS, "companies", "contacts"),
    path="ClientContract",
    payload=client_payloads.Contract,
    record=lambda row, context: client_mapping.contract(row, context.choices),
    key="contracts",
    params={"includeinactive": "true"},
    paged=True,
)
RECURRING_SOURCE = Source(
    spec=_holding("agreements", client_records.AgreementRecord, INVOICES, "companies"),
    path="RecurringInvoice",
    payload=client_payloads.Invoice,
    record=lambda row, context: client_mapping.recurring(row),
    key="invoices",
    paged=True,
)
AGREEMENT_SOURCE = msgspec.structs.replace(
    CONTRACT_SOURCE,
    spec=msgspec.structs.replace(CONTRACT_SOURCE.spec, permission=f"{CONTRACTS} and {INVOICES}"),
    parts=(CONTRACT_SOURCE, RECURRING_SOURCE),
)
ADDITION_SOURCE = Source(
    # How many lines there are is not told; how many recurring invoices, is told of the agreements.
    spec=_holding(
        "agreement_additions",
        client_records.AgreementAdditionRecord,
        INVOICES,
        "agreements",
        "products",
        counts=False,
    ),
    path="RecurringInvoice",
    payload=client_payloads.Invoice,
    record=lambda row, context: client_mapping.recurring(row),
    many=client_mapping.additions,
    key="invoices",
    params=WITH_LINES,
    alone=DETAILS,
    paged=True,
)
OPPORTUNITY_STATUS_SOURCE = _table(
    "opportunity_statuses",
    "Status",
    halo.Status,
    client_records.OpportunityStatusRecord,
    lambda row, context: client_mapping.opportunity_status(row, is_closed=_closes(row, context)),
    wanted=lambda row: not row.type,
)
OPPORTUNITY_SOURCE = Source(
    spec=StreamSpec(
        name="opportunities",
        record=client_records.OpportunityRecord,
        after=("companies", "contacts", "opportunity_statuses"),
        permission=SALES,
    ),
    path="Opportunities",
    payload=client_payloads.Opportunity,
    record=lambda row, context: client_mapping.opportunity(row, context.names),
    key="tickets",
    paged=True,
    named=True,
    stamped=True,
)
INVOICE_SOURCE = Source(
    spec=_holding("invoices", client_records.InvoiceRecord, INVOICES, "companies", "agreements"),
    path="Invoice",
    payload=client_payloads.Invoice,
    record=lambda row, context: client_mapping.invoice(row),
    key="invoices",
    params=WITH_LINES,
    alone=DETAILS,
    paged=True,
)
HOLDINGS = (ASSET_SOURCE, PRODUCT_SOURCE, AGREEMENT_SOURCE, ADDITION_SOURCE)
SOLD = (OPPORTUNITY_STATUS_SOURCE, OPPORTUNITY_SOURCE, INVOICE_SOURCE)


def _of_ticket(name: str, record: type[records.Record]) -> Source:
    spec = StreamSpec(
        name=name,
        record=record,
        reach=Reach.PER_PARENT,
        parent="tickets",
        after=("tickets",),
        incremental=False,
        counts=False,
        scoped=True,
        permission=TICKETS,
    )
    kind = actions.note if name == "notes" else actions.time_entry
    return Source(
        spec=spec,
        path="Actions",
        payload=halo.Action,
        record=lambda row, context: kind(row, str(row.ticket_id)),
        key="actions",
        params={
            "includehtmlnote": "true",
            **({"timeentriesonly": "true"} if name == "time_entries" else {"excludesys": "true"}),
        },
    )


SOURCES = {
    source.spec.name: source
    for source in (
        *REFERENCE,
        MEMBER_SOURCE,
        *CLIENTS,
        *HOLDINGS,
        TICKET_SOURCE,
        _of_ticket("notes", records.NoteRecord),
        _of_ticket("time_entries", records.TimeEntryRecord),
        *SOLD,
    )
}
STREAMS = tuple(source.spec for source in SOURCES.values())
