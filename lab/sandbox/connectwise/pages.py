"""How a page is written: which fields of its records, and the Link header."""

from __future__ import annotations

from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

import msgspec

from lab.sandbox.collection import Json
from lab.sandbox.connectwise.collection import Collection, without_nulls
from lab.sandbox.connectwise.replies import refusal
from lab.sandbox.connectwise.shapes import UnknownName
from lab.sandbox.request import Request

DEFAULT_PAGE, LARGEST_PAGE = 25, 1000
LINK_BASE = "https://sandbox-na.myconnectwise.net/v2026_4/apis/3.0"
"""Links name another host and codebase than the caller's, as they do behind the vendor's router."""
Columns: TypeAlias = "list[tuple[str, ...]] | None"
_encode = msgspec.json.Encoder().encode


def columns_of(collection: Collection, text: str) -> Columns:
    """What ``fields`` names; None for everything. Raises Refusal."""
    try:
        return [collection.shape.column(name.strip()) for name in text.split(",") if name.strip()] or None
    except UnknownName as err:
        raise refusal(400, "InvalidRequest", str(err)) from err


def encoded(collection: Collection, slots: list[int], fields: str) -> list[bytes]:
    """The records as JSON, with the named fields only, if any are named. Raises Refusal."""
    return rows_of(collection, slots, columns_of(collection, fields))


def rows_of(collection: Collection, slots: list[int], columns: Columns) -> list[bytes]:
    """The records as JSON."""
    if columns is None:
        return [collection.encoded(slot) for slot in slots]
    if columns == [("id",)]:
        return [b'{"id":%d}' % collection.ids[slot] for slot in slots]
    return [_encode(projected(collection.record(slot), columns)) for slot in slots]


def projected(record: Json, columns: list[tuple[str, ...]]) -> Json:
    """Only the named parts of a record, without nulls."""
    kept: dict[str, Any] = {}
    for steps in columns:
        value = record.get(steps[0])
        if len(steps) == 1 or value is None:
            kept[steps[0]] = value
        elif isinstance(value, list):
            rows = kept.setdefault(steps[0], [{} for _ in value])
            for row, element in zip(rows, value, strict=True):
                row.update({steps[1]: element.get(steps[1])} if isinstance(element, dict) else {})
        elif isinstance(value, dict) and steps[1] in value:
            kept.setdefault(steps[0], {})[steps[1]] = value[steps[1]]
    return without_nulls(kept)


def links(request: Request, targets: dict[str, int], name: str = "page") -> str:
    """The Link header: relations with the page, or id, that they lead to."""
    kept = {key: value for key, value in request.query.items() if key not in ("page", "pageid", "pagesize")}
    path = quote(request.path.partition("/apis/3.0/")[2].strip("/"))
    size = request.query.get("pagesize", str(DEFAULT_PAGE))
    parts = []
    for relation, number in targets.items():
        query = urlencode({**kept, "pageSize": size, name: number}, quote_via=quote)
        parts.append(f'<{LINK_BASE}/{path}?{query}>; rel="{relation}"')
    return ", ".join(parts)
