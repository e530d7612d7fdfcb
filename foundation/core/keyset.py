"""Paging by the last row seen: any page costs what the first one costs, and rows that arrive meanwhile shift nothing."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import F, Func, Value

from foundation.core.client_input import LARGEST, day_of, moment_of, storable

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


LONGEST_CURSOR = 4000
MOST_PAGES = 10**6


def cursor_from(text: str, *, backward: bool = False) -> Cursor | None:
    """The cursor that an address carries; None for none and for one that nobody made here."""
    if len(text) > LONGEST_CURSOR:
        return None
    try:
        key, row, page = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        value = _key_of(key)
    except (ValueError, TypeError, KeyError, AttributeError, StopIteration, binascii.Error, RecursionError):
        return None
    whole = type(row) is int and type(page) is int and abs(row) <= LARGEST and 1 <= page <= MOST_PAGES
    return Cursor(value, row, page, backward) if whole and value is not None else None


def fitting(cursor: Cursor | None, model: type[models.Model], column: str) -> Cursor | None:
    """The cursor, where its key is of the column's kind; None for one of another order, whoever made it."""
    if cursor is None:
        return None
    field: Any = model._meta.get_field(column)
    kind = getattr(field, "output_field", field)
    wanted = (
        dt.datetime
        if isinstance(kind, models.DateTimeField)
        else dt.date
        if isinstance(kind, models.DateField)
        else str
    )
    return cursor if type(cursor.key) is wanted else None


def _letter(key: dt.date) -> str:
    return "t" if isinstance(key, dt.datetime) else "d"


def _key_of(written: Any) -> Key | None:
    """The key as it was written; None for a moment without a zone, a day out of reason, or text that can't be stored."""
    letter, text = next(iter(written.items()))
    if not isinstance(text, str):
        return None
    made: dict[str, Callable[[str], Key | None]] = {"t": moment_of, "d": day_of, "s": _stored_text}
    return made[letter](text)


def _stored_text(text: str) -> str | None:
    return text if text == storable(text) else None


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
