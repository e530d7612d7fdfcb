"""Chance that comes out the same each time: numbers drawn from a hash of what they are for."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")
_NEARLY_EMPTY = 1 << 64


class Dice:
    """A supply of numbers for one purpose. Equal purposes draw equal numbers, in any process and any order of use."""

    __slots__ = ("_pool", "_purpose", "_refills")

    def __init__(self, *purpose: object) -> None:
        self._purpose = repr(purpose).encode()
        self._refills = 0
        self._pool = int.from_bytes(blake2b(self._purpose).digest(), "little")

    def below(self, limit: int) -> int:
        """0 … limit - 1."""
        if self._pool < _NEARLY_EMPTY:
            self._refills += 1
            self._pool = int.from_bytes(blake2b(self._purpose + b"/%d" % self._refills).digest(), "little")
        self._pool, drawn = divmod(self._pool, limit)
        return drawn

    def between(self, lowest: int, highest: int) -> int:
        return lowest + self.below(highest - lowest + 1)

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent

    def pick(self, of: Sequence[T]) -> T:
        return of[self.below(len(of))]

    def low(self, limit: int) -> int:
        """0 … limit - 1, small numbers much more often than large ones."""
        return min(self.below(limit), self.below(limit), self.below(limit))
