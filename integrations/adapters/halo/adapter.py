"""One configured Halo, as the engine sees it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from integrations.adapters.halo import payloads as halo
from integrations.adapters.halo.actions import note, time_entry
from integrations.adapters.halo.address import interface, ticket_page
from integrations.adapters.halo.client import Credentials, Halo
from integrations.adapters.halo.client_mapping import LINE, RECURRING, additions, recurring
from integrations.adapters.halo.custom_fields import definition
from integrations.adapters.halo.probe import probe
from integrations.adapters.halo.reading import Reader
from integrations.adapters.halo.streams import (
    ADDITION_SOURCE,
    AGREEMENT_SOURCE,
    MEMBER_SOURCE,
    SOURCES,
    STREAMS,
    Source,
)
from integrations.adapters.halo.vocabulary import field_definitions
from integrations.errors import NotFound, ProtocolError, UnsupportedFeature
from integrations.pages import RowMapping, records_of_one
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
from integrations.records import Record, TicketRecord
from integrations.scoping import of_wanted_company, page_with_wanted_fields, with_wanted_fields


class HaloAdapter:
    """See ``integrations.port.Adapter``. Keeps connections, the access token, and what ids are called."""

    streams: Sequence[StreamSpec] = STREAMS
    budget = Budget(concurrency=3, rotation_requests=200)

    def __init__(
        self, credentials: Credentials, *, allowed_networks: Sequence[str] = (), observer: Observer | None = None
    ) -> None:
        self._credentials = credentials
        self._remote = Halo(credentials, allowed_networks=allowed_networks, observer=observer)
        self._reader = Reader(self._remote)

    def probe(self) -> ProbeReport:
        found = probe(self._remote)
        instance = found.instance
        return ProbeReport(
            checks=found.checks,
            fingerprint=self._fingerprint(instance) if instance is not None else "",
            product=(instance.app_name or "HaloPSA") if instance is not None else "",
            version=(instance.app_version or "") if instance is not None else "",
            server_time=found.answer.server_time if found.answer is not None else None,
        )

    def fingerprint(self) -> str:
        """``host/tenant``, as the server calls itself: neither another application nor an upgrade changes it."""
        return self._fingerprint(self._remote.instance()[0])

    def count(self, request: ReadRequest) -> int | None:
        source = _source(request.stream)
        return self._reader.count(source, request) if source.spec.counts else None

    def read_page(self, request: ReadRequest, checkpoint: Checkpoint | None = None) -> Page:
        source = _source(request.stream)
        if source.spec.reach is not Reach.GLOBAL:
            raise UnsupportedFeature(f"{request.stream} are read per {source.spec.parent} record only.")
        return page_with_wanted_fields(self._page(source, request, checkpoint), request.stream, request.scope)

    def read_children(self, stream: str, parent_id: str, scope: Scope = EVERYTHING) -> Page:
        source = _source(stream)
        if source.spec.reach is not Reach.PER_PARENT:
            raise UnsupportedFeature(f"{stream} have no parent record.")
        return self._reader.children(source, parent_id)

    def read_one(self, stream: str, remote_id: str, scope: Scope = EVERYTHING) -> Record:
        source = _source(stream)
        if source.spec.reach is Reach.PER_PARENT:
            return self._action(source, remote_id)
        if remote_id.startswith(RECURRING) and (source is AGREEMENT_SOURCE or source is ADDITION_SOURCE):
            return self._recurring(source, remote_id)
        if not remote_id.isdecimal():
            raise NotFound(f"“{remote_id}” is no Halo id.")
        return with_wanted_fields(self._reader.one(source, remote_id, scope), stream, scope)

    def in_scope(self, record: Record, scope: Scope) -> bool:
        if not of_wanted_company(record, scope):
            return False
        return not isinstance(record, TicketRecord) or _ticket_in_scope(record, scope)

    def custom_fields(self) -> Sequence[CustomField]:
        return [definition(row) for row in field_definitions(self._remote).rows]

    def page_url(self, stream: str, remote_id: str) -> str:
        return ticket_page(self._credentials.address, remote_id) if stream == "tickets" else ""

    def close(self) -> None:
        self._remote.close()

    def _page(self, source: Source, request: ReadRequest, checkpoint: Checkpoint | None) -> Page:
        if source is MEMBER_SOURCE:
            return self._reader.agents(request, checkpoint)
        return self._reader.page(source, request, checkpoint) if source.paged else self._reader.table(source)

    def _recurring(self, source: Source, remote_id: str) -> Record:
        """A recurring invoice by ``r-number``, or one of its lines by ``r-number.line``."""
        text = remote_id.removeprefix(RECURRING).partition(LINE)[0]
        if not text.removeprefix("-").isdecimal():
            raise NotFound(f"“{remote_id}” is no id of a recurring invoice.")
        listing = self._reader.single(ADDITION_SOURCE, int(text))
        rows_to_records = RowMapping((lambda row: [recurring(row)]) if source is AGREEMENT_SOURCE else additions)
        for record in records_of_one(listing, rows_to_records):
            if record.remote_id == remote_id:
                return record
        raise NotFound("There is no such line of the recurring invoice.")

    def _action(self, source: Source, remote_id: str) -> Record:
        """An action by ``ticket-action``."""
        ticket_id, _, number = remote_id.partition("-")
        if not (ticket_id.isdecimal() and number.isdecimal()):
            raise NotFound(f"“{remote_id}” is no id of a ticket's action.")
        listing = self._remote.record(
            f"Actions/{number}", halo.Action, {"ticket_id": ticket_id}, permission=source.spec.permission
        )
        [row] = listing.rows
        if row.id != int(number) or row.ticket_id not in (int(ticket_id), None):
            raise ProtocolError("Halo answered with another action than the one asked for.")
        mapped = note if source.spec.name == "notes" else time_entry
        return records_of_one(listing, RowMapping(lambda row: [mapped(row, ticket_id)]))[0]

    def _fingerprint(self, instance: halo.Instance) -> str:
        address = instance.agent_url or interface(self._credentials.address)
        host = urlsplit(address).hostname or ""
        return f"{host}/{instance.tenant_id or self._credentials.tenant}".lower().rstrip("/")


def _source(stream: str) -> Source:
    try:
        return SOURCES[stream]
    except KeyError as err:
        raise UnsupportedFeature(f"Halo has no stream “{stream}”.") from err


def _ticket_in_scope(ticket: TicketRecord, scope: Scope) -> bool:
    if scope.board_ids is not None and ticket.board_id not in scope.board_ids:
        return False
    if ticket.status_id in scope.excluded_status_ids:
        return False
    if scope.changed_after is None or not ticket.is_closed:
        return True
    return ticket.remote_updated_at is not None and ticket.remote_updated_at >= scope.changed_after
