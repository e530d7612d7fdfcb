"""Requests to one ConnectWise: sign-in, versions, lists and counts.

Source: ConnectWise developer guide, "Authentication", "Versioning" and "Pagination".
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec

from foundation.core.outbound import Limits, Outbound
from integrations.adapters.connectwise import payloads as cw
from integrations.adapters.connectwise.address import API_PATH
from integrations.adapters.connectwise.errors import judge
from integrations.answers import Answer
from integrations.decoding import Listing, decoded, decoded_record, listing_of, listing_of_one
from integrations.errors import AuthenticationFailed, IntegrationError
from integrations.http import Client
from integrations.port import Observer, Remark

API_VERSION = "2025.16"
"""The release whose models are asked for. ConnectWise keeps a replaced model for twelve months."""

FORWARD_ONLY = {"pagination-type": "forward-only"}
_LINK = re.compile(r"<([^>]*)>([^<]*)")
LONGEST_LINK = 8192
"""Characters of a Link header that are read."""
_NEXT = re.compile(r""";\s*rel\s*=\s*"?\s*next\b""", re.IGNORECASE)

R = TypeVar("R", bound=cw.Row)
T = TypeVar("T")


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """``address`` is the origin of the interface; ``company_id`` the MSP's own login company."""

    address: str
    company_id: str
    public_key: str
    private_key: str
    client_id: str
    api_version: str = API_VERSION


def has_link(answer: Answer) -> bool:
    """Whether there is a Link header at all; forward-only answers have one, empty at the end."""
    return "link" in answer.headers


def next_link(answer: Answer) -> Mapping[str, str] | None:
    """The query of the next page's address, None where none is named. The host in it is never used."""
    for target, parameters in _LINK.findall(answer.headers.get("link", "")[:LONGEST_LINK]):
        if _NEXT.search(parameters):
            return {key.lower(): value for key, value in parse_qsl(urlsplit(target).query)}
    return None


class ConnectWise:
    """The interface of one ConnectWise. Safe to share between threads; construction makes no request."""

    def __init__(
        self, credentials: Credentials, *, allowed_networks: Sequence[str] = (), observer: Observer | None = None
    ) -> None:
        outbound = Outbound(allowed_networks=allowed_networks)
        self._credentials = credentials
        # What the opportunities of a page that is not complete yet are worth (``forecasts``).
        self.answered: dict[int, Decimal | Remark | IntegrationError | None] = {}
        self._api = Client(
            credentials.address + API_PATH,
            headers=_headers(credentials),
            judge=judge,
            observer=observer,
            outbound=outbound,
        )
        # Apart from the other, for its one question needs no keys and so should not carry them.
        self._login = Client(credentials.address, headers={}, judge=judge, observer=observer, outbound=outbound)

    def list(
        self,
        path: str,
        kind: type[R],
        params: Mapping[str, str | int],
        *,
        headers: Mapping[str, str] | None = None,
        permission: str = "",
        limits: Limits | None = None,
    ) -> Listing[R]:
        """One page of a collection. Raises the errors of ``integrations.errors``."""
        answer = self._api.send("GET", path, params=params, headers=headers, permission=permission, limits=limits)
        return listing_of(answer, kind)

    def search(
        self, path: str, kind: type[R], filters: Mapping[str, str], params: Mapping[str, int], *, permission: str = ""
    ) -> Listing[R]:
        """One page of a collection by ``POST …/search``, for filters too long for an address."""
        answer = self._api.send("POST", f"{path}/search", params=params, payload=filters, permission=permission)
        return listing_of(answer, kind)

    def one(self, path: str, kind: type[T], *, permission: str = "") -> T:
        """One object that is no record of a stream. Raises NotFound."""
        return decoded_record(self._api.send("GET", path, permission=permission), kind)

    def record(self, path: str, kind: type[R], *, permission: str = "") -> Listing[R]:
        """One record: a listing of one row. Raises NotFound."""
        answer = self._api.send("GET", path, permission=permission)
        return listing_of_one(answer, kind, decoded_record(answer, kind))

    def count(self, path: str, conditions: str, *, permission: str = "") -> int:
        """How many records the conditions select, by the server's own count."""
        params = {"conditions": conditions} if conditions else None
        answer = self._api.send("GET", f"{path}/count", params=params, permission=permission)
        return decoded(answer, cw.Count).count

    def company_info(self, limits: Limits | None = None) -> tuple[cw.CompanyInfo, Answer]:
        """What the server tells of the company without credentials. Raises AuthenticationFailed for an unknown one."""
        company = quote(self._credentials.company_id, safe="")
        answer = self._login.send("GET", f"login/companyinfo/{company}", limits=limits)
        info: cw.CompanyInfo | None = decoded(answer, cw.CompanyInfo | None)
        if info is None:
            raise AuthenticationFailed(
                f"ConnectWise knows no company “{self._credentials.company_id}” at this address."
            )
        return info, answer

    def close(self) -> None:
        self._api.close()


def _headers(credentials: Credentials) -> dict[str, str]:
    user = f"{credentials.company_id}+{credentials.public_key}"
    token = base64.b64encode(f"{user}:{credentials.private_key}".encode()).decode("ascii")
    return {
        "Authorization": f"Basic {token}",
        "clientId": credentials.client_id,
        "Accept": f"application/vnd.connectwise.com+json; version={credentials.api_version}",
    }
