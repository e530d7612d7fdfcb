"""What the harness plays, by name."""

from __future__ import annotations

from collections.abc import Callable

from lab.faults.scenario_context import ScenarioContext
from lab.faults.scenarios import (
    broker,
    concurrent_requests,
    cursor,
    database,
    false_answers,
    hostile,
    kills,
    meanwhile,
    nightly,
    poison,
    storms,
    workers,
)
from lab.faults.verdict import Verdict

SCENARIOS: dict[str, Callable[[ScenarioContext, Verdict], None]] = {
    "F1": kills.kills,
    "F2": workers.zombie,
    "F3": broker.broker,
    "F4": database.database,
    "F5": false_answers.false_answers,
    "F6": storms.storms,
    "F7": meanwhile.meanwhile,
    "F8": concurrent_requests.concurrent_requests,
    "F9": cursor.cursor,
    "F10": nightly.nightly,
    "F11": poison.poison,
    "F12": hostile.hostile,
}
