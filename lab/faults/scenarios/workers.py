"""Workers that die, and workers that sleep past their lease."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from celery import current_app
from django.db import connection as database

from foundation.tenancy.scope import tenant_transaction
from lab.faults.scenario_context import ScenarioContext, check_truth
from lab.faults.verdict import Verdict, until
from sync.models import Run, RunStream

WRITTEN = """SELECT (SELECT xmin::text || fence FROM sync_run WHERE id = %(run)s),
    (SELECT count(*) FROM sync_runlog WHERE run_id = %(run)s), (SELECT string_agg(xmin::text, ',' ORDER BY id) FROM sync_runstream WHERE run_id = %(run)s),
    (SELECT count(*) FROM staging.tickets WHERE run_id = %(run)s), (SELECT count(*) FROM ledger_journalentry WHERE run_id = %(run)s),
    (SELECT max(xmin::text::bigint) FROM tickets_ticket)"""
"""Everything that a worker of the run writes."""


def zombie(ground: ScenarioContext, verdict: Verdict) -> None:
    """F2: a worker is stopped past its lease and wakes up when another one has taken over, or has even finished."""
    turns = ground.rounds or (1 if ground.short else 10)
    for turn in range(turns):
        one_zombie(ground, verdict, late=turn % 2 == 0)
    verdict.figures["zombies"] = turns
    check_truth(ground, verdict, "after the zombies")


def one_zombie(ground: ScenarioContext, verdict: Verdict, *, late: bool) -> None:
    """Stops the worker at a random moment. ``late``: it wakes up when the run has ended, else in the middle of its successor's work."""
    ground.psa.fault({"kind": "slow", "seconds": 0.4, "match": ground.psa.wire.early})
    run = ground.ask("clear_resync")
    until(lambda: working(ground, run), 30, "a worker takes the run")
    time.sleep(ground.chance.uniform(0, 0.5))
    sleeper = ground.run(run)
    pid = int(sleeper.worker.rpartition(":")[2])
    os.kill(pid, signal.SIGSTOP)
    try:
        seconds = until(lambda: taken_over(ground, run, sleeper), 30, "another worker takes over")
        verdict.most("taken_over_seconds", seconds)
        ground.psa.calm()
        if late:
            ground.ended(run)
        before = written(ground, run)
    finally:
        os.kill(pid, signal.SIGCONT)
    ended = ground.ended(run)
    until(lambda: idle(ground, pid), 30, "the zombie gives up")
    verdict.require(not late or written(ground, run) == before, "the zombie wrote")
    verdict.require(ended.state == Run.State.DONE, f"run {run.pk} ended as {ended.state}: {ended.message}")
    require_pages_once(ground, verdict, run)


def working(ground: ScenarioContext, run: Run) -> bool:
    now = ground.run(run)
    return bool(now.worker) and now.phase == Run.Phase.FETCHING


def taken_over(ground: ScenarioContext, run: Run, sleeper: Run) -> bool:
    return ground.run(run).fence > sleeper.fence


def written(ground: ScenarioContext, run: Run) -> tuple[Any, ...]:
    """A fingerprint of what was written for the run."""
    with tenant_transaction(ground.organization.pk), database.cursor() as cursor:
        cursor.execute(WRITTEN, {"run": run.pk})
        found: tuple[Any, ...] = cursor.fetchone()
        return found


def idle(ground: ScenarioContext, pid: int) -> bool:
    """Whether the worker with this process answers, which it does between two tasks only."""
    names = [f"{name}@faults" for name, process in ground.crew.processes.items() if process.pid == pid]
    return bool(current_app.control.ping(destination=names, timeout=0.5))


def require_pages_once(ground: ScenarioContext, verdict: Verdict, run: Run) -> None:
    """Each stream's pages were landed once each, in order."""
    with tenant_transaction(ground.organization.pk):
        for stream in RunStream.objects.filter(run=run):
            pages = [line.fields["page"] for line in run.logs.filter(stream=stream.name, message="page").order_by("id")]
            verdict.require(pages == list(range(1, stream.pages + 1)), f"{stream.name}: pages landed as {pages}")
