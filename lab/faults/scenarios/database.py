"""PostgreSQL ends and comes back, cleanly and by a crash, while runs and readers work."""

from __future__ import annotations

import time

from django.db import OperationalError, connections

from foundation.tenancy.scope import tenant_transaction
from lab.faults.processes import Pages
from lab.faults.scenario_context import ENDED, ScenarioContext, check_truth
from lab.faults.verdict import Verdict, until
from sync.models import Run, RunStream

PAGE = "/"
LASTING = 1.5
"""Seconds for each answer of the PSA in the long scenario, so that a run is still at work when the next restart comes."""


def database(ground: ScenarioContext, verdict: Verdict) -> None:
    """F4: restarts during runs, half of them by a crash; each run ends right, and the pages say when to come again."""
    pages = Pages(ground.crew)
    until(lambda: pages.ask("/readyz")[0] == 200, 60, "the pages answer")
    slow = {"kind": "slow", "seconds": 0.15 if ground.short else LASTING}
    left, turn = ground.rounds or (2 if ground.short else 40), 0
    while left > 0:
        ground.psa.fault(slow)
        run = ground.ask("clear_resync" if turn % 2 else "full")
        least = 0
        for _ in range(min(left, ground.chance.randint(1, 3))):
            time.sleep(ground.chance.uniform(0.5, 3) if ground.short else ground.chance.uniform(5, 40))
            if ground.run(run).state in ENDED:
                break
            least = restart(ground, verdict, pages, run, least, crash=bool(turn % 2))
            left, turn = left - 1, turn + 1
        ground.psa.calm()
        ended = ground.ended(run, 180)
        verdict.require(ended.state == Run.State.DONE, f"run {run.pk} ended as {ended.state}: {ended.message}")
    ground.crew.kill("web")
    check_truth(ground, verdict, "after the restarts")


def restart(ground: ScenarioContext, verdict: Verdict, pages: Pages, run: Run, least: int, *, crash: bool) -> int:
    """One restart. Returns how many pages the run had landed before it, which it must not lose."""
    landed = max(least, pages_of(ground, run))
    ground.break_postgres(crash=crash)
    try:
        status, headers, body = pages.ask("/readyz" if crash else PAGE)
        verdict.require(status == 503, f"the pages answered {status} while PostgreSQL was away")
        verdict.require("Retry-After" in headers, "the pages did not say when to come again")
        verdict.require("Traceback" not in body, "the pages showed a traceback")
    finally:
        ground.servers.postgres.start()
    until(lambda: answers(ground, run), 30, "PostgreSQL answers again")
    after = pages_of(ground, run)
    verdict.require(after >= landed, f"{landed} pages had been landed, {after} are left after a restart")
    verdict.most("back_seconds", until(lambda: pages.ask("/readyz")[0] == 200, 60, "the pages come back"))
    verdict.add("crashes" if crash else "restarts")
    return after


def pages_of(ground: ScenarioContext, run: Run) -> int:
    with tenant_transaction(ground.organization.pk):
        return sum(RunStream.objects.filter(run=run).values_list("pages", flat=True))


def answers(ground: ScenarioContext, run: Run) -> bool:
    try:
        ground.run(run)
    except OperationalError:
        connections.close_all()
        return False
    return True
