"""Two runs bring the same thing, and a page waits while the world goes on."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from foundation.ledger.merge import MergeContext, MergeCounts, merge
from foundation.ledger.models import JournalEntry
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.records import PriorityRecord
from lab.faults.verdict import until
from sync.models import RunLog
from sync.streams import TARGETS, stage
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Sync
from tickets.models import Ticket


def test_a_page_is_as_old_as_its_question(sync: Sync, calm: Sandbox) -> None:
    calm.control("faults", kind="slow", seconds=1.5, match={"path": "service/tickets$"})
    run = sync("full")
    with tenant_transaction(run.organization_id):
        landed = RunLog.objects.filter(run=run, stream="tickets", message="page").order_by("pk")[0].at
        read = Ticket.objects.order_by("fetched_at").values_list("fetched_at", flat=True)[0]
    assert landed - read >= dt.timedelta(seconds=1.5)


@pytest.mark.committed
def test_what_two_runs_bring_at_the_same_moment_is_written_and_journalled_once(connection: Connection) -> None:
    merged = Event()

    def bring(run: int) -> MergeCounts:
        try:
            with tenant_transaction(connection.organization_id), transaction.atomic():
                if run == 2:
                    merged.wait(10)
                counts = merged_as(connection, run, "Now", timezone.now())
                if run == 1:
                    merged.set()
                    until(somebody_waits, 10, "the second run waits for the first")
                return counts
        finally:
            database.close()

    with tenant_transaction(connection.organization_id):
        merged_as(connection, 3, "Before", timezone.now())
    with ThreadPoolExecutor(2) as runs:
        first, second = runs.map(bring, (1, 2))
    assert (first.updated, second.updated) == (1, 0)
    with tenant_transaction(connection.organization_id):
        assert list(JournalEntry.objects.order_by("pk").values_list("action", flat=True)) == ["created", "updated"]


def somebody_waits() -> bool:
    """Whether a statement waits for another transaction's row."""
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def merged_as(connection: Connection, run: int, name: str, fetched_at: dt.datetime) -> MergeCounts:
    """Stages one priority of this name for a run, and merges it."""
    context = MergeContext(connection.organization_id, connection.pk, run, journal_run_id=run)
    stage(TARGETS["priorities"], context, 1, [(PriorityRecord(remote_id="1", name=name), True)], fetched_at)
    return merge(TARGETS["priorities"], context)
