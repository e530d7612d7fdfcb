"""One configured ConnectWise, as the engine sees it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from integrations.adapters.connectwise import payloads as cw
from integrations.adapters.connectwise.address import record_page, ticket_page, ui_origin
from integrations.adapters.connectwise.client import ConnectWise, Credentials
from integrations.adapters.connectwise.conditions import all_of
from integrations.adapters.connectwise.custom_fields import definition
from integrations.adapters.connectwise.kept import goes_by_tickets
from integrations.adapters.connectwise.probe import probe
from integrations.adapters.connectwise.reading import (
    all_pages,
    context_of,
    counted_by_tickets,
    is_empty,
    mapping_of,
    nameless_remarks,
    of_either,
    read_children,
    read_page,
    walk_of,
    with_values,
)
from integrations.adapters.connectwise.streams import SOURCES, STREAMS, TABLES, Source
from integrations.errors import NotFound, PermissionMissing, ProtocolError, UnsupportedFeature
from integrations.noticing import notice
from integrations.pages import records_of_one
from integrations.port import (
    EVERYTHING,
    Budget,
    Checkpoint,
    CustomField,
    Observer,
    Page,
    ProbeReport,
    Reach,
    ReadRequest,
    Scope,
    StreamSpec,
)
from integrations.records import CompanyRecord, Record, TicketRecord, TimeEntryRecord
from integrations.scoping import of_wanted_company, page_with_wanted_fields, with_wanted_fields

_PAGES = {
    "companies": "CompanyFV",
    "contacts": "ContactFV",
    "time_entries": "TimeEntryFV",
    "assets": "ConfigFV",
    "agreements": "AgreementFV",
    "opportunities": "OpportunityFV",
}


class ConnectWiseAdapter:
    """See ``integrations.port.Adapter``. Keeps connections, and nothing else, between calls."""

    streams: Sequence[StreamSpec] = STREAMS
    budget = Budget(concurrency=4, rotation_requests=500)

    def __init__(
        self, credentials: Credentials, *, allowed_networks: Sequence[str] = (), observer: Observer | None = None
    ) -> None:
        self._credentials = credentials
        self._remote = ConnectWise(credentials, allowed_networks=allowed_networks, observer=observer)

    def probe(self) -> ProbeReport:
        found = probe(self._remote)
        company = found.company
        return ProbeReport(
            checks=found.checks,
            fingerprint=self._fingerprint(company) if company is not None else "",
            product="ConnectWise PSA",
            version=(company.version_code or "").lstrip("v") if company is not None else "",
            server_time=found.answer.server_time if found.answer is not None else None,
        )

    def fingerprint(self) -> str:
        """``host/company``, from the address and what the server says the company is called there. A release upgrade,
        new keys or another port change neither. Raises AuthenticationFailed when the company is unknown."""
        return self._fingerprint(self._remote.company_info()[0])

    def count(self, request: ReadRequest) -> int | None:
        source = _source(request.stream)
        if not source.spec.counts:
            return None
        if is_empty(source, request):
            return 0
        if goes_by_tickets(source, request):
            return counted_by_tickets(self._remote, source, request)
        walk = walk_of(source, request)
        if walk.is_long:
            return self._count_in_parts(request)
        conditions = all_of(walk.clauses)
        counted = self._remote.count(source.path, conditions, permission=source.spec.permission)
        return counted + (self._counted_beside(source.also, conditions) if source.also is not None else 0)

    def read_page(self, request: ReadRequest, checkpoint: Checkpoint | None = None) -> Page:
        source = _source(request.stream)
        if source.spec.reach is not Reach.GLOBAL:
            raise UnsupportedFeature(f"{request.stream} are read per {source.spec.parent} record only.")
        page = read_page(self._remote, source, request, checkpoint)
        return page_with_wanted_fields(page, request.stream, request.scope)

    def read_children(self, stream: str, parent_id: str, scope: Scope = EVERYTHING) -> Page:
        source = _source(stream)
        if source.spec.reach is not Reach.PER_PARENT:
            raise UnsupportedFeature(f"{stream} have no parent record.")
        return read_children(self._remote, source, parent_id, scope)

    def read_one(self, stream: str, remote_id: str, scope: Scope = EVERYTHING) -> Record:
        source = _source(stream)
        if source.spec.reach is not Reach.GLOBAL:
            raise UnsupportedFeature(f"{stream} are read per {source.spec.parent} record only.")
        if not remote_id.isdecimal():
            raise NotFound(f"“{remote_id}” is no ConnectWise id.")
        return with_wanted_fields(of_either(source, lambda either: self._one(either, remote_id, scope)), stream, scope)

    def _one(self, source: Source, remote_id: str, scope: Scope) -> Record:
        listing = self._remote.record(f"{source.path}/{remote_id}", source.payload, permission=source.spec.permission)
        [row] = listing.rows
        if row.id != int(remote_id):
            raise ProtocolError("ConnectWise answered with another record than the one asked for.")
        context = with_values(self._remote, source, [row], context_of(scope))
        notice([*context.remarks, *nameless_remarks(listing.rows)])
        return records_of_one(listing, mapping_of(source, context))[0]

    def in_scope(self, record: Record, scope: Scope) -> bool:
        if not of_wanted_company(record, scope):
            return False
        if isinstance(record, TicketRecord):
            return _ticket_in_scope(record, scope)
        if isinstance(record, TimeEntryRecord):
            return bool(record.ticket_id)
        return not (isinstance(record, CompanyRecord) and record.is_deleted)

    def custom_fields(self) -> Sequence[CustomField]:
        listings = all_pages(self._remote, "system/userDefinedFields", cw.FieldDefinition, TABLES)
        return [definition(row) for listing in listings for row in listing.rows]

    def page_url(self, stream: str, remote_id: str) -> str:
        if stream == "tickets":
            return ticket_page(self._credentials.address, self._credentials.company_id, remote_id)
        if stream in _PAGES:
            return record_page(self._credentials.address, self._credentials.company_id, _PAGES[stream], remote_id)
        return ""

    def close(self) -> None:
        self._remote.close()

    def _counted_beside(self, also: Source, conditions: str) -> int:
        """How many the stream's second collection has; none where it cannot be read, as when its pages are."""
        try:
            return self._remote.count(also.path, conditions, permission=also.spec.permission)
        except (PermissionMissing, NotFound, UnsupportedFeature):
            return 0

    def _count_in_parts(self, request: ReadRequest) -> int | None:
        """Boards are counted in halves until the filter fits an address; None where other clauses make it long."""
        boards = request.scope.board_ids or ()
        if len(boards) < 2:
            return None
        half = len(boards) // 2
        total = 0
        for part in (boards[:half], boards[half:]):
            counted = self.count(_of_boards(request, part))
            if counted is None:
                return None
            total += counted
        return total

    def _fingerprint(self, company: cw.CompanyInfo) -> str:
        host = urlsplit(ui_origin(self._credentials.address)).hostname or ""
        return f"{host}/{(company.company_id or self._credentials.company_id).lower()}"


def _source(stream: str) -> Source:
    try:
        return SOURCES[stream]
    except KeyError as err:
        raise UnsupportedFeature(f"ConnectWise has no stream “{stream}”.") from err


def _of_boards(request: ReadRequest, board_ids: tuple[str, ...]) -> ReadRequest:
    return msgspec.structs.replace(request, scope=msgspec.structs.replace(request.scope, board_ids=board_ids))


def _ticket_in_scope(ticket: TicketRecord, scope: Scope) -> bool:
    if scope.board_ids is not None and ticket.board_id not in scope.board_ids:
        return False
    if ticket.status_id in scope.excluded_status_ids:
        return False
    if scope.changed_after is None or not ticket.is_closed:
        return True
    return ticket.remote_updated_at is not None and ticket.remote_updated_at >= scope.changed_after
