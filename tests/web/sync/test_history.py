"""The history page and the files that stream."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import async_to_sync
from django.db import connection as database
from django.http import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from foundation.core.csv_files import safe_cell
from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import Run
from tests.fixtures.runs import make_run
from tickets.models import Ticket

HISTORY = "/sync/history/"


def page_of(client: Client, **query: str) -> str:
    answer = client.get(HISTORY, query)
    assert answer.status_code == 200
    return answer.content.decode()


def rows_of(answer: HttpResponseBase) -> list[list[str]]:
    """The lines of a streamed CSV file."""

    async def read(body: AsyncIterator[bytes]) -> bytes:
        return b"".join([part async for part in body])

    text = async_to_sync(read)(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_an_empty_history_leads_to_the_next_step(as_admin: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        Run.objects.all().delete()
    page = page_of(as_admin, kind="quick")
    assert "Nothing matches" in page
    assert "Clear the filters" in page


def test_without_anything_it_says_what_to_do(as_admin: Client) -> None:
    assert "No sync has run yet" in page_of(as_admin)


def test_filters_are_kept_while_paging_and_exporting(
    as_admin: Client, connection: Connection, in_tenant: object
) -> None:
    for n in range(55):
        make_run(connection, result="success", ago=1000 - n)
    page = page_of(as_admin, result="success")
    assert "/sync/history.csv?result=success" in page
    assert "result=success&amp;before=" in page


def test_dates_are_days_of_the_organizations_zone(as_admin: Client, connection: Connection, in_tenant: object) -> None:
    make_run(
        connection,
        result="success",
        message="At half past midnight",
        created_at=timezone.datetime.fromisoformat("2026-03-01T23:30:00+00:00"),
    )
    assert "At half past midnight" in page_of(as_admin, since="2026-03-02", until="2026-03-02")
    assert "At half past midnight" not in page_of(as_admin, since="2026-03-01", until="2026-03-01")


@pytest.mark.parametrize(
    "query", [{"person": "x"}, {"since": "soon"}, {"before": "²"}, {"connection": "9" * 30}, {"until": "9999-12-31"}]
)
def test_what_does_not_parse_filters_nothing(as_admin: Client, finished: Run, query: dict[str, str]) -> None:
    assert finished.message in page_of(as_admin, **query)


def test_the_history_follows_a_run_until_it_has_ended(as_admin: Client, connection: Connection, finished: Run) -> None:
    assert 'hx-trigger="every 2s"' not in page_of(as_admin, trigger=finished.trigger)
    with tenant_transaction(connection.organization_id):
        make_run(connection, state="running", result="")
    assert 'hx-get="/sync/history/?kind=quick" hx-trigger="every 2s"' in page_of(as_admin, kind="quick")


@pytest.mark.parametrize("number", [1, 3])
def test_query_count_of_the_history(as_admin: Client, connection: Connection, number: int) -> None:
    with tenant_transaction(connection.organization_id):
        for n in range(number):
            make_run(connection, result="success", ago=100 - n)
    page_of(as_admin)
    with CaptureQueriesContext(database) as queries:
        page_of(as_admin)
    assert len(queries) == 12


def test_the_history_exports_each_run_by_itself(
    as_admin: Client, admin: User, connection: Connection, other_run: Run
) -> None:
    with tenant_transaction(connection.organization_id):
        quiet = [make_run(connection, result="no_change", ago=100 - n) for n in range(2)]
        pressed = make_run(connection, result="error", requested_by=admin, trigger="person", message="=cmd()", ago=10)
    header, *rows = rows_of(as_admin.get("/sync/history.csv"))
    assert header[0] == "Run"
    assert [row[0] for row in rows] == [str(run.pk) for run in (pressed, *reversed(quiet))]
    assert (rows[0][3], rows[0][5], rows[0][-1]) == ("Error", "Ada Admin", "'=cmd()")


def test_all_tickets_of_the_connection_are_exported_and_nothing_else(
    as_admin: Client, connection: Connection, other_connection: Connection
) -> None:
    now = timezone.now()
    stamps = {"fetched_at": now, "first_synced_at": now, "synced_at": now, "content_hash": b"x" * 16}
    for owner, gone in ((connection, None), (connection, now), (other_connection, None)):
        with tenant_transaction(owner.organization_id):
            number = str(1 + Ticket.with_removed.count())
            values = {"remote_id": number, "summary": f"=A{number}", "custom_fields": {"a": 1}, "removed_at": gone}
            Ticket.objects.create(organization_id=owner.organization_id, connection=owner, **values, **stamps)
    header, *rows = rows_of(as_admin.get(reverse("web:connection_tickets_csv", args=[connection.pk])))
    assert (header[:3], len(rows)) == (["Local id", "Ticket", "Summary"], 1)
    assert (rows[0][1], rows[0][2], rows[0][header.index("Custom fields")]) == ("1", "'=A1", '{"a": 1}')


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "cell"), [("a=1", "a=1"), (-1, -1), (None, ""), (True, "yes"), ({}, ""), ({"b": 2}, '{"b": 2}')]
)
def test_other_values_stay_what_they_are(value: object, cell: object) -> None:
    assert safe_cell(value) == cell
