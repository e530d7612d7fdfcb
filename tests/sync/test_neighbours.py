"""Two PSAs in one organization, whose records bear the same ids: whatever is done to one, no row of the other changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection as database

from foundation.tenancy.models import Organization, User
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from integrations.services.connections import connection_create
from lab.faults.hostile.copies import copy_of
from sync.models import Run
from sync.services.live import ticket_refresh
from sync.services.previews import preview_apply, preview_request
from sync.services.runs import run_approve, run_reject
from sync.services.undo import run_undo
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sync.conftest import asked, rested
from tickets.models import Ticket

TICKETS = 60
SYSTEMS = (("connectwise", "connectwise"), ("halo", "connectwise"), ("autotask", "halo"))
EVERYTHING = {"date_range_days": None, "notes_rotation": 1000}
Rows = dict[str, list[str]]


@pytest.fixture(params=SYSTEMS, ids=" and ".join)
def psas(request: pytest.FixtureRequest) -> Iterator[tuple[Sandbox, Sandbox]]:
    """Two sandboxes of one seed: of one system their records have the same ids and texts."""
    one, other = request.param
    with running(one, tickets=TICKETS) as first, running(other, tickets=TICKETS) as second:
        yield first, second


class Pair:
    """``one``: what things are done to; ``other``: what must stay as it is. Both are synced, and of both something was removed."""

    def __init__(self, organization: Organization, psa: Sandbox, one: Connection, other: Connection) -> None:
        self.organization = organization
        self.psa = psa
        self.one = one
        self.other = other
        self.deleted = set[int]()

    def run(self, kind: str, connection: Connection | None = None, **more: Any) -> Run:
        """A run that is worked on until it rests."""
        return rested(asked(connection or self.one, kind, **more))

    def tickets(self) -> list[int]:
        with tenant_transaction(self.organization.pk):
            found = Ticket.objects.filter(connection=self.one).order_by("-pk")
            return [int(ticket.remote_id) for ticket in found]

    def delete(self, count: int) -> None:
        """More of what the PSA has. Some that it has not any more may be here."""
        ids = [number for number in self.tickets() if number not in self.deleted][:count]
        assert len(ids) == count
        self.psa.control("POST", "delete", {"ids": ids})
        self.deleted.update(ids)

    def limits(self, **settings: Any) -> None:
        with tenant_transaction(self.organization.pk):
            Connection.objects.filter(pk=self.one.pk).update(settings=EVERYTHING | settings)


TABLES = """
SELECT c.table_schema, c.table_name FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.column_name = 'connection_id' AND c.table_schema IN ('public', 'staging') AND t.table_type = 'BASE TABLE'
    AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = format('%I.%I', c.table_schema, c.table_name)::regclass)
ORDER BY 1, 2"""


def rows_of(connection: Connection) -> Rows:
    """Every row that is of the connection, in whatever table, byte for byte."""
    found: Rows = {}
    with tenant_transaction(connection.organization_id), database.cursor() as cursor:
        cursor.execute(TABLES)
        for schema, table in cursor.fetchall():
            query = f'SELECT t::text FROM {schema}."{table}" t WHERE t.connection_id = %s ORDER BY 1'
            cursor.execute(query, [connection.pk])
            found[f"{schema}.{table}"] = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT t::text FROM integrations_connection t WHERE t.id = %s", [connection.pk])
        found["connection"] = [row[0] for row in cursor.fetchall()]
    return found


def connected(organization: Organization, psa: Sandbox, name: str, host: str) -> Connection:
    """Each PSA by another name of this machine: one instance is connected once."""
    credentials = {key: value.replace("127.0.0.1", host) for key, value in psa.credentials.items()}
    with tenant_transaction(organization.pk):
        return connection_create(
            organization_id=organization.pk,
            provider=psa.key,
            name=name,
            credentials=credentials,
            settings=EVERYTHING,
        )


def shared(one: Connection, other: Connection) -> int:
    """How many ids of a stream both use."""
    return len(copy_of(one.organization_id, one.pk).keys() & copy_of(other.organization_id, other.pk).keys())


@pytest.fixture
def pair(organization: Organization, psas: tuple[Sandbox, Sandbox]) -> Iterator[Pair]:
    one, other = (
        connected(organization, psas[0], "One", "127.0.0.1"),
        connected(organization, psas[1], "Other", "localhost"),
    )
    made = Pair(organization, psas[0], one, other)
    for place in (one, other):
        run = made.run("full", place)
        assert run.result in {"success", "warning"}, run.message
    with tenant_transaction(organization.pk):
        gone = Ticket.objects.filter(connection=other).order_by("pk").first()
    assert gone is not None
    psas[1].control("POST", "delete", {"ids": [int(gone.remote_id)]})
    assert made.run("full", other).result == "success"
    assert shared(one, other) > 20
    yield made
    for psa in psas:
        psa.control("POST", "reset")


def quick(pair: Pair, admin: User) -> None:
    pair.psa.control("POST", "change", {"ids": pair.tickets()[:3], "set": {}})
    assert pair.run("quick").result in {"success", "no_change"}


def full(pair: Pair, admin: User) -> None:
    pair.delete(2)
    assert pair.run("full").result == "success"


def clear(pair: Pair, admin: User) -> None:
    pair.delete(2)
    assert pair.run("clear_resync").result == "success"


def held_and_approved(pair: Pair, admin: User) -> None:
    pair.limits(hold_percent=1, hold_least=1, hold_second_percent=100)
    pair.delete(5)
    run = pair.run("full")
    assert run.state == "held", (run.state, run.message)
    with tenant_transaction(pair.organization.pk):
        run_approve(run=run, actor=admin, reason="They are gone")
    assert rested(run).result == "success"


def held_and_rejected(pair: Pair, admin: User) -> None:
    pair.limits(hold_percent=1, hold_least=1)
    pair.delete(5)
    run = pair.run("full")
    assert run.state == "held", (run.state, run.message)
    with tenant_transaction(pair.organization.pk):
        run_reject(run=run, actor=admin, reason="They are not")


def undone(pair: Pair, admin: User) -> None:
    pair.delete(3)
    run = pair.run("full")
    with tenant_transaction(pair.organization.pk):
        run_undo(run=run, actor=admin, reason="A mistake")


def previewed_and_applied(pair: Pair, admin: User) -> None:
    pair.delete(2)
    with tenant(pair.organization.pk):
        with tenant_transaction():
            fresh = Connection.objects.get(pk=pair.one.pk)
            preview = preview_request(connection=fresh, kind="full", trigger="person", actor=admin).run
        preview = rested(preview)
        with tenant_transaction():
            applied = preview_apply(preview=preview, trigger="person", actor=admin).run
    assert rested(applied).result == "success"


def opened(pair: Pair, admin: User) -> None:
    with tenant_transaction(pair.organization.pk):
        ticket = Ticket.objects.filter(connection=pair.one).order_by("pk").first()
    assert ticket is not None
    with tenant(pair.organization.pk):
        assert ticket_refresh(ticket_id=ticket.pk).ok


ACTS: dict[str, Callable[[Pair, User], None]] = {
    act.__name__: act
    for act in (quick, full, clear, held_and_approved, held_and_rejected, undone, previewed_and_applied, opened)
}


def test_nothing_that_is_done_to_one_psa_touches_a_row_of_the_other(pair: Pair, admin: User) -> None:
    before = rows_of(pair.other)
    assert sum(map(len, before.values())) > 500
    touched = {}
    for act, do in ACTS.items():
        do(pair, admin)
        now = rows_of(pair.other)
        touched |= {f"{act}: {table}": rows for table, rows in now.items() if rows != before[table]}
        before = now
        pair.limits()
    assert touched == {}
