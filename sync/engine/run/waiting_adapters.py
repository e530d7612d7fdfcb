"""Adapters of runs that wait for their PSA, kept open so that what was answered before the wait is not asked for again.

A page that costs more requests than a PSA answers in a row (an opportunity's forecast each, the names of what a record only numbers) would
begin anew after every wait, and never end. An adapter remembers what it was told for as long as it is open. Each worker keeps its own: the
run may go on elsewhere, where it asks again, and every try brings each of them further.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from integrations.models import Connection
from integrations.port import Adapter
from sync.engine.run.work import Meter

MOST = 8
"""Adapters that a worker keeps."""
KEPT_SECONDS = 1800.0
"""How long: no PSA asks for a longer wait, and names grow old."""

Key = tuple[int, str, str]
"""Run, provider and credentials: an adapter on others is of no use any more."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An open adapter, and the meter that it reports to."""

    adapter: Adapter
    meter: Meter


class Waiting:
    """The adapters that one worker process keeps. Safe to share between threads; an adapter is given to one slice at a time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[Key, tuple[float, Opened]] = {}

    def take(self, key: Key) -> Opened | None:
        """The run's adapter, if this worker keeps it; whoever takes it keeps or closes it."""
        with self._lock:
            self._let_go()
            found = self._kept.pop(key, None)
        return found[1] if found else None

    def keep(self, key: Key, opened: Opened) -> None:
        """Keeps the adapter until the run goes on, or for a while. The oldest one makes room."""
        with self._lock:
            self._let_go()
            if len(self._kept) >= MOST:
                self._close(min(self._kept, key=lambda known: self._kept[known][0]))
            self._kept[key] = (self._clock(), opened)

    def _let_go(self) -> None:
        for key in [key for key, (at, _) in self._kept.items() if self._clock() - at > KEPT_SECONDS]:
            self._close(key)

    def _close(self, key: Key) -> None:
        self._kept.pop(key)[1].adapter.close()


WAITING = Waiting()
"""This process's."""


def key_of(run_id: int, connection: Connection) -> Key:
    """By what the adapter of a run is known."""
    return run_id, connection.provider, connection.credentials
