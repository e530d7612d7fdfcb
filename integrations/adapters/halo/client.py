"""Requests to one Halo: sign-in, one page of a collection, what the instance says of itself.

Source for paging: ``pageinate`` (spelled so), ``page_no`` from 1, ``page_size`` at most 100. Any parameter that Halo does not
know is ignored with status 200, so all that is sent is held against the vendor's document in a test.
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from integrations.adapters.halo import payloads as halo
from integrations.adapters.halo.errors import judge, lacking, token_refused
from integrations.adapters.halo.tokens import Tokens, owner_of
from integrations.errors import AuthenticationFailed, NotFound, ProtocolError, UnsupportedFeature
from integrations.http import Answer, Client, decoded
from integrations.port import Observer, Rejected
from integrations.rows import row_by_row
from portal.core.outbound import Limits, Outbound

R = TypeVar("R", bound=msgspec.Struct)
SCOPE = "all"
"""All that the application's own permissions allow. A list of single scopes fails as a whole when one is not granted."""

_TOKENS = Tokens()


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """``address`` is the resource server (…/api), ``auth_address`` the authorisation server without ``/token``."""

    address: str
    auth_address: str
    client_id: str
    client_secret: str
    tenant: str = ""


class Listing(msgspec.Struct, Generic[R], kw_only=True):
    """One page as it came. ``total``: the remote's count of all pages, None where the answer is a bare list."""

    rows: list[R]
    rejected: list[Rejected]
    total: int | None
    answer: Answer

    @property
    def sent(self) -> int:
        return len(self.rows) + len(self.rejected)


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
        return _listing(self._send(path, params, permission, limits), kind, key)

    def one(self, path: str, kind: type[R], params: Mapping[str, str | int], *, permission: str = "") -> R:
        """One record. Raises NotFound."""
        return decoded(self._send(path, params, permission, None), msgspec.json.Decoder(kind))

    def instance(self, limits: Limits | None = None) -> tuple[halo.Instance, Answer]:
        """What the server tells without a token; older releases tell less, elsewhere."""
        try:
            answer = self._api.send("GET", "InstanceInfo", limits=limits)
        except (NotFound, UnsupportedFeature):
            answer = self._api.send("GET", "authinfo", limits=limits)
        return decoded(answer, _INSTANCE), answer

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
        token = decoded(answer, _TOKEN)
        return token.access_token, token.expires_in


_INSTANCE = msgspec.json.Decoder(halo.Instance)
_TOKEN = msgspec.json.Decoder(halo.Token)
_RAW = msgspec.json.Decoder(list[msgspec.Raw])
_RAW_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_decoders: dict[object, msgspec.json.Decoder[Any]] = {}


def _listing(answer: Answer, kind: type[R], key: str) -> Listing[R]:
    bare = answer.body.lstrip()[:1] == b"["
    try:
        page = _decoder(kind, "" if bare else key).decode(answer.body)
    except msgspec.ValidationError:
        return _by_row(answer, kind, key)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # It says what it is, with a sample: broken off, empty, or a web page.
        _ = decoded(answer, _RAW) if bare else decoded(answer, _RAW_OBJECT)
        raise
    if bare:
        return Listing(rows=page, rejected=[], total=None, answer=answer)
    if page.rows is msgspec.UNSET:
        return _by_row(answer, kind, key)
    return Listing(rows=page.rows, rejected=[], total=page.record_count, answer=answer)


def _decoder(kind: type[R], key: str) -> msgspec.json.Decoder[Any]:
    """For a bare list, or for the object that holds one under ``key``."""
    if (kind, key) not in _decoders:
        rows = types.GenericAlias(list, (kind,))
        wanted: Any = rows
        if key:
            fields = [
                ("record_count", int | None, None),
                ("rows", rows | msgspec.UnsetType, msgspec.field(name=key, default=msgspec.UNSET)),
            ]
            wanted = msgspec.defstruct("Envelope", fields)
        _decoders[kind, key] = msgspec.json.Decoder(wanted)
    return _decoders[kind, key]


def _by_row(answer: Answer, kind: type[R], key: str) -> Listing[R]:
    """The rows under another name than the expected one, or of another shape."""
    total, raws = None, None
    if answer.body.lstrip()[:1] == b"[":
        raws = decoded(answer, _RAW)
    else:
        found = decoded(answer, _RAW_OBJECT)
        total = _count(found.get("record_count"))
        lists = [value for name, value in found.items() if name == key] + list(found.values())
        raws = next((_RAW.decode(value) for value in lists if bytes(value)[:1] == b"["), None)
    if raws is None:
        raise ProtocolError("The answer holds no list of records.", status=answer.status)
    rows, rejected = row_by_row(raws, kind)
    return Listing(rows=rows, rejected=rejected, total=total, answer=answer)


def _count(raw: msgspec.Raw | None) -> int | None:
    try:
        return None if raw is None else msgspec.json.decode(raw, type=int | None, strict=False)
    except msgspec.ValidationError:
        return None
