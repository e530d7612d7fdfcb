"""Which fields a kind of record has, and whether all of one record's can be kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from integrations.cleaning.checks import (
    FIRST_YEAR,
    LAST_YEAR,
    LONGEST_ID,
    ODD,
    Check,
    Partly,
    Unusable,
    check_of,
    day_of,
    id_of,
    is_id,
    moment_of,
    text_of,
)
from integrations.port import Rejected, Remark
from integrations.records import Record
from integrations.redaction import redacted, shortened

SAMPLE = 80
R = TypeVar("R", bound=Record)


def cleaned(record: R) -> tuple[R, list[Remark]] | Rejected:
    """The record as it can be kept, with what had to be left out; Rejected where its id, or the id of what it must belong to, is unusable."""
    shape = _shape_of(type(record))
    try:
        if shape.is_clean(record):
            return record, []
    except ODD:
        pass
    return shape.repaired(record)


class Shape:
    """What the fields of one kind of record hold."""

    def __init__(self, kind: type[Record]) -> None:
        fields = {field.name: field for field in _struct(kind).fields}
        self.checks = {name: check for name, field in fields.items() if (check := check_of(name, field.type))}
        self._required = frozenset(name for name, f in fields.items() if f.required and self.checks.get(name) is id_of)
        self._defaults = {name: _default_of(field) for name, field in fields.items()}
        places = {name: place for place, name in enumerate(fields)}
        self._texts = _picker([places[name] for name, check in self.checks.items() if check in (text_of, id_of)])
        self._ids = _picker([places[name] for name, check in self.checks.items() if check is id_of])
        self._moments = _picker([places[name] for name, check in self.checks.items() if check is moment_of])
        self._days = _picker([places[name] for name, check in self.checks.items() if check is day_of])
        self._never_none = _picker([place for name, place in places.items() if not _is_nullable(fields[name].type)])
        seen = (text_of, id_of, moment_of, day_of)
        self._others = [(places[name], check) for name, check in self.checks.items() if check not in seen]

    def is_clean(self, record: Record) -> bool:
        """Whether nothing has to be done. May raise what is in ODD for values that are not of their types."""
        values = msgspec.structs.astuple(record)
        texts = "\n".join(filter(None, self._texts(values)))
        if "\0" in texts or not (texts.isascii() or _encodes(texts)) or not record.remote_id:
            return False
        if None in self._never_none(values):
            return False
        ids = list(filter(None, self._ids(values)))
        if max(map(len, ids)) > LONGEST_ID or not ("".join(ids).isalnum() or all(map(is_id, ids))):
            return False
        for moment in self._moments(values):
            if moment is not None and not (moment.tzinfo is dt.UTC and FIRST_YEAR <= moment.year <= LAST_YEAR):
                return False
        for day in self._days(values):
            if day is not None and not (type(day) is dt.date and FIRST_YEAR <= day.year <= LAST_YEAR):
                return False
        return all(not (value := values[place]) or check(value) is value for place, check in self._others)

    def repaired(self, record: R) -> tuple[R, list[Remark]] | Rejected:
        """Field by field."""
        changes: dict[str, Any] = {}
        odd: list[tuple[str, str, Any]] = []
        for name, check in self.checks.items():
            value = getattr(record, name)
            kept, said = self._kept(name, check, value)
            if said and name in self._required:
                return Rejected(remote_id=_shown_id(record), message=f"Its {name} {said}.", sample=_sample(value))
            if said:
                odd.append((name, said, value))
            if kept is not value:
                changes[name] = kept
        return msgspec.structs.replace(record, **changes), [
            Remark(
                remote_id=record.remote_id, field=name, message=f"{name} {said}: it was left out", sample=_sample(value)
            )
            for name, said, value in odd
        ]

    def _kept(self, name: str, check: Check, value: Any) -> tuple[Any, str]:
        """(what can be kept of the value, what was wrong with it)."""
        default = self._defaults[name]
        if value is None or (name == "remote_id" and not value):
            return default, "" if default is None else "is missing"
        try:
            return check(value), ""
        except Partly as err:
            return err.kept, str(err)
        except Unusable as err:
            return default, str(err)
        except ODD:
            return default, "is of another type"


@cache
def _shape_of(kind: type[Record]) -> Shape:
    return Shape(kind)


def _struct(kind: type[Record]) -> inspect.StructType:
    found = inspect.type_info(kind)
    if not isinstance(found, inspect.StructType):
        raise TypeError(f"{kind} is no record")
    return found


def _default_of(field: inspect.Field) -> Any:
    """What stands where a value was left out."""
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return "" if field.default is msgspec.NODEFAULT else field.default


def _picker(places: list[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """The values at several places at once, as a tuple also for one and for none."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: tuple(values[place] for place in places)


def _is_nullable(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.UnionType) and any(isinstance(one, inspect.NoneType) for one in kind.types)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown_id(record: Record) -> str:
    """As much of an unusable id as an issue can be known by."""
    return shortened(record.remote_id or "")[:LONGEST_ID]


def _sample(value: Any) -> str:
    return redacted(shortened(value), length=SAMPLE)
