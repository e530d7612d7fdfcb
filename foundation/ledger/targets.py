"""How a store's model becomes a merge target: columns and references are read off the model, so that they are written down once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection, models

from foundation.ledger.merge import Reference, Target
from foundation.ledger.models import SyncedRecord

BASE = frozenset(field.name for field in SyncedRecord._meta.get_fields()) | {"id"}


def target_of(
    model: type[SyncedRecord],
    *,
    stream: str,
    label: str = "s.remote_id",
    parent: str = "",
    derived: tuple[tuple[str, str], ...] = (),
) -> Target:
    """The merge target of ``model``: a foreign key ``x`` beside a column ``x_remote_id`` is a reference, every other own column is content."""
    own = [
        f
        for f in model._meta.concrete_fields
        if f.name not in BASE and f.column not in dict(derived) and not f.generated
    ]
    references = tuple(
        Reference(f.column, f"{f.name}_remote_id", f.related_model._meta.db_table, *_named_of(f, model))
        for f in own
        if isinstance(f, models.ForeignKey) and isinstance(f.related_model, type)
    )
    columns = tuple((str(f.column), _sql_type(f)) for f in own if not isinstance(f, models.ForeignKey))
    return Target(
        stream=stream,
        table=model._meta.db_table,
        columns=columns,
        references=references,
        derived=derived,
        label=label,
        parent_column=parent,
        identifiers=tuple(name for f in own if isinstance(f, models.CharField) and (name := str(f.column))),
        indexed=tuple(name for name, _ in columns if name in _indexed(model)),
    )


def _named_of(link: models.ForeignKey[Any, Any], model: type[SyncedRecord]) -> tuple[str, tuple[str, ...]]:
    """(the column beside a link ``x`` that keeps the other's name, the other's columns that make it up); ("", ()) where there is none."""
    own = {f.name for f in model._meta.concrete_fields}
    others = (
        {f.name for f in link.related_model._meta.concrete_fields} if isinstance(link.related_model, type) else set()
    )
    parts = ("name",) if "name" in others else ("first_name", "last_name") if "last_name" in others else ()
    column = f"{link.name}_name"
    return (column, parts) if column in own and parts else ("", ())


def _indexed(model: type[SyncedRecord]) -> set[str]:
    """The names of the fields that the model's indexes are made of, and of those that generated ones among them are made of."""
    found = {name for index in model._meta.indexes for name in (*index.fields, *index.include)}
    found |= {name for index in model._meta.indexes for expression in index.expressions for name in _named(expression)}
    made: list[Any] = [f for f in model._meta.concrete_fields if f.generated and f.name in found]
    return found | {name for field in made for name in _named(field.expression)}


def _named(expression: Any) -> Iterator[str]:
    """The names of the fields in an expression."""
    parts: Any = expression
    if isinstance(expression, models.F):
        yield parts.name
    for part in parts.get_source_expressions() if hasattr(parts, "get_source_expressions") else ():
        yield from _named(part)


def _sql_type(field: models.Field[object, object]) -> str:
    kind = field.db_type(connection)
    return "text" if kind is None or kind.startswith("varchar") else kind
