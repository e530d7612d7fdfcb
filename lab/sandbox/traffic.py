"""How much is asked, and how much may be."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lab.sandbox.reply import Reply

_WINDOW = 60.0


class Traffic:
    """Counts requests and refuses those over the limits. The limits run on real time, whatever the PSA's clock says.

    ``too_many`` is the vendor's answer to one too many, given the seconds to wait.
    """

    def __init__(self, too_many: Callable[[int | None], Reply]) -> None:
        self._too_many = too_many
        self._lock = threading.Lock()
        self._recent: deque[float] = deque()
        self._active = 0
        self.per_minute: int | None = None
        self.concurrency: int | None = None
        self.reset()

    def reset(self) -> None:
        """Starts counting anew."""
        with self._lock:
            self._paths: Counter[str] = Counter()
            self._statuses: Counter[int] = Counter()
            self._bytes = 0
            self._busy = 0.0
            self._most = 0
            self._began = time.monotonic()

    def limit(self, per_minute: int | None, concurrency: int | None) -> None:
        """Sets the limits; None lifts one."""
        with self._lock:
            self.per_minute, self.concurrency = per_minute, concurrency
            self._recent.clear()

    @contextmanager
    def running(self) -> Iterator[Reply | None]:
        """One request under way; yields the refusal if it is over a limit."""
        began = time.monotonic()
        with self._lock:
            self._active += 1
            self._most = max(self._most, self._active)
            refused = self._refused(began)
        try:
            yield refused
        finally:
            with self._lock:
                self._active -= 1
                self._busy += time.monotonic() - began

    def record(self, method: str, template: str, status: int, size: int) -> None:
        with self._lock:
            self._paths[f"{method} {template}"] += 1
            self._statuses[status] += 1
            self._bytes += size

    def stats(self) -> dict[str, Any]:
        """What was counted since the last reset."""
        with self._lock:
            return {
                "requests": sum(self._paths.values()),
                "by_path": dict(self._paths),
                "by_status": {str(status): number for status, number in self._statuses.items()},
                "too_many": self._statuses[429],
                "bytes": self._bytes,
                "busy_seconds": round(self._busy, 6),
                "max_concurrency": self._most,
                "seconds": round(time.monotonic() - self._began, 3),
            }

    def _refused(self, now: float) -> Reply | None:
        if self.concurrency is not None and self._active > self.concurrency:
            return self._too_many(1)
        if self.per_minute is None:
            return None
        while self._recent and self._recent[0] <= now - _WINDOW:
            self._recent.popleft()
        if len(self._recent) >= self.per_minute:
            wait = self._recent[0] + _WINDOW - now if self._recent else _WINDOW
            return self._too_many(max(1, int(wait + 0.999)))
        self._recent.append(now)
        return None
