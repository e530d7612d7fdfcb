"""Fifty providers on one portal, the biggest with two tickets in five: what the pages are measured against."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib.auth import get_user_model

from foundation.tenancy.models import Organization, Role, User
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.organizations import membership_create, organization_create
from integrations.models import Connection
from lab.benchmark.fill import Line, enter, fill, owner_line, tidy

ORGANIZATIONS = 50
BIGGEST = 0.4
"""Its share of all tickets; the others have the rest in equal parts."""
FILLED = (
    "sync_cursor",
    "ledger_journalentry",
    "sync_runstream",
    "sync_run",
    "tickets_ticket",
    "clients_company",
    "tickets_status",
    "tickets_board",
    "tickets_priority",
    "tickets_member",
    "integrations_connection",
)
"""Children first."""
LOOKED_UP = ("clients_company", "tickets_status", "tickets_board", "tickets_priority", "tickets_member")
GONE_WITH_IT = (*FILLED, "sync_schedule", "tenancy_membership", "tenancy_role", "tenancy_auditevent")

STATUSES = ("New", "Assigned", "In Progress", "Waiting Client", "Waiting Parts", "Completed", "Closed")
WORDS = (
    "printer", "password", "reset", "outlook", "slow", "laptop", "cannot", "connect", "vpn", "backup", "failed", "server",
    "update", "monitor", "broken", "email", "bounce", "license", "expired", "invoice", "phone", "dead", "wifi", "drops",
    "scanner", "offline", "teams", "audio", "missing", "onboarding",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tenant:
    """One provider of the crowd; ``person`` is one of its admins."""

    organization: Organization
    connection: Connection
    person: User
    tickets: int


@contextmanager
def provider_data(tickets: int, organizations: int = ORGANIZATIONS) -> Iterator[list[Tenant]]:
    """So many providers with so many tickets together, the biggest first. All of it is removed afterwards."""
    made: list[Tenant] = []
    try:
        with owner_line() as line:
            for share in shares(tickets, organizations):
                made.append(settled(share))
                populate(line, made[-1])
            tidy(line, FILLED)
        yield made
    finally:
        with owner_line() as line:
            for tenant in made:
                clear(line, tenant)
            tidy(line, FILLED)


def shares(tickets: int, organizations: int) -> list[int]:
    """How many tickets each provider has."""
    rest = round(tickets * (1 - BIGGEST)) // (organizations - 1)
    return [tickets - rest * (organizations - 1), *[rest] * (organizations - 1)]


def settled(tickets: int) -> Tenant:
    """A provider with an admin and a connection, and nothing in it yet."""
    slug = f"benchmark-{secrets.token_hex(6)}"
    organization = organization_create(slug=slug, name="Benchmark", time_zone="Europe/Amsterdam")
    person: User = get_user_model().objects.create_user(f"{slug}@benchmark.invalid")
    with tenant_transaction(organization.pk):
        role = Role.objects.get(builtin="admin")
        membership_create(organization=organization, user=person, role=role)
        connection = Connection.objects.create(
            organization=organization, provider="connectwise", name=slug, state=Connection.State.CONNECTED
        )
    return Tenant(organization, connection, person, tickets)


def populate(line: Line, tenant: Tenant) -> None:
    """Reference data, companies, tickets and the traces of past runs, each in one statement."""
    enter(line, tenant.organization.pk)
    own = {"organization_id": str(tenant.organization.pk), "connection_id": str(tenant.connection.pk)}
    record = own | {"remote_id": "n::text", "content_hash": r"decode(md5(n::text), 'hex')"}
    companies, members = max(20, tenant.tickets // 200), max(5, tenant.tickets // 4000)
    fill(line, "tickets_board", series(8), name="'Board ' || n", is_active="true", **record)
    fill(line, "tickets_priority", series(5), name="'Priority ' || n", sort_order="n", **record)
    fill(line, "tickets_member", series(members), name="'Technician ' || n", is_active="true", **record)
    fill(line, "tickets_status", f"tickets_board b, {names(STATUSES)}", **status(record, tenant))
    company = {
        "name": "'Company ' || lpad(n::text, 5, '0')",
        "status_name": "'Active'",
        "type_remote_ids": "ARRAY['1']",
        "type_names": "ARRAY['Client']",
    }
    fill(line, "clients_company", series(companies), **company, **record)
    for table in LOOKED_UP:
        line.execute(f"ANALYZE {table}")
    line.execute("SET enable_nestloop = off")  # a new provider is in no statistics: each ticket would meet each company
    fill(line, "tickets_ticket", ticket_source(tenant, companies, members), **ticket(record))
    past(line, tenant, own)


def status(record: dict[str, str], tenant: Tenant) -> dict[str, str]:
    """The columns of a status: each board has its own of each name."""
    mine = {"remote_id": "b.remote_id || '-' || v.n", "content_hash": "decode(md5(b.remote_id || v.n), 'hex')"}
    own = {"name": "v.name", "board_id": "b.id", "board_remote_id": "b.remote_id", "sort_order": "v.n"}
    return record | mine | own | {"is_closed": "v.n > 5", "is_active": "true"}


def series(rows: int) -> str:
    return f"generate_series(1, {rows}) n"


def names(values: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"unnest(ARRAY[{listed}]) WITH ORDINALITY v (name, n)"


def ticket_source(tenant: Tenant, companies: int, members: int) -> str:
    """What tickets are made of. Squared chances make a few boards, people and clients busy and the last ones rare.

    Four tickets in a hundred are open. Materialized, so that no plan draws a ticket's chances twice.
    """
    here = f"connection_id = {tenant.connection.pk}"
    chances = f"""SELECT n, 1 + floor(8 * power(random(), 2))::int AS board, 1 + floor(5 * random())::int AS priority,
        1 + floor({members} * power(random(), 2))::int AS member, 1 + floor({companies} * power(random(), 2))::int AS company,
        random() < 0.95 AS has_owner, now() - 3 * power(random(), 1.5) * interval '365 days' AS created,
        random() AS age, random() AS pick FROM generate_series(1, {tenant.tickets}) n"""
    drawn = f"""(WITH s AS MATERIALIZED ({chances}) SELECT s.*, pick < 0.04 AS is_open,
        CASE WHEN pick < 0.04 THEN 1 + floor(pick * 125)::int ELSE 6 + (n % 2) END AS state,
        created + (now() - created) * power(age, 3) AS updated FROM s) d"""
    links = "".join(
        f" JOIN {table} {short} ON {short}.{here} AND {short}.remote_id = {key}"
        for table, short, key in (
            ("tickets_board", "b", "d.board::text"),
            ("tickets_priority", "p", "d.priority::text"),
            ("tickets_member", "m", "d.member::text"),
            ("clients_company", "c", "d.company::text"),
            ("tickets_status", "st", "d.board || '-' || d.state"),
        )
    )
    return drawn + links


def ticket(record: dict[str, str]) -> dict[str, str]:
    """The columns of a ticket."""
    words = "ARRAY[" + ", ".join(f"'{word}'" for word in WORDS) + "]"
    said = " || ' ' || ".join(
        f"({words})[1 + (d.n * {step} + d.n / {step}) % {len(WORDS)}]" for step in (7, 11, 13, 17)
    )
    linked = {"board": "b", "priority": "p", "status": "st", "company": "c"}
    columns = {f"{name}_id": f"{short}.id" for name, short in linked.items()}
    columns |= {f"{name}_remote_id": f"{short}.remote_id" for name, short in linked.items()}
    columns |= {f"{name}_name": f"{short}.name" for name, short in linked.items()}
    owner = {
        f"owner_{part}": f"CASE WHEN d.has_owner THEN m.{name} END"
        for part, name in (("id", "id"), ("remote_id", "remote_id"))
    }
    stamps = {"remote_created_at": "d.created", "remote_updated_at": "d.updated"}
    mine = {"remote_id": "d.n::text", "content_hash": "decode(md5(d.n::text), 'hex')", "number": "d.n"}
    text = {"summary": f"{said} || ' ' || d.n % 5000", "contact_name": "'Contact ' || d.n % 3000"}
    named = {"owner_name": "CASE WHEN d.has_owner THEN m.name ELSE '' END", "is_closed": "NOT d.is_open"}
    return record | columns | owner | stamps | mine | text | named


RUNS = 3000
CHANGES = 20_000


def past(line: Line, tenant: Tenant, own: dict[str, str]) -> None:
    """A month of runs; the newest full one wrote a journal of its own."""
    times = "now() - n * interval '15 minutes'"
    run = {"kind": "CASE WHEN n % 96 = 1 THEN 'full' ELSE 'quick' END", "state": "'done'", "phase": "'finished'"}
    run |= {"lane": "CASE WHEN n % 96 = 1 THEN 'bulk' ELSE 'fast' END", "trigger": "'interval'"}
    run |= {"result": "CASE WHEN n % 3 = 0 THEN 'no_change' ELSE 'success' END"}
    run |= dict.fromkeys(("created_at", "started_at", "finished_at", "progress_at"), times)
    fill(line, "sync_run", f"(SELECT n FROM {series(RUNS)} ORDER BY n DESC) x", **own, **run)
    newest = f"(SELECT id FROM sync_run WHERE connection_id = {tenant.connection.pk} AND kind = 'full' ORDER BY id DESC LIMIT 1) r"
    mine = {"organization_id": own["organization_id"], "run_id": "r.id"}
    fill(line, "sync_runstream", newest, name="'tickets'", state="'done'", position="1", **mine)
    entry = {
        "connection_id": own["connection_id"],
        "stream": "'tickets'",
        "record_id": "t.id",
        "remote_id": "t.remote_id",
    }
    entry |= {"label": "left(t.summary, 200)", "action": "'updated'", "origin": "'run'"}
    changed = f"(SELECT * FROM tickets_ticket WHERE connection_id = {tenant.connection.pk} LIMIT {CHANGES}) t, {newest}"
    fill(line, "ledger_journalentry", changed, **mine, **entry)
    fill(line, "sync_cursor", "(SELECT) x", stream="'tickets'", full_at="now()", watermark="now()", **own)


def clear(line: Line, tenant: Tenant) -> None:
    """Removes the provider with everything it has."""
    enter(line, tenant.organization.pk)
    for table in GONE_WITH_IT:
        line.execute(f"DELETE FROM {table} WHERE organization_id = {tenant.organization.pk}")
    line.execute("DELETE FROM tenancy_organization WHERE id = %s", [tenant.organization.pk])
    line.execute("DELETE FROM tenancy_user WHERE id = %s", [tenant.person.pk])
