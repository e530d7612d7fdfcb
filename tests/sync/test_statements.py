"""What a quick sync costs in statements: a few a page, none a record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from django.db import connection as database

from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.port import ReadRequest, StreamSpec
from sync.engine.read import fetch
from sync.engine.run.work import Work
from sync.models import RunStream
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Sync, Synced

ROWS = 50
A_PAGE = 11
"""Twelve with its COPY, which Django does not count. One asks what is stored of fields that no row of the page has."""

OF_THE_TEST = ("SAVEPOINT", "RELEASE SAVEPOINT", "SELECT set_config(")
"""Transactions inside the test's own one are savepoints; BEGIN and COMMIT are not counted by Django either."""


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    original = fetch.request_for

    def request_for(work: Work, spec: StreamSpec, since: dt.datetime | None) -> ReadRequest:
        return msgspec.structs.replace(original(work, spec, since), page_size=ROWS)

    monkeypatch.setattr(fetch, "request_for", request_for)


@pytest.fixture
def only_tickets(linked: Connection) -> Connection:
    """The connection, which syncs tickets and what every run reads."""
    linked.settings |= {"streams": ["tickets"]}
    with tenant_transaction(linked.organization_id):
        linked.save()
    return linked


def quick(sync: Sync) -> tuple[int, int, int]:
    """(statements, pages of tickets, tickets written) of a quick sync."""
    sent = 0

    def count(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        nonlocal sent
        sent += not sql.startswith(OF_THE_TEST)
        return execute(sql, *rest)

    with database.execute_wrapper(count):
        run = sync("quick")
    with tenant_transaction(run.organization_id):
        stream = RunStream.objects.get(run=run, name="tickets")
    return sent, stream.pages, stream.updated


@pytest.mark.usefixtures("small_pages", "only_tickets")
def test_a_page_more_costs_at_most_twelve_statements_and_a_record_more_costs_none(
    sync: Sync, synced: Synced, calm: Sandbox
) -> None:
    synced()
    calm.control("change", n=5)
    few, one, written = quick(sync)
    assert (one, written) == (1, 5)
    calm.control("change", n=30)
    more, one, written = quick(sync)
    assert (one, written) == (1, 30)
    assert more == few
    calm.control("change", n=250)
    most, pages, written = quick(sync)
    assert written == 250
    assert pages >= 5
    assert most - more <= A_PAGE * (pages - 1)
