"""What the harness plays, by name."""

from __future__ import annotations

from collections.abc import Callable

from sync.faults.ground import Ground
from sync.faults.scenarios import (
    broker,
    crowd,
    cursor,
    database,
    hostile,
    kills,
    lies,
    meanwhile,
    nights,
    poison,
    storms,
    workers,
)
from sync.faults.verdict import Verdict

SCENARIOS: dict[str, Callable[[Ground, Verdict], None]] = {
    "F1": kills.kills,
    "F2": workers.zombie,
    "F3": broker.broker,
    "F4": database.database,
    "F5": lies.lies,
    "F6": storms.storms,
    "F7": meanwhile.meanwhile,
    "F8": crowd.crowd,
    "F9": cursor.cursor,
    "F10": nights.nights,
    "F11": poison.poison,
    "F12": hostile.hostile,
}
