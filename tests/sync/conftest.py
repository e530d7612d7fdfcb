"""A connection that leads to the sandbox, and runs that are worked on in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from integrations.services.connections import connection_create
from integrations.services.opening import credentials_of
from sync.engine.run.drive import advance
from sync.models import Run
from sync.services.runs import run_request
from tests.fixtures.synced_copies import first_synced
from tests.fixtures.systems import Sandbox
from tests.integrations.adapters.sandboxes import Sandbox as AnySandbox
from tests.sandbox_forks import world_at

Sync = Callable[..., Run]
Synced = Callable[[], None]
DAILY = ["companies", "contacts", "tickets", "notes", "time_entries"]
"""Streams of the daily work, beside those that every run reads. A full sync of all streams takes twice as long."""
LOOSE = {"date_range_days": None, "notes_rotation": 0, "hold_least": 1_000_000}
"""Everything in scope, the guard off."""
Handle = Callable[..., None]
TICKETS = {"path": "service/tickets$"}


@pytest.fixture
def calm(sandbox: Sandbox) -> Sandbox:
    """The test's own sandbox."""
    return sandbox


def unreadable(calm: Sandbox, ids: list[int], *, changed: bool = True) -> None:
    """From now on these tickets, and no others, are rows that are no JSON. ``changed``: and they have just been changed."""
    calm.control("faults", method="DELETE")
    if ids and changed:
        calm.control("change", ids=ids, set={"summary": "Not to be read"})
    if ids:
        calm.control("faults", kind="row", odd={"ids": ids, "set": {"summary": "tru"}})


@pytest.fixture
def linked(organization: Organization, calm: Sandbox) -> Connection:
    """A connection of ``organization`` to the sandbox, everything of the streams of the daily work in scope, the guard off."""
    with tenant_transaction(organization.pk):
        return connection_create(
            organization_id=organization.pk,
            provider="connectwise",
            name="Linked",
            credentials=calm.credentials,
            settings={**LOOSE, "streams": DAILY},
        )


def linked_to(organization: Organization, system: AnySandbox, **settings: Any) -> Connection:
    """A ``linked`` that leads to a sandbox of any system, with ``settings`` beside those that leave everything in scope and the guard off."""
    with tenant_transaction(organization.pk):
        return connection_create(
            organization_id=organization.pk,
            provider=system.key,
            name="Linked",
            credentials=system.credentials,
            settings={**LOOSE, **settings},
        )


@pytest.fixture
def sync(linked: Connection) -> Sync:
    """``sync("full")`` asks for a run and works on it here until it rests; returns it as it then is."""

    def go(kind: str, *, slices: int = 50, **more: Any) -> Run:
        with tenant(linked.organization_id):
            run = asked(linked, kind, **more)
            for _ in range(slices):
                if not advance(run.pk):
                    break
            with tenant_transaction():
                return Run.objects.get(pk=run.pk)

    return go


@pytest.fixture
def synced(linked: Connection, sync: Sync) -> Synced:
    """``synced()`` leaves behind what a first full sync does. For tests that only begin with one: where the sandbox is as it was at its
    start, another test may have made it."""

    def go() -> None:
        with tenant_transaction(linked.organization_id):
            connection = Connection.objects.get(pk=linked.pk)
            assert not Run.objects.filter(connection=connection).exists(), "the connection was synced before"
        world = world_at(credentials_of(connection)["address"])

        def work() -> None:
            run = sync("full")
            assert run.result == "success", run.message

        if world is None:
            work()
        else:
            first_synced(connection, world, work)

    return go


@pytest.fixture
def handle(linked: Connection) -> Handle:
    """Changes the connection's settings; only tickets are synced, and what every run reads."""

    def go(**settings: Any) -> None:
        linked.settings |= {"streams": ["tickets"], **settings}
        with tenant_transaction(linked.organization_id):
            linked.save()

    return go


def asked(connection: Connection, kind: str = "full", *, trigger: str = "person", **more: Any) -> Run:
    """A run that is asked for, of the connection as it is stored."""
    with tenant_transaction(connection.organization_id):
        fresh = Connection.objects.get(pk=connection.pk)
        return run_request(connection=fresh, kind=kind, trigger=trigger, reason="a test", **more).run


def rested(run: Run, *, slices: int = 300) -> Run:
    """The run, worked on here until it has ended or is held, without the waits in between."""
    with tenant(run.organization_id):
        for _ in range(slices):
            advance(run.pk)
            with tenant_transaction():
                now: Run = Run.objects.get(pk=run.pk)
                if not now.is_open or now.state == Run.State.HELD:
                    return now
                Run.objects.filter(pk=run.pk, state="waiting").update(wait_until=None)
    raise AssertionError(f"the run never rested: {now.state} {now.wait_reason}")
