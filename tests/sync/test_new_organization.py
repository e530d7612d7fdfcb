"""A page of an organization that no statistics name yet costs what the page holds, not what the organization has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection as database

from foundation.ledger.merge import MergeContext, merge, merge_sql, remove
from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.records import NoteRecord, TicketRecord
from integrations.services.connections import connection_create
from sync.engine.read.fetch import left_scope
from sync.streams import TARGETS, stage
from tests.fixtures.systems import CREDENTIALS

pytestmark = pytest.mark.committed
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
HERE, PAGE = 3000, 200
TABLES = ("tickets_ticket", "tickets_note")
RECORDS = {"tickets": TicketRecord, "notes": NoteRecord}


def records(stream: str, first: int, count: int) -> list[Any]:
    more = {
        "tickets": lambda number: {"summary": f"Ticket {number}"},
        "notes": lambda number: {"ticket_id": str(number)},
    }
    return [
        RECORDS[stream](remote_id=str(number), remote_updated_at=NOON, **more[stream](number))
        for number in range(first, first + count)
    ]


def land(connection: Connection, first: int, count: int, *, page: int = 1) -> MergeContext:
    """Stages and merges records of both streams as one page of a run."""
    context = MergeContext(connection.organization_id, connection.pk, connection.pk, page=page, journal_run_id=1)
    for stream in RECORDS:
        stage(TARGETS[stream], context, page, [(record, True) for record in records(stream, first, count)], NOON)
        merge(TARGETS[stream], context)
    return context


@pytest.fixture
def newcomer(
    connection: Connection, other_organization: Organization, owner: psycopg.Connection
) -> Iterator[Connection]:
    """A connection of a second organization with records, of which statistics know nothing: they were taken of the first alone."""
    with tenant_transaction(connection.organization_id):
        land(connection, 1, HERE)
    for table in TABLES:
        owner.execute(f"ANALYZE {table}")
    with tenant_transaction(other_organization.pk):
        made = connection_create(
            organization_id=other_organization.pk, provider="connectwise", name="New", credentials=dict(CREDENTIALS)
        )
        land(made, 1, HERE)
        yield made


def walked(sql: str, parameters: dict[str, Any]) -> int:
    """How many rows of the stores a statement looked at, done for real."""
    with database.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", parameters)
        plan = cursor.fetchone()[0][0]["Plan"]
    return sum(
        int((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in nodes(plan)
        if node.get("Relation Name") in TABLES and "Scan" in node["Node Type"]
    )


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


@pytest.mark.parametrize("stream", ["tickets", "notes"])
def test_a_page_is_merged_without_walking_all_for_each_of_its_records(newcomer: Connection, stream: str) -> None:
    context = MergeContext(newcomer.organization_id, newcomer.pk, newcomer.pk, page=2, journal_run_id=1)
    target = TARGETS[stream]
    stage(target, context, 2, [(record, True) for record in records(stream, HERE - PAGE // 2, PAGE)], NOON)
    parameters = context.parameters(stream=stream, names=list(target.names))
    assert walked(merge_sql(target, context), parameters) <= 3 * HERE


def test_what_left_the_scope_is_removed_without_asking_of_each_record(newcomer: Connection) -> None:
    context = MergeContext(newcomer.organization_id, newcomer.pk, newcomer.pk, page=2, journal_run_id=1)
    target = TARGETS["tickets"]
    page = [(record, number % 100 > 0) for number, record in enumerate(records("tickets", 1, PAGE))]
    stage(target, context, 2, page, NOON)
    condition = left_scope(target.staging)
    asked = f'SELECT t.id FROM "{target.table}" t WHERE t.connection_id = %(connection)s AND t.removed_at IS NULL AND ({condition})'
    with database.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {asked}", context.parameters())
        plan = cursor.fetchone()[0][0]["Plan"]
    assert max(int(node["Actual Loops"]) for node in nodes(plan)) <= PAGE
    assert remove(target, context, condition, reason="left the scope") == 2
