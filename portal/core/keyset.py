"""Paging by the last row seen: any page costs what the first one costs, and rows that arrive meanwhile shift nothing."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import F, Func, Value

Key = dt.datetime | dt.date | str


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: behind the row with this key and id. ``page``: its number, for people. ``backward``: towards the first page."""

    key: Key
    id: int
    page: int = 1
    backward: bool = False

    def __str__(self) -> str:
        key = {"s": self.key} if isinstance(self.key, str) else {_letter(self.key): self.key.isoformat()}
        text = json.dumps([key, self.id, self.page], separators=(",", ":"), ensure_ascii=False)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def cursor_from(text: str, *, backward: bool = False) -> Cursor | None:
    """The cursor that an address carries; None for none and for one that nobody made here."""
    try:
        key, row, page = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        value = _key_of(key)
        aware = not isinstance(value, dt.datetime) or value.tzinfo is not None
        return Cursor(value, int(row), max(1, int(page)), backward) if aware and abs(int(row)) < 2**63 else None
    except (ValueError, TypeError, KeyError, binascii.Error, RecursionError):
        return None


def _letter(key: dt.date) -> str:
    return "t" if isinstance(key, dt.datetime) else "d"


def _key_of(written: dict[str, str]) -> Key:
    if "t" in written:
        return dt.datetime.fromisoformat(written["t"])
    return dt.date.fromisoformat(written["d"]) if "d" in written else str(written["s"])


def _kind_of(key: Key) -> models.Field[Any, Any]:
    if isinstance(key, dt.datetime):
        return models.DateTimeField()
    return models.DateField() if isinstance(key, dt.date) else models.TextField()


class Beyond(Func):
    """Rows behind a place in the order of two columns: one comparison of pairs, which an index can start from."""

    conditional = True

    def __init__(self, column: str, key: Key, row: int, *, descending: bool) -> None:
        super().__init__(
            Func(F(column), F("id"), function="ROW"),
            Func(
                Value(key, output_field=_kind_of(key)),
                Value(row, output_field=models.BigIntegerField()),
                function="ROW",
            ),
            template="%(expressions)s",
            arg_joiner=" < " if descending else " > ",
            output_field=models.BooleanField(),
        )


def ordered(
    rows: models.QuerySet[Any], column: str, *, descending: bool, cursor: Cursor | None
) -> models.QuerySet[Any]:
    """``rows`` in the order of ``column`` and id, from the cursor on; against the order for a backward one."""
    way = descending != bool(cursor and cursor.backward)
    if cursor is not None:
        rows = rows.filter(Beyond(column, cursor.key, cursor.id, descending=way))
    sign = "-" if way else ""
    return rows.order_by(f"{sign}{column}", f"{sign}id")
