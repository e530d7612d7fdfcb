"""The records of one kind: those that the seed makes on demand, and those that were changed since, which are kept.

Half a million tickets fit because a record that nobody changed exists only as a few numbers; it is made, encoded and
thrown away again. Records stand in *slots*, in the order of their ids, for ever; a deleted one leaves its slot empty.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import msgspec

Json: TypeAlias = dict[str, Any]
_SLOT_BITS = 26
_SLOT_MASK = (1 << _SLOT_BITS) - 1
CACHE_BYTES = 128 << 20
_encode = msgspec.json.Encoder().encode


class Records:
    """Records of one kind.

    ``make`` builds the record of a slot, ``stamp_of`` tells when one last changed (in seconds, 0 where it does not say);
    ``children`` gives the slots below a parent where the seed knows them; ``parent`` names the field that holds it.
    """

    def __init__(
        self,
        ids: Sequence[int],
        make: Callable[[int], Json],
        stamp_of: Callable[[Json], int],
        *,
        stamps: Sequence[int] | None = None,
        parent: str | None = None,
        children: Callable[[int], Iterable[int]] | None = None,
    ) -> None:
        self.parent = parent
        self.ids = array("q", ids)
        self.alive = bytearray(b"\1" * len(self.ids))
        self.living = len(self.ids)
        self.version = 0
        self.changed: dict[int, Json] = {}
        self.on_change: Callable[[int, Json | None], None] = lambda record_id, record: None
        self._make = make
        self._stamp_of = stamp_of
        self._children = children or (lambda parent_id: ())
        self._adopted: dict[int, list[int]] = {}
        self._stamps = array("q", stamps) if stamps is not None else None
        self._by_stamp = array("q", sorted(self._stamp_keys()))
        self._encoded: dict[int, bytes] = {}
        self._room = CACHE_BYTES

    def slot(self, record_id: int) -> int | None:
        """Where the record stands; None if there is none (any more)."""
        place = self._place(record_id)
        return place if place is not None and self.alive[place] else None

    def record(self, slot: int) -> Json:
        """The record. Not to be written to: see ``put``."""
        return self.changed.get(slot) or self._make(slot)

    def encoded(self, slot: int) -> bytes:
        """The record as JSON. Keeps what it encoded until its room is full, and then keeps that: a walk from end to
        end through more than fits would push everything out before it is asked for again."""
        found = self._encoded.get(slot)
        if found is None:
            found = _encode(self.wire(self.record(slot)))
            size = sys.getsizeof(found)
            if self._room >= size:
                self._room -= size
                self._encoded[slot] = found
        return found

    def wire(self, record: Json) -> Json:
        """The record as answers show it."""
        return record

    def get(self, record_id: int) -> Json | None:
        """The record with this id, or None."""
        slot = self.slot(record_id)
        return None if slot is None else self.record(slot)

    def slots(self, above: int | None = None, below: int | None = None, backwards: bool = False) -> Iterator[int]:
        """The slots in use whose ids lie between the bounds (themselves excluded), in the order of ids."""
        start = 0 if above is None else bisect_right(self.ids, above)
        end = len(self.ids) if below is None else bisect_left(self.ids, below)
        walk = range(end - 1, start - 1, -1) if backwards else range(start, end)
        if self.living == len(self.ids):
            return iter(walk)
        alive = self.alive
        return (slot for slot in walk if alive[slot])

    def children(self, parent_id: int) -> list[int]:
        """The slots in use below a parent, in the order of ids."""
        slots = {*self._children(parent_id), *self._adopted.get(parent_id, ())}
        return sorted(slot for slot in slots if self.alive[slot])

    def touched_since(self, moment: int) -> list[int] | None:
        """The slots whose last change is at or after the moment; None where that is not known or a scan is quicker."""
        start = bisect_left(self._by_stamp, moment << _SLOT_BITS)
        if self._stamps is None or len(self._by_stamp) - start > max(2000, self.living // 8):
            return None
        return sorted(key & _SLOT_MASK for key in self._by_stamp[start:])

    def put(self, record: Json) -> int:
        """Stores the record in place of what has its id, or as a new one. Returns its slot. New ids must ascend."""
        slot = self._place(record["id"])
        if slot is None:
            slot = self._append(record)
        elif not self.alive[slot]:
            self.alive[slot] = 1
            self.living += 1
        self.changed[slot] = record
        self._restamp(slot, record)
        self.forget(slot)
        self.on_change(record["id"], record)
        return slot

    def drop(self, record_id: int) -> bool:
        """Removes the record; False if there was none."""
        slot = self.slot(record_id)
        if slot is None:
            return False
        self.alive[slot] = 0
        self.living -= 1
        self.changed.pop(slot, None)
        self._unstamp(slot)
        self.forget(slot)
        self.on_change(record_id, None)
        return True

    def skip(self, record_id: int) -> None:
        """Uses an id up without a record, so that it is not given out again."""
        if record_id >= self.next_id():
            self.ids.append(record_id)
            self.alive.append(0)
            if self._stamps is not None:
                self._stamps.append(-1)

    def forget(self, slot: int | None = None) -> None:
        """Drops encoded bytes: of one record, or of all when what they refer to has changed."""
        self.version += 1
        if slot is None:
            self._encoded.clear()
            self._room = CACHE_BYTES
        elif (found := self._encoded.pop(slot, None)) is not None:
            self._room += sys.getsizeof(found)

    def next_id(self) -> int:
        return (self.ids[-1] if self.ids else 0) + 1

    def stamp(self, slot: int) -> int:
        """When the record last changed, in seconds; 0 where it does not say."""
        if self._stamps is not None:
            return max(0, self._stamps[slot])
        return self._stamp_of(self.record(slot))

    def _place(self, record_id: int) -> int | None:
        place = bisect_left(self.ids, record_id)
        return place if place < len(self.ids) and self.ids[place] == record_id else None

    def _append(self, record: Json) -> int:
        if self.ids and record["id"] <= self.ids[-1]:
            raise ValueError(f"{record['id']} is not above the ids that were given out")
        self.ids.append(record["id"])
        self.alive.append(1)
        self.living += 1
        slot = len(self.ids) - 1
        if self._stamps is not None:
            self._stamps.append(-1)
        if self.parent is not None:
            self._adopted.setdefault(parent_of(record, self.parent), []).append(slot)
        return slot

    def _stamp_keys(self) -> Iterator[int]:
        return ((stamp << _SLOT_BITS) | slot for slot, stamp in enumerate(self._stamps or ()))

    def _restamp(self, slot: int, record: Json) -> None:
        self._unstamp(slot)
        if self._stamps is not None:
            self._stamps[slot] = self._stamp_of(record)
            insort(self._by_stamp, (self._stamps[slot] << _SLOT_BITS) | slot)

    def _unstamp(self, slot: int) -> None:
        if self._stamps is None or self._stamps[slot] < 0:
            return
        key = (self._stamps[slot] << _SLOT_BITS) | slot
        place = bisect_left(self._by_stamp, key)
        if place < len(self._by_stamp) and self._by_stamp[place] == key:
            self._by_stamp.pop(place)
        self._stamps[slot] = -1


def parent_of(record: Json, field: str) -> int:
    """The id in a record's field, be it a reference or a number."""
    value = record[field]
    return int(value["id"] if isinstance(value, dict) else value)
