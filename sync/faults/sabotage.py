"""Guards of the engine, switched off one at a time in a process of the harness, to prove that a scenario would see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from sync.engine import drive, fetch, lease
from sync.services import runs, sweeper

STALE = " AND fence = %(fence)s AND lease_until > clock_timestamp() AND state IN ('running', 'waiting', 'verifying', 'applying')"


def _nothing(*arguments: Any, **more: Any) -> None:
    """Does nothing."""


def _fence() -> None:
    patch.object(lease, "RENEW", lease.RENEW.replace(STALE, " AND %(fence)s > 0")).start()


def _sweeper() -> None:
    patch.object(sweeper, "runs_due", list).start()
    patch.object(sweeper, "turns", list).start()


def _count() -> None:
    patch.object(drive, "verify", _nothing).start()


def _hold() -> None:
    patch.object(drive, "hold", _nothing).start()
    patch.object(drive, "find", _nothing).start()


def _checkpoint() -> None:
    """Each slice begins every stream anew, as if its checkpoints were not kept."""
    original = fetch.fetch_stream

    def anew(work: Any, spec: Any, stream: Any) -> bool:
        stream.checkpoint = None
        return original(work, spec, stream)

    patch.object(drive, "fetch_stream", anew).start()


def _moment() -> None:
    """A staged run lands its pages as they come."""
    from sync.engine import work
    from sync.engine.plan import Mode

    patch.object(work, "mode_of", lambda kind, **more: Mode.LIVE).start()


def _turns() -> None:
    patch.object(runs, "serialise", _nothing).start()


SWITCHES: dict[str, Callable[[], None]] = {
    "fence": _fence,
    "sweeper": _sweeper,
    "count": _count,
    "hold": _hold,
    "checkpoint": _checkpoint,
    "moment": _moment,
    "turns": _turns,
}
"""What ``--without`` takes."""


def switch_off(name: str) -> None:
    """Takes the named guard away in this process; an empty name takes none."""
    if name:
        SWITCHES[name]()
