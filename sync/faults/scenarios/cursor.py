"""Histories of changes that a cursor could miss: equal stamps, late commits, full pages of one second."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sync.faults.ground import Ground, check_truth
from sync.faults.verdict import Verdict
from sync.models import Run

LATEST = 240
"""Seconds that a commit may come late: the quick sync reads five minutes behind its cursor."""
EDGE = 1050
"""More than a page of records that were stamped in the same second."""


def cursor(ground: Ground, verdict: Verdict) -> None:
    """F9: after each history and one quick sync, readers see the PSA as it is."""
    full = ground.sync("full")
    verdict.require(full.state == Run.State.DONE, f"the full run ended as {full.state}: {full.message}")
    untouched = long_untouched(ground)
    histories = ground.rounds or (5 if ground.short else 1000)
    for number in range(histories):
        deeds = [deed(ground, untouched) for _ in range(ground.chance.randint(1, 4))]
        run = ground.sync("quick")
        verdict.require(run.state == Run.State.DONE, f"history {number}: the quick sync ended as {run.state}")
        before = len(verdict.violations)
        check_truth(ground, verdict, f"history {number} ({', '.join(deeds)})")
        verdict.add("missed", int(len(verdict.violations) > before))
        verdict.add("deeds", len(deeds))
    verdict.figures["histories"] = histories


def long_untouched(ground: Ground) -> set[int]:
    """Tickets whose stamp is older than any that a late commit gets: other scenarios may have changed the rest just now."""
    before = dt.datetime.fromisoformat(stamp(ground, 0)) - dt.timedelta(seconds=LATEST + 60)
    old = f"lastUpdated<[{before:%Y-%m-%dT%H:%M:%SZ}]"
    return set(ground.psa.ids(conditions=old))


def deed(ground: Ground, untouched: set[int]) -> str:
    """One thing that happens in the PSA; returns its name. Only what nobody ``touched`` is stamped late: a stamp never goes back."""
    kind: str = ground.chance.choice(["now", "late", "one second", "page edge", "created", "created late"])
    number = EDGE if kind == "page edge" else ground.chance.randint(1, 40)
    order: dict[str, Any] = {"collection": "tickets"}
    if kind not in {"now", "created"}:
        order["stamp"] = stamp(ground, LATEST if "late" in kind else 0)
    if kind.startswith("created"):
        ground.psa.control("create", **order, n=min(number, 5))
        return kind
    pool = sorted(untouched) if kind == "late" else ground.psa.ids()
    chosen = ground.chance.sample(pool, min(number, len(pool)))
    untouched.difference_update(chosen)
    if chosen:
        ground.psa.control("change", **order, ids=chosen, set={"summary": f"{kind} {ground.chance.getrandbits(32)}"})
    return kind


def stamp(ground: Ground, latest: int) -> str:
    """A moment up to ``latest`` seconds ago, by the PSA's clock."""
    now = dt.datetime.fromisoformat(ground.psa.control("clock", method="GET")["now"])
    moment = now - dt.timedelta(seconds=ground.chance.randint(0, latest))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
