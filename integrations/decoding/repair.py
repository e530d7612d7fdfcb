"""A value of another shape than documented, made to fit: numbers as text, text as numbers, dates without a time, one where a list should be.

What cannot be made to fit is left out where the payload can do without it, and named either way.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from integrations import moments
from integrations.decoding.decoders import converted

_WHOLE = re.compile(r"[+-]?\d{1,40}(?:\.0*)?")
_NUMBER = re.compile(r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?")
_TRUTHS = {"true": True, "yes": True, "y": True, "t": True, "1": True} | {
    "false": False,
    "no": False,
    "n": False,
    "f": False,
    "0": False,
}
_SECONDS = range(315_532_800, 4_102_444_800)
"""Seconds since 1970 of the years 1980 to 2099: what a number in the place of a date can mean, as they are or times a thousand."""


class Odd(NamedTuple):
    """One thing that was not as documented. ``understood``: nothing of it is lost."""

    field: str
    message: str
    value: Any
    understood: bool = False


class Unfit(ValueError):
    """The value is nothing that can stand there. The message goes on a sentence that begins with the field."""


ABSENT = object()
"""As good as not sent."""


def fitted(value: Any, kind: Any, odd: list[Odd]) -> Any:
    """The plain value as ``kind``, with what was odd about it added to ``odd``. Raises Unfit."""
    plain = _fit(value, _type_of(kind), "", odd)
    try:
        return converted(plain, kind)
    except (msgspec.ValidationError, ValueError, OverflowError, RecursionError) as err:
        raise Unfit(f"has another shape: {err}") from err


@cache
def _type_of(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


def _fit(value: Any, kind: inspect.Type, path: str, odd: list[Odd]) -> Any:
    if isinstance(kind, inspect.UnionType):
        return _one_of(value, kind, path, odd)
    if isinstance(kind, inspect.StructType):
        return _struct(value, kind, path, odd)
    if isinstance(kind, inspect.ListType):
        return _list(value, kind, path, odd)
    scalar = _SCALARS.get(type(kind))
    if scalar is not None:
        return _scalar(value, kind, scalar, path, odd)
    if not _is_of(value, kind):
        raise Unfit("is of another shape")
    return value


def _one_of(value: Any, kind: inspect.UnionType, path: str, odd: list[Odd]) -> Any:
    nullable = any(isinstance(one, inspect.NoneType) for one in kind.types)
    choices = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
    if value is None and nullable:
        return None
    for one in choices:
        if _is_of(value, one):
            return _fit(value, one, path, odd)
    if nullable and _is_blank(value):
        return None
    return _first_that_fits(value, choices, path, odd)


def _first_that_fits(value: Any, choices: list[inspect.Type], path: str, odd: list[Odd]) -> Any:
    failures: list[Unfit] = []
    for one in choices:
        found: list[Odd] = []
        try:
            fit = _fit(value, one, path, found)
        except Unfit as err:
            failures.append(err)
        else:
            odd += found
            return fit
    raise failures[0] if failures else Unfit("is missing")


def _struct(value: Any, kind: inspect.StructType, path: str, odd: list[Odd]) -> Any:
    if isinstance(value, list) and len(value) == 1:
        odd.append(Odd(path, "was a list of one", value, understood=True))
        value = value[0]
    if not isinstance(value, dict):
        raise Unfit("is missing" if value is None else "is no object")
    found: dict[str, Any] = {}
    for field in kind.fields:
        name = field.encode_name
        if name not in value:
            if field.required:
                raise Unfit(f"has no {name}")
            continue
        try:
            fit = _fit(value[name], field.type, f"{path}.{name}" if path else name, odd)
        except Unfit as err:
            if field.required:
                raise Unfit(f"has a {name} that {err}") from err
            if value[name] is not None and not _is_blank(value[name]):
                odd.append(Odd(f"{path}.{name}" if path else name, f"{err}: it was left out", value[name]))
        else:
            found[name] = fit
    return found


def _list(value: Any, kind: inspect.ListType, path: str, odd: list[Odd]) -> Any:
    if not isinstance(value, list):
        return _listed(value, kind, path, odd)
    found = []
    for place, item in enumerate(value):
        try:
            found.append(_fit(item, kind.item_type, f"{path}[{place}]", odd))
        except Unfit as err:
            odd.append(Odd(f"{path}[{place}]", f"{err}: it was left out", item))
    return found


def _listed(value: Any, kind: inspect.ListType, path: str, odd: list[Odd]) -> Any:
    """What stands where a list should: one of its items, or several with commas between them. Each has to fit, and an object to have
    at least one value of an item's. An empty object is an empty list, as programs write it that know both as one."""
    if value == {}:
        return []
    if isinstance(value, dict) and not _has_any(value, kind.item_type):
        raise Unfit("is no list")
    items = value.split(",") if isinstance(value, str) else [] if value is None else [value]
    try:
        found = [_fit(item, kind.item_type, f"{path}[{place}]", odd) for place, item in enumerate(items)]
    except Unfit as err:
        raise Unfit("is no list") from err
    if not found:
        raise Unfit("is no list")
    odd.append(Odd(path, "was no list", value, understood=True))
    return found


def _has_any(value: dict[str, Any], kind: inspect.Type) -> bool:
    """Whether the object has a value that such a type knows."""
    if isinstance(kind, inspect.UnionType):
        return any(_has_any(value, one) for one in kind.types)
    return not isinstance(kind, inspect.StructType) or any(field.encode_name in value for field in kind.fields)


Scalar = Callable[[Any, Any], Any]


def _scalar(value: Any, kind: inspect.Type, read: Scalar, path: str, odd: list[Odd]) -> Any:
    if value is None:
        raise Unfit("is missing")
    found = read(value, kind)
    if isinstance(found, str | int | float) and _family(found) is not _family(value):
        odd.append(Odd(path, "was written in another way", value, understood=True))
    return found


def _family(value: Any) -> type:
    """Truths, numbers and texts: what is written as one and means another."""
    return bool if isinstance(value, bool) else float if isinstance(value, int | float) else type(value)


def _whole(value: Any, kind: Any) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value.strip().partition(".")[0])
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unfit("is no whole number")
    return value


def _number(value: Any, kind: inspect.FloatType) -> float:
    text = value.strip() if isinstance(value, str) else ""
    if isinstance(value, bool) or not (isinstance(value, int | float) or _NUMBER.fullmatch(text)):
        raise Unfit("is no number")
    try:
        found = float(text or value)
    except OverflowError as err:
        raise Unfit("is too large a number") from err
    if not math.isfinite(found):
        raise Unfit("is no finite number")
    if kind.multiple_of is not None and found % kind.multiple_of:
        raise Unfit("is no whole number")
    return found


def _text(value: Any, kind: inspect.StrType) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unfit("is no text")
    if isinstance(value, float):
        value = int(value) if value.is_integer() and abs(value) < 1e15 else repr(value)
    try:
        text = value if isinstance(value, str) else str(value)
    except ValueError as err:
        raise Unfit("is too large a number") from err
    if kind.pattern is not None and re.search(kind.pattern, text) is None:
        raise Unfit("is not of the form that is expected")
    return text


def _truth(value: Any, kind: Any) -> bool:
    found = _TRUTHS.get(str(value).strip().lower()) if isinstance(value, bool | int | str) else None
    if found is None:
        raise Unfit("is neither true nor false")
    return found


def _moment(value: Any, kind: Any) -> dt.datetime | None:
    if isinstance(value, str):
        try:
            return moments.read(value)
        except moments.NoDate:
            return None
        except (ValueError, OverflowError) as err:
            raise Unfit("is no date") from err
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        for seconds in (value, value / 1000):
            if int(seconds) in _SECONDS:
                return dt.datetime.fromtimestamp(seconds, dt.UTC)
    raise Unfit("is no date")


_SCALARS: dict[type[inspect.Type], Scalar] = {
    inspect.IntType: _whole,
    inspect.FloatType: _number,
    inspect.StrType: _text,
    inspect.BoolType: _truth,
    inspect.DateTimeType: _moment,
}
_PYTHON: dict[type[inspect.Type], tuple[type, ...]] = {
    inspect.IntType: (int,),
    inspect.FloatType: (float, int),
    inspect.StrType: (str,),
    inspect.BoolType: (bool,),
    inspect.ListType: (list,),
    inspect.DictType: (dict,),
    inspect.StructType: (dict,),
    inspect.AnyType: (object,),
}


def _is_of(value: Any, kind: inspect.Type) -> bool:
    """Whether the value has the type's form already."""
    if isinstance(value, bool):
        return isinstance(kind, inspect.BoolType | inspect.AnyType)
    return isinstance(value, _PYTHON.get(type(kind), ()))


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()
