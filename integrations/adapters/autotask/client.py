"""Requests to one Autotask: zone, sign-in, queries, counts and field information.

Source: developer help, "Authentication", "Making basic query calls to the REST API", "API thread limiting". Queries go by
POST, for addresses end at about 2,000 characters.
"""

from __future__ import annotations

import threading
import time
import types
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import msgspec

from foundation.core.outbound import Limits, Outbound
from integrations.adapters.autotask import payloads as at
from integrations.adapters.autotask.errors import USER_FIELDS, judge
from integrations.adapters.autotask.filters import Clause
from integrations.adapters.autotask.zones import DIRECTORY_PATH, Zone, directory_of, zone_of
from integrations.answers import Answer
from integrations.decoding import Frame, Listing, decoded, decoded_record, listing_of, listing_of_one, listings_within
from integrations.errors import AuthenticationFailed, IntegrationError, NotFound, TransientError
from integrations.http import Client
from integrations.port import Observer

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


FRAME = Frame(key="items", head=("pageDetails",))


def names_next(listing: Listing[Any]) -> bool:
    """Whether the answer names a next page. The address itself is never called: what follows is asked for by id."""
    details = listing.head.get("pageDetails")
    return isinstance(details, dict) and bool(details.get("nextPageUrl"))


def has_more(listing: Listing[Any], size: int) -> bool:
    """Whether records may follow: the answer names a next page or is as long as was asked for. Where it does not tell of pages at all, a
    page may be as short as a server likes, and only an empty one is the end."""
    details = listing.head.get("pageDetails")
    if not isinstance(details, dict) or "nextPageUrl" not in details:
        return listing.sent > 0
    return names_next(listing) or listing.sent >= size


class KnownZone(msgspec.Struct, kw_only=True):
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
        self._found: KnownZone | None = None
        self._lock = threading.Lock()
        self._gates: dict[str, threading.BoundedSemaphore] = {}

    def zone(self, limits: Limits | None = None) -> KnownZone:
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
        return listing_of(answer, kind, FRAME)

    def count(self, entity: str, clauses: Sequence[Clause], *, permission: str = "") -> int:
        """How many records the clauses select, by the server's own count."""
        answer = self._send("POST", entity, "/query/count", payload={"filter": list(clauses)}, permission=permission)
        return decoded(answer, at.QueryCount).query_count

    def record(self, entity: str, kind: type[R], record_id: int, *, permission: str = "") -> Listing[R]:
        """One record: a listing of one row. Raises NotFound, which Autotask says by a null as well."""
        answer = self._send("GET", entity, f"/{record_id}", permission=permission)
        item: R | None = decoded_record(answer, _item_of(kind)).item
        if item is None:
            raise NotFound("Autotask shows no such record.", status=answer.status)
        return listing_of_one(answer, kind, item, key="item")

    def fields(
        self, entity: str, *, permission: str = "", limits: Limits | None = None
    ) -> tuple[list[tuple[at.Field, Listing[at.PickListValue]]], Answer]:
        """The entity's own fields, each with the values of its pick list."""
        answer = self._send("GET", entity, "/entityInformation/fields", permission=permission, limits=limits)
        return listings_within(answer, at.Field, Frame(key="fields"), "picklistValues", at.PickListValue), answer

    def user_fields(self, entity: str, *, permission: str = "", limits: Limits | None = None) -> list[at.Field]:
        """The entity's user-defined fields; none where it has none, which Autotask says by a 404."""
        try:
            answer = self._send("GET", entity, USER_FIELDS, permission=permission, limits=limits)
        except NotFound:
            return []
        return decoded(answer, at.Fields).fields

    def threshold(self, limits: Limits | None = None) -> tuple[at.Threshold, Answer]:
        """How many requests all integrations together made in the running time frame. Counts as one itself."""
        answer = self._send("GET", "ThresholdInformation", "", limits=limits)
        return decoded(answer, at.Threshold), answer

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

        def ask(found: KnownZone) -> Answer:
            return found.api.send(
                method, entity + tail, payload=payload, permission=permission, limits=limits, repeatable=True
            )

        found = self.zone(limits)
        with self._gate(entity):
            return self._answered(ask, found, began, limits)

    def _answered(
        self, ask: Callable[[KnownZone], Answer], found: KnownZone, began: float, limits: Limits | None
    ) -> Answer:
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

    def _moved(self, known: KnownZone, limits: Limits | None) -> KnownZone | None:
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

    def _look_up(self, limits: Limits | None) -> KnownZone:
        params = {"user": self._credentials.username}
        answer = self._directory.send("GET", "zoneInformation", params=params, limits=limits)
        zone = zone_of(decoded(answer, at.ZoneInformation), self._origin)
        api = self._client(zone.base, _headers(self._credentials))
        return KnownZone(zone=zone, api=api, answer=answer, at=time.monotonic())

    def _client(self, base: str, headers: Mapping[str, str]) -> Client:
        return Client(base, headers=headers, judge=judge, observer=self._observer, outbound=self._outbound)

    def _gate(self, entity: str) -> AbstractContextManager[object]:
        with self._lock:
            return self._gates.setdefault(entity, threading.BoundedSemaphore(AT_ONCE))


def _item_of(kind: type[R]) -> Any:
    """The answer to a read by id."""
    return types.GenericAlias(at.Item, (kind,))


def _headers(credentials: Credentials) -> dict[str, str]:
    return {
        "UserName": credentials.username,
        "Secret": credentials.secret,
        "ApiIntegrationCode": credentials.integration_code,
        "Accept": "application/json",
    }
