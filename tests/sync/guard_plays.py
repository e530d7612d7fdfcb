"""A play for each guard that the fault harness can switch off: what happens, and in sentences what must not have come of it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from django.db import DatabaseError
from django.db import connection as database

from foundation.core import database_clock
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.adapters.connectwise.payloads import Ticket as Payload
from integrations.answers import Answer
from integrations.decoding import listing_of
from integrations.models import Connection
from integrations.services.connections import connection_open
from sync.engine.run.drive import advance
from sync.engine.run.lease import LeaseLost, claim, step
from sync.models import Run, RunStream
from sync.services import sweeper
from sync.services.live import ticket_refresh
from sync.services.runs import RunRefused, run_request
from sync.services.schedules import schedule_of, schedule_update
from tests.fixtures.clock import DatabaseTime
from tests.fixtures.runs import make_run
from tests.sync.conftest import asked, rested
from tests.sync.guard_scene import PAGE, TICKETS, Scene
from tickets.models import Note, Ticket

Play = Callable[[Scene], Iterator[str]]
"""Plays, and says what was hurt."""
NOTES = r"service/tickets/\d+/notes$"
TOGETHER = 8
NOON = dt.datetime(2026, 6, 10, 12, tzinfo=dt.UTC)
NIGHT = dt.datetime(2026, 6, 10, 23, 0, 1, tzinfo=dt.UTC)
"""One in the night of June 11 in Amsterdam."""


def fence(scene: Scene) -> Iterator[str]:
    """Another worker has taken over from one that slept past its lease."""
    run = asked(scene.connection)
    with tenant(run.organization_id):
        sleeper = claim(run.pk)
        with tenant_transaction():
            Run.objects.filter(pk=run.pk).update(lease_until=run.created_at)
        assert claim(run.pk) is not None
    assert sleeper is not None
    try:
        with step(sleeper):
            yield "a worker wrote after another one had taken over"
    except LeaseLost:
        return


def sweeper_rings(scene: Scene) -> Iterator[str]:
    """The task messages of a run that is queued, and of one whose worker died, were lost."""
    long_ago = database_clock.now() - dt.timedelta(hours=1)
    with tenant_transaction(scene.connection.organization_id):
        died = make_run(scene.connection, "full", lease_until=long_ago, rung_at=long_ago)
        queued = make_run(scene.connection, "quick", state="queued", phase="queued")
        queued_before = Run.objects.get(pk=queued.pk).rung_at
    sweeper.sweep()
    with tenant_transaction(scene.connection.organization_id):
        if Run.objects.get(pk=died.pk).rung_at == long_ago:
            yield "nobody rang for the run whose worker died"
        if Run.objects.get(pk=queued.pk).rung_at == queued_before:
            yield "nobody rang for the queued run"


def count(scene: Scene) -> Iterator[str]:
    """The PSA shows a few tickets less than it counts."""
    scene.first()
    scene.fault("partial", fraction=0.95)
    run = scene.sync()
    if lost := TICKETS - len(scene.tickets()):
        yield f"{lost} tickets that the PSA counts were removed: {run.result}"


def hold(scene: Scene) -> Iterator[str]:
    """Half of the tickets are really deleted."""
    scene.first()
    scene.control("delete", n=TICKETS // 2)
    run = scene.sync()
    if lost := TICKETS - len(scene.tickets()):
        yield f"{lost} tickets were removed unasked: {run.state}"


def checkpoint(scene: Scene) -> Iterator[str]:
    """Each slice of a run ends after one page."""
    scene.first()
    scene.fault("slow", seconds=0.0)
    run = scene.until_read("full")
    if run is None:
        yield "the run never read all tickets"
        return
    with tenant_transaction(run.organization_id):
        stream = RunStream.objects.get(run=run, name="tickets")
    [asked_for] = scene.psa.control("GET", "faults")
    pages = TICKETS // PAGE + 1  # A full page names a next one, even if that is empty.
    if asked_for["hits"] != pages or stream.incomplete:
        yield f"{pages} pages of tickets were asked for {asked_for['hits']} times: {stream.incomplete}"


def moment(scene: Scene) -> Iterator[str]:
    """Somebody reads while a clear and resync of a PSA is at work in which everything has changed."""
    scene.first()
    scene.say("Anew", ids=[int(each) for each in scene.tickets()])
    for _ in scene.in_pages("clear_resync"):
        seen = Counter(summary == "Anew" for summary in scene.tickets().values())
        if set(seen.values()) != {TICKETS}:
            yield f"a reader saw {seen[True]} new tickets and {seen[False]} old ones"
    assert set(scene.tickets().values()) == {"Anew"}


def turns(scene: Scene) -> Iterator[str]:
    """Some people press at once."""

    def press(_: int) -> int | str:
        try:
            with tenant_transaction(scene.connection.organization_id):
                return int(run_request(connection=scene.connection, kind="full", trigger="person").run.pk)
        except (DatabaseError, RunRefused) as err:
            return type(err).__name__
        finally:
            database.close()

    with ThreadPoolExecutor(TOGETHER) as people:
        answers = set(people.map(press, range(TOGETHER)))
    if len(answers) > 1:
        yield f"{TOGETHER} presses came to {answers}"


def newest(scene: Scene) -> Iterator[str]:
    """Somebody opens a ticket that has changed since a run read it."""
    scene.first()
    run = scene.until_read("full")
    assert run is not None
    [ticket] = scene.say("Opened", ids=[int(min(scene.tickets()))])
    with tenant(run.organization_id):
        with tenant_transaction():
            key = Ticket.objects.get(remote_id=ticket).pk
        assert ticket_refresh(ticket_id=key).ok
    assert scene.tickets()[ticket] == "Opened"
    rested(run)
    if scene.tickets()[ticket] != "Opened":
        yield "the ticket that was opened went back"


def arrived(scene: Scene) -> Iterator[str]:
    """A ticket is made, and comes in by a quick sync, once a run has read all others."""
    scene.first()
    run = scene.until_read("full")
    assert run is not None
    [ticket] = map(str, scene.control("create", collection="tickets", n=1)["ids"])
    scene.sync("quick")
    assert ticket in scene.tickets()
    rested(run)
    if ticket not in scene.tickets():
        yield "a ticket that was created meanwhile was swept"


def nights(scene: Scene) -> Iterator[str]:
    """Somebody makes the night later once it has had its run."""
    time: DatabaseTime = scene.request.getfixturevalue("database_time")
    time.move_to(NOON)
    with tenant_transaction(scene.connection.organization_id):
        Connection.objects.filter(pk=scene.connection.pk).update(state="connected", setup_step="")
        times = {"quick_minutes": 0, "nightly_at": dt.time(1), "window_minutes": 0}
        schedule_update(schedule=schedule_of(scene.connection), actor=None, **times)
    for moment in (NIGHT, NIGHT + dt.timedelta(hours=1)):
        time.move_to(moment)
        sweeper.sweep()
        with tenant_transaction(scene.connection.organization_id):
            Run.objects.update(state="done", result="no_change", finished_at=moment)
            schedule_update(schedule=schedule_of(scene.connection), actor=None, nightly_at=dt.time(2))
    with tenant_transaction(scene.connection.organization_id):
        found = Run.objects.count()
    if found != 1:
        yield f"one night had {found} runs"


def isolation(scene: Scene) -> Iterator[str]:
    """One of the tickets can't be understood."""
    scene.first()
    poisoned, *beside = scene.say("Beside the poison", n=4)
    scene.fault("row", odd={"ids": [int(poisoned)], "set": {"summary": "tru"}})
    run = scene.sync()
    if run.result != "warning":
        yield f"a run with one broken ticket ended as {run.result}"
    if lost := sum(scene.tickets()[each] != "Beside the poison" for each in beside):
        yield f"{lost} changes beside the poison are missing"


def redaction(scene: Scene) -> Iterator[str]:
    """A page is broken in which somebody wrote the key down."""
    scene.first()
    secret = scene.psa.credentials["private_key"]
    scene.say(f"My log-in is api_key={secret}", ids=[min(map(int, scene.tickets()))])
    scene.fault("truncated")
    samples = [issue.sample for issue in scene.issues(scene.sync()) if issue.sample]
    assert samples
    if any(secret in sample for sample in samples):
        yield "a sample shows a key"


def flight(scene: Scene) -> Iterator[str]:
    """What is below many tickets is read at once."""
    with tenant_transaction(scene.connection.organization_id):
        adapter = connection_open(scene.connection)
    adapter.close()
    scene.fault("slow", NOTES, seconds=0.05)
    scene.sync()
    most = scene.psa.control("GET", "stats")["max_concurrency"]
    if most > adapter.budget.concurrency:
        yield f"{most} requests at once"


def overlap(scene: Scene) -> Iterator[str]:
    """A change is committed some minutes after its stamp, and a quick sync was faster."""
    scene.first()
    scene.sync("quick")
    now = dt.datetime.fromisoformat(scene.psa.control("GET", "clock")["now"])
    stamp = (now - dt.timedelta(minutes=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    [ticket] = scene.say("Late", ids=[min(map(int, scene.tickets()))], stamp=stamp)
    scene.sync("quick")
    if scene.tickets()[ticket] != "Late":
        yield "a change that was committed late is not here"


def cleaning(scene: Scene) -> Iterator[str]:
    """A ticket was closed in the year 900."""
    scene.first()
    [ticket] = scene.say("Old", n=1)
    scene.fault("row", odd={"ids": [int(ticket)], "set": {"closedDate": '"0900-01-01T00:00:00Z"'}})
    scene.sync()
    with tenant_transaction(scene.connection.organization_id):
        closed_at = Ticket.objects.get(remote_id=ticket).closed_at
    if closed_at is not None and closed_at.year == 900:
        yield f"a time is kept that no page can show: {closed_at}"


def remarks(scene: Scene) -> Iterator[str]:
    """The text of a ticket is an object."""
    scene.first()
    [ticket] = scene.say("Odd", n=1)
    scene.fault("row", odd={"ids": [int(ticket)], "set": {"budgetHours": '{"of": 12}'}})
    if ticket not in {issue.remote_id for issue in scene.issues(scene.sync())}:
        yield "what is odd about the ticket is nowhere said"


def withheld(scene: Scene) -> Iterator[str]:
    """The PSA answers that no ticket has notes."""
    scene.first()
    with tenant_transaction(scene.connection.organization_id):
        before = Note.objects.count()
    scene.say("Seen", ids=[int(each) for each in scene.tickets()])
    scene.fault("empty", NOTES)
    for kind in ("quick", "full"):
        scene.sync(kind)
        with tenant_transaction(scene.connection.organization_id):
            if lost := before - Note.objects.count():
                yield f"{lost} of {before} notes were removed by a {kind} sync"


def untold(scene: Scene) -> Iterator[str]:
    """HaloPSA refuses to tell what its statuses are called."""
    scene.first()
    [ticket] = scene.say("Changed", n=1)

    def status() -> str:
        with tenant_transaction(scene.connection.organization_id):
            return str(Ticket.objects.get(remote_id=ticket).status_name)

    before = status()
    assert before
    scene.fault("403", "/Status$")
    scene.sync()
    if status() != before:
        yield f"the status {before} became {status()!r}"


def pauses(scene: Scene) -> Iterator[str]:
    """The PSA asks to wait, again and again."""
    scene.fault("429", retry_after=600)
    run = asked(scene.connection)
    for _ in range(30):
        with tenant(run.organization_id):
            advance(run.pk)
            with tenant_transaction():
                Run.objects.filter(pk=run.pk, state="waiting").update(wait_until=None)
                run = Run.objects.get(pk=run.pk)
        if not run.is_open:
            return
    yield "the run waits for ever"


def ceiling(scene: Scene) -> Iterator[str]:
    """An answer has far more rows than any page."""
    body = b"[" + b",".join(b'{"id":%d}' % number for number in range(1, 60_001)) + b"]"
    read = len(listing_of(Answer(method="GET", path="x", status=200, headers={}, body=body), Payload).rows)
    if read > 50_000:
        yield f"{read} rows of one answer were read"
