"""How it is said which value of a PSA's record a column of the copy must have."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models

from sync.streams import TARGETS
from tests.integrations.adapters.sandboxes import Sandbox

Json = dict[str, Any]


class World:
    """Everything that a sandbox holds, by its control interface."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._held: dict[str, list[Json]] = {}

    def all(self, collection: str) -> list[Json]:
        if collection not in self._held:
            told = self._sandbox.control("GET", f"truth?collection={collection}&records=1")
            self._held[collection] = told["records"]
        return self._held[collection]

    def find(self, collection: str, number: Any) -> Json:
        """The record with this id; an empty one where there is none."""
        return next((record for record in self.all(collection) if record["id"] == number), {})


Rule = str | Callable[[Json, World], Any]
Rows = Callable[[World], list[Json]]


@dataclass(frozen=True)
class Truth:
    """``rows``: the collections whose records a stream's are, or what gives them; ``rules``: "column=path" with blanks between them, where
    "!" says "not" and "|" "or else"; ``more``: columns whose value is worked out; ``empty``: columns for which the vendor has nothing;
    ``apart``: columns that are not compared, and why; ``name``: the id of a row's record."""

    rows: Sequence[str] | Rows
    rules: str = ""
    more: Mapping[str, Rule] = field(default_factory=dict)
    empty: str = ""
    apart: Mapping[str, str] = field(default_factory=dict)
    name: Callable[[Json], str] = lambda row: str(row["id"])

    def records(self, world: World) -> list[Json]:
        if callable(self.rows):
            return self.rows(world)
        return [row for collection in self.rows for row in world.all(collection)]

    def columns(self) -> dict[str, Rule]:
        plain: dict[str, Rule] = dict(entry.split("=", 1) for entry in self.rules.split())  # type: ignore[misc]
        return plain | dict(self.more) | dict.fromkeys(self.empty.split(), lambda row, world: None)


def expected(rule: Rule, row: Json, world: World) -> Any:
    """The value that a rule says of a record."""
    if callable(rule):
        return rule(row, world)
    if rule.startswith("!"):
        return not at(row, rule[1:])
    return next((value for path in rule.split("|") if (value := at(row, path)) not in (None, "")), None)


def at(row: Json, path: str) -> Any:
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


@cache
def model_of(stream: str) -> type[models.Model]:
    return next(one for one in apps.get_models() if one._meta.db_table == TARGETS[stream].table)


def as_stored(column: models.Field[Any, Any], value: Any) -> Any:
    """The value in the column's own type. Years up to 1901 mean no date, in all three systems."""
    if isinstance(column, models.DateTimeField):
        return None if _is_no_date(value) else _moment(value)
    if isinstance(column, models.DateField):
        return None if _is_no_date(value) else dt.date.fromisoformat(str(value)[:10])
    if isinstance(column, models.DecimalField):
        return None if value is None else round(Decimal(repr(value)), column.decimal_places or 0)
    if isinstance(column, models.BooleanField):
        return None if value is None and column.null else bool(value)
    if isinstance(column, models.IntegerField):
        return value if value is not None or column.null else 0
    if isinstance(column, models.CharField | models.TextField):
        return "" if value is None else str(value)
    return column.get_default() if value is None else value


def comparable(value: Any) -> Any:
    """Texts and references that are not there are empty here or null: the same for who looks."""
    return "" if value is None else value


def caption(text: str) -> str:
    """As it is read: without what is invisible."""
    return " ".join("".join(sign for sign in text if unicodedata.category(sign) != "Cf").split())


def _is_no_date(value: Any) -> bool:
    return not value or int(str(value)[:4]) <= 1901


def _moment(text: str) -> dt.datetime:
    whole, _, fraction = text.rstrip("Z").partition(".")
    return dt.datetime.fromisoformat(f"{whole}.{(fraction + '000000')[:6]}+00:00")
