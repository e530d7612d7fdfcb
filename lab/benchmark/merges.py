"""What readers feel while a big merge commits: the real list, read by processes of their own, idle and meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from embedded.locations import ROOT
from foundation.tenancy.models import Organization, Role, User
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.organizations import membership_create
from lab.benchmark.fill import enter, owner_line, tidy
from lab.benchmark.jobs import Bench, bench
from lab.benchmark.reads import percentile
from sync.models import Run, RunLog

READERS = 2
IDLE_SECONDS = 30.0
TIMES = 1.5
"""The target: the 99th percentile meanwhile, by the idle one."""


@dataclass(frozen=True, slots=True)
class Look:
    """One page: when it was asked for, and milliseconds until it was there."""

    at: float
    ms: float


def merge(tickets: int) -> Iterator[dict[str, Any]]:
    """One result. All tickets have changed, so that the merge writes each of them and its journal."""
    with bench(tickets, ["tickets", "companies", "contacts"]) as made, reader_of(made) as person:
        made.run("full")
        made.psa.control("change", n=tickets)
        with owner_line() as line:
            tidy(line, ("tickets_ticket", "clients_company", "ledger_journalentry"))
        yield {"name": "merge", "tickets": tickets, "readers": READERS, "processors": os.cpu_count()} | felt(
            made, person
        )


def felt(made: Bench, person: int) -> dict[str, Any]:
    """The pages' times: idle, beside a query that only computes, and while the merge is applied."""
    with readers(person) as idle:
        time.sleep(IDLE_SECONDS)
    with readers(person) as busy, computing():
        time.sleep(IDLE_SECONDS)
    with readers(person) as meanwhile:
        run, cost = made.run("clear_resync")
    begin, end = applied_between(run)
    during = [look for look in meanwhile if begin <= look.at <= end]
    figures = {"rows_written": made.written(run), "apply_seconds": round(end - begin, 1)}
    figures |= {"cpu_seconds_of_the_worker": round(cost.cpu_seconds, 1)}
    shapes = shape("idle", idle) | shape("beside_a_query_that_writes_nothing", busy) | shape("during_the_merge", during)
    return figures | shapes | ratios(idle, busy, during)


@contextmanager
def reader_of(made: Bench) -> Iterator[int]:
    """A person who may see the tickets, while the block lasts."""
    organization_id = made.connection.organization_id
    person: User = User.objects.create_user(f"{made.connection.name}@benchmark.invalid")
    with tenant_transaction(organization_id):
        organization, role = Organization.objects.get(pk=organization_id), Role.objects.get(builtin="readonly")
        membership_create(organization=organization, user=person, role=role)
    try:
        yield person.pk
    finally:
        with owner_line() as line:
            enter(line, organization_id)
            line.execute("DELETE FROM tenancy_membership WHERE user_id = %s", [person.pk])
            line.execute("DELETE FROM tenancy_user WHERE id = %s", [person.pk])


@contextmanager
def readers(person: int) -> Iterator[list[Look]]:
    """Reads until the block ends; the list is filled then. Raises RuntimeError with what a reader that broke said."""
    looks: list[Look] = []
    command = [sys.executable, "-m", "lab.benchmark.reader", str(person)]
    with tempfile.TemporaryDirectory() as directory:
        files = [Path(directory) / f"{number}" for number in range(READERS)]
        processes = [reading(command, file) for file in files]
        try:
            while not all(file.stat().st_size for file in files):
                broken(processes)
                time.sleep(0.05)
            began = time.time()
            yield looks
        finally:
            for process in processes:
                process.communicate()
        broken(processes)
        lines = [line.split() for file in files for line in file.read_text().splitlines()]
        looks += [Look(float(at), float(ms)) for at, ms in lines if float(at) > began]


def reading(command: list[str], file: Path) -> subprocess.Popen[bytes]:
    with file.open("wb") as out:
        return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=out)


def broken(processes: list[subprocess.Popen[bytes]]) -> None:
    """Raises RuntimeError when a reader ended with an error."""
    codes = [process.poll() for process in processes]
    if any(codes):
        raise RuntimeError(f"A reader ended with {codes}.")


COMPUTING = "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b WHERE (a + b) % 7 = 0"


@contextmanager
def computing() -> Iterator[None]:
    """Beside it a query that keeps one processor busy, reads no table and writes nothing: what a processor less costs readers."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as line, ThreadPoolExecutor(1) as hand:
        counting = hand.submit(line.execute, COMPUTING)
        try:
            yield
        finally:
            line.cancel()
            with suppress(psycopg.errors.QueryCanceled):
                counting.result()


def applied_between(run: Run) -> tuple[float, float]:
    """When the run's great transaction began and had been committed, in seconds since 1970."""
    with tenant_transaction(run.organization_id):
        begin = RunLog.objects.filter(run=run, message="Phase: Applying").latest("at").at
        end = RunLog.objects.filter(run=run, message__startswith="Finished").latest("at").at
    return begin.timestamp(), end.timestamp()


def shape(name: str, looks: list[Look]) -> dict[str, Any]:
    times = sorted(look.ms for look in looks)
    figures = {f"p{percent}_ms": round(percentile(times, percent), 1) for percent in (50, 95, 99)}
    return {name: figures | {"max_ms": round(times[-1], 1), "pages": len(times)}}


def ratios(idle: list[Look], busy: list[Look], during: list[Look]) -> dict[str, float]:
    """The 99th percentile during the merge by the idle one, and by the one beside a query that only computes."""
    alone, beside, meanwhile = (percentile(sorted(look.ms for look in looks), 99) for looks in (idle, busy, during))
    return {"p99_by_idle": round(meanwhile / alone, 2), "p99_by_beside": round(meanwhile / beside, 2)}
