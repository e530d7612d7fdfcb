"""Runs that are cancelled in mid read, and a token that ends there, over every system: nothing half-read is shown or counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from integrations.registry import providers
from sync.engine.run.drive import advance
from sync.models import Cursor, Run
from sync.services.runs import run_cancel, run_request
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sync.conftest import Sync, Synced, linked_to
from tickets.models import Ticket

TICKETS = {"autotask": 600}
"""By system, 150 elsewhere: more than a page of what comes without any per-parent stream, for slices end between pages."""
SYSTEMS = [entry.key for entry in providers()]


@pytest.fixture
def psa(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with running(str(request.param), tickets=TICKETS.get(str(request.param), 150)) as started:
        yield started


@pytest.fixture
def linked(organization: Organization, psa: Sandbox) -> Connection:
    """A connection to the system, everything in scope, the guard off: what ``sync`` of this directory's conftest works on."""
    return linked_to(organization, psa)


def begun(linked: Connection) -> Run:
    """A full run that has read something of its tickets and is not done with them or what follows, in slices of one page."""
    with tenant(linked.organization_id):
        with tenant_transaction():
            connection = Connection.objects.get(pk=linked.pk)
            run = run_request(connection=connection, kind="full", trigger="person", reason="a test").run
        for _ in range(200):
            assert advance(run.pk), said(run)
            with tenant_transaction():
                if run.streams.get(name="tickets").fetched:
                    break
        with tenant_transaction():
            found: Run = Run.objects.get(pk=run.pk)
    assert found.phase == Run.Phase.FETCHING
    return found


def said(run: Run) -> str:
    """What became of a run that rests before its time."""
    with tenant_transaction():
        run.refresh_from_db()
    return f"{run.state}: {run.message}"


def here(linked: Connection) -> tuple[set[str], dict[str, Any]]:
    """The tickets that people see, and how far each stream was read."""
    with tenant_transaction(linked.organization_id):
        tickets = set(Ticket.objects.values_list("remote_id", flat=True))
        return tickets, dict(Cursor.objects.filter(connection=linked).values_list("stream", "full_at"))


def truth(psa: Sandbox) -> set[str]:
    return {str(number) for number in psa.control("GET", "truth?collection=tickets")["ids"]}


@pytest.mark.parametrize("psa", SYSTEMS, indirect=True)
def test_a_run_that_is_cancelled_in_mid_read_changes_nothing_and_the_next_one_is_whole(
    sync: Sync, synced: Synced, psa: Sandbox, linked: Connection, settings: Any
) -> None:
    synced()
    before = here(linked)
    psa.control("POST", "delete", {"n": 3})
    psa.control("POST", "create", {"n": 2})
    settings.SYNC_SLICE_SECONDS = 0
    run = begun(linked)
    with tenant(linked.organization_id):
        with tenant_transaction():
            run_cancel(run=run, actor=None)
        assert not advance(run.pk)
        with tenant_transaction():
            run.refresh_from_db()
    assert (run.state, run.result) == ("cancelled", "cancelled")
    assert here(linked) == before
    settings.SYNC_SLICE_SECONDS = 60
    assert sync("full").result == "success"
    assert here(linked)[0] == truth(psa) != before[0]


@pytest.mark.parametrize("psa", ["halo"], indirect=True)
def test_a_run_whose_tokens_end_in_mid_read_goes_on_with_new_ones(
    psa: Sandbox, linked: Connection, settings: Any
) -> None:
    settings.SYNC_SLICE_SECONDS = 0
    run = begun(linked)
    settings.SYNC_SLICE_SECONDS = 60
    psa.control("POST", "instance", {"void_tokens": True})
    with tenant(linked.organization_id):
        while advance(run.pk):
            psa.control("POST", "instance", {"void_tokens": True})
        with tenant_transaction():
            run.refresh_from_db()
    assert (run.state, run.result) == ("done", "success"), run.message
    assert here(linked)[0] == truth(psa)
