"""The query language: from clauses to a test on records. Source: developer help, "Basic query calls" and "Advanced"."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from lab.sandbox.autotask.entity import Entity, read
from lab.sandbox.autotask.error_bodies import refused
from lab.sandbox.autotask.fields import field, noun

Test = Callable[[int], bool]
MOST_CONDITIONS = 500
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "noteq": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_TEXT: dict[str, Callable[[str, str], bool]] = {
    "beginswith": str.startswith,
    "endswith": str.endswith,
    "contains": str.__contains__,
}


class Compiler:
    """Builds the test of one query."""

    def __init__(self, name: str, entity: Entity) -> None:
        self._name, self._entity = name, entity
        self._conditions = 0
        self._user_fields = 0

    def test(self, clauses: Any) -> Test:
        """All clauses together. Raises Refusal in the vendor's words."""
        if not isinstance(clauses, list) or not clauses:
            raise refused("The filter property is required and must not be empty.")
        return self._all([self._clause(clause) for clause in clauses])

    def _clause(self, clause: Any) -> Test:
        if not isinstance(clause, dict) or not isinstance(clause.get("op"), str):
            raise refused("Invalid query syntax. Each filter needs an op.")
        op = clause["op"].lower()
        if op in ("and", "or"):
            return self._group(op, clause.get("items"))
        self._spend(1)
        if op in ("exist", "notexist"):
            return self._exists(clause, op)
        if op in ("in", "notin"):
            return self._within(clause, op)
        if op in _ORDER or op in _TEXT:
            return self._comparison(clause, op)
        raise refused(f"Invalid query syntax. Unknown operator {clause['op']}.")

    def _group(self, op: str, items: Any) -> Test:
        if not isinstance(items, list) or not items:
            raise refused("Invalid query syntax. A group needs items.")
        tests = [self._clause(item) for item in items]
        return self._all(tests) if op == "and" else lambda slot: any(test(slot) for test in tests)

    def _all(self, tests: list[Test]) -> Test:
        return tests[0] if len(tests) == 1 else lambda slot: all(test(slot) for test in tests)

    def _exists(self, clause: Any, op: str) -> Test:
        get, _ = self._value(clause)
        wanted = op == "exist"
        return lambda slot: (get(slot) is not None) == wanted

    def _within(self, clause: Any, op: str) -> Test:
        values = clause.get("value")
        if not isinstance(values, list) or not values:
            raise refused("Invalid query syntax. The value of an in must be a list.")
        self._spend(len(values) - 1)
        get, kind = self._value(clause)
        allowed = frozenset(_typed(kind, value) for value in values)
        wanted = op == "in"
        # As in SQL: what has no value is neither in a list nor not in it.
        return lambda slot: (value := get(slot)) is not None and (value in allowed) == wanted

    def _comparison(self, clause: Any, op: str) -> Test:
        get, kind = self._value(clause)
        wanted = _typed(kind, clause.get("value"))
        if op in _TEXT:
            holds = _TEXT[op]
            return lambda slot: isinstance(value := get(slot), str) and holds(value.lower(), str(wanted).lower())
        compare = _ORDER[op]
        return lambda slot: (value := get(slot)) is not None and compare(value, wanted)

    def _value(self, clause: Any) -> tuple[Callable[[int], Any], str]:
        name = str(clause.get("field", ""))
        if clause.get("udf"):
            return self._user_value(name)
        known = field(self._name, name)
        if known is None:
            raise refused(f"Unable to find {name} in the {noun(self._name)} Entity.")
        return self._entity.getter(known.name, is_time=known.type == "d"), known.type

    def _user_value(self, name: str) -> tuple[Callable[[int], Any], str]:
        self._user_fields += 1
        if self._user_fields > 1:
            raise refused("Invalid query syntax. Only one user-defined field may be queried at a time.")

        def get(slot: int) -> Any:
            rows = self._entity.record(slot).get("userDefinedFields") or ()
            return next((row["value"] for row in rows if row["name"] == name), None)

        return get, "s"

    def _spend(self, number: int) -> None:
        self._conditions += number
        if self._conditions > MOST_CONDITIONS:
            raise refused("Invalid query syntax. Queries are limited to 500 or fewer 'OR' conditions.")


def _typed(kind: str, value: Any) -> Any:
    """The value as the field's type: a number may be written as text. Raises Refusal."""
    value = _number(kind, value) if kind in ("i", "n") and isinstance(value, str) else value
    fits = {
        "i": isinstance(value, int) and not isinstance(value, bool),
        "n": isinstance(value, int | float) and not isinstance(value, bool),
        "b": isinstance(value, bool),
    }.get(kind, isinstance(value, str | int | float))
    if not fits:
        raise refused(f"Conversion failed when converting the varchar value '{value}' to data type int.")
    if kind != "d":
        return str(value) if kind == "s" else value
    try:
        return read(str(value))
    except ValueError as err:
        raise refused("Conversion failed when converting date and/or time from character string.") from err


def _number(kind: str, text: str) -> Any:
    """The number that a text spells; the text itself where it spells none."""
    try:
        return int(text) if kind == "i" else float(text)
    except ValueError:
        return text
