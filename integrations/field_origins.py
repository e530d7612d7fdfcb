"""Which fields of records come from which attribute of their rows: found by trying, so that a mapping is written once.

A row in which every attribute has a value is mapped, and again without the one: what differs comes from it. Several values are tried, for
a mapping may ask for one of them alone, as for the number of the status that closes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import inspect

from integrations.records import Record
from integrations.untold import Lookup

NEVER = frozenset({"remote_id", "remote_updated_at", "unknown_fields"})
"""What is no content."""
OWN_ID = "id"
"""By which some look-ups ask for what belongs to a row: no value of the row's own."""
_MOMENT = dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC)
_VALUES: dict[type[inspect.Type], tuple[Any, ...]] = {
    inspect.StrType: ("a text",),
    inspect.IntType: (7, 0, 1, 2, 3, 4, 5, 6, 22),
    inspect.FloatType: (7.5, 0.0),
    inspect.BoolType: (True, False),
    inspect.DateTimeType: (_MOMENT,),
    inspect.AnyType: ("a value",),
}
_DEEPEST = 6
_UNMAPPABLE = (
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RecursionError,
    msgspec.MsgspecError,
)

Mapped = Callable[[Any], Iterable[Record]]
_known: dict[tuple[type, type], dict[str, frozenset[str]]] = {}


def sources_of(
    kind: type[msgspec.Struct], record: type[Record], mapped: Mapped, lookups: Sequence[Lookup] = ()
) -> dict[str, frozenset[str]]:
    """{field of the record: the attributes of the row that it comes from}, those that a look-up goes by too."""
    if (kind, record) not in _known:
        found: dict[str, set[str]] = {}
        for one in msgspec.structs.fields(kind):
            looked_up = {
                name
                for lookup in lookups
                for attribute, names in lookup.needs
                if attribute == one.name != OWN_ID
                for name in names
            }
            for name in _tried(kind, record, one.name, mapped) | looked_up:
                found.setdefault(name, set()).add(one.name)
        own = frozenset(record.__struct_fields__) - NEVER
        _known[kind, record] = {name: frozenset(attributes) for name, attributes in found.items() if name in own}
    return _known[kind, record]


def _tried(kind: type[msgspec.Struct], record: type[Record], name: str, mapped: Mapped) -> frozenset[str]:
    plain = inspect.type_info(kind)
    found: set[str] = set()
    rows: list[dict[str, Any]] = [
        {field.name: _value(field.type, place, 0) for field in plain.fields}  # type: ignore[attr-defined]
        for place in range(2)
    ]
    # By itself too: where one value stands in for another, the other hides it.
    rows.append({field.name: rows[0][field.name] for field in plain.fields if field.required})  # type: ignore[attr-defined]
    for whole in rows:
        own = next(field.type for field in plain.fields if field.name == name)  # type: ignore[attr-defined]
        for value in _values(own, 0):
            with_it, without = (
                _mapped(kind, {**whole, name: value}, mapped),
                _mapped(kind, {**whole, name: None}, mapped),
            )
            for one, other in zip(with_it, without, strict=False):
                found |= {field for field in record.__struct_fields__ if getattr(one, field) != getattr(other, field)}
    return frozenset(found) - NEVER


def _mapped(kind: type[msgspec.Struct], values: dict[str, Any], mapped: Mapped) -> list[Record]:
    try:
        return list(mapped(kind(**values)))
    except _UNMAPPABLE:
        return []


def _value(kind: inspect.Type, place: int, depth: int) -> Any:
    """One of the values that the type has: the first, or another where there are several."""
    values = _values(kind, depth)
    return values[min(place, len(values) - 1)]


def _values(kind: inspect.Type, depth: int) -> Sequence[Any]:
    if isinstance(kind, inspect.UnionType):
        return _values(next(one for one in kind.types if not isinstance(one, inspect.NoneType)), depth)
    if isinstance(kind, inspect.ListType) and depth < _DEEPEST:
        return [[one] for one in _values(kind.item_type, depth + 1)]
    if isinstance(kind, inspect.StructType) and depth < _DEEPEST:
        return [
            kind.cls(**{field.name: _value(field.type, place, depth + 1) for field in kind.fields})
            for place in range(2)
        ]
    return _VALUES.get(type(kind), (None,))
