"""Requests to one Autotask: zone, sign-in, queries, counts and field information.

Source: developer help, "Authentication", "Making basic query calls to the REST API", "API thread limiting". Queries go by
POST, for addresses end at about 2,000 characters.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

import msgspec

from integrations.adapters.autotask import payloads as at
from integrations.adapters.autotask.errors import judge
from integrations.adapters.autotask.filters import Clause
from integrations.adapters.autotask.zones import DIRECTORY_PATH, Zone, directory_of, zone_of
from integrations.errors import AuthenticationFailed, IntegrationError, NotFound, TransientError
from integrations.http import Answer, Client, decoded
from integrations.port import Observer, Rejected
from integrations.rows import row_by_row
from portal.core.outbound import Limits, Outbound

LARGEST_PAGE = 500
AT_ONCE = 2
"""Requests at once for one kind of record. Autotask refuses a fourth; one is left for the MSP's other tools and pages."""

R = TypeVar("R", bound=at.Row)


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """``address``: the origin that people open Autotask with, "" when it was left out."""

    username: str
    secret: str
    integration_code: str
    address: str = ""


class Listing(msgspec.Struct, Generic[R], kw_only=True):
    """One page as it came: understood rows, rows that were not, and whether the answer names a next page."""

    rows: list[R]
    rejected: list[Rejected]
    answer: Answer
    more: bool = False

    @property
    def sent(self) -> int:
        return len(self.rows) + len(self.rejected)

    @property
    def highest(self) -> int | None:
        """The highest id of the page, of rows that were not understood too; None for an empty page."""
        known = [int(entry.remote_id) for entry in self.rejected if entry.remote_id.isdecimal()]
        return max([row.id for row in self.rows] + known, default=None)


class Found(msgspec.Struct, kw_only=True):
    """A zone, what to call in it, and when it was looked up."""

    zone: Zone
    api: Client
    answer: Answer
    at: float


class Autotask:
    """The interface of one Autotask. Safe to share between threads; construction makes no request."""

    def __init__(
        self, credentials: Credentials, *, allowed_networks: Sequence[str] = (), observer: Observer | None = None
    ) -> None:
        self._credentials = credentials
        self._observer = observer
        self._outbound = Outbound(allowed_networks=allowed_networks)
        self._origin = directory_of(credentials.address)
        # Without the credentials, for the directory's one question needs none.
        self._directory = self._client(self._origin + DIRECTORY_PATH, {})
        self._found: Found | None = None
        self._lock = threading.Lock()
        self._gates: dict[str, threading.BoundedSemaphore] = {}

    def zone(self, limits: Limits | None = None) -> Found:
        """The zone, looked up once. Raises AuthenticationFailed for a user whom the directory does not know."""
        with self._lock:
            if self._found is None:
                self._found = self._look_up(limits)
            return self._found

    def zone_now(self) -> Zone:
        """The zone as the directory tells it now."""
        with self._lock:
            self._found = self._look_up(None)
            return self._found.zone

    def query(
        self,
        entity: str,
        kind: type[R],
        clauses: Sequence[Clause],
        *,
        most: int = LARGEST_PAGE,
        fields: Sequence[str] = (),
        permission: str = "",
        limits: Limits | None = None,
    ) -> Listing[R]:
        """One page of a query, in the order of ids. Raises the errors of ``integrations.errors``."""
        payload: dict[str, Any] = {"filter": list(clauses), "maxRecords": most}
        if fields:
            payload["includeFields"] = list(fields)
        answer = self._send("POST", entity, "/query", payload=payload, permission=permission, limits=limits)
        return _listing(answer, kind)

    def count(self, entity: str, clauses: Sequence[Clause], *, permission: str = "") -> int:
        """How many records the clauses select, by the server's own count."""
        answer = self._send("POST", entity, "/query/count", payload={"filter": list(clauses)}, permission=permission)
        counted: at.QueryCount = decoded(answer, _decoder(at.QueryCount))
        return counted.query_count

    def one(self, entity: str, kind: type[R], record_id: int, *, permission: str = "") -> R:
        """One record. Raises NotFound, which Autotask says by a null as well."""
        answer = self._send("GET", entity, f"/{record_id}", permission=permission)
        item: R | None = decoded(answer, _decoder(at.Item[kind])).item  # type: ignore[valid-type]
        if item is None:
            raise NotFound("Autotask shows no such record.", status=answer.status)
        return item

    def fields(
        self, entity: str, *, permission: str = "", limits: Limits | None = None
    ) -> tuple[list[at.Field], Answer]:
        """The entity's own fields with their pick lists."""
        answer = self._send("GET", entity, "/entityInformation/fields", permission=permission, limits=limits)
        return decoded(answer, _decoder(at.Fields)).fields, answer

    def user_fields(self, entity: str, *, permission: str = "", limits: Limits | None = None) -> list[at.Field]:
        """The entity's user-defined fields; none where it has none, which Autotask says by a 404."""
        try:
            answer = self._send(
                "GET", entity, "/entityInformation/userDefinedFields", permission=permission, limits=limits
            )
        except NotFound:
            return []
        found: at.Fields = decoded(answer, _decoder(at.Fields))
        return found.fields

    def threshold(self, limits: Limits | None = None) -> tuple[at.Threshold, Answer]:
        """How many requests all integrations together made in the running time frame. Counts as one itself."""
        answer = self._send("GET", "ThresholdInformation", "", limits=limits)
        return decoded(answer, _decoder(at.Threshold)), answer

    def close(self) -> None:
        self._outbound.close()

    def _send(
        self,
        method: str,
        entity: str,
        tail: str,
        *,
        payload: object = None,
        permission: str = "",
        limits: Limits | None = None,
    ) -> Answer:
        began = time.monotonic()

        def ask(found: Found) -> Answer:
            return found.api.send(
                method, entity + tail, payload=payload, permission=permission, limits=limits, repeatable=True
            )

        found = self.zone(limits)
        with self._gate(entity):
            return self._answered(ask, found, began, limits)

    def _answered(self, ask: Callable[[Found], Answer], found: Found, began: float, limits: Limits | None) -> Answer:
        """Customers are moved between zones: a refused or failing call is made once more if the zone is another now."""
        try:
            return ask(found)
        except (AuthenticationFailed, TransientError) as err:
            if err.status not in (None, 401) or found.at >= began:
                raise
            moved = self._moved(found, limits)
            if moved is None:
                raise
        return ask(moved)

    def _moved(self, known: Found, limits: Limits | None) -> Found | None:
        """Where the customer is now; None if that is where it was, or cannot be told."""
        with self._lock:
            if self._found is not known:
                return self._found
            try:
                fresh = self._look_up(limits)
            except IntegrationError:
                return None
            self._found = fresh
        return fresh if fresh.zone.base != known.zone.base else None

    def _look_up(self, limits: Limits | None) -> Found:
        params = {"user": self._credentials.username}
        answer = self._directory.send("GET", "zoneInformation", params=params, limits=limits)
        zone = zone_of(decoded(answer, _decoder(at.ZoneInformation)), self._origin)
        api = self._client(zone.base, _headers(self._credentials))
        return Found(zone=zone, api=api, answer=answer, at=time.monotonic())

    def _client(self, base: str, headers: Mapping[str, str]) -> Client:
        return Client(base, headers=headers, judge=judge, observer=self._observer, outbound=self._outbound)

    def _gate(self, entity: str) -> AbstractContextManager[object]:
        with self._lock:
            return self._gates.setdefault(entity, threading.BoundedSemaphore(AT_ONCE))


def _headers(credentials: Credentials) -> dict[str, str]:
    return {
        "UserName": credentials.username,
        "Secret": credentials.secret,
        "ApiIntegrationCode": credentials.integration_code,
        "Accept": "application/json",
    }


_decoders: dict[object, msgspec.json.Decoder[Any]] = {}


def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    if kind not in _decoders:
        _decoders[kind] = msgspec.json.Decoder(kind)
    return _decoders[kind]


def _listing(answer: Answer, kind: type[R]) -> Listing[R]:
    decoder = _decoder(at.Rows[kind])  # type: ignore[valid-type]
    try:
        found = decoder.decode(answer.body)
    except msgspec.ValidationError:
        return _row_by_row(answer, kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        decoded(answer, decoder)
        raise
    return Listing(rows=found.items, rejected=[], answer=answer, more=_names_next(found.page_details))


def _names_next(details: at.PageDetails | None) -> bool:
    """The address itself is never called: the next page is asked for by id."""
    return details is not None and bool(details.next_page_url)


def _row_by_row(answer: Answer, kind: type[R]) -> Listing[R]:
    found = decoded(answer, _decoder(at.RawRows))
    rows, rejected = row_by_row(found.items, kind)
    return Listing(rows=rows, rejected=rejected, answer=answer, more=_names_next(found.page_details))
