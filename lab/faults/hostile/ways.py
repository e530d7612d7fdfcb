"""The ways in which a portal meets a PSA: first, quick and full syncs, clears, a single record, a test of the connection."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from integrations.services.probing import connection_test
from lab.faults.hostile import judge
from lab.faults.hostile.copies import differences
from lab.faults.hostile.course import run_through
from lab.faults.hostile.kinds import Kind, Loss
from lab.faults.hostile.stage import INSIDE, Stage, connected
from sync.models import RunIssue
from sync.services.live import ticket_refresh

Way = Callable[[Stage, Kind], Iterator[str]]
"""One way for one kind: the violations, in sentences. The stage is as before when it is over."""
TOUCHED = 4


def first(stage: Stage, kind: Kind) -> Iterator[str]:
    """The first sync of somebody else's connection, which lands page by page; then its next ones bring what is missing."""
    words = re.sub(r"[^a-z0-9]+", "-", kind.name.lower()).strip("-")[:40]
    _, connection = connected(stage.psa, f"first-{words}-{stage.psa.draws()}")
    stage.spoil(kind)
    course = run_through(connection, "full")
    now = stage.copy(connection)
    stage.psa.calm()
    # A first sync leaves the notes of closed tickets for later ones.
    without = {key: row for key, row in stage.truth.items() if key[0] not in judge.CHILDREN}
    yield from judge.of_run(stage, kind, course, now, stage.truth, without, first=True)
    if course.run.result not in judge.ENDED_WELL:
        run_through(connection, "full")  # It is a first one again, and leaves the same notes for later.
    yield from _healed(stage, connection)


def full(stage: Stage, kind: Kind) -> Iterator[str]:
    yield from _whole(stage, kind, "full")


def clear(stage: Stage, kind: Kind) -> Iterator[str]:
    yield from _whole(stage, kind, "clear_resync")


def quick(stage: Stage, kind: Kind) -> Iterator[str]:
    """A quick sync after the one ticket and some others were changed."""
    others = [number for number in stage.psa.ids() if number != stage.target][:TOUCHED]
    before = stage.truth
    stage.psa.say(f"changed before {kind.name}"[:90], ids=[stage.target, *others])
    stage.spoil(kind)
    course = run_through(stage.connection, "quick")
    now = stage.copy()
    stage.psa.calm()
    healed = run_through(stage.connection, "quick").run
    if healed.result not in judge.ENDED_WELL:
        yield f"the quick sync after it ended as {healed.result}: {healed.message}"
    if stage.copy().keys() != before.keys():
        run_through(stage.connection, "full")  # Quick syncs remove nothing.
    stage.truth = stage.copy()
    yield from judge.of_run(stage, kind, course, now, before, stage.truth)


def single(stage: Stage, kind: Kind) -> Iterator[str]:
    """Somebody opens the one ticket."""
    stage.spoil(kind)
    with tenant(stage.organization.pk):
        refreshed = ticket_refresh(ticket_id=stage.ticket().pk)
    now = stage.copy()
    stage.psa.calm()
    if not refreshed.ok and not refreshed.message:
        yield "the page of the ticket is refused without a word"
    if INSIDE.search(refreshed.message):
        yield f"the page of the ticket shows {refreshed.message[:80]}"
    for difference in differences(now, stage.truth):
        target = (difference.stream, difference.remote_id) == ("tickets", str(stage.target))
        if not target or difference.what in {"missing", "new"} or kind.loss < Loss.VALUE:
            yield f"opening the ticket: {difference} ({refreshed.message})"
    if now != stage.truth:
        yield from _healed(stage, stage.connection)


def test(stage: Stage, kind: Kind) -> Iterator[str]:
    """A test of the connection, with the oddity in every answer."""
    stage.spoil(kind, everywhere=True)
    with tenant(stage.connection.organization_id):
        report = connection_test(connection=_fresh(stage.connection))
    stage.psa.calm()
    for check in report.checks:
        if not check.ok and not (check.message and check.action):
            yield f"the check {check.name} fails without a word, or without what to do"
        if INSIDE.search(check.message):
            yield f"the check {check.name} shows {check.message[:80]}"
    with tenant(stage.connection.organization_id):
        after = connection_test(connection=_fresh(stage.connection))
    if wrong := [check.message for check in after.checks if not check.ok]:
        yield f"the test after it fails: {wrong[0]}"
    if stage.copy() != stage.truth:
        yield "a test changed rows"


WAYS: dict[str, Way] = {
    "first": first,
    "quick": quick,
    "full": full,
    "clear": clear,
    "single": single,
    "test": test,
}


def _whole(stage: Stage, kind: Kind, name: str) -> Iterator[str]:
    stage.spoil(kind)
    course = run_through(stage.connection, name)
    now = stage.copy()
    stage.psa.calm()
    yield from judge.of_run(stage, kind, course, now, stage.truth)
    if now != stage.truth or course.run.result not in judge.ENDED_WELL:
        yield from _healed(stage, stage.connection)


def _healed(stage: Stage, connection: Connection) -> Iterator[str]:
    """Once the PSA is well again, a full sync makes all as it is there."""
    run = run_through(connection, "full").run
    with tenant_transaction(run.organization_id):
        issues = list(RunIssue.objects.filter(run_id=run.pk).values_list("message", flat=True)[:2])
    if run.result not in {"success", "no_change"}:
        yield f"the full sync after it ended as {run.result}: {run.message} {issues}"
    for difference in differences(stage.copy(connection), stage.truth)[:3]:
        yield f"after the full sync that followed: {difference}"


def _fresh(connection: Connection) -> Connection:
    with tenant_transaction(connection.organization_id):
        found: Connection = Connection.objects.get(pk=connection.pk)
    return found
