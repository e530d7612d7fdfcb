"""Workers killed at named places and at random moments, all through full clears and resyncs."""

from __future__ import annotations

import sys
import time
from collections import Counter
from subprocess import Popen

from foundation.ledger.models import JournalEntry
from foundation.tenancy.scope import tenant_transaction
from lab.faults.reader import watching
from lab.faults.scenario_context import ENDED, ScenarioContext, check_truth
from lab.faults.scenarios.workers import require_pages_once
from lab.faults.verdict import GLANCE, Stuck, Verdict, until
from sync.models import Run, RunStream

CHILDREN = "children_landing"
PLACES = (
    "claimed",
    CHILDREN,
    "page_fetched",
    "page_landing",
    "page_committed",
    "verified",
    "applying",
    "applied",
    "cleaned",
)
"""In the order in which a run passes them, so that one run can die at each: boards have children, and are read before the tickets."""
RESUMED_SECONDS = 30
FETCHED_AGAIN = 1
"""Pages that a kill may cost: the one that was not landed."""


def kills(ground: ScenarioContext, verdict: Verdict) -> None:
    """F1: each round is one clear and resync of a changed PSA; its worker dies again and again, and a reader looks all the while."""
    wanted = ground.rounds or (4 if ground.short else 200)
    ground.crew.kill("two")
    while verdict.figures.get("kills", 0) < wanted:
        one_round(ground, verdict, wanted)
    ground.crew.keep("one", "two")


def one_round(ground: ScenarioContext, verdict: Verdict, wanted: int) -> None:
    """Kills at places in order, some of them at random moments instead, then lets the run end."""
    left = wanted - int(verdict.figures.get("kills", 0))
    places = [place for place in PLACES if place != "applying" and (place != CHILDREN or ground.psa.wire.children)]
    few = (
        ["page_fetched", "page_landing", "page_committed"]
        if ground.short
        else ground.chance.sample(places, len(places))
    )
    print_progress(ground, verdict, wanted)
    chosen = sorted([*few[: max(0, left - 1)], "applying"], key=PLACES.index)
    summary = f"copy {ground.chance.getrandbits(32)}"
    ids = ground.psa.ids()
    ground.psa.say(summary, ids=ids)
    before = ground.tickets()
    ground.psa.fault()
    ground.psa.watch(ground.psa.wire.pages)
    killed = reading = 0
    with watching(ground.organization.pk, ground.connection.pk, summary) as sights:
        ground.crew.kill("one")
        run = ground.ask("clear_resync")
        for place in chosen:
            if place == CHILDREN and not children_left(run):
                continue
            lost = pages_lost(ground, run)
            killed += die(ground, verdict, run, place)
            reading += reads_tickets(ground, run)
            lost = pages_lost(ground, run) - lost
            verdict.require(lost <= FETCHED_AGAIN, f"the kill at {place} cost {lost} pages of tickets")
        fence, began = ground.run(run).fence, time.monotonic()
        ground.crew.keep("one")
        taken_up(ground, verdict, run, fence, began, "the last kill")
        ended = ground.ended(run, 180)
    sights.judge(verdict, before, len(ids))
    verdict.add("kills", killed)
    verdict.require(ended.result == "success", f"run {run.pk} ended as {ended.result}: {ended.message}")
    require_once(ground, verdict, run, len(ids), reading)
    check_truth(ground, verdict, f"after {killed} kills")


def print_progress(ground: ScenarioContext, verdict: Verdict, wanted: int) -> None:
    """A line a round of a long run, on the error stream: the last line of the output is the report."""
    if not ground.short:
        print(f"F1: {verdict.figures.get('kills', 0)} of {wanted} kills", file=sys.stderr, flush=True)


def die(ground: ScenarioContext, verdict: Verdict, run: Run, place: str) -> int:
    """Starts a worker that dies at ``place``, or at a random moment; returns 1 when it did before the run ended."""
    fence = ground.run(run).fence
    at_random = ground.chance.random() < 0.25
    armed = {} if at_random else {"SYNC_CRASH_POINT": place, "SYNC_CRASH_AFTER": passage(ground, run, place)}
    began = time.monotonic()
    worker = ground.crew.worker("one", **armed)
    taken_up(ground, verdict, run, fence, began, place)
    if at_random:
        time.sleep(ground.chance.uniform(0, 1.5))
        ground.crew.kill("one")
    else:
        await_death(ground, run, worker)
    ground.crew.kill("one")
    verdict.add("at_random" if at_random else f"at_{place}")
    return int(not over(ground, run))


def passage(ground: ScenarioContext, run: Run, place: str) -> str:
    """Which passage of the place is the last one of this worker: of pages, one among those of the tickets that are left."""
    if not place.startswith("page_"):
        return "1"
    usual, read = pages_of(usual_run(ground)), pages_of(run)
    before = sum(max(0, pages - read.get(name, 0)) for name, pages in usual.items() if name != "tickets")
    left = max(1, usual["tickets"] - read.get("tickets", 0))
    return str(before + ground.chance.randint(1, left))


def taken_up(ground: ScenarioContext, verdict: Verdict, run: Run, fence: int, began: float, place: str) -> None:
    """Waits until a worker has the run again, and holds it to its time."""
    until(lambda: ground.run(run).fence > fence or over(ground, run), 60, f"the run is taken up ({place})")
    resumed = time.monotonic() - began
    verdict.most("resumed_seconds", resumed)
    verdict.require(resumed <= RESUMED_SECONDS, f"resumed after {resumed:.0f} s")


def children_left(run: Run) -> bool:
    """Whether the boards' children, which come first of all children, are still to be read."""
    with tenant_transaction(run.organization_id):
        children = RunStream.objects.filter(run=run, name="statuses")
        return not children.exclude(state__in=[RunStream.State.PENDING, RunStream.State.FETCHING]).exists()


def usual_run(ground: ScenarioContext) -> Run:
    """The first sync, which nothing disturbed."""
    with tenant_transaction(ground.organization.pk):
        return Run.objects.filter(connection=ground.connection, state=Run.State.DONE).order_by("pk")[0]


def pages_of(run: Run) -> dict[str, int]:
    """{stream: pages} of tickets and of what is read page by page before them."""
    with tenant_transaction(run.organization_id):
        by_parents = {"coverage__has_any_keys": ["of", "parents"]}
        streams = list(RunStream.objects.filter(run=run).exclude(**by_parents).order_by("position"))
    names = [stream.name for stream in streams]
    return {stream.name: stream.pages for stream in streams[: names.index("tickets") + 1]} if "tickets" in names else {}


def pages_asked(ground: ScenarioContext) -> int:
    """How many pages of tickets the PSA was asked for in this round."""
    return ground.psa.watched(ground.psa.wire.pages)


def pages_lost(ground: ScenarioContext, run: Run) -> int:
    """Pages of tickets that were asked for and are not landed."""
    return pages_asked(ground) - pages_of(run).get("tickets", 0)


def reads_tickets(ground: ScenarioContext, run: Run) -> int:
    """1 where the worker died while it read tickets."""
    with tenant_transaction(ground.organization.pk):
        return int(RunStream.objects.filter(run=run, name="tickets", state=RunStream.State.FETCHING).exists())


def await_death(ground: ScenarioContext, run: Run, worker: Popen[bytes]) -> None:
    """Until the worker is dead, or the run has ended without it."""
    deadline = time.monotonic() + 60
    while worker.poll() is None and not over(ground, run):
        if time.monotonic() > deadline:
            raise Stuck("the worker neither dies nor ends the run")
        time.sleep(GLANCE)


def over(ground: ScenarioContext, run: Run) -> bool:
    return ground.run(run).state in ENDED


def require_once(ground: ScenarioContext, verdict: Verdict, run: Run, tickets: int, reading: int) -> None:
    """Every change was written once, every page landed once, and little was fetched again."""
    with tenant_transaction(ground.organization.pk):
        entries = JournalEntry.objects.filter(run_id=run.pk, stream="tickets").values_list("record_id", "action")
        actions = Counter(action for _, action in entries)
        records = {record for record, _ in entries}
    verdict.require(actions == {"updated": tickets}, f"the journal of {tickets} changed tickets says {dict(actions)}")
    verdict.require(len(records) == tickets, f"{tickets - len(records)} tickets were written more than once")
    require_pages_once(ground, verdict, run)
    again = pages_lost(ground, run)
    verdict.add("pages_fetched_again", again)
    verdict.require(
        again <= FETCHED_AGAIN * reading,
        f"{again} pages of tickets were fetched again after {reading} kills while they were read",
    )
