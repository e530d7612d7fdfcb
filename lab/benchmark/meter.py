"""What a stretch of work cost this process."""

from __future__ import annotations

import os
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
LOOK = 0.02


@dataclass
class Cost:
    """``seconds`` by the clock, ``cpu_seconds`` of this process alone, ``peak_rss_mb`` while it lasted, ``statements`` sent to PostgreSQL."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_rss_mb: float = 0.0
    statements: int = 0
    _done: threading.Event = field(default_factory=threading.Event)


def rss_mb() -> float:
    """Resident memory of this process now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 1e6


def cpu_seconds() -> float:
    """Processor time of this process so far, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _watch(cost: Cost) -> None:
    while not cost._done.wait(LOOK):
        cost.peak_rss_mb = max(cost.peak_rss_mb, rss_mb())


@contextmanager
def measured() -> Iterator[Cost]:
    """Fills the Cost when the block ends."""
    cost = Cost(peak_rss_mb=rss_mb())
    watcher = threading.Thread(target=_watch, args=(cost,), daemon=True)
    watcher.start()
    began, used = time.perf_counter(), cpu_seconds()
    try:
        yield cost
    finally:
        cost.seconds, cost.cpu_seconds = time.perf_counter() - began, cpu_seconds() - used
        cost._done.set()
        watcher.join()
