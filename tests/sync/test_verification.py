"""A run is complete where what was read agrees with what the PSA counts: each condition of it, at rest and while the PSA is busy."""

from __future__ import annotations

import pytest
from django.db.models import Count
from pytest_django import Settings

from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from sync.engine.run.drive import advance
from sync.models import Run, RunStream
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Handle, Sync, Synced, asked, rested, unreadable
from tests.sync.test_runs import truth
from tickets.models import Status, Ticket

LIST = {"path": "service/tickets(/search)?$"}
KINDS = ("first", "full", "clear_resync")


def begun(kind: str, synced: Synced) -> str:
    """The kind to ask for, once what has to be there before is there."""
    if kind == "first":
        return "full"
    synced()
    return kind


def here(linked: Connection) -> set[str]:
    with tenant_transaction(linked.organization_id):
        return set(Ticket.objects.values_list("remote_id", flat=True))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_come_twice_do_not_hide_rows_that_are_missing(
    sync: Sync, synced: Synced, calm: Sandbox, handle: Handle, linked: Connection, kind: str
) -> None:
    handle()
    asked_for, before = begun(kind, synced), here(linked)
    rules = [{"kind": "drift", "mode": mode, "rows": 3, "match": LIST} for mode in ("drop", "duplicate")]
    for rule in rules:
        calm.control("faults", **rule)
    run = sync(asked_for)
    assert (run.state, run.error_code) == ("failed", "incomplete"), run.message
    assert before <= here(linked)


@pytest.mark.parametrize("kind", KINDS)
def test_a_ticket_that_cannot_be_read_is_an_issue_and_not_missing(
    sync: Sync, synced: Synced, calm: Sandbox, handle: Handle, linked: Connection, kind: str
) -> None:
    handle()
    asked_for = begun(kind, synced)
    number = calm.control("truth", method="GET", collection="tickets")["ids"][5]
    unreadable(calm, [number], changed=False)
    run = sync(asked_for)
    assert (run.state, run.result) == ("done", "warning"), run.message
    with tenant_transaction(linked.organization_id):
        assert RunStream.objects.get(run=run, name="tickets").failed == 1
    assert len(here(linked)) == truth(calm, "tickets") - (kind == "first")


@pytest.mark.parametrize("kind", KINDS)
def test_fewer_rows_than_the_psa_counts_before_and_after_are_incomplete(
    sync: Sync, synced: Synced, calm: Sandbox, handle: Handle, linked: Connection, kind: str
) -> None:
    handle()
    asked_for, before = begun(kind, synced), here(linked)
    calm.control("faults", kind="drift", mode="drop", rows=1, match=LIST)
    run = sync(asked_for)
    assert (run.state, run.error_code) == ("failed", "incomplete"), run.message
    assert before <= here(linked)


PAGE = 30


@pytest.mark.parametrize(("back", "outcome"), [(True, "success"), (False, "failed")])
def test_what_changed_meanwhile_excuses_as_many_as_changed_on_all_of_their_pages(
    sync: Sync,
    synced: Synced,
    calm: Sandbox,
    handle: Handle,
    linked: Connection,
    settings: Settings,
    back: bool,
    outcome: str,
) -> None:
    """Many tickets leave the scope before they are read, and come back before they are counted; or the list hides them."""
    handle(streams=["tickets", "time_entries"])
    synced()
    with tenant_transaction(linked.organization_id):
        board = Ticket.objects.values_list("board_remote_id").annotate(n=Count("pk")).order_by("-n")[0][0]
        on_board = Ticket.objects.filter(board_remote_id=board)
        statuses = {int(key): int(status) for key, status in on_board.values_list("remote_id", "status_remote_id")}
        unused = Status.objects.filter(board_remote_id=board).exclude(remote_id__in=map(str, statuses.values()))
        away = unused.order_by("pk")[0].remote_id
    handle(streams=["tickets", "time_entries"], excluded_statuses=[away])
    before = here(linked)
    calm.control("limit", page=PAGE)
    settings.SYNC_SLICE_SECONDS = 0
    run = asked(linked, "full")
    pages_until(run, 1)
    late = sorted(statuses)[PAGE:]
    assert len(late) > PAGE
    if back:
        calm.control("change", ids=late, set={"status": {"id": int(away)}})
    else:
        calm.control("faults", kind="partial", fraction=0.0, match=LIST)
    fetched(run)
    calm.control("faults", method="DELETE")
    for number in late if back else ():
        calm.control("change", ids=[number], set={"status": {"id": statuses[number]}})
    ended = rested(run)
    assert outcome in (ended.result, ended.state), ended.message
    if back:
        settings.SYNC_SLICE_SECONDS = 60
        sync("quick")
    assert here(linked) == before


def pages_until(run: Run, number: int) -> None:
    """Works on the run until so many pages of tickets are read."""
    with tenant(run.organization_id):
        for _ in range(300):
            assert advance(run.pk)
            if stream_of(run).pages >= number:
                return
    raise AssertionError("no such page came")


def fetched(run: Run) -> None:
    """Works on the run until all tickets are read."""
    with tenant(run.organization_id):
        for _ in range(300):
            assert advance(run.pk)
            if stream_of(run).state == "fetched":
                return
    raise AssertionError("the tickets were never read")


def stream_of(run: Run) -> RunStream:
    with tenant_transaction(run.organization_id):
        found: RunStream = RunStream.objects.get(run=run, name="tickets")
    return found
