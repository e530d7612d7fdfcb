"""What a run made different, in numbers and row by row."""

from __future__ import annotations

import time

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from foundation.ledger.models import JournalEntry
from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import Run
from sync.selectors.diff import Cause, FieldDiff, StreamDiff, diff_rows, run_diff
from tests.fixtures.runs import make_entries, make_run, make_stream

pytestmark = pytest.mark.usefixtures("in_tenant")


@pytest.fixture
def changed(connection: Connection) -> Run:
    """Three tickets in progress, one of them renamed too; two notes gone, one company new; nine tickets as they were."""
    run = make_run(connection, "full", result="success")
    make_stream(run, "companies")
    make_stream(run, unchanged=9)
    make_stream(run, "notes")
    make_entries(run, 2)
    make_entries(
        run,
        1,
        before={"status_name": "New", "status_remote_id": "1", "summary": "A"},
        after={"status_name": "In progress", "status_remote_id": "2", "summary": "B"},
    )
    make_entries(run, 2, "notes", action="removed", reason="its ticket is gone", before=None, after=None)
    make_entries(run, 1, "companies", action="created", before=None, after=None)
    return run


def test_records_fields_and_causes_are_counted(changed: Run) -> None:
    diff = run_diff(changed)
    assert diff.streams == [
        StreamDiff("companies", 1, 0, 0, 0, 0),
        StreamDiff("tickets", 0, 3, 0, 0, 9),
        StreamDiff("notes", 0, 0, 2, 0, 0),
    ]
    assert diff.fields == [
        FieldDiff("tickets", "status_name", 3),
        FieldDiff("tickets", "status_remote_id", 3),
        FieldDiff("tickets", "summary", 1),
    ]
    assert diff.causes == [
        Cause("tickets", "", "status_name", "New", "In progress", 3),
        Cause("notes", "its ticket is gone", "", None, None, 2),
    ]
    assert not diff.cut


def test_rows_come_entry_by_entry_with_a_line_a_field(changed: Run) -> None:
    first = diff_rows(changed, 0, size=3)
    assert [row[6:] for row in first] == [
        ("status_name", "New", "In progress"),
        ("status_name", "New", "In progress"),
        ("status_name", "New", "In progress"),
        ("summary", "A", "B"),
    ]
    rest = diff_rows(changed, first[-1][0], size=50)
    assert [(row[1], row[4], row[5]) for row in rest] == [
        ("notes", "removed", "its ticket is gone"),
        ("notes", "removed", "its ticket is gone"),
        ("companies", "created", ""),
    ]
    assert diff_rows(changed, rest[-1][0]) == []


def test_the_numbers_cost_four_queries_whatever_the_run_did(connection: Connection, changed: Run) -> None:
    for run in (make_run(connection, result="success"), changed):
        with CaptureQueriesContext(database) as queries:
            run_diff(run)
        assert len(queries) == 4


def test_nothing_of_another_organization_is_counted(
    changed: Run, other_run: Run, other_organization: Organization
) -> None:
    assert run_diff(other_run).streams == []
    assert diff_rows(other_run, 0) == []
    with tenant_transaction(other_organization.pk):
        assert run_diff(changed).streams == []


def test_a_hundred_thousand_entries_are_counted_in_bounded_time(connection: Connection) -> None:
    run = make_run(connection, "clear_resync", result="success")
    make_stream(run)
    with database.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO {JournalEntry._meta.db_table} (organization_id, connection_id, run_id, at, stream, record_id, remote_id, label,
                action, reason, before, after, origin)
            SELECT %s, %s, %s, now(), 'tickets', n, n::text, 'Ticket ' || n, 'updated', '',
                jsonb_build_object('status_name', 'New', 'summary', 'a' || n), jsonb_build_object('status_name', 'Closed', 'summary', 'b' || n), 'run'
            FROM generate_series(1, 100000) n""",
            [run.organization_id, connection.pk, run.pk],
        )
    began = time.monotonic()
    diff = run_diff(run)
    seconds = time.monotonic() - began
    assert (diff.streams[0].updated, diff.causes[0].rows, diff.fields[0].rows) == (100_000, 100_000, 100_000)
    assert seconds < 10
