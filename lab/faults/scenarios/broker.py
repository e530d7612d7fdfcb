"""The broker forgets, dies and stays away. Bells are lost with it; runs must not be."""

from __future__ import annotations

import time

from foundation.ledger.models import JournalEntry
from foundation.tenancy.scope import tenant_transaction
from lab.faults.scenario_context import ScenarioContext, check_truth
from lab.faults.verdict import Verdict
from sync.models import Run

PRESS_SECONDS = 10.0
"""How long a press may take while the broker is away."""
FLUSHED = frozenset({"unheard", "flushed"})
"""unheard: the task message is lost before any worker got it, and no other one is sent for the connection."""


def broker(ground: ScenarioContext, verdict: Verdict) -> None:
    """F3: each way of losing the broker, at a random moment of a run, with a press meanwhile."""
    ways = ["unheard", "flushed", "killed"]
    for way in ways if ground.short else [*ways, "away"] * (ground.rounds or 5):
        changed = ground.psa.control("change", n=20)["ids"]
        if way == "unheard":
            ground.crew.kill("one")
            ground.crew.kill("two")
        runs = [ground.ask("full")]
        if way != "unheard":
            time.sleep(ground.chance.uniform(0, 1.0))
        hurt(ground, way)
        ground.crew.keep("one", "two")
        if way == "flushed":
            runs.append(pressed(ground, verdict))
        elif way != "unheard":
            try:
                runs.append(pressed(ground, verdict))
                time.sleep(60 if way == "away" else ground.chance.uniform(0.5, 2))
            finally:
                ground.servers.valkey.start()
        for run in runs:
            ended = ground.ended(run, 120)
            verdict.require(
                ended.state == Run.State.DONE,
                f"broker {way}: the {run.kind} run ended as {ended.state}: {ended.message}",
            )
        require_single_effects(ground, verdict, runs, len(changed))
        verdict.add(way)
    check_truth(ground, verdict, "after the broker's troubles")


def hurt(ground: ScenarioContext, way: str) -> None:
    if way in FLUSHED:
        ground.servers.valkey.clear()
    else:
        ground.break_broker()


def pressed(ground: ScenarioContext, verdict: Verdict) -> Run:
    """A person asks for a quick sync; that must not wait for the broker."""
    began = time.monotonic()
    run = ground.ask("quick")
    verdict.most("press_seconds", time.monotonic() - began)
    verdict.require(time.monotonic() - began < PRESS_SECONDS, "a press waited for the broker")
    return run


def require_single_effects(ground: ScenarioContext, verdict: Verdict, runs: list[Run], changed: int) -> None:
    """What changed in the PSA was written once, whoever of the runs was first."""
    with tenant_transaction(ground.organization.pk):
        entries = JournalEntry.objects.filter(run_id__in=[run.pk for run in runs], stream="tickets")
        written = list(entries.values_list("record_id", flat=True))
    verdict.require(len(written) == len(set(written)), f"{len(written) - len(set(written))} tickets were written twice")
    verdict.add("changed", changed)
    verdict.add("written", len(written))
