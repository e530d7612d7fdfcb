"""Workers that die at a named place of the engine, to prove that nothing is lost there."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Mapping

from sync.engine.fault_injection import inject

POINTS = (
    "claimed",
    "laid_out",
    "page_fetched",
    "page_landing",
    "page_committed",
    "children_landing",
    "verified",
    "applying",
    "applied",
    "cleaned",
)
"""Every run with per-parent streams passes them."""
IN_TROUBLE = ("children_failing", "set_aside")
"""A run passes them only where the PSA or the database gives it a reason."""


def arm(environment: Mapping[str, str]) -> None:
    """Where SYNC_CRASH_POINT names a place, this process kills itself the hard way at its SYNC_CRASH_AFTER-th passage of it (the first)."""
    if point := environment.get("SYNC_CRASH_POINT", ""):
        die_at(point, int(environment.get("SYNC_CRASH_AFTER") or "1"))


def die_at(point: str, passage: int) -> None:
    """From now on this process kills itself at this passage of the place."""
    passages = itertools.count(1)

    def passed(name: str) -> None:
        if name == point and next(passages) >= passage:
            os.kill(os.getpid(), signal.SIGKILL)

    inject(passed)
