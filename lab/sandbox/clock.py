"""The server's own time, and times as the wire writes them: UTC, whole seconds."""

from __future__ import annotations

import calendar
import functools
import re
import time

DAY = 86_400
HOUR = 3600
_WRITTEN = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?Z?")


class Clock:
    """Seconds since 1970. It runs, may be wrong by some seconds, and may be stopped at a moment.

    ``each_request`` and ``each_page``: by how many seconds it goes on after each answer, and after each page of a list.
    """

    def __init__(self) -> None:
        self._skew = 0.0
        self._stopped: float | None = None
        self.each_request = 0.0
        self.each_page = 0.0

    def now(self) -> int:
        """The server's idea of now."""
        return int(self._stopped if self._stopped is not None else time.time() + self._skew)

    def run(self, skew: float = 0.0) -> None:
        """Runs from now on, ``skew`` seconds ahead of the machine's clock (behind it, if negative)."""
        self._skew, self._stopped = skew, None

    def passes(self, *, page: bool) -> None:
        """One request was answered."""
        self.advance(self.each_request + (self.each_page if page else 0.0))

    def stop(self, at: float) -> None:
        """Stands still at ``at``."""
        self._stopped = at

    def advance(self, seconds: float) -> None:
        """Jumps, and stands or runs as before."""
        if self._stopped is None:
            self._skew += seconds
        else:
            self._stopped += seconds


@functools.lru_cache(maxsize=4096)
def _day(number: int) -> str:
    return time.strftime("%Y-%m-%dT", time.gmtime(number * DAY))


def written(moment: int) -> str:
    """``2026-01-31T08:15:00Z``."""
    day, rest = divmod(moment, DAY)
    hours, rest = divmod(rest, 3600)
    return f"{_day(day)}{hours:02}:{rest // 60:02}:{rest % 60:02}Z"


@functools.lru_cache(maxsize=16_384)
def read(text: str) -> int:
    """The moment of ``2026-01-31T08:15:00Z`` or ``2026-01-31``. Raises ValueError, for fractions and offsets too."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text} is not a date and time in whole seconds of UTC")
    numbers = [int(part or 0) for part in found.groups()]
    year, month, day, *clock = numbers
    if not (1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1] and clock < [24, 60, 60]):
        raise ValueError(f"{text} is no date and time")
    return calendar.timegm((year, month, day, *clock))
