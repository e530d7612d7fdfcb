"""What a kind of oddity is: how the PSA is made to do it, and the most that it may cost."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lab.faults.hostile.spots import Spots

Rule = dict[str, Any]
"""One rule of a sandbox, as its control interface takes it."""


class Loss(enum.IntEnum):
    """What may be missing or different here, as long as somebody is told. Each includes those above it."""

    NOTHING = 0
    VALUE = 1
    """Values of the one record."""
    RECORD = 2
    """The one record."""
    PARENT = 3
    """What lies below the one record."""
    STREAM = 4
    """News of one stream; what is stored of it stays."""
    RUN = 5
    """All news; what is stored stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """``rules`` makes them for a system and the ids of the record that is struck; ``cap``: rows a page at most; ``clock``: seconds by
    which the PSA's clock is wrong; ``each_page``: seconds that pass there between two pages; ``silent``: what differs is what the PSA
    says, or means nothing by convention, so nobody needs to be told."""

    name: str
    loss: Loss
    rules: Callable[[Spots, int], list[Rule]] = lambda spots, target: []
    silent: bool = False
    cap: int | None = None
    clock: float = 0.0
    each_page: float = 0.0
    only: frozenset[str] = frozenset()
    """The systems that it can happen to; all where empty."""

    def happens_to(self, system: str) -> bool:
        return not self.only or system in self.only
