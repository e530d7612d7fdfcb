"""Requests to one Halo: sign-in, one page of a collection, what the instance says of itself.

Source for paging: ``pageinate`` (spelled so), ``page_no`` from 1, ``page_size`` at most 100. Any parameter that Halo does not
know is ignored with status 200, so all that is sent is held against the vendor's document in a test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from foundation.core.outbound import Limits, Outbound
from integrations.adapters.halo import payloads as halo
from integrations.adapters.halo.errors import judge, lacking, token_refused
from integrations.adapters.halo.tokens import Tokens, owner_of
from integrations.answers import Answer
from integrations.decoding import Frame, Listing, decoded, decoded_record, listing_of, listing_of_one
from integrations.errors import AuthenticationFailed, NotFound, UnsupportedFeature
from integrations.http import Client
from integrations.port import Observer

R = TypeVar("R", bound=msgspec.Struct)
SCOPE = "all"
"""All that the application's own permissions allow. A list of single scopes fails as a whole when one is not granted."""
_MOST_DIGITS = 12

_TOKENS = Tokens()


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """``address`` is the resource server (…/api), ``auth_address`` the authorisation server without ``/token``."""

    address: str
    auth_address: str
    client_id: str
    client_secret: str
    tenant: str = ""


def total_of(listing: Listing[Any]) -> int | None:
    """The remote's count of all pages; None where the answer is a bare list, or tells none that can be one."""
    found = listing.head.get("record_count")
    if isinstance(found, str) and found.strip().isdecimal() and len(found) < _MOST_DIGITS:
        found = int(found)
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


class Halo:
    """The interface of one Halo. Safe to share between threads; construction makes no request."""

    def __init__(
        self, credentials: Credentials, *, allowed_networks: Sequence[str] = (), observer: Observer | None = None
    ) -> None:
        outbound = Outbound(allowed_networks=allowed_networks)
        accept = {"Accept": "application/json"}
        self._credentials = credentials
        self._owner = owner_of(*msgspec.structs.astuple(credentials)[1:])
        self._api = Client(credentials.address, headers=accept, judge=judge, observer=observer, outbound=outbound)
        self._auth = Client(
            credentials.auth_address, headers=accept, judge=token_refused, observer=observer, outbound=outbound
        )

    def list(
        self,
        path: str,
        kind: type[R],
        params: Mapping[str, str | int],
        *,
        key: str = "",
        permission: str = "",
        limits: Limits | None = None,
    ) -> Listing[R]:
        """One page of a collection, whose rows stand under ``key`` or alone. Raises the errors of ``integrations.errors``."""
        frame = Frame(key=key or "rows", head=("record_count",), bare=True, anywhere=True)
        return listing_of(self._send(path, params, permission, limits), kind, frame)

    def one(self, path: str, kind: type[R], params: Mapping[str, str | int], *, permission: str = "") -> R:
        """One object that is no record of a stream. Raises NotFound."""
        return decoded_record(self._send(path, params, permission, None), kind)

    def record(self, path: str, kind: type[R], params: Mapping[str, str | int], *, permission: str = "") -> Listing[R]:
        """One record: a listing of one row. Raises NotFound."""
        answer = self._send(path, params, permission, None)
        return listing_of_one(answer, kind, decoded_record(answer, kind))

    def instance(self, limits: Limits | None = None) -> tuple[halo.Instance, Answer]:
        """What the server tells without a token; older releases tell less, elsewhere."""
        try:
            answer = self._api.send("GET", "InstanceInfo", limits=limits)
        except (NotFound, UnsupportedFeature):
            answer = self._api.send("GET", "authinfo", limits=limits)
        return decoded(answer, halo.Instance), answer

    def sign_in(self, limits: Limits | None = None) -> None:
        """Makes sure that there is a token. Raises AuthenticationFailed, and PermissionMissing for refused scopes."""
        _TOKENS.get(self._owner, lambda: self._token(limits))

    def close(self) -> None:
        self._api.close()

    def _send(self, path: str, params: Mapping[str, str | int], permission: str, limits: Limits | None) -> Answer:
        """A refused token is replaced once. Refused again, a fresh one: then it is a right that is missing, not the token."""
        token = _TOKENS.get(self._owner, lambda: self._token(limits))
        try:
            return self._ask(path, params, permission, limits, token)
        except AuthenticationFailed:
            token = _TOKENS.replaced(self._owner, token, lambda: self._token(limits))
        try:
            return self._ask(path, params, permission, limits, token)
        except AuthenticationFailed as err:
            raise lacking(permission, err.remote_message, 401) from err

    def _ask(
        self, path: str, params: Mapping[str, str | int], permission: str, limits: Limits | None, token: str
    ) -> Answer:
        headers = {"Authorization": f"Bearer {token}"}
        return self._api.send("GET", path, params=params, headers=headers, permission=permission, limits=limits)

    def _token(self, limits: Limits | None) -> tuple[str, float]:
        given = self._credentials
        form = {
            "grant_type": "client_credentials",
            "client_id": given.client_id,
            "client_secret": given.client_secret,
            "scope": SCOPE,
        }
        # Hosted Halo may need the tenant in the query; a self-hosted one must not get it.
        query = {"tenant": given.tenant} if given.tenant else None
        answer = self._auth.send("POST", "token", params=query, form=form, limits=limits)
        token = decoded(answer, halo.Token)
        return token.access_token, token.expires_in
