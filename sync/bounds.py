"""What a store takes of a record, column by column: what is staged fits into the store and into its indexes.

The one place that bounds values by their columns, where a record becomes a staged row. A text that is too long is cut, a number that its
column can't hold is left out, and each is said. Identifiers are not cut, for they would name another record: the database refuses them, and
that costs the record (``sync.engine.read.refused_records``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec

from foundation.ledger.merge import Target
from integrations.port import Remark
from integrations.records import Record
from sync.columns import field_of

INDEXED_BYTES = 1_200
"""Of a text that a list is sorted by: an entry of an index holds 2,704 bytes, and some hold two texts."""
TEXT_BYTES = 1_000_000
"""Of any other text, and of a structure written as JSON."""
LIST_LENGTH = 10_000
"""Entries of a list, each of them a text."""
MORE = "…"
"""What a text that was cut ends with."""


class Unstorable(ValueError):
    """The record can't be stored. The message is a sentence for people."""


def is_integer(value: int) -> bool:
    """Whether a column of whole numbers holds it."""
    return -(2**31) <= value < 2**31


EXACT = Decimal(10) ** 18
"""Amounts have 24 digits, six of them behind the point."""


def is_exact(value: Decimal) -> bool:
    """Whether a column of amounts holds it."""
    return value.is_finite() and -EXACT < value < EXACT


NUMBERS: dict[str, Callable[[Any], bool]] = {
    "integer": is_integer,
    "numeric": is_exact,
    "double precision": math.isfinite,
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """The positions of a target's columns by what bounds them. ``numbers``: with what a column holds; ``texts``: with the most bytes."""

    numbers: tuple[tuple[int, Callable[[Any], bool]], ...]
    texts: tuple[tuple[int, int], ...]
    lists: tuple[int, ...]
    structures: tuple[int, ...]


@cache
def bounds_of(target: Target) -> Bounds:
    """What bounds the columns of a store."""
    kinds = [(i, name, kind.partition("(")[0]) for i, (name, kind) in enumerate(target.columns)]
    texts = [(i, name) for i, name, kind in kinds if kind == "text" and name not in target.identifiers]
    return Bounds(
        numbers=tuple((i, NUMBERS[kind]) for i, _, kind in kinds if kind in NUMBERS),
        texts=tuple((i, INDEXED_BYTES if name in target.indexed else TEXT_BYTES) for i, name in texts),
        lists=tuple(i for i, _, kind in kinds if kind == "text[]"),
        structures=tuple(i for i, _, kind in kinds if kind == "jsonb"),
    )


@dataclass(slots=True)
class Fitting:
    """The values of one record on their way into the columns of its target, and what had to be done about them."""

    target: Target
    record: Record
    values: list[Any]
    remarks: list[Remark] = field(default_factory=list)

    def say(self, position: int, what: str) -> None:
        """Notes what became of a value."""
        name = self.target.names[position]
        self.remarks.append(Remark(remote_id=self.record.remote_id, field=name, message=f"{words_of(name)} {what}."))

    def leave_out(self, position: int, what: str) -> None:
        """Puts what stands for nothing in the value's place. Raises Unstorable where the record is nothing without it."""
        empty = empty_of(type(self.record), position, self.target)
        if empty is msgspec.NODEFAULT:
            raise Unstorable(f"{words_of(self.target.names[position])} {what}.")
        self.values[position] = empty
        self.say(position, f"{what}: it is left out")

    def cut(self, position: int, most: int) -> None:
        """Cuts a text to so many bytes."""
        text: str = self.values[position]
        if 4 * len(text) > most and len(encoded := text.encode()) > most:
            self.values[position] = encoded[: most - len(MORE.encode())].decode(errors="ignore") + MORE
            self.say(position, f"is {len(encoded):,} bytes long: it is cut at {most:,}")


def fit(target: Target, record: Record, values: list[Any], size: int) -> list[Remark]:
    """Brings the values, in the order of the target's columns, within what these hold, in place. Returns what was cut or left out.
    ``size``: of the whole record in bytes, which no text of it exceeds. Raises Unstorable."""
    bounds = bounds_of(target)
    odd = [at for at, holds in bounds.numbers if (value := values[at]) is not None and not holds(value)]
    if not odd and size <= INDEXED_BYTES:
        return []
    fitting = Fitting(target, record, values)
    for position in odd:
        fitting.leave_out(position, "is no number that can be stored")
    fit_sizes(bounds, fitting)
    return fitting.remarks


def fit_sizes(bounds: Bounds, fitting: Fitting) -> None:
    """The same for what may be too long."""
    values = fitting.values
    for position, most in bounds.texts:
        if values[position]:
            fitting.cut(position, most)
    for position in bounds.lists:
        if values[position] and len(values[position]) > LIST_LENGTH:
            fitting.say(position, f"has {len(values[position]):,} entries: the first {LIST_LENGTH:,} are kept")
            values[position] = values[position][:LIST_LENGTH]
    for position in bounds.structures:
        if len(msgspec.json.encode(values[position])) > TEXT_BYTES:
            fitting.leave_out(position, f"is longer than {TEXT_BYTES:,} bytes")


@cache
def empty_of(kind: type[Record], position: int, target: Target) -> Any:
    """What the record's field has where the PSA has no value; msgspec.NODEFAULT where it must have one."""
    wanted = field_of(target.names[position])
    found = next(one for one in msgspec.structs.fields(kind) if one.name == wanted)
    return found.default_factory() if found.default_factory is not msgspec.NODEFAULT else found.default


def words_of(column: str) -> str:
    """A column at the beginning of a sentence: "status_name" → "Status name"."""
    words = column.replace("_", " ")
    return words[:1].upper() + words[1:]
