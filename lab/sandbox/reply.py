"""Answers of a simulated PSA, before they are sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

JSON = "application/json; charset=utf-8"
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Reply:
    """One answer. A collection's page is kept as ``rows`` until it is sent, so that faults can take some away; ``before``
    and ``after`` are what the vendor puts around them."""

    status: int = 200
    body: bytes = b""
    rows: list[bytes] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON
    broken_after: float | None = None
    """The share of the body after which the connection is cut; 0 cuts it before the first byte of the answer."""
    before: bytes = b"["
    after: bytes = b"]"
    overrides: dict[str, str | None] = field(default_factory=dict)
    """Headers that win over all others, the server's own ones too; None leaves one out."""

    def payload(self) -> bytes:
        """The bytes of the body."""
        return self.body if self.rows is None else self.before + b",".join(self.rows) + self.after


class Refusal(Exception):
    """The request is answered with an error."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def json_reply(value: Any, status: int = 200) -> Reply:
    return Reply(status, _encode(value))


def refusal(status: int, code: str, message: str) -> Refusal:
    """A refusal in the control interface's words."""
    return Refusal(json_reply({"code": code, "message": message}, status))
