"""Collections with the vendor's fields, stamps and way of leaving out what is null."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lab.sandbox import clock
from lab.sandbox.collection import Json, Records, parent_of
from lab.sandbox.connectwise.matching import Getter
from lab.sandbox.connectwise.shapes import Shape


class Collection(Records):
    """Records of one shape. ``columns`` are quicker ways to single values of unchanged records."""

    def __init__(
        self,
        shape: Shape,
        ids: Sequence[int],
        make: Callable[[int], Json],
        *,
        stamps: Sequence[int] | None = None,
        columns: dict[str, Callable[[int], Any]] | None = None,
        parent: str | None = None,
        children: Callable[[int], Iterable[int]] | None = None,
    ) -> None:
        super().__init__(ids, make, _stamp_of, stamps=stamps, parent=parent, children=children)
        self.shape = shape
        self._columns = columns or {}

    def wire(self, record: Json) -> Json:
        return without_nulls(record)

    def resolve(self, name: str) -> tuple[str, Getter]:
        """A field's type and how to get it from a slot. Raises UnknownName."""
        path = self.shape.path(name)
        column = self._columns.get("/".join(path.steps))
        if column is None:
            return path.type, lambda slot: path.of(self.record(slot))
        changed = self.changed
        if not changed:
            return path.type, column
        return path.type, lambda slot: path.of(changed[slot]) if slot in changed else column(slot)


def fixed(shape: Shape, rows: Sequence[Json], parent: str | None = None) -> Collection:
    """A small table that is there from the start."""
    below: dict[int, list[int]] = {}
    if parent is not None:
        for slot, row in enumerate(rows):
            below.setdefault(parent_of(row, parent), []).append(slot)
    written = [row["_info"].get("lastUpdated") for row in rows]
    return Collection(
        shape,
        [row["id"] for row in rows],
        lambda slot: rows[slot],
        stamps=[clock.read(stamp) for stamp in written] if all(written) else None,
        parent=parent,
        children=lambda parent_id: below.get(parent_id, ()),
    )


def without_nulls(record: Json) -> Json:
    """As the wire has it: what is null is left out."""
    return {name: value for name, value in record.items() if value is not None}


def _stamp_of(record: Json) -> int:
    written = record["_info"].get("lastUpdated")
    return clock.read(written) if written else 0
