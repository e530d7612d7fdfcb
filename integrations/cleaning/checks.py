"""What can be kept of one value, by its type. Each check gives the value back, the very same where nothing is wrong with it."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
from msgspec import inspect

from integrations.client_records import MOST_AMOUNT
from integrations.moments import EARLIEST, LATEST, NoDate, is_no_midnight, means_none, read, utc

LONGEST_ID = 64
MOST_ITEMS = 1000
"""Of a list of ids or names."""
MOST_JSON = 1_000_000
"""Bytes of a field that holds structure, encoded."""
DEEPEST_JSON = 32
BIGINT = 2**63
FIRST_YEAR, LAST_YEAR = EARLIEST.year, LATEST.year
_FIRST_TEXT, _LAST_TEXT = str(FIRST_YEAR), str(LAST_YEAR)
_PLAIN = frozenset({"text", "unknown"})
_LONE = re.compile("[\ud800-\udfff]")


class Unusable(ValueError):
    """The value cannot be kept. The message goes on a sentence that begins with the field."""


class Partly(Unusable):
    """A part of the value cannot be kept; ``kept`` is the rest."""

    def __init__(self, message: str, kept: Any) -> None:
        super().__init__(message)
        self.kept = kept


ODD = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError)
"""What a check raises for a value that is not of its type at all."""


Check = Callable[[Any], Any]


def check_of(name: str, kind: inspect.Type) -> Check | None:
    """The check of a field, by its type and whether its name is that of an id."""
    if isinstance(kind, inspect.UnionType):
        kind = next(one for one in kind.types if not isinstance(one, inspect.NoneType))
    if isinstance(kind, inspect.StrType):
        return id_of if name.endswith("_id") else text_of
    if isinstance(kind, inspect.LiteralType):
        return partial(_choice, kind.values)
    if isinstance(kind, inspect.ListType) and isinstance(kind.item_type, inspect.StrType):
        return _texts
    return _custom_fields if name == "custom_fields" else _BY_TYPE.get(type(kind))


def is_id(text: str) -> bool:
    # What stands for half a character stands for any: two ids would be one.
    return text.isprintable() and text == text.strip() and "\N{REPLACEMENT CHARACTER}" not in text


def text_of(value: str) -> str:
    return _LONE.sub("\N{REPLACEMENT CHARACTER}", value.replace("\0", ""))


def id_of(value: str) -> str:
    if len(value) > LONGEST_ID:
        raise Unusable(f"is longer than {LONGEST_ID} characters")
    if value and not is_id(value):
        raise Unusable("is no id")
    return value


def _choice(values: tuple[Any, ...], value: str) -> str:
    if value not in values:
        raise Unusable(f"is none of {', '.join(map(str, values))}")
    return value


def moment_of(value: dt.datetime) -> dt.datetime | None:
    found = utc(value)
    if found is not None and not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Unusable("is a time that no calendar has a use for")
    return found


def day_of(value: dt.date) -> dt.date | None:
    day = value.date() if isinstance(value, dt.datetime) else value
    if means_none(day):
        return None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Unusable("is a day that no calendar has a use for")
    return day


def _float(value: float) -> float:
    if isinstance(value, bool) or not math.isfinite(value):
        raise Unusable("is no number")
    return value


def _int(value: int) -> int:
    if isinstance(value, bool) or not -BIGINT <= value < BIGINT:
        raise Unusable("is too large a number")
    return value


def _decimal(value: Decimal) -> Decimal:
    if not value.is_finite() or abs(value) >= MOST_AMOUNT:
        raise Unusable("is no amount of anybody's")
    return value


def _bool(value: bool) -> bool:
    if value is not True and value is not False:
        raise Unusable("is neither true nor false")
    return value


def _texts(value: list[str]) -> list[str]:
    """A list of ids or names."""
    kept = [text_of(one) for one in value[:MOST_ITEMS]]
    if len(value) > MOST_ITEMS:
        raise Partly(f"holds {len(value):,} values, of which {MOST_ITEMS:,} are kept", kept)
    return value if kept == value else kept


def _structure(value: Any) -> Any:
    """A field of structure: bounded in depth and size, without what a text must not hold."""
    try:
        encoded = msgspec.json.encode(value)
    except UnicodeEncodeError:
        encoded = b"\\u0000"
    if len(encoded) > MOST_JSON:
        raise Unusable(f"holds more than {MOST_JSON:,} bytes")
    if b"\\u0000" not in encoded and encoded.count(b"{") + encoded.count(b"[") <= DEEPEST_JSON:
        return value
    kept = _walked(value, DEEPEST_JSON)
    return value if kept == value else kept


def _walked(value: Any, levels: int) -> Any:
    """The value down to so many levels; None stands for what lies deeper."""
    if isinstance(value, str):
        return text_of(value)
    if isinstance(value, list | dict) and not levels:
        return None
    if isinstance(value, list):
        return [_walked(one, levels - 1) for one in value]
    if isinstance(value, dict):
        return {text_of(str(key)): _walked(one, levels - 1) for key, one in value.items()}
    return value


def _custom_fields(value: dict[str, Any]) -> dict[str, Any]:
    """The fields whose value is one: a date that stands for "no date" is none."""
    if not any(map(_stands_for_none, value.values())):
        return _structure(value)
    return _structure({key: field for key, field in value.items() if not _stands_for_none(field)})


def _stands_for_none(field: dict[str, Any]) -> bool:
    """Whether the field's value is a way of writing "no date": of a date any of them, of a text, or of what is of no known type, one that
    is no text of anybody's."""
    kind, value = field["type"], field["value"]
    if kind == "date":
        return _is_no_date(value)
    return (
        kind in _PLAIN
        and isinstance(value, str)
        and not _FIRST_TEXT <= value[:4] < _LAST_TEXT
        and is_no_midnight(value)
    )


def _is_no_date(value: Any) -> bool:
    """Whether the text of a field of type date stands for "no date"."""
    if not isinstance(value, str) or _FIRST_TEXT <= value[:4] < _LAST_TEXT:
        return False
    try:
        read(value)
    except NoDate:
        return True
    except (ValueError, OverflowError):
        return False
    return False


_BY_TYPE: dict[type[inspect.Type], Check] = {
    inspect.DateTimeType: moment_of,
    inspect.DateType: day_of,
    inspect.FloatType: _float,
    inspect.IntType: _int,
    inspect.DecimalType: _decimal,
    inspect.BoolType: _bool,
    inspect.ListType: _structure,
    inspect.DictType: _structure,
}
