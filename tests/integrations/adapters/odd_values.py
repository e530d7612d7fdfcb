"""Odd values for every field that an adapter reads, made from its own payloads: a field that is added is covered by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import inspect

FINE, UNDERSTOOD, LEFT_OUT, BOUNDED = "fine", "understood", "left out", "bounded"
"""Taken without a word; taken and said; left out and said; taken, or left out and said."""
ABSENT = ""
"""In the place of a value: the field does not come at all."""
FIRST_ID = 10
"""Of a page's rows: some systems' lowest ids mean nobody."""

VALUES: dict[str, str] = {
    "a number": "7",
    "a number as text": '"7"',
    "a fraction": "7.5",
    "a fraction as text": '"7.5"',
    "a negative number": "-7",
    "2^63": "9223372036854775808",
    "1e400": "1e400",
    "a truth": "true",
    "a truth as text": '"true"',
    "null": "null",
    "absent": ABSENT,
    "an empty text": '""',
    "blanks": '"  "',
    "a date without a time": '"2026-03-01"',
    "a date without seconds": '"2026-03-01T12:30Z"',
    "a date with a blank": '"2026-03-01 12:30:00"',
    "the year 1": '"0001-01-01T00:00:00"',
    "OLE's first day": '"1899-12-30T00:00:00Z"',
    "Excel's first day": '"1900-01-01T00:00:00Z"',
    "the last day": '"9999-12-31T23:59:59.9999999"',
    "the year 9998": '"9998-12-31T00:00:00Z"',
    "a list": '["a", 1]',
    "a list of one": "[7]",
    "an empty list": "[]",
    "a list of an object": "[{}]",
    "an object": '{"a": 1}',
    "an empty object": "{}",
    "a text": '"plain"',
    "100,000 characters": f'"{"x" * 100_000}"',
    "half a character": r'"half \ud83d!"',
    "NUL": r'"a\u0000b"',
    "NUL alone": r'"\u0000"',
    "an emoji, right to left": r'"\ud83d\ude00 \u202eltr"',
    "NaN as text": '"NaN"',
    "Infinity as text": '"Infinity"',
    "NaN": "NaN",
    "Infinity": "-Infinity",
}

NOTHING = dict.fromkeys(("null", "absent", "an empty text", "blanks", "NUL alone"), ("null", FINE))
AS_IT_IS = {name: (raw, FINE) for name, raw in VALUES.items()}
TEXT = (
    AS_IT_IS
    | {
        "a number": ('"7"', UNDERSTOOD),
        "a fraction": ('"7.5"', UNDERSTOOD),
        "a negative number": ('"-7"', UNDERSTOOD),
        "2^63": ('"9223372036854775808"', UNDERSTOOD),
        "1e400": ('"1e400"', FINE),
        "NaN": ('"NaN"', FINE),
        "Infinity": ('"-Infinity"', FINE),
        "half a character": (r'"half \ufffd!"', LEFT_OUT),
        "NUL": ('"ab"', FINE),
        "NUL alone": ('""', FINE),
    }
    | dict.fromkeys(
        ("a truth", "a list", "a list of one", "an empty list", "a list of an object", "an object", "an empty object"),
        ("null", LEFT_OUT),
    )
)
NUMBER = NOTHING | {
    "a number": ("7", FINE),
    "a number as text": ("7", UNDERSTOOD),
    "a negative number": ("-7", FINE),
    "2^63": (VALUES["2^63"], BOUNDED),
}
NO_DATE = dict.fromkeys(("the year 1", "OLE's first day", "Excel's first day", "the last day"), ("null", FINE))

MEANT: dict[str, Mapping[str, tuple[str, str]]] = {
    "text": TEXT,
    "whole number": NUMBER,
    "number": NUMBER | {"a fraction": ("7.5", FINE), "a fraction as text": ("7.5", UNDERSTOOD)},
    "truth": NOTHING | {"a truth": ("true", FINE), "a truth as text": ("true", UNDERSTOOD)},
    "moment": NOTHING
    | NO_DATE
    | {
        "a date without a time": ('"2026-03-01T00:00:00Z"', FINE),
        "a date without seconds": ('"2026-03-01T12:30:00Z"', FINE),
        "a date with a blank": ('"2026-03-01T12:30:00Z"', FINE),
        "the year 9998": (VALUES["the year 9998"], BOUNDED),
    },
    "anything": AS_IT_IS
    | {name: TEXT[name] for name in ("1e400", "NaN", "Infinity", "half a character", "NUL", "NUL alone")},
    "whole number or truth": NUMBER | {"a truth": ("true", FINE), "a truth as text": ("true", UNDERSTOOD)},
    "text or whole number": TEXT
    | {name: (VALUES[name], FINE) for name in ("a number", "a negative number")}
    | {"2^63": (VALUES["2^63"], BOUNDED)},
    "id": NUMBER | {"a number as text": ("7", FINE)},
    "object": NOTHING
    | {
        "an object": ("{}", FINE),
        "an empty object": ("{}", FINE),
        "a list of an object": ("{}", UNDERSTOOD),
    },
    "list of numbers": NOTHING
    | {
        "a number": ("[7]", UNDERSTOOD),
        "a number as text": ("[7]", UNDERSTOOD),
        "a negative number": ("[-7]", UNDERSTOOD),
        "2^63": ("[9223372036854775808]", UNDERSTOOD),
        "a list": ("[1]", LEFT_OUT),
        "a list of one": ("[7]", FINE),
        "an empty list": ("[]", FINE),
        "an empty object": ("[]", FINE),
        "a list of an object": ("[]", LEFT_OUT),
    },
    "list of objects": NOTHING
    | {
        "a list": ("[]", LEFT_OUT),
        "a list of one": ("[]", LEFT_OUT),
        "an empty list": ("[]", FINE),
        "an empty object": ("[]", FINE),
        "a list of an object": ("[{}]", FINE),
    },
}
"""What a value means where a field of this kind should be: (the value as the vendor documents it, what is said). What is not named here is
nothing there, and is said to be left out."""

_KINDS: dict[frozenset[type[inspect.Type]], str] = {
    frozenset({inspect.StrType}): "text",
    frozenset({inspect.IntType}): "whole number",
    frozenset({inspect.FloatType}): "number",
    frozenset({inspect.BoolType}): "truth",
    frozenset({inspect.DateTimeType}): "moment",
    frozenset({inspect.AnyType}): "anything",
    frozenset({inspect.IntType, inspect.BoolType}): "whole number or truth",
    frozenset({inspect.StrType, inspect.IntType}): "text or whole number",
    frozenset({inspect.IntType, inspect.FloatType, inspect.StrType}): "id",
    frozenset({inspect.StructType}): "object",
}
_PLAIN: dict[str, Any] = {
    "text": "a text",
    "whole number": 7,
    "number": 7.5,
    "truth": True,
    "moment": "2026-03-01T12:30:00Z",
    "anything": "a value",
    "whole number or truth": 1,
    "text or whole number": "m",
    "id": 7,
    "list of numbers": [7],
}


@dataclass(frozen=True)
class Field:
    """A field of a payload. ``path``: the names and places that lead to it. ``required``: the object that it is in is nothing without it;
    ``needs``: it holds objects that have such fields."""

    path: tuple[str | int, ...]
    kind: str
    required: bool = False
    needs: bool = False

    @property
    def name(self) -> str:
        """As it is called in remarks."""
        return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).removeprefix(".")

    def meant(self, name: str) -> tuple[Sequence[str | int], str, str]:
        """(where, the value of the table as the vendor documents it, what is said). An object in a list goes with what it can't do without."""
        value, how = MEANT[self.kind].get(name, ("null", LEFT_OUT))
        if self.required and value == "null":
            return self.path[:-2], "[]", LEFT_OUT
        if self.needs and name == "a list of an object":
            return self.path, "[]", LEFT_OUT
        return self.path, value, how


def kind_of(kind: inspect.Type) -> str:
    """Which column of the table a type stands for. Raises KeyError for one that it has none for."""
    if isinstance(kind, inspect.ListType):
        inner = kind_of(kind.item_type)
        return {"whole number": "list of numbers", "object": "list of objects"}[inner]
    if isinstance(kind, inspect.UnionType):
        choices = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        return kind_of(choices[0]) if len(choices) == 1 else _KINDS[frozenset(map(type, choices))]
    return _KINDS[frozenset({type(kind)})]


def fields_of(payload: Any, identifier: str) -> Iterator[Field]:
    """All fields of a payload, those of what lies in it too, but for its own id."""
    for found in _fields(inspect.type_info(payload), ()):
        if found.path != (identifier,):
            yield found


def _fields(kind: inspect.Type, path: tuple[str | int, ...]) -> Iterator[Field]:
    struct = _struct(kind)
    if struct is None:
        return
    for one in struct.fields:
        inside = (*path, one.encode_name)
        within = _struct(one.type)
        needs = within is not None and any(inner.required for inner in within.fields)
        yield Field(inside, kind_of(one.type), required=one.required, needs=needs)
        yield from _fields(one.type, (*inside, 0) if kind_of(one.type) == "list of objects" else inside)


def _struct(kind: inspect.Type) -> inspect.StructType | None:
    if isinstance(kind, inspect.UnionType):
        return next((found for one in kind.types if (found := _struct(one))), None)
    return (
        _struct(kind.item_type)
        if isinstance(kind, inspect.ListType)
        else kind
        if isinstance(kind, inspect.StructType)
        else None
    )


def whole(payload: Any, hints: Mapping[str, Any]) -> dict[str, Any]:
    """A row in which every field has a value. ``hints``: values by the name of the field, where not any will do."""
    return _whole(inspect.type_info(payload), hints)


def _whole(kind: inspect.Type, hints: Mapping[str, Any]) -> dict[str, Any]:
    struct = _struct(kind)
    assert struct is not None
    row: dict[str, Any] = {}
    for one in struct.fields:
        named = kind_of(one.type)
        if one.encode_name in hints:
            row[one.encode_name] = hints[one.encode_name]
        elif named in ("object", "list of objects"):
            inner = _whole(one.type, hints)
            row[one.encode_name] = inner if named == "object" else [inner]
        else:
            row[one.encode_name] = _PLAIN[named]
    return row


_MARK = "the odd value stands here"


def with_values(row: dict[str, Any], values: Iterable[tuple[Sequence[str | int], str]]) -> bytes:
    """The row as JSON with values, as they are written, in the places of fields."""
    copy = msgspec.json.decode(msgspec.json.encode(row))
    written: list[bytes] = []
    for path, raw in values:
        place: Any = copy
        for part in path[:-1]:
            place = place[part]
        if raw == ABSENT:
            del place[path[-1]]
        else:
            place[path[-1]] = f"{_MARK} {len(written)}"
            written.append(raw.encode())
    found = msgspec.json.encode(copy)
    for number, raw_value in enumerate(written):
        found = found.replace(f'"{_MARK} {number}"'.encode(), raw_value)
    return found


AT_ONCE = 6
"""Fields of one row that are odd: few enough for each to be named, and far from each other."""


def groups_of(payload: Any, identifier: str) -> list[list[Field]]:
    """The fields of a payload, in groups that can be odd at once: each lies in another value of the row."""
    groups: list[list[Field]] = []
    for one in fields_of(payload, identifier):
        group = next((group for group in groups if _goes_with(one, group)), None)
        if group is None:
            groups.append([one])
        else:
            group.append(one)
    return groups


def _goes_with(one: Field, group: list[Field]) -> bool:
    return len(group) < AT_ONCE and all(one.path[0] != other.path[0] for other in group)
