"""From a parsed condition to a test that a record passes or fails."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from lab.sandbox import clock
from lab.sandbox.connectwise.conditions import Clause, ConditionError, Junction, Literal, Moment, Node

Test: TypeAlias = Callable[[Any], bool]
Getter: TypeAlias = Callable[[Any], Any]
Resolve: TypeAlias = Callable[[str], tuple[str, Getter]]
"""A field's type and how to get its value. Raises UnknownName."""

_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}


def test_of(node: Node, resolve: Resolve) -> Test:
    """The condition as a test. Raises ConditionError and UnknownName."""
    if isinstance(node, Junction):
        parts = [test_of(part, resolve) for part in node.parts]
        return _all(parts) if node.word == "and" else _any(parts)
    type_, get = resolve(node.name)
    return _clause(node, type_, comparable(type_, get))


def comparable(type_: str, get: Getter) -> Getter:
    """The getter with its values as they are compared and sorted: text without case, times in seconds."""
    if type_ == "s":
        return lambda record: _folded(get(record))
    if type_ == "d":
        return lambda record: _seconds(get(record))
    if type_ == "v":
        return lambda record: _loose(get(record))
    return get


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _seconds(value: Any) -> int | None:
    if isinstance(value, str):
        return clock.read(value)
    return value if isinstance(value, int) else None


def _loose(value: Any) -> str | None:
    return None if value is None else str(value).casefold()


def _all(parts: list[Test]) -> Test:
    if len(parts) == 2:
        first, second = parts
        return lambda record: first(record) and second(record)
    return lambda record: all(part(record) for part in parts)


def _any(parts: list[Test]) -> Test:
    if len(parts) == 2:
        first, second = parts
        return lambda record: first(record) or second(record)
    return lambda record: any(part(record) for part in parts)


def _clause(clause: Clause, type_: str, get: Getter) -> Test:
    if isinstance(clause.value, tuple):
        return _membership(clause, type_, get)
    if clause.operator in ("contains", "like", "not contains", "not like"):
        return _text_search(clause, type_, get)
    if clause.value is None:
        return _nullness(clause, get)
    wanted = _converted(clause.name, type_, clause.value)
    if clause.operator == "=":
        return lambda record: get(record) == wanted
    if clause.operator == "!=":
        return lambda record: (value := get(record)) is not None and value != wanted
    compare = _ORDERED[clause.operator]
    return lambda record: (value := get(record)) is not None and compare(value, wanted)


def _membership(clause: Clause, type_: str, get: Getter) -> Test:
    values = clause.value if isinstance(clause.value, tuple) else ()
    wanted = frozenset(_converted(clause.name, type_, value) for value in values)
    if clause.operator == "in":
        return lambda record: get(record) in wanted
    return lambda record: (value := get(record)) is not None and value not in wanted


def _nullness(clause: Clause, get: Getter) -> Test:
    if clause.operator == "=":
        return lambda record: get(record) is None
    if clause.operator == "!=":
        return lambda record: get(record) is not None
    raise ConditionError(f"{clause.name} cannot be compared with null by {clause.operator}.")


def _text_search(clause: Clause, type_: str, get: Getter) -> Test:
    if type_ not in ("s", "v") or not isinstance(clause.value, str):
        raise ConditionError(f"{clause.operator} needs a text field and a text: {clause.name}.")
    wanted = clause.value.casefold()
    pieces = [wanted] if clause.operator.endswith("contains") else re.split(r"[*%]", wanted)
    pattern = re.compile(".*".join(map(re.escape, pieces)), re.DOTALL)
    found = pattern.search if clause.operator.endswith("contains") else pattern.fullmatch
    if clause.operator.startswith("not"):
        return lambda record: (value := get(record)) is not None and found(value) is None
    return lambda record: (value := get(record)) is not None and found(value) is not None


def _converted(name: str, type_: str, value: Literal) -> Any:
    if type_ == "v":
        return _loose(value)
    if type_ == "b" and isinstance(value, bool):
        return value
    if type_ in ("i", "n") and isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if type_ == "s" and isinstance(value, str):
        return value.casefold()
    if type_ == "d" and isinstance(value, Moment):
        return value.seconds
    raise ConditionError(f"{name} cannot be compared with a value of this type.")
