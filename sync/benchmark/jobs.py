"""The benchmarks: each makes an organization of its own, measures, and removes it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection as database
from django.db.models import Sum

from integrations.models import Connection
from integrations.services.connections import connection_create, connection_open
from portal.tenancy.scope import tenant, tenant_transaction
from portal.tenancy.services.organizations import organization_create
from sync.benchmark import floor
from sync.benchmark.meter import Cost, measured
from sync.benchmark.sandbox import Psa, running
from sync.engine.drive import advance
from sync.engine.plan import streams_of
from sync.models import Run, RunStream
from sync.services.removal import connection_remove
from sync.services.runs import run_request

STREAMS = ["tickets", "companies", "contacts"]
"""What is synced, with the reference data that every run reads."""
Figures = dict[str, Any]


class Unfinished(Exception):
    """A run did not come to its end in one go, so that its time says nothing."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A connection of an organization that exists for the measurement only."""

    psa: Psa
    connection: Connection
    tickets: int

    def run(self, kind: str) -> tuple[Run, Cost]:
        """One run, worked on in this process. Raises Unfinished."""
        with tenant(self.connection.organization_id):
            with tenant_transaction():
                connection = Connection.objects.get(pk=self.connection.pk)
                run = run_request(connection=connection, kind=kind, trigger=Run.Trigger.COMMAND, reason="benchmark").run
            with measured() as cost, statements_counted(cost):
                while advance(run.pk):
                    pass
            with tenant_transaction():
                ended = Run.objects.get(pk=run.pk)
            if ended.is_open:
                raise Unfinished(f"Run {run.pk} is {ended.get_state_display().lower()}: nothing was measured.")
            return ended, cost

    def written(self, run: Run) -> int:
        """Rows of the stores that the run wrote."""
        with tenant_transaction(run.organization_id):
            sums = RunStream.objects.filter(run=run).aggregate(c=Sum("created"), u=Sum("updated"), r=Sum("removed"))
        return sum(value or 0 for value in sums.values())


@contextmanager
def statements_counted(cost: Cost) -> Iterator[None]:
    """Counts what is sent to PostgreSQL."""

    def count(execute: Callable[..., Any], *args: Any) -> Any:
        cost.statements += 1
        return execute(*args)

    with database.execute_wrapper(count):
        yield


@contextmanager
def bench(tickets: int, streams: list[str]) -> Iterator[Bench]:
    """A sandbox and an empty connection to it; both are gone afterwards."""
    with running(tickets) as psa:
        slug = f"benchmark-{secrets.token_hex(4)}"
        organization = organization_create(slug=slug, name="Benchmark", time_zone="UTC")
        settings = {"date_range_days": None, "streams": streams, "hold_least": 1_000_000}
        with tenant_transaction(organization.pk):
            connection = connection_create(
                organization_id=organization.pk,
                provider="connectwise",
                name=slug,
                credentials=psa.credentials,
                settings=settings,
            )
        try:
            yield Bench(psa, connection, tickets)
        finally:
            with tenant_transaction(organization.pk):
                Run.objects.filter(connection=connection).exclude(state__in=["done", "failed", "cancelled"]).update(
                    state="failed"
                )
                connection_remove(connection=connection, actor=None)


def figures(name: str, tickets: int, cost: Cost, floor_seconds: float, **more: Any) -> Figures:
    """One result. ``ratio``: seconds by floor_seconds."""
    return {
        "name": name,
        "tickets": tickets,
        "seconds": round(cost.seconds, 3),
        "floor_seconds": round(floor_seconds, 3),
        "ratio": round(cost.seconds / floor_seconds, 2) if floor_seconds else None,
        "cpu_seconds": round(cost.cpu_seconds, 3),
        "peak_rss_mb": round(cost.peak_rss_mb, 1),
        "statements": cost.statements,
        **more,
    }


def sync(tickets: int) -> Iterator[Figures]:
    """A full clear and resync into empty tables, and the same again with nothing changed; global streams."""
    with bench(tickets, STREAMS) as made:
        organization_id = made.connection.organization_id
        with tenant_transaction(organization_id):
            adapter = connection_open(made.connection)
        try:
            specs = streams_of(adapter.streams, STREAMS, quick=False)
            floor.copy_everything(adapter, organization_id, made.connection.pk, specs)
            with measured() as least:
                floor.copy_everything(adapter, organization_id, made.connection.pk, specs)
        finally:
            adapter.close()
        for name in ("sync into empty tables", "sync, nothing changed"):
            made.psa.control("stats/reset")
            run, cost = made.run("clear_resync")
            yield figures(
                name,
                tickets,
                cost,
                least.seconds,
                result=run.result,
                rows_written=made.written(run),
                tickets_per_cpu_second=round(tickets / cost.cpu_seconds),
                sandbox_busy_seconds=round(made.psa.busy_seconds(), 3),
            )


def quick(tickets: int) -> Iterator[Figures]:
    """Quick syncs of a full store: nothing changed, and 500 changed."""
    with bench(tickets, STREAMS) as made:
        made.run("full")
        made.psa.control("stats/reset")
        run, cost = made.run("quick")
        yield figures(
            "quick, nothing changed",
            tickets,
            cost,
            0,
            result=run.result,
            requests=run.requests,
            rows_written=made.written(run),
        )
        made.psa.control("change", n=500)
        run, cost = made.run("quick")
        yield figures(
            "quick, 500 changed",
            tickets,
            cost,
            0,
            result=run.result,
            requests=run.requests,
            rows_written=made.written(run),
        )


def notes(tickets: int) -> Iterator[Figures]:
    """Notes, one request a ticket, beside a bare HTTP client's time for as many requests at the same number in flight."""
    with bench(tickets, ["tickets", "notes"]) as made:
        run, _ = made.run("full")
        with tenant_transaction(run.organization_id):
            stream = RunStream.objects.get(run=run, name="notes")
            adapter = connection_open(made.connection)
            in_flight = adapter.budget.concurrency
            adapter.close()
        ids = made.psa.control("truth?collection=tickets&conditions=closedFlag%3DFalse", method="GET")["ids"]
        with measured() as least:
            floor.bare_requests(
                made.psa, [f"service/tickets/{ticket}/notes?pageSize=1000" for ticket in ids], in_flight=in_flight
            )
        cost = Cost(seconds=stream.seconds)
        yield figures(
            "notes of open tickets",
            tickets,
            cost,
            least.seconds,
            requests=stream.requests,
            in_flight=in_flight,
            notes=stream.fetched,
        )


JOBS: dict[str, Callable[[int], Iterator[Figures]]] = {"sync": sync, "quick": quick, "notes": notes}
