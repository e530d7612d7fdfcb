"""One configured TinyDesk, as the engine sees it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from foundation.core.outbound import Limits
from integrations.answers import Answer
from integrations.decoding import Frame, decoded, listing_of
from integrations.errors import AddressRefused, AuthenticationFailed, IntegrationError, PermissionMissing
from integrations.http import Client
from integrations.pages import RowMapping, page_of
from integrations.port import (
    EVERYTHING,
    Budget,
    Check,
    Checkpoint,
    CustomField,
    Observer,
    Page,
    ProbeReport,
    ReadRequest,
    Scope,
    StreamSpec,
)
from integrations.records import Record, TicketRecord
from integrations.scoping import of_wanted_company
from tests.integrations.adapters.tinydesk.streams import SOURCES, STREAMS, Source

PROBE = Limits(connect=4.0, read=4.0, total=4.0)
TOLERANCE = dt.timedelta(minutes=5)
P = TypeVar("P")


FRAME = Frame(key="rows", head=("more",))


class Count(msgspec.Struct, frozen=True):
    count: int


class About(msgspec.Struct, frozen=True):
    instance: str
    version: str


class Fields(msgspec.Struct, frozen=True):
    fields: list[str]


class TinyDeskAdapter:
    """See ``integrations.port.Adapter``."""

    streams: Sequence[StreamSpec] = STREAMS
    budget = Budget(concurrency=4, rotation_requests=200)

    def __init__(
        self, address: str, key: str, *, allowed_networks: Sequence[str] = (), observer: Observer | None = None
    ) -> None:
        self._address = address
        self._client = Client(
            f"{address}/v1", headers={"X-Key": key}, allowed_networks=allowed_networks, observer=observer
        )

    def probe(self) -> ProbeReport:
        try:
            about, answer = self._ask("about", About, limits=PROBE)
        except IntegrationError as err:
            name = "Key" if isinstance(err, AuthenticationFailed) else "Address"
            action = "Correct the address." if isinstance(err, AddressRefused) else "Check address and key."
            return ProbeReport(checks=[Check(name=name, ok=False, message=err.message, action=action, error=err.code)])
        checks = [Check(name="Key", ok=True, message="The key is accepted.")]
        checks += [self._readable(source) for source in SOURCES.values() if not source.spec.parent]
        checks.append(_clock(answer.server_time))
        return ProbeReport(
            checks=checks,
            fingerprint=about.instance,
            product="TinyDesk",
            version=about.version,
            server_time=answer.server_time,
        )

    def fingerprint(self) -> str:
        return self._ask("about", About)[0].instance

    def count(self, request: ReadRequest) -> int | None:
        source = SOURCES[request.stream]
        if source.spec.parent:
            return None
        return self._ask(f"{source.path}/count", Count, _filters(request), source.spec.permission)[0].count

    def read_page(self, request: ReadRequest, checkpoint: Checkpoint | None = None) -> Page:
        source = SOURCES[request.stream]
        params = _filters(request) | {"limit": request.page_size}
        if checkpoint is not None:
            params["below" if request.newest_first else "above"] = checkpoint["id"]
        if request.newest_first:
            params["newest"] = 1
        return self._page(source, params, request.scope)

    def read_children(self, stream: str, parent_id: str, scope: Scope = EVERYTHING) -> Page:
        source = SOURCES[stream]
        page = self._page(source, {"ticket": parent_id, "limit": 10_000}, scope)
        return msgspec.structs.replace(page, next=None)

    def read_one(self, stream: str, remote_id: str, scope: Scope = EVERYTHING) -> Record:
        source = SOURCES[stream]
        row, _ = self._ask(f"{source.path}/{int(remote_id)}", source.row, {}, source.spec.permission)
        return _chosen(source.record(row), scope)

    def in_scope(self, record: Record, scope: Scope) -> bool:
        if not of_wanted_company(record, scope):
            return False
        if not isinstance(record, TicketRecord):
            return True
        if scope.board_ids is not None and record.board_id not in scope.board_ids:
            return False
        if record.status_id in scope.excluded_status_ids:
            return False
        if scope.changed_after is None or not record.is_closed:
            return True
        return record.remote_updated_at is not None and record.remote_updated_at >= scope.changed_after

    def custom_fields(self) -> Sequence[CustomField]:
        found, _ = self._ask("fields", Fields)
        return [
            CustomField(remote_id=name, caption=name.title(), kind="text", record="tickets") for name in found.fields
        ]

    def page_url(self, stream: str, remote_id: str) -> str:
        return f"{self._address}/tickets/{remote_id}" if stream == "tickets" else ""

    def close(self) -> None:
        self._client.close()

    def _page(self, source: Source, params: Mapping[str, str | int], scope: Scope) -> Page:
        answer = self._client.send("GET", source.path, params=params, permission=source.spec.permission)
        listing = listing_of(answer, source.row, FRAME)
        place = {"id": listing.ids[-1]} if listing.head["more"] and listing.ids else None
        return page_of(listing, RowMapping(lambda row: [_chosen(source.record(row), scope)]), following=place)

    def _ask(
        self,
        path: str,
        kind: type[P],
        params: Mapping[str, str | int] | None = None,
        permission: str = "",
        limits: Limits | None = None,
    ) -> tuple[P, Answer]:
        answer = self._client.send("GET", path, params=params, permission=permission, limits=limits)
        return decoded(answer, kind), answer

    def _readable(self, source: Source) -> Check:
        name = source.path.capitalize()
        try:
            self._ask(source.path, dict[str, Any], {"limit": 1}, source.spec.permission, PROBE)
        except IntegrationError as err:
            missing = source.spec.permission if isinstance(err, PermissionMissing) else ""
            action = "Give the key this right in TinyDesk." if missing else "Test again."
            return Check(name=name, ok=False, message=err.message, permission=missing, action=action, error=err.code)
        return Check(name=name, ok=True, message=f"{name} can be read.")


def _filters(request: ReadRequest) -> dict[str, Any]:
    scope, params = request.scope, dict[str, Any]()
    if request.since is not None:
        return {"since": _written(request.since)}
    if request.stream == "time_entries" and scope.changed_after is not None:
        params["of_open_or_since"] = _written(scope.changed_after)
    if request.stream != "tickets":
        return params
    if scope.board_ids is not None:
        params["queues"] = ",".join(scope.board_ids)
    if scope.excluded_status_ids:
        params["not_states"] = ",".join(scope.excluded_status_ids)
    if scope.changed_after is not None:
        params["open_or_since"] = _written(scope.changed_after)
    return params


def _written(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _chosen(record: Record, scope: Scope) -> Record:
    """The record with the custom fields that the settings want."""
    if not isinstance(record, TicketRecord) or scope.custom_field_ids is None:
        return record
    kept = {key: value for key, value in record.custom_fields.items() if key in scope.custom_field_ids}
    return msgspec.structs.replace(record, custom_fields=kept)


def _clock(server_time: dt.datetime | None) -> Check:
    if server_time is None or abs(server_time - dt.datetime.now(dt.UTC)) <= TOLERANCE:
        return Check(name="Clock", ok=True, message="The clocks agree.")
    return Check(name="Clock", ok=True, warning=True, message="TinyDesk's clock is minutes away from ours.")
