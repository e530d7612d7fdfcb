"""The PSA asks for patience, answers slowly, hangs up, or cannot be found."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from foundation.tenancy.scope import tenant_transaction
from integrations.services.connections import connection_open
from lab.faults.scenario_context import ScenarioContext, check_truth
from lab.faults.vendor_requests import Wire
from lab.faults.verdict import GLANCE, Verdict, until
from sync.models import Run
from sync.services.runs import run_cancel


def storms_of(wire: Wire) -> dict[str, list[dict[str, Any]]]:
    """The rules of each storm, by its name."""
    return {
        "asked to wait": [{"kind": "429", "retry_after": 2, "times": 3, "match": wire.pages}],
        "resets": [
            {"kind": "reset", "times": 2, "match": wire.pages},
            {"kind": "slow", "seconds": 0.3, "match": wire.early},
        ],
        "slow": [{"kind": "slow", "seconds": 0.3, "probability": 0.2}],
        "an upgrade": [{"kind": "503html", "times": 3, "match": wire.pages}],
        "asked to wait without a time": [{"kind": "429", "times": 2, "match": wire.pages}],
        "everything": [
            {"kind": "429", "retry_after": 1, "probability": 0.05},
            {"kind": "reset", "probability": 0.03},
            {"kind": "500", "probability": 0.03},
            {"kind": "slow", "seconds": 0.2, "probability": 0.1},
        ],
    }


WAITS = {"asked to wait", "resets", "an upgrade", "asked to wait without a time"}
IN_SHORT = ("resets",)


def storms(ground: ScenarioContext, verdict: Verdict) -> None:
    """F6: each storm during a full run, which shows its waits as waits and finishes."""
    every, allowed = storms_of(ground.psa.wire), at_once_allowed(ground)
    for name in IN_SHORT if ground.short else every:
        ground.psa.control("stats/reset")
        ground.psa.fault(*every[name])
        run = ground.ask("full")
        with watching(ground, run) as waits:
            ended = ground.ended(run, 600)
        stats = ground.psa.control("stats", method="GET")
        ground.psa.calm()
        verdict.require(ended.state == Run.State.DONE, f"{name}: the run ended as {ended.state}: {ended.message}")
        verdict.require(name not in WAITS or bool(waits), f"{name}: no wait was shown")
        at_once = int(stats["max_concurrency"])
        verdict.require(at_once <= allowed, f"{name}: {at_once} requests at once")
        verdict.most("most_requests_at_once", at_once)
        verdict.add("waits_seen", len(waits))
        check_truth(ground, verdict, name)
    early(ground, verdict)
    nowhere(ground, verdict)


def at_once_allowed(ground: ScenarioContext) -> int:
    """Requests in flight that the adapter allows itself."""
    with tenant_transaction(ground.organization.pk):
        adapter = connection_open(ground.connection)
    try:
        return adapter.budget.concurrency
    finally:
        adapter.close()


@contextmanager
def watching(ground: ScenarioContext, run: Run) -> Iterator[set[str]]:
    """The reasons of the waits that a reader sees meanwhile."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(GLANCE):
            now = ground.run(run)
            if now.state == Run.State.WAITING and now.wait_until:
                seen.add(now.wait_reason)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        yield seen
    finally:
        over.set()
        reader.join()


def early(ground: ScenarioContext, verdict: Verdict) -> None:
    """Nothing is asked of the PSA before the time that it named is over."""
    seconds = 3
    ground.psa.control("stats/reset")
    ground.psa.fault({"kind": "429", "retry_after": seconds, "times": 1, "match": ground.psa.wire.pages})
    run = ground.ask("full")
    until(lambda: ground.run(run).state == Run.State.WAITING, 60, "the run waits")
    asked, now = requests(ground), ground.run(run)
    rest = (now.wait_until - now.progress_at).total_seconds() if now.wait_until and now.progress_at else 0.0
    until(lambda: ground.run(run).state != Run.State.WAITING or requests(ground) > asked, 60, "the wait ends")
    verdict.require(rest >= seconds, f"asked to wait {seconds} s, the run waited {rest:.1f} s")
    verdict.require(ground.ended(run).state == Run.State.DONE, "the run did not end well after its wait")


def requests(ground: ScenarioContext) -> int:
    return int(ground.psa.control("stats", method="GET")["requests"])


def nowhere(ground: ScenarioContext, verdict: Verdict) -> None:
    """An address that nobody knows: the run waits with the reason, and can be cancelled."""
    connection = ground.connect("Nowhere", address="http://psa.invalid:8080")
    run = ground.ask("full", connection)
    until(lambda: ground.run(run).state in {Run.State.WAITING, Run.State.FAILED}, 60, "an unknown host is noticed")
    now = ground.run(run)
    verdict.require(bool(now.wait_reason or now.message), "an unknown host: no reason is given")
    if now.is_open:
        with tenant_transaction(ground.organization.pk):
            run_cancel(run=now, actor=None, reason="the fault harness")
        ground.ended(run)
