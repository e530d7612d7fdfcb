"""The benchmarks: each makes an organization of its own, measures, and removes it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any
from unittest.mock import patch

import django
import msgspec
from django.db import connection as database
from django.db.models import Sum

from foundation.tenancy.scope import tenant, tenant_transaction
from foundation.tenancy.services.organizations import organization_create
from integrations.models import Connection
from integrations.port import ReadRequest
from integrations.services.connections import connection_create, connection_open
from lab.benchmark import baseline
from lab.benchmark.meter import Cost, measured
from lab.benchmark.sandbox import CONNECTWISE, Psa, running
from sync.engine.run import drive
from sync.engine.run.drive import advance
from sync.engine.run.plan import streams_of
from sync.models import Run, RunStream
from sync.selectors.resync_impact import live_counts
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

    def run(self, kind: str, trigger: str = Run.Trigger.COMMAND) -> tuple[Run, Cost]:
        """One run, worked on in this process. Raises Unfinished."""
        with tenant(self.connection.organization_id):
            with tenant_transaction():
                connection = Connection.objects.get(pk=self.connection.pk)
                run = run_request(connection=connection, kind=kind, trigger=trigger, reason="benchmark").run
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
def bench(tickets: int, streams: list[str] | None, system: str = CONNECTWISE, **more: Any) -> Iterator[Bench]:
    """A sandbox and an empty connection to it; both are gone afterwards. ``more``: further settings of the connection."""
    with running(tickets, system) as psa:
        slug = f"benchmark-{secrets.token_hex(4)}"
        organization = organization_create(slug=slug, name="Benchmark", time_zone="UTC")
        settings = {"date_range_days": None, "streams": streams, "hold_least": 1_000_000} | more
        with tenant_transaction(organization.pk):
            connection = connection_create(
                organization_id=organization.pk,
                provider=system,
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


def floor_seconds(organization_id: int, connection_id: int) -> float:
    """Seconds of the least that a full sync of ``STREAMS`` can cost; once for nothing before, so that nothing is new to it."""
    with tenant_transaction(organization_id):
        adapter = connection_open(Connection.objects.get(pk=connection_id))
    try:
        specs = streams_of(adapter.streams, STREAMS, quick=False)
        baseline.copy_everything(adapter, organization_id, connection_id, specs)
        with measured() as least:
            baseline.copy_everything(adapter, organization_id, connection_id, specs)
    finally:
        adapter.close()
    return least.seconds


def aside(work: Callable[..., float], *arguments: Any) -> float:
    """What the work returns, done by a process of its own, so that its memory is not counted as the worker's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=django.setup) as other:
        return other.submit(work, *arguments).result()


def sync(tickets: int, system: str = CONNECTWISE) -> Iterator[Figures]:
    """A full clear and resync into empty tables, and the same again with nothing changed; global streams."""
    with bench(tickets, STREAMS, system) as made:
        least = aside(floor_seconds, made.connection.organization_id, made.connection.pk)
        for name in ("sync into empty tables", "sync, nothing changed"):
            made.psa.control("stats/reset")
            run, cost = made.run("clear_resync")
            yield figures(
                name,
                tickets,
                cost,
                least,
                result=run.result,
                rows_written=made.written(run),
                tickets_per_cpu_second=round(tickets / cost.cpu_seconds),
                sandbox_busy_seconds=round(made.psa.busy_seconds(), 3),
            )


def quick(tickets: int, system: str = CONNECTWISE) -> Iterator[Figures]:
    """Quick syncs of a full store: nothing changed, and 500 changed."""
    with bench(tickets, STREAMS, system) as made:
        made.run("full")
        for name, changed in (("quick, nothing changed", 0), ("quick, 500 changed", 500)):
            if changed:
                made.psa.control("change", n=changed)
            run, cost = made.run("quick")
            rows = made.written(run)
            yield figures(name, tickets, cost, 0, result=run.result, requests=run.requests, rows_written=rows)


IN_FLIGHT = 8
ANSWER_SECONDS = 0.05
"""How long a PSA at the other end of a wire takes to answer, at least."""


def notes(tickets: int) -> Iterator[Figures]:
    """Notes, one request for each of the tickets, beside a bare HTTP client's time for the same requests at the same number in
    flight: of a PSA that answers at once, which measures processors, and of one that takes its time, as they do."""
    with bench(tickets, ["tickets", "notes"], notes_rotation=tickets) as made, at_once(IN_FLIGHT):
        made.run("full")
        ids = made.psa.control("truth?collection=tickets", method="GET")["ids"]
        paths = [f"service/tickets/{ticket}/notes?pageSize=1000" for ticket in ids]
        for name, seconds in (("notes, answered at once", 0.0), ("notes, answered after 50 ms", ANSWER_SECONDS)):
            if seconds:
                made.psa.control("faults", kind="slow", seconds=seconds, match={"path": "/notes$"})
            with measured() as least:
                baseline.bare_requests(made.psa, paths, in_flight=IN_FLIGHT)
            run, cost = made.run("full", trigger=Run.Trigger.NIGHTLY)
            with tenant_transaction(run.organization_id):
                stream = RunStream.objects.get(run=run, name="notes")
            if stream.started_at is None or stream.finished_at is None:
                raise Unfinished(f"Run {run.pk} read no notes: nothing was measured.")
            cost.seconds = (stream.finished_at - stream.started_at).total_seconds()
            yield figures(
                name,
                tickets,
                cost,
                least.seconds,
                requests=stream.requests,
                floor_requests=len(paths),
                in_flight=IN_FLIGHT,
                notes=stream.fetched,
            )


@contextmanager
def at_once(requests: int) -> Iterator[None]:
    """Runs ask so much at once, whatever the adapter allows itself with a real PSA."""

    def opened(*arguments: Any, **more: Any) -> Any:
        adapter: Any = connection_open(*arguments, **more)
        adapter.budget = msgspec.structs.replace(adapter.budget, concurrency=requests)
        return adapter

    with patch.object(drive, "connection_open", opened):
        yield


def counts(tickets: int, system: str = CONNECTWISE) -> Iterator[Figures]:
    """Everything that the system has, synced once; then stream by stream the PSA's own count beside ours."""
    with bench(tickets, None, system) as made:
        run, cost = made.run("full")
        organization_id = made.connection.organization_id
        with tenant_transaction(organization_id):
            connection = Connection.objects.get(pk=made.connection.pk)
            here = dict(live_counts(connection))
            adapter = connection_open(connection)
        wrong = []
        try:
            for spec in adapter.streams:
                theirs = None if spec.parent or not spec.counts else adapter.count(ReadRequest(stream=spec.name))
                ours = here.get(spec.name, 0)
                wrong += [spec.name] if theirs not in (None, ours) else []
                yield {
                    "name": f"{system}, {spec.name}",
                    "psa": theirs,
                    "ours": ours,
                    "equal": None if theirs is None else theirs == ours,
                }
        finally:
            adapter.close()
        yield figures(
            f"{system}, everything", tickets, cost, 0, result=run.result, records=sum(here.values()), unequal=wrong
        )


JOBS: dict[str, Callable[[int], Iterator[Figures]]] = {"notes": notes}
"""Of ConnectWise alone."""
ANY: dict[str, Callable[[int, str], Iterator[Figures]]] = {"sync": sync, "quick": quick, "counts": counts}
"""Of any system."""
