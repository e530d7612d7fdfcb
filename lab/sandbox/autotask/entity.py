"""The records of one entity, with quick ways to single values, and how times are written and read on the wire."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lab.sandbox import clock
from lab.sandbox.collection import Json, Records

Getter = Callable[[int], Any]
_FRACTION = re.compile(r"\.\d+(?=Z?$)")


def written(moment: int, variety: int = 0) -> str:
    """A time as answers have it: UTC, the fraction of the second of another length from record to record."""
    return clock.written(moment)[:-1] + ("Z", ".000Z", ".0000000Z")[variety % 3]


@functools.lru_cache(maxsize=65_536)
def read(text: str) -> int:
    """The second of a time, or the midnight of a date. Raises ValueError."""
    return clock.read(_FRACTION.sub("", text))


class Entity(Records):
    """``stamps`` names the fields that tell a change. ``columns``: quicker ways to values of unchanged records, times of them
    in seconds."""

    def __init__(
        self,
        ids: Sequence[int],
        make: Callable[[int], Json],
        *,
        stamps: tuple[str, ...] = (),
        moments: Sequence[int] | None = None,
        columns: dict[str, Getter] | None = None,
        parent: str | None = None,
        children: Callable[[int], Iterable[int]] | None = None,
    ) -> None:
        self.stamp_fields = stamps
        self._columns = columns or {}
        super().__init__(ids, make, self._latest, stamps=moments, parent=parent, children=children)

    def getter(self, name: str, *, is_time: bool) -> Getter:
        """A field's value by slot; times in seconds."""
        column, changed = self._columns.get(name), self.changed

        def of_record(slot: int) -> Any:
            value = self.record(slot).get(name)
            return read(value) if is_time and isinstance(value, str) and value else value

        if column is None:
            return of_record
        return lambda slot: of_record(slot) if slot in changed else column(slot)

    def _latest(self, record: Json) -> int:
        return max((read(record[name]) for name in self.stamp_fields if record.get(name)), default=0)


def table(rows: Sequence[Json]) -> Entity:
    """A small entity that is there from the start."""
    return Entity([row["id"] for row in rows], lambda slot: rows[slot])
