"""What a caller asks, taken apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from lab.sandbox.reply import refusal


@dataclass(frozen=True, slots=True)
class Request:
    """``query`` has its names in lower case, as vendors' servers do not mind the case."""

    method: str
    path: str
    query: dict[str, str]
    raw_query: str
    headers: Mapping[str, str]
    body: bytes
    scheme: str = "http"

    @property
    def origin(self) -> str:
        """Where the caller found this server: the start of addresses that answers name."""
        return f"{self.scheme}://{self.headers.get('host', '127.0.0.1')}"

    def json(self) -> Any:
        """The body, decoded. Raises Refusal."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as err:
            raise refusal(400, "InvalidRequest", "The body is not valid JSON.") from err

    def json_object(self) -> dict[str, Any]:
        """The body, which must be an object. Raises Refusal."""
        value = self.json()
        if not isinstance(value, dict):
            raise refusal(400, "InvalidRequest", "The body must be a JSON object.")
        return value


def request_of(method: str, target: str, headers: Mapping[str, str], body: bytes, scheme: str = "http") -> Request:
    parts = urlsplit(target)
    query = {name.lower(): value for name, value in parse_qsl(parts.query, keep_blank_values=True)}
    return Request(method, unquote(parts.path), query, parts.query, headers, body, scheme)
