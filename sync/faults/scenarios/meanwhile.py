"""The world goes on during a full resync: changes, creations and deletions arrive by quick syncs, by replays and by hand."""

from __future__ import annotations

from django.db.models import Max

from portal.tenancy.scope import tenant, tenant_transaction
from sync.faults.ground import ENDED, Ground, check_truth
from sync.faults.verdict import Verdict, until
from sync.models import Run
from sync.services.live import ticket_refresh
from tickets.models import Ticket


def meanwhile(ground: Ground, verdict: Verdict) -> None:
    """F7: nothing created meanwhile is swept, the newest wins, and nothing deleted meanwhile comes back for good."""
    deeds = 60 if ground.short else 500
    ground.psa.fault(
        {"kind": "slow", "seconds": 0.5, "match": {"path": "service/boards/"}, "probability": 0.5},
        {"kind": "slow", "seconds": 1.0, "match": {"path": "service/tickets$", "query": "^(?!.*lastUpdated)"}},
    )
    run = ground.ask("clear_resync")
    until(lambda: ground.run(run).phase == Run.Phase.FETCHING, 60, "the resync reads")
    created: list[int] = []
    while verdict.figures.get("deeds", 0) < deeds and ground.run(run).state not in ENDED:
        created += deed(ground, verdict)
    quick = ground.sync("quick")
    verdict.require(quick.state == Run.State.DONE, f"the quick sync ended as {quick.state}: {quick.message}")
    known = present(ground, created)
    ground.psa.calm()
    ended = ground.ended(run, 180)
    verdict.require(ended.state == Run.State.DONE, f"the resync ended as {ended.state}: {ended.message}")
    really = {str(each) for each in ground.psa.ids()}
    swept = {each for each in known if each in really} - present(ground, created)
    verdict.require(not swept, f"{len(swept)} tickets created meanwhile were swept: {sorted(swept)[:3]}")
    ground.sync("quick")
    last = ground.sync("full")
    verdict.require(last.state == Run.State.DONE, f"the last full run ended as {last.state}: {last.message}")
    check_truth(ground, verdict, "when the world is at rest")


def deed(ground: Ground, verdict: Verdict) -> list[int]:
    """A handful of changes in the PSA, brought here in one of the ways. Returns the ids of new tickets."""
    stamp = {} if ground.chance.random() < 0.6 else {"stamp": "keep"}
    made: list[int] = []
    kind = ground.chance.choice(["change", "change", "create", "delete"])
    if kind == "create":
        made = ground.psa.control("create", collection="tickets", n=3)["ids"]
    elif kind == "delete":
        ground.psa.control("delete", n=1)
    else:
        chosen = ground.psa.control("change", n=5, set={"summary": f"deed {ground.chance.getrandbits(32)}"}, **stamp)[
            "ids"
        ]
        by_hand(ground, chosen)
    if ground.chance.random() < 0.3:
        ground.ask("quick")
    verdict.add(kind)
    verdict.add("deeds", {"create": 3, "delete": 1, "change": 5}[kind])
    return made


def by_hand(ground: Ground, chosen: list[int]) -> None:
    """Somebody opens one of them, which reads it from the PSA now."""
    with tenant(ground.organization.pk):
        with tenant_transaction():
            wanted = Ticket.objects.filter(connection=ground.connection, remote_id__in=[str(each) for each in chosen])
            ticket = wanted.aggregate(newest=Max("pk"))["newest"]
        if ticket is not None:
            ticket_refresh(ticket_id=ticket)


def present(ground: Ground, ids: list[int]) -> set[str]:
    """Which of these tickets readers see."""
    with tenant_transaction(ground.organization.pk):
        wanted = Ticket.objects.filter(connection=ground.connection, remote_id__in=[str(each) for each in ids])
        return set(wanted.values_list("remote_id", flat=True))
