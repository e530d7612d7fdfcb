"""Named places where tests make the worker die, to prove that nothing is lost there."""

from __future__ import annotations

import itertools
import os
import signal

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
IN_TROUBLE = ("children_failing",)
"""Places that a run passes only where the PSA gives it a reason."""
_armed = os.environ.get("SYNC_CRASH_POINT", "")
_wanted = int(os.environ.get("SYNC_CRASH_AFTER") or "1")
_passages = itertools.count(1)


def crash_point(name: str) -> None:
    """Kills this process the hard way at the SYNC_CRASH_AFTER-th passage (the first) of the point that SYNC_CRASH_POINT names."""
    if _armed == name and next(_passages) >= _wanted:
        os.kill(os.getpid(), signal.SIGKILL)
