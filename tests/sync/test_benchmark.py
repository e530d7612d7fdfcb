"""The benchmarks' own instruments: what they make, what they count, and that they leave nothing."""

from __future__ import annotations

import psycopg
import pytest

from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from lab.benchmark.pages import pages_of
from lab.benchmark.provider_data import FILLED, provider_data
from lab.benchmark.reads import measured, signed_in, verdict
from lab.benchmark.rows_read import counters, touched_since
from sync.models import Run
from tickets.models import Ticket

TICKETS = 3000


@pytest.mark.committed
def test_pages_are_measured_with_their_statements_and_rows_and_nothing_stays(owner: psycopg.Connection) -> None:
    with provider_data(TICKETS, organizations=2) as (big, small):
        assert (big.tickets, small.tickets) == (1200, 1800)
        with tenant_transaction(big.organization.pk):
            assert Ticket.objects.count() == big.tickets
            assert 0 < Ticket.objects.filter(is_closed=False).count() < big.tickets / 10
        pages = {page.name: page for page in pages_of(big)}
        browser = signed_in(big.person)
        found = {
            name: measured(pages[name], big, browser, asked=2) for name in ("tickets, all, -updated, page 1", "history")
        }
        first = found["tickets, all, -updated, page 1"]
        assert first["rows_shown"] == 50
        assert first["rows_read"] >= 450
        assert 0 < first["queries"] <= 12
        assert found["history"]["rows_read"] > 0
        assert verdict(TICKETS, list(found.values()))["most_queries"] >= first["queries"]
    for table in (*FILLED, "tenancy_organization", "tenancy_user"):
        assert owner.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # type: ignore[arg-type]
    assert not User.objects.exists()


@pytest.mark.committed
def test_rows_that_a_statement_passes_by_are_counted_as_read() -> None:
    with provider_data(TICKETS, organizations=2) as (big, _), tenant_transaction(big.organization.pk):
        Run.objects.filter(pk=-1).first()  # the first plan reads a block of each index
        before = counters()
        assert Run.objects.filter(pk=-1).first() is None
        assert touched_since(before).read == 0
        assert list(Ticket.objects.filter(summary="nothing has this summary")) == []
        assert touched_since(before).by["tickets_ticket"] >= big.tickets
