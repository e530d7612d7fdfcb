"""One configured Autotask, as the engine sees it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec

from integrations.adapters.autotask.client import Autotask, Credentials
from integrations.adapters.autotask.custom_fields import RECORDS, definitions
from integrations.adapters.autotask.deletions import DeletedTicket
from integrations.adapters.autotask.kept import goes_by_tickets
from integrations.adapters.autotask.labels import Labels
from integrations.adapters.autotask.lookups import LOOKUPS, failed_of
from integrations.adapters.autotask.naming import names_for
from integrations.adapters.autotask.probe import probe
from integrations.adapters.autotask.reading import (
    Walk,
    counted_by_tickets,
    filter_of,
    is_empty,
    mapping_of,
    read_children,
    read_page,
    read_table,
)
from integrations.adapters.autotask.streams import BY_NAME, STREAMS, Source, Table
from integrations.adapters.autotask.zones import company_page, fingerprint_of, ticket_page
from integrations.errors import NotFound, ProtocolError, UnsupportedFeature
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
    ReadRequest,
    Scope,
    StreamSpec,
    Usage,
)
from integrations.records import NoteRecord, Record, TicketRecord, TimeEntryRecord
from integrations.scoping import of_wanted_company, page_with_wanted_fields, with_wanted_fields
from integrations.untold import remarks_of

ALSO = "also"
"""In the checkpoint: the walk is in the stream's second entity."""


class AutotaskAdapter:
    """See ``integrations.port.Adapter``. Keeps connections, the zone and names between calls, for as long as it is open."""

    streams: Sequence[StreamSpec] = STREAMS
    budget = Budget(concurrency=4, rotation_requests=500, slow_above=0.5, stop_above=0.75)

    def __init__(
        self, credentials: Credentials, *, allowed_networks: Sequence[str] = (), observer: Observer | None = None
    ) -> None:
        self._credentials = credentials
        self._remote = Autotask(credentials, allowed_networks=allowed_networks, observer=observer)
        self._labels = Labels(self._remote)

    def probe(self) -> ProbeReport:
        found = probe(self._remote)
        zone = found.zone
        return ProbeReport(
            checks=found.checks,
            fingerprint=fingerprint_of(zone) if zone is not None else "",
            product="Autotask PSA",
            version="REST 1.0" if zone is not None else "",
            server_time=found.server_time,
        )

    def fingerprint(self) -> str:
        """The customer's number in the zone directory. New keys, another user or another zone do not change it."""
        return fingerprint_of(self._remote.zone_now())

    def usage(self) -> Usage:
        """The requests of all integrations together, in the running hour. Costs one."""
        threshold, _ = self._remote.threshold()
        return Usage(
            used=threshold.current_timeframe_request_count,
            limit=threshold.external_request_threshold,
            window=dt.timedelta(minutes=threshold.request_threshold_timeframe),
        )

    def count(self, request: ReadRequest) -> int | None:
        source = _stream(request.stream)
        if isinstance(source, Table):
            return None
        if is_empty(source, request):
            return 0
        if goes_by_tickets(source.parent, request, by_date=source.reading.by_date):
            return counted_by_tickets(self._walk(source, request.scope))
        counted = self._remote.count(source.entity, filter_of(source, request), permission=source.spec.permission)
        if source.also is not None:
            also = source.also
            counted += self._remote.count(also.entity, filter_of(also, request), permission=also.spec.permission)
        return counted

    def read_page(self, request: ReadRequest, checkpoint: Checkpoint | None = None) -> Page:
        source = _stream(request.stream)
        if isinstance(source, Table):
            return read_table(self._labels, source)
        place = dict(checkpoint or {})
        second = source.also if place.pop(ALSO, False) else None
        found = read_page(self._walk(second or source, request.scope), request, place)
        page = page_with_wanted_fields(found, request.stream, request.scope)
        if second is not None and page.next is not None:
            return msgspec.structs.replace(page, next={**page.next, ALSO: True})
        if second is None and page.next is None and source.also is not None:
            return msgspec.structs.replace(page, next={ALSO: True})
        return page

    def read_children(self, stream: str, parent_id: str, scope: Scope = EVERYTHING) -> Page:
        source = _stream(stream)
        if isinstance(source, Table) or not source.parent:
            raise UnsupportedFeature(f"{stream} have no parent record.")
        return read_children(self._walk(source, scope), parent_id)

    def read_one(self, stream: str, remote_id: str, scope: Scope = EVERYTHING) -> Record:
        source = _stream(stream)
        if isinstance(source, Table):
            return _choice(read_table(self._labels, source), remote_id)
        also = source.also
        if also is not None and remote_id.startswith(also.prefix):
            source, remote_id = also, remote_id.removeprefix(also.prefix)
        if not remote_id.isdecimal():
            raise NotFound(f"“{remote_id}” is no Autotask id.")
        listing = self._remote.record(source.entity, source.payload, int(remote_id), permission=source.spec.permission)
        if listing.ids != [int(remote_id)]:
            raise ProtocolError("Autotask answered with another record than the one asked for.")
        names = names_for(source.entity, listing.rows, self._labels, scope)
        [record] = records_of_one(listing, mapping_of(source, names))
        notice(remarks_of(listing.rows, [record], LOOKUPS, failed_of(listing.rows, names)))
        return with_wanted_fields(record, stream, scope)

    def in_scope(self, record: Record, scope: Scope) -> bool:
        if isinstance(record, DeletedTicket) or not of_wanted_company(record, scope):
            return False
        if isinstance(record, TicketRecord):
            return _ticket_in_scope(record, scope)
        if isinstance(record, TimeEntryRecord | NoteRecord):
            return bool(record.ticket_id)
        return True

    def custom_fields(self) -> Sequence[CustomField]:
        return [
            field
            for entity in RECORDS
            for field in definitions(entity, list(self._labels.user_fields(entity).values()))
        ]

    def page_url(self, stream: str, remote_id: str) -> str:
        """Known without a request only where the address was entered: the zone's host follows from it."""
        pages = {"tickets": ticket_page, "companies": company_page}
        origin = self._credentials.address
        return pages[stream](origin, remote_id) if origin and stream in pages else ""

    def close(self) -> None:
        self._remote.close()

    def _walk(self, source: Source, scope: Scope) -> Walk:
        return Walk(remote=self._remote, labels=self._labels, source=source, scope=scope)


def _stream(name: str) -> Source | Table:
    try:
        return BY_NAME[name]
    except KeyError as err:
        raise UnsupportedFeature(f"Autotask has no stream “{name}”.") from err


def _choice(page: Page, remote_id: str) -> Record:
    found = next((record for record in page.records if record.remote_id == remote_id), None)
    if found is None:
        raise NotFound(f"The pick list has no value {remote_id}.")
    return found


def _ticket_in_scope(ticket: TicketRecord, scope: Scope) -> bool:
    if scope.board_ids is not None and ticket.board_id not in scope.board_ids:
        return False
    if ticket.status_id in scope.excluded_status_ids:
        return False
    if scope.changed_after is None or not ticket.is_closed:
        return True
    return ticket.remote_updated_at is not None and ticket.remote_updated_at >= _whole(scope.changed_after)


def _whole(moment: dt.datetime) -> dt.datetime:
    """As the filter is sent: in whole seconds."""
    return moment.replace(microsecond=0)
