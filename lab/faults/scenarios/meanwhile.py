"""The world goes on during a full resync: changes, creations and deletions arrive by quick syncs, by replays and by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from foundation.tenancy.scope import tenant, tenant_transaction
from lab.faults.scenario_context import ENDED, ScenarioContext, check_truth
from lab.faults.verdict import Verdict, until
from sync.models import Run, RunStream
from sync.services.live import ticket_refresh
from tickets.models import Ticket


def meanwhile(ground: ScenarioContext, verdict: Verdict) -> None:
    """F7: nothing created meanwhile is swept, the newest wins, and nothing deleted meanwhile comes back for good."""
    deeds = ground.rounds or (60 if ground.short else 500)
    wire = ground.psa.wire
    ground.psa.fault(
        {"kind": "slow", "seconds": 0.5, "match": wire.early, "probability": 0.5},
        {"kind": "slow", "seconds": 1.0 if ground.short else 0.5, "match": wire.whole, "after": 1},
        # Tickets are counted before anything is read, and again before what was read is applied.
        {"kind": "slow", "seconds": 4.0, "match": wire.counts, "after": 1},
    )
    run = ground.ask("clear_resync")
    created: list[int] = []
    opened: dict[str, str] = {}
    for share, begun in ((0.2, fetching), (0.8, reads_tickets), (1.0, has_tickets)):
        until(partial(reached, ground, run, begun), 120, "the resync goes on")
        while verdict.figures.get("deeds", 0) < share * deeds and not over(ground, run):
            created += deed(ground, verdict, opened)
    created += ground.psa.control("create", collection="tickets", n=3)["ids"]
    quick = ground.sync("quick")
    verdict.require(quick.state == Run.State.DONE, f"the quick sync ended as {quick.state}: {quick.message}")
    verdict.require(not over(ground, run), "the resync was over before the world had done its deeds")
    known = present(ground, created)
    ground.psa.calm()
    ended = ground.ended(run, 180)
    verdict.require(ended.state == Run.State.DONE, f"the resync ended as {ended.state}: {ended.message}")
    really = {str(each) for each in ground.psa.ids()}
    swept = {each for each in known if each in really} - present(ground, created)
    verdict.require(not swept, f"{len(swept)} tickets created meanwhile were swept: {sorted(swept)[:3]}")
    stale = {each for each, summary in summaries(ground, opened).items() if each in really and summary != opened[each]}
    verdict.require(not stale, f"{len(stale)} tickets that somebody opened went back: {sorted(stale)[:3]}")
    verdict.figures["opened"] = len(opened)
    ground.sync("quick")
    last = ground.sync("full")
    verdict.require(last.state == Run.State.DONE, f"the last full run ended as {last.state}: {last.message}")
    check_truth(ground, verdict, "when the world is at rest")


def over(ground: ScenarioContext, run: Run) -> bool:
    return ground.run(run).state in ENDED


def reached(ground: ScenarioContext, run: Run, begun: Callable[[ScenarioContext, Run], bool]) -> bool:
    return begun(ground, run) or over(ground, run)


def fetching(ground: ScenarioContext, run: Run) -> bool:
    return ground.run(run).phase == Run.Phase.FETCHING


def reads_tickets(ground: ScenarioContext, run: Run) -> bool:
    """Whether a page of tickets was read: what changes in it from now on is news to the run."""
    with tenant_transaction(ground.organization.pk):
        return RunStream.objects.filter(run=run, name="tickets", pages__gt=0).exists()


def has_tickets(ground: ScenarioContext, run: Run) -> bool:
    """Whether all tickets were read: what is created from now on is in no page."""
    with tenant_transaction(ground.organization.pk):
        return RunStream.objects.filter(run=run, name="tickets", state=RunStream.State.FETCHED).exists()


def deed(ground: ScenarioContext, verdict: Verdict, opened: dict[str, str]) -> list[int]:
    """A handful of changes in the PSA, brought here in one of the ways. Returns the ids of new tickets; ``opened`` becomes what was
    read by hand and has not changed since: {remote id: summary}."""
    stamp = {} if ground.chance.random() < 0.6 else {"stamp": "keep"}
    made: list[int] = []
    kind = ground.chance.choice(["change", "change", "create", "delete"])
    if kind == "create":
        made = ground.psa.control("create", collection="tickets", n=3)["ids"]
    elif kind == "delete":
        ground.psa.control("delete", n=1)
    else:
        summary = f"deed {ground.chance.getrandbits(32)}"
        chosen = [str(each) for each in ground.psa.say(summary, n=5, **stamp)]
        for each in chosen:
            opened.pop(each, None)
        if read := by_hand(ground, chosen):
            opened[read] = summary
    if ground.chance.random() < 0.3:
        ground.ask("quick")
    verdict.add(kind)
    verdict.add("deeds", {"create": 3, "delete": 1, "change": 5}[kind])
    return made


def by_hand(ground: ScenarioContext, chosen: list[str]) -> str:
    """Somebody opens one of them, which reads it from the PSA now. Returns its remote id, "" where none is here."""
    with tenant(ground.organization.pk):
        with tenant_transaction():
            wanted = Ticket.objects.filter(connection=ground.connection, remote_id__in=chosen)
            ticket = wanted.order_by("-pk").first()
        if ticket is None:
            return ""
        ticket_refresh(ticket_id=ticket.pk)
        return ticket.remote_id


def summaries(ground: ScenarioContext, wanted: Iterable[str]) -> dict[str, str]:
    """{remote id: summary} of these tickets, as readers see them."""
    with tenant_transaction(ground.organization.pk):
        here = Ticket.objects.filter(connection=ground.connection, remote_id__in=list(wanted))
        return dict(here.values_list("remote_id", "summary"))


def present(ground: ScenarioContext, ids: list[int]) -> set[str]:
    """Which of these tickets readers see."""
    with tenant_transaction(ground.organization.pk):
        wanted = Ticket.objects.filter(connection=ground.connection, remote_id__in=[str(each) for each in ids])
        return set(wanted.values_list("remote_id", flat=True))
