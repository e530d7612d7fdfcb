"""Histories of changes that a cursor could miss: equal stamps, late commits, full pages of one second."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from lab.faults.scenario_context import FIELDS, ScenarioContext, check_truth, remote_tickets
from lab.faults.verdict import Verdict
from sync.models import Run

LATEST = 240
"""Seconds that a commit may come late: the quick sync reads five minutes behind its cursor."""
UPDATED = FIELDS.index("remote_updated_at")
OLD_ENOUGH = LATEST + 60
RESERVED = 4
"""Every fourth ticket is kept for late commits."""
EDGE = 1050
"""More than a page of records that were stamped in the same second."""


@dataclass(slots=True)
class Late:
    """Tickets for late commits: those whose stamp is older than any that a late commit gets, for a stamp never goes back. They are
    left alone by what is stamped now, and come back once what was last done to them is old enough."""

    free: set[int]
    taken: deque[tuple[float, list[int]]] = field(default_factory=deque)

    def take(self, chance: random.Random, number: int) -> list[int]:
        """At most so many of them."""
        while self.taken and self.taken[0][0] < time.monotonic() - OLD_ENOUGH:
            self.free.update(self.taken.popleft()[1])
        chosen = chance.sample(sorted(self.free), min(number, len(self.free)))
        self.free.difference_update(chosen)
        self.taken.append((time.monotonic(), chosen))
        return chosen


def cursor(ground: ScenarioContext, verdict: Verdict) -> None:
    """F9: after each history and one quick sync, readers see the PSA as it is."""
    full = ground.sync("full")
    verdict.require(full.state == Run.State.DONE, f"the full run ended as {full.state}: {full.message}")
    reserved = set(ground.psa.ids()[::RESERVED])
    late = Late(reserved & long_untouched(ground))
    histories = ground.rounds or (5 if ground.short else 1000)
    for number in range(histories):
        deeds = [deed(ground, verdict, late, reserved) for _ in range(ground.chance.randint(1, 4))]
        run = ground.sync("quick")
        verdict.require(run.state == Run.State.DONE, f"history {number}: the quick sync ended as {run.state}")
        before = len(verdict.violations)
        check_truth(ground, verdict, f"history {number} ({', '.join(deeds)})")
        verdict.add("missed", int(len(verdict.violations) > before))
        verdict.add("deeds", len(deeds))
    verdict.figures["histories"] = histories


def long_untouched(ground: ScenarioContext) -> set[int]:
    """Tickets that nothing has changed for so long that a late commit may: other scenarios may have changed the rest just now."""
    before = now(ground) - dt.timedelta(seconds=OLD_ENOUGH)
    stamps = {int(each): values[UPDATED] for each, values in remote_tickets(ground.connection).items()}
    return {each for each, updated in stamps.items() if updated is not None and updated < before}


def deed(ground: ScenarioContext, verdict: Verdict, late: Late, reserved: set[int]) -> str:
    """One thing that happens in the PSA; returns its name."""
    kind: str = ground.chance.choice(["now", "late", "one second", "page edge", "created", "created late"])
    number = EDGE if kind == "page edge" else ground.chance.randint(1, 40)
    order: dict[str, Any] = {"collection": "tickets"}
    if kind not in {"now", "created"}:
        order["stamp"] = stamp(ground, LATEST if "late" in kind else 0)
    if kind.startswith("created"):
        ground.psa.control("create", **order, n=min(number, 5))
        return kind
    if kind == "late":
        chosen = late.take(ground.chance, number)
        verdict.add("late_commits", len(chosen))
    else:
        pool = [each for each in ground.psa.ids() if each not in reserved]
        chosen = ground.chance.sample(pool, min(number, len(pool)))
    if chosen:
        ground.psa.say(f"{kind} {ground.chance.getrandbits(32)}", **order, ids=chosen)
    return kind


def stamp(ground: ScenarioContext, latest: int) -> str:
    """A moment up to ``latest`` seconds ago, by the PSA's clock."""
    moment = now(ground) - dt.timedelta(seconds=ground.chance.randint(0, latest))
    return moment.strftime(ground.psa.wire.stamp)


def now(ground: ScenarioContext) -> dt.datetime:
    """The PSA's clock."""
    return dt.datetime.fromisoformat(ground.psa.control("clock", method="GET")["now"])
