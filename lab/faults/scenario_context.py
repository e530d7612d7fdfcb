"""What the scenarios stand on: the arena's servers, to be hurt, and an organization with a connection to the PSA."""

from __future__ import annotations

import os
import random
import re
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connections

from embedded.servers import Servers
from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.organizations import organization_create
from integrations.models import Connection
from integrations.port import ReadRequest
from integrations.services.connections import connection_create, connection_open
from integrations.settings_schema import scope_of
from lab.faults.processes import Processes
from lab.faults.psa import Psa
from lab.faults.verdict import Verdict, until
from sync.models import Run
from sync.services.runs import run_request
from tickets.models import Ticket

ENDED = (Run.State.DONE, Run.State.FAILED, Run.State.CANCELLED, Run.State.HELD)
WIDE = {"date_range_days": None, "streams": ["companies", "contacts", "tickets"], "hold_percent": 5, "hold_least": 25}
"""Everything but notes, sites and times, whose requests a parent would take most of the harness's time."""


@dataclass(slots=True)
class ScenarioContext:
    """What a scenario plays with. ``short``: a few seconds are what it has. ``chance``: every choice comes from it."""

    chance: random.Random
    short: bool
    servers: Servers
    psa: Psa
    crew: Processes
    organization: Organization
    connection: Connection
    rounds: int | None = None
    kinds: str = ""
    """A regular expression: of which kinds of oddities alone a hostile PSA has."""

    def wants(self, kind: str) -> bool:
        return re.search(self.kinds, kind) is not None

    def ask(self, kind: str, connection: Connection | None = None) -> Run:
        """Asks for a run as a person does."""
        with tenant_transaction(self.organization.pk):
            place = connection or self.connection
            return run_request(connection=place, kind=kind, trigger="command", reason="the fault harness").run

    def run(self, run: Run) -> Run:
        """The run as it is now."""
        with tenant_transaction(self.organization.pk):
            return Run.objects.get(pk=run.pk)

    def ended(self, run: Run, seconds: float = 90) -> Run:
        """The run once it rests. Raises Stuck."""
        until(lambda: self.run(run).state in ENDED, seconds, f"run {run.pk} ({run.kind}) ends")
        return self.run(run)

    def sync(self, kind: str, connection: Connection | None = None) -> Run:
        """``ask`` and ``ended``."""
        return self.ended(self.ask(kind, connection))

    def connect(self, name: str, **changes: str) -> Connection:
        """Another connection to the same PSA."""
        with tenant_transaction(self.organization.pk):
            return connected(self.organization, self.psa, name, **changes)

    def tickets(self, connection: Connection | None = None) -> int:
        """How many tickets readers see."""
        with tenant_transaction(self.organization.pk):
            return Ticket.objects.filter(connection=connection or self.connection).count()

    def break_postgres(self, *, crash: bool) -> None:
        """Ends PostgreSQL: cleanly, or so that it has to recover."""
        connections.close_all()
        postgres = self.servers.postgres
        if not crash:
            postgres.stop()
            return
        pid = int((postgres.data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        until(lambda: gone(pid), 20, "PostgreSQL ends")

    def break_broker(self) -> None:
        """Kills the broker."""
        pid = int((self.servers.places.sockets / "valkey.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        until(lambda: gone(pid), 20, "the broker ends")


def gone(pid: int) -> bool:
    """Whether the process has ended (a zombie has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def settle(chance: random.Random, servers: Servers, crew: Processes, psa: Psa, *, short: bool) -> ScenarioContext:
    """An organization, a connection to the PSA and its first sync."""
    organization = organization_create(slug="faults", name="Fault harness", time_zone="Europe/Amsterdam")
    with tenant_transaction(organization.pk):
        connection = connected(organization, psa, "Main")
    return ScenarioContext(chance, short, servers, psa, crew, organization, connection)


def connected(organization: Organization, psa: Psa, name: str, **changes: str) -> Connection:
    """A connection of the organization to the PSA, within its transaction; ``changes``: other credentials."""
    return connection_create(
        organization_id=organization.pk,
        provider=psa.system,
        name=name,
        credentials=psa.credentials | changes,
        settings=WIDE,
    )


FIELDS = ("summary", "remote_updated_at", "status_remote_id", "company_remote_id", "board_remote_id")


def check_truth(ground: ScenarioContext, verdict: Verdict, when: str, connection: Connection | None = None) -> None:
    """Requires that readers see the PSA's tickets: the same ids, and the same in ``FIELDS``."""
    place = connection or ground.connection
    theirs = remote_tickets(place)
    with tenant_transaction(ground.organization.pk):
        rows = Ticket.objects.filter(connection=place).values_list("remote_id", *FIELDS)
        ours = {row[0]: row[1:] for row in rows}
    lost, ghosts = theirs.keys() - ours.keys(), ours.keys() - theirs.keys()
    stale = [key for key in theirs.keys() & ours.keys() if theirs[key] != ours[key]]
    verdict.require(not lost, f"{when}: {len(lost)} tickets of the PSA are not here, such as {sorted(lost)[:3]}")
    verdict.require(not ghosts, f"{when}: {len(ghosts)} tickets are here and not in the PSA: {sorted(ghosts)[:3]}")
    verdict.require(not stale, f"{when}: {len(stale)} tickets differ from the PSA, such as {sorted(stale)[:3]}")
    verdict.add("tickets_compared", len(theirs))


def remote_tickets(connection: Connection) -> dict[str, tuple[Any, ...]]:
    """The PSA's tickets by id, in ``FIELDS``."""
    with tenant_transaction(connection.organization_id):
        fresh = Connection.objects.get(pk=connection.pk)
        adapter, request = connection_open(fresh), ReadRequest(stream="tickets", scope=scope_of(fresh))
    names = [name.replace("_remote_id", "_id") for name in FIELDS]
    found: dict[str, tuple[Any, ...]] = {}
    checkpoint = None
    try:
        while True:
            page = adapter.read_page(request, checkpoint)
            found |= {record.remote_id: tuple(getattr(record, name) for name in names) for record in page.records}
            if page.next is None:
                return found
            checkpoint = page.next
    finally:
        adapter.close()
