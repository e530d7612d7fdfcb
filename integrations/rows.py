"""Rows of a page, read one by one when the page as a whole has another shape than documented.

One odd row must not cost its page: each is read by itself, leniently, and reported when that fails too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from integrations.port import Rejected
from integrations.redaction import redacted

R = TypeVar("R", bound=msgspec.Struct)


def row_by_row(raws: Iterable[msgspec.Raw], kind: type[R]) -> tuple[list[R], list[Rejected]]:
    """(understood rows, the others)."""
    rows: list[R] = []
    rejected: list[Rejected] = []
    for raw in raws:
        try:
            rows.append(_lenient(raw, kind))
        except msgspec.ValidationError as err:
            rejected.append(Rejected(remote_id=_id_of(raw), message=str(err), sample=redacted(bytes(raw))))
    return rows, rejected


def _lenient(raw: msgspec.Raw, kind: type[R]) -> R:
    value = msgspec.json.decode(raw)
    if isinstance(value, dict):
        value = {key: item for key, item in value.items() if item != ""}
    return msgspec.convert(value, kind, strict=False)


def _id_of(raw: msgspec.Raw) -> str:
    value = msgspec.json.decode(raw)
    found = value.get("id") if isinstance(value, dict) else None
    return str(found) if isinstance(found, int | str) else ""
