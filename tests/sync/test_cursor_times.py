"""The cursor is the PSA's time before the first page was read, though time passes while a list is read: nothing that changes in between is
missed by the next quick sync."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from sync.engine.run.drive import advance
from sync.models import Cursor, Run, RunStream
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sync.conftest import Sync, Synced, asked, linked_to, rested
from tickets.models import Ticket

TICKETS = 250
PAGE = 100
PASSES = 3600
"""Seconds that pass in the PSA with each page: more than any overlap between two readings."""
LISTS = {
    "connectwise": (r"service/tickets(/search)?$", "summary"),
    "halo": (r"Tickets$", "summary"),
    "autotask": (r"/Tickets/query$", "title"),
}
"""The path of the list of tickets, and the field of their summary."""


@pytest.fixture(params=sorted(LISTS))
def system(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with running(request.param, tickets=TICKETS) as started:
        yield started


@pytest.fixture
def linked(organization: Organization, system: Sandbox) -> Connection:
    return linked_to(organization, system, streams=["tickets"])


def cursor(linked: Connection) -> dt.datetime | None:
    with tenant_transaction(linked.organization_id):
        return Cursor.objects.get(connection=linked, stream="tickets").watermark


def read_first_page(run: Run) -> None:
    """Works on the run until one page of tickets is here, of several."""
    with tenant(run.organization_id):
        for _ in range(300):
            assert advance(run.pk), "the run ended before its second page"
            with tenant_transaction():
                stream = RunStream.objects.filter(run=run, name="tickets").first()
            if stream is not None and stream.pages:
                assert (stream.pages, stream.state) == (1, "fetching")
                return
    raise AssertionError("no page of tickets came")


def outermost(linked: Connection, ids: list[int]) -> list[int]:
    """Tickets of which some are on the first page, wherever a list begins."""
    return [*ids[:5], *ids[-5:]]


def summaries(linked: Connection, ids: list[int]) -> set[str]:
    with tenant_transaction(linked.organization_id):
        found = Ticket.objects.filter(remote_id__in=map(str, ids)).values_list("summary", flat=True)
        return set(found)


@pytest.mark.parametrize("dated", ["each page is dated", "the first page has no date"])
@pytest.mark.parametrize("kind", ["first", "quick", "full", "clear_resync"])
def test_what_changes_while_a_list_is_read_comes_with_the_next_quick_sync(
    linked: Connection, system: Sandbox, sync: Sync, synced: Synced, settings: Settings, kind: str, dated: str
) -> None:
    path, field = LISTS[system.key]
    ids = sorted(system.control("GET", "truth?collection=tickets")["ids"])
    if kind != "first":
        synced()
    if kind == "quick":
        system.control("POST", "change", {"ids": ids, "set": {field: "Before"}})
    system.control("POST", "limit", {"page": PAGE})
    system.control("POST", "clock", {"each_page": PASSES})
    settings.SYNC_SLICE_SECONDS = 0
    rules = [{"kind": "headers", "match": {"path": path}, "odd": {"headers": {"Date": None}}, "times": 1}]
    if dated == "the first page has no date":
        system.control("POST", "faults", rules)
    run = asked(linked, "full" if kind == "first" else kind)
    read_first_page(run)
    changed = outermost(linked, ids)
    system.control("POST", "change", {"ids": changed, "set": {field: "While it was read"}})
    ended = rested(run)
    assert ended.state == "done", ended.message
    settings.SYNC_SLICE_SECONDS = 60
    assert sync("quick").state == "done"
    assert summaries(linked, changed) == {"While it was read"}


def test_a_run_whose_answers_have_no_date_leaves_the_cursor_as_it_is(
    linked: Connection, system: Sandbox, sync: Sync, synced: Synced
) -> None:
    synced()
    before = cursor(linked)
    assert before is not None
    with system.fault(kind="headers", odd={"headers": {"Date": None}}):
        assert sync("quick").state == "done"
    assert cursor(linked) == before
