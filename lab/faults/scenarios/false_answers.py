"""The PSA lies: fewer rows than it has, shifted pages, wrong counts, broken answers. Nothing may be removed for it."""

from __future__ import annotations

from typing import Any

from foundation.tenancy.scope import tenant_transaction
from lab.faults.scenario_context import ScenarioContext, check_truth
from lab.faults.vendor_requests import Match, Wire
from lab.faults.verdict import Verdict
from sync.models import Run
from sync.services.runs import run_reject


def lies_of(wire: Wire) -> dict[str, list[dict[str, Any]]]:
    """The rules of each lie, by its name."""

    def partial(fraction: float) -> dict[str, Any]:
        return {"kind": "partial", "fraction": fraction, "match": wire.pages}

    fewer = [{"kind": "count", "factor": 0.5, "match": match} for match in miscounted(wire)]
    return {
        "no rows at all": [{"kind": "empty", "match": wire.pages}],
        "half of the rows": [partial(0.5)],
        "all but 3 in 100": [partial(0.97)],
        "a shifted page": [{"kind": "drift", "mode": "shift", "rows": 3, "match": wire.pages, "times": 1}],
        "a miscount": [{"kind": "count", "offset": 40, "match": wire.counts}],
        "refused after the last page": [{"kind": "401", "match": wire.counts, "after": 1}],
        "a tenth of the rows": [partial(0.1)],
        "94 in 100": [partial(0.94)],
        "missing rows": [{"kind": "drift", "mode": "drop", "rows": 7, "match": wire.pages, "times": 1}],
        "truncated JSON": [{"kind": "truncated", "match": wire.pages}],
        "an error for ever": [{"kind": "truncated", "how": "wire", "match": wire.pages}],
        "nothing with a good status": [{"kind": "empty", "how": "nothing", "match": wire.pages}],
        "rows and count agree": [partial(0.5), *fewer],
    }


def miscounted(wire: Wire) -> list[Match]:
    """Where a number has to be wrong for all that is said of tickets to agree."""
    return [wire.counts, wire.pages] if wire.lists_count else [wire.counts]


def harmless(wire: Wire) -> dict[str, list[dict[str, Any]]]:
    """Troubles that a run gets over."""
    return {
        "doubled rows": [{"kind": "drift", "mode": "duplicate", "rows": 5, "match": wire.pages, "times": 1}],
        "an error that passes": [{"kind": "500", "match": wire.pages, "times": 1}],
    }


PATIENCE = 600
"""Seconds: a run tries again for four minutes before it gives up on an error that may pass."""
IN_SHORT = ("half of the rows", "all but 3 in 100", "rows and count agree")


def false_answers(ground: ScenarioContext, verdict: Verdict) -> None:
    """F5: each lie during a full run, and one during a first sync; then a true deletion, which passes unasked."""
    every = lies_of(ground.psa.wire)
    chosen = list(every) if not ground.short else [*IN_SHORT, ground.chance.choice(sorted(set(every) - set(IN_SHORT)))]
    for name in chosen:
        lie(ground, verdict, name, every[name])
    for name, rules in () if ground.short else harmless(ground.psa.wire).items():
        ground.psa.fault(*rules)
        run = ground.sync("full")
        verdict.require(run.state == Run.State.DONE, f"{name}: the run ended as {run.state}: {run.message}")
        ground.psa.calm()
        check_truth(ground, verdict, name)
    first_sync(ground, verdict)
    true_deletion(ground, verdict)


def lie(ground: ScenarioContext, verdict: Verdict, name: str, rules: list[dict[str, Any]]) -> None:
    """One lie: the run is held or an Error with a reason, and what readers see stays."""
    before = ground.tickets()
    ground.psa.fault(*rules)
    run = ground.ended(ground.ask("full"), PATIENCE)
    ground.psa.calm()
    verdict.require(run.result in {"held", "error"} and bool(run.message), f"{name}: {run.result}: {run.message}")
    verdict.require(ground.tickets() == before, f"{name}: {before - ground.tickets()} tickets were removed")
    if run.state == Run.State.HELD:
        reject(ground, run)
    verdict.add(run.result)
    check_truth(ground, verdict, name)


def reject(ground: ScenarioContext, run: Run) -> None:
    with tenant_transaction(ground.organization.pk):
        run_reject(run=Run.objects.get(pk=run.pk), actor=None, reason="the fault harness")


def first_sync(ground: ScenarioContext, verdict: Verdict) -> None:
    """A first sync that was shown half of the tickets is no Success, and what it missed comes with the next sync."""
    ground.psa.control("instance", identity="another")
    connection = ground.connect("Lied to at first")
    ground.psa.fault(*lies_of(ground.psa.wire)["half of the rows"])
    run = ground.sync("full", connection)
    verdict.require(run.result == "error", f"a first sync of half of the tickets ended as {run.result}: {run.message}")
    ground.psa.calm()
    ground.psa.control("instance", identity="another")
    ground.sync("quick", connection)
    check_truth(ground, verdict, "after the lied-to first sync", connection)
    ground.psa.control("reset")


def true_deletion(ground: ScenarioContext, verdict: Verdict) -> None:
    """3 in 100 tickets are really deleted."""
    gone = len(ground.psa.control("delete", fraction=0.03)["ids"])
    run = ground.sync("full")
    verdict.require(run.result == "success", f"a true deletion of 3 % ended as {run.result}: {run.message}")
    verdict.figures["truly_deleted"] = gone
    check_truth(ground, verdict, "after the true deletion")
