"""One compressed night lived through, and its figures."""

from __future__ import annotations

import datetime as dt
import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

from lab.benchmark.night_parts import (
    EVERY_ADDRESS,
    HANDS,
    Home,
    Row,
    crew_of,
    homes_of,
    night_of,
    open_nights,
    press,
    set_clock,
    started_after,
)
from lab.benchmark.sandbox import CONNECTWISE
from lab.faults.psa import Psa
from sync.services.fair_queue import AHEAD

WINDOW_SECONDS = 600
"""Two hours, twelve times faster."""
PRESS_EVERY = 2.0
WITHIN = 2.0
"""How soon a run that somebody pressed for has to begin, in seconds."""
LONGEST = 1800


def main(connections: int, state: Path) -> int:
    """Makes the providers, starts two workers and the clock, presses a button now and then, and prints one JSON object."""
    psa = Psa(CONNECTWISE, 30, 7, os.getpid(), EVERY_ADDRESS)
    homes = homes_of(connections, psa.credentials)
    crew = crew_of(state)
    try:
        started_after([press(homes[-1], 0)])  # the workers are up
        psa.control("stats/reset")
        begin = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=5)
        set_clock(homes, begin, WINDOW_SECONDS)
        presses = lived(homes, begin)
        print(json.dumps(judged(homes, begin, presses, psa.control("stats", method="GET")["busy_seconds"])))
    finally:
        crew.end()
        psa.end()
    return 0


def lived(homes: list[Home], begin: dt.datetime) -> list[tuple[int, int]]:
    """Presses for a quick sync until the last night has ended. Returns (organization, run) of each press. Raises TimeoutError."""
    presses: list[tuple[int, int]] = []
    deadline = time.monotonic() + LONGEST
    while open_nights(homes):
        if dt.datetime.now(dt.UTC) > begin:
            presses.append(press(homes[len(presses) % len(homes)], len(presses)))
        if time.monotonic() > deadline:
            raise TimeoutError(f"{open_nights(homes)} nights are still open after {LONGEST} s")
        time.sleep(PRESS_EVERY)
    return presses


def judged(homes: list[Home], begin: dt.datetime, presses: list[tuple[int, int]], busy: float) -> dict[str, Any]:
    """The figures; all times in seconds."""
    nights = [night_of(home) for home in homes]
    big, small = nights[0], [row for rows in nights[1:] for row in rows]
    every = [*big, *small]
    waits = sorted(started_after(presses))
    last = max(row.ended for row in every)
    work = statistics.mean(row.seconds for row in every)
    return {
        "name": "nights",
        "connections": len(every),
        "organizations": len(homes),
        "biggest": len(big),
        "window_seconds": WINDOW_SECONDS,
        "done": sum(row.done for row in every),
        "all_done_after": round((last - begin).total_seconds(), 1),
        "seconds_each": round(work, 2),
        "begun_by_tenth_of_the_window": tenths(every, begin),
        "wait_of_the_biggest": shape(big),
        "wait_of_the_others": shape(small),
        "share_seconds": round((len(homes) + AHEAD) * work / HANDS, 1),
        "presses": len(waits),
        "press_p50": round(statistics.median(waits), 2),
        "press_max": round(waits[-1], 2),
        "presses_later_than_2_s": sum(wait > WITHIN for wait in waits),
        "sandbox_busy_seconds": round(busy, 1),
    }


def shape(rows: list[Row]) -> dict[str, float]:
    """From being due to being begun."""
    waits = sorted(row.wait for row in rows)
    return {
        "p50": round(statistics.median(waits), 1),
        "p95": round(waits[len(waits) * 95 // 100], 1),
        "max": round(waits[-1], 1),
    }


def tenths(rows: list[Row], begin: dt.datetime) -> list[int]:
    """How many runs began in each tenth of the window; the last number is of those that began after it."""
    counts = [0] * 11
    for row in rows:
        counts[min(10, int((row.began - begin).total_seconds() * 10 / WINDOW_SECONDS))] += 1
    return counts
