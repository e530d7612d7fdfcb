"""A small PSA and its synced copy, on which the proofs of guards are played."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pytest_django import Settings

from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from sync.engine.run.drive import advance
from sync.models import Run, RunIssue, RunStream
from tests.fixtures.synced_copies import first_synced
from tests.integrations.adapters.sandboxes import Sandbox
from tests.sandbox_forks import world_at
from tests.sync.conftest import asked, rested
from tickets.models import Ticket

TICKETS = 60
PAGE = 20
SLICES = 80
LISTS = {"connectwise": "service/tickets$", "halo": "/Tickets$"}
"""Paths of the lists of tickets."""


@dataclass(slots=True)
class Scene:
    """``request``: for what one play alone needs of fixtures."""

    psa: Sandbox
    connection: Connection
    settings: Settings
    request: pytest.FixtureRequest

    def control(self, path: str, **body: Any) -> Any:
        return self.psa.control("POST", path, body)

    def fault(self, kind: str, path: str = "", **rule: Any) -> None:
        """Something goes wrong from now on with requests of this path, or with the lists of tickets."""
        self.control("faults", kind=kind, match={"path": path or LISTS[self.psa.key]}, **rule)

    def say(self, summary: str, **order: Any) -> list[str]:
        """Makes this the text of tickets; their ids."""
        return [str(each) for each in self.control("change", set={"summary": summary}, **order)["ids"]]

    def sync(self, kind: str = "full", **more: Any) -> Run:
        return rested(asked(self.connection, kind, **more))

    def first(self) -> None:
        """What a first full sync leaves behind."""
        world = world_at(str(self.psa.told["address"]))
        assert world is not None, "the PSA was changed before"
        first_synced(self.connection, world, self.sync)

    def tickets(self) -> dict[str, str]:
        """What readers see: {remote id: summary}."""
        with tenant_transaction(self.connection.organization_id):
            return dict(Ticket.objects.filter(connection=self.connection).values_list("remote_id", "summary"))

    def issues(self, run: Run) -> list[RunIssue]:
        with tenant_transaction(run.organization_id):
            return list(RunIssue.objects.filter(run=run))

    def in_pages(self, kind: str) -> Iterator[Run]:
        """A run that is worked on page by page, as it is after each; it ends, or is left after many."""
        self.control("limit", page=PAGE)
        self.settings.SYNC_SLICE_SECONDS = 0
        run = asked(self.connection, kind)
        for _ in range(SLICES):
            with tenant(run.organization_id):
                advance(run.pk)
                with tenant_transaction():
                    run = Run.objects.get(pk=run.pk)
            yield run
            if not run.is_open:
                return

    def until_read(self, kind: str) -> Run | None:
        """A run that has read all tickets, has something else to read, and has applied nothing yet; None where it never gets there."""
        for run in self.in_pages(kind):
            with tenant_transaction(run.organization_id):
                stream = RunStream.objects.filter(run=run, name="tickets").first()
            if stream is not None and stream.state == RunStream.State.FETCHED:
                assert run.phase == Run.Phase.FETCHING
                return run
        return None
