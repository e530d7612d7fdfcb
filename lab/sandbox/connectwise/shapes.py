"""Which fields each kind of record has, of which type, and how long. Source: OpenAPI 2026.4.

Types: i whole number, n number, s text (``s:100`` with its longest length), b truth, d date and time, r reference to
another record, a array, x anything else. A type followed by ``-`` cannot be used in conditions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lab.sandbox.connectwise.client_texts import CLIENT_TEXTS
from lab.sandbox.connectwise.project_texts import PROJECT_TEXTS
from lab.sandbox.connectwise.shape_texts import ELEMENTS, TEXTS

INFO = {"lastupdated": "d", "dateentered": "d", "updatedby": "s", "enteredby": "s"}
_INFO_NAMES = {
    "lastupdated": "lastUpdated",
    "dateentered": "dateEntered",
    "updatedby": "updatedBy",
    "enteredby": "enteredBy",
}


class UnknownName(ValueError):
    """A field that this kind of record has not, or not for this use."""


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: str
    longest: int
    conditions: bool


@dataclass(frozen=True, slots=True)
class Path:
    """Where in a record a value lies, and its type."""

    steps: tuple[str, ...]
    type: str

    def of(self, record: Any) -> Any:
        """The value; None where any step is missing."""
        for step in self.steps:
            if not isinstance(record, dict):
                return None
            record = record.get(step)
        return record


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of record. ``noun`` is how error bodies call it (``ticket``)."""

    noun: str
    fields: dict[str, Field]
    required: tuple[str, ...]

    def path(self, name: str) -> Path:
        """For conditions and orderBy: ``board/name``, ``lastUpdated``. Upper and lower case are one. Raises UnknownName."""
        head, _, tail = name.partition("/")
        field = self.folded().get(head.lower())
        if field is None:
            return self._info_path(name)
        if not field.conditions or field.type in ("a", "x") or (field.type == "r") != bool(tail):
            raise UnknownName(f"{name} is not a recognized name.")
        if field.type != "r":
            return Path((field.name,), field.type)
        if tail.lower() not in ("id", "name", "identifier", "summary"):
            raise UnknownName(f"{name} is not a recognized name.")
        return Path((field.name, tail.lower()), "i" if tail.lower() == "id" else "s")

    def child_path(self, name: str) -> tuple[str, Path]:
        """For childConditions: the array's name and where in its elements. Raises UnknownName."""
        head, _, tail = name.partition("/")
        field = self.folded().get(head.lower())
        if field is None or field.type != "a" or field.name not in ELEMENTS:
            raise UnknownName(f"{name} is not a recognized name.")
        return field.name, element_shape(field.name).path(tail)

    def column(self, name: str) -> tuple[str, ...]:
        """For ``fields``: the steps to what is to be kept. Raises UnknownName."""
        head, _, tail = name.partition("/")
        if head == "_info":
            return ("_info", tail) if tail else ("_info",)
        field = self.folded().get(head.lower())
        if field is None or (tail and field.type not in ("r", "a")):
            raise UnknownName(f"{name} is not a recognized name.")
        return (field.name, tail) if tail else (field.name,)

    def folded(self) -> dict[str, Field]:
        return _FOLDED[self.noun]

    def _info_path(self, name: str) -> Path:
        type_ = INFO.get(name.lower())
        if type_ is None:
            raise UnknownName(f"{name} is not a recognized name.")
        return Path(("_info", _INFO_NAMES[name.lower()]), type_)


def _shape(noun: str, text: str) -> Shape:
    fields: dict[str, Field] = {}
    required = []
    for word in text.split():
        name, _, kind = word.partition("=")
        if name.endswith("!"):
            name = name[:-1]
            required.append(name)
        type_, _, longest = kind.rstrip("-").partition(":")
        fields[name] = Field(name, type_, int(longest or 0), not kind.endswith("-"))
    return Shape(noun, fields, tuple(required))


def element_shape(array: str) -> Shape:
    """The shape of an array's elements."""
    return _ELEMENTS[array]


SHAPES = {noun: _shape(noun, text) for noun, text in (TEXTS | CLIENT_TEXTS | PROJECT_TEXTS).items()}
_ELEMENTS = {array: _shape(f"element of {array}", text) for array, text in ELEMENTS.items()}
_FOLDED = {
    shape.noun: {name.lower(): field for name, field in shape.fields.items()}
    for shape in (*SHAPES.values(), *_ELEMENTS.values())
}
