"""Rows of every store, for tests that open every page."""

from __future__ import annotations

import pytest

from clients.models import Site
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from tests.clients.factories import (
    make_addition,
    make_agreement,
    make_asset,
    make_contact,
    make_invoice,
    make_opportunity,
)
from tests.fixtures.runs import make_issue, make_line, make_run, make_stream
from tests.tickets.factories import (
    make_board,
    make_company,
    make_member,
    make_note,
    make_priority,
    make_status,
    make_ticket,
    make_time,
    synced,
)

MARKUP = "<script>alert(1)</script><b>{{ 7 }}{% now %}'\"&amp; [a](javascript:x) ![b](//c) \\"


@pytest.fixture
def rows(connection: Connection) -> tuple[str, ...]:
    """A row or more of each store, and the ids that addresses name."""
    with tenant_transaction(connection.organization_id):
        board = make_board(connection)
        company = make_company(connection)
        linked = {"board": board, "status": make_status(connection, board), "priority": make_priority(connection)}
        ticket = make_ticket(connection, **linked, owner=make_member(connection), company=company)
        for body_format in ("plain", "html", "markdown"):
            make_note(ticket, "x", body_format=body_format)
        make_time(ticket, 1)
        Site.objects.create(**synced(connection, name="Main", company=company, company_remote_id=company.remote_id))
        agreement = make_agreement(connection, company=company)
        make_addition(agreement)
        records = [make(connection, company=company) for make in (make_contact, make_asset, make_opportunity)]
        lines = [
            {"description": MARKUP, "quantity": "1E+99999", "unit_price": "sNaN", "total": "-Infinity"},
            {"total": "x"},
            {},
        ]
        records.append(make_invoice(connection, company=company, lines=lines))
        run = make_run(connection, "full", result="warning")
        make_stream(run)
        make_issue(run)
        make_line(run, "Finished", "info")
    return tuple({str(row.pk) for row in (connection, ticket, company, agreement, run, *records)})
