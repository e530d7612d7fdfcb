"""A connection that leads to the sandbox, and runs that are worked on in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Connection
from integrations.services.connections import connection_create
from portal.tenancy.models import Organization
from portal.tenancy.scope import tenant, tenant_transaction
from sync.engine.drive import advance
from sync.models import Run
from sync.services.runs import run_request
from tests.fixtures.systems import Sandbox
from tests.integrations.adapters.sandboxes import Sandbox as AnySandbox

Sync = Callable[..., Run]
LOOSE = {"date_range_days": None, "notes_rotation": 0, "hold_least": 1_000_000}
"""Everything in scope, the guard off."""
Handle = Callable[..., None]
TICKETS = {"path": "service/tickets$"}


@pytest.fixture
def calm(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The sandbox without faults, before and after."""
    sandbox.control("faults", method="DELETE")
    yield sandbox
    sandbox.control("faults", method="DELETE")


def unreadable(calm: Sandbox, ids: list[int], *, changed: bool = True) -> None:
    """From now on these tickets, and no others, are rows that are no JSON. ``changed``: and they have just been changed."""
    calm.control("faults", method="DELETE")
    if ids and changed:
        calm.control("change", ids=ids, set={"summary": "Not to be read"})
    if ids:
        calm.control("faults", kind="row", odd={"ids": ids, "set": {"summary": "tru"}})


@pytest.fixture
def linked(organization: Organization, calm: Sandbox) -> Connection:
    """A connection of ``organization`` to the sandbox, everything in scope, the guard off."""
    settings = {"date_range_days": None, "notes_rotation": 0, "hold_least": 1_000_000}
    with tenant_transaction(organization.pk):
        return connection_create(
            organization_id=organization.pk,
            provider="connectwise",
            name="Linked",
            credentials=calm.credentials,
            settings=settings,
        )


@contextmanager
def linked_to(organization: Organization, system: AnySandbox) -> Iterator[Connection]:
    """A ``linked`` that leads to a sandbox of any system, which is as it was at the start when it is over."""
    with tenant_transaction(organization.pk):
        made = connection_create(
            organization_id=organization.pk,
            provider=system.key,
            name="Linked",
            credentials=system.credentials,
            settings=LOOSE,
        )
    yield made
    system.control("POST", "reset")


@pytest.fixture
def sync(linked: Connection) -> Sync:
    """``sync("full")`` asks for a run and works on it here until it rests; returns it as it then is."""

    def go(kind: str, *, slices: int = 50, **more: Any) -> Run:
        with tenant(linked.organization_id):
            with tenant_transaction():
                connection = Connection.objects.get(pk=linked.pk)
                run = run_request(
                    connection=connection, kind=kind, trigger=more.pop("trigger", "person"), reason="a test", **more
                ).run
            for _ in range(slices):
                if not advance(run.pk):
                    break
            with tenant_transaction():
                return Run.objects.get(pk=run.pk)

    return go


@pytest.fixture
def handle(linked: Connection) -> Handle:
    """Changes the connection's settings; only tickets are synced, and what every run reads."""

    def go(**settings: Any) -> None:
        linked.settings |= {"streams": ["tickets"], **settings}
        with tenant_transaction(linked.organization_id):
            linked.save()

    return go


def tried(linked: Connection) -> Run:
    """A full run that is worked on until it rests, without the waits in between."""
    with tenant(linked.organization_id):
        with tenant_transaction():
            run = run_request(connection=linked, kind="full", trigger="person").run
        for _ in range(60):
            advance(run.pk)
            with tenant_transaction():
                now: Run = Run.objects.get(pk=run.pk)
                if not now.is_open:
                    return now
                Run.objects.filter(pk=run.pk, state="waiting").update(wait_until=timezone.now())
    raise AssertionError("the run never gave up")
