"""Telling workers that there is something to do. A bell may be lost or ring twice: the sweeper rings for whatever is due."""

from __future__ import annotations

import structlog
from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from portal.tenancy.scope import tenant_transaction
from sync.models import Run

log = structlog.get_logger("sync")
QUEUES = {Run.Lane.FAST: "interactive", Run.Lane.BULK: "bulk"}
FIRST, NORMAL = 0, 5
"""Priorities of the Redis transport: the lower number goes first."""


def ring(organization_id: int, run_id: int, lane: str, *, urgent: bool = False) -> None:
    """Tells a worker of a run. When the broker is away nothing is lost but seconds."""
    try:
        current_app.send_task(
            "sync.advance",
            args=[organization_id, run_id],
            queue=QUEUES[Run.Lane(lane)],
            priority=FIRST if urgent else NORMAL,
            retry_policy={"max_retries": 1, "interval_start": 0, "interval_max": 0.2},
        )
    except OperationalError as err:
        log.warning("The broker is away; the sweeper will ring", run=run_id, error=type(err).__name__)


def ring_after_commit(run: Run) -> None:
    """Rings once the run is there for others to see."""
    transaction.on_commit(lambda: ring(run.organization_id, run.pk, run.lane, urgent=run.urgent))


def ring_waiting(organization_id: int, connection_id: int) -> None:
    """A lane has become free: rings for the connection's queued runs, pressed ones first."""
    if connection.in_atomic_block:
        return
    with tenant_transaction(organization_id):
        queued = list(Run.objects.filter(connection_id=connection_id, state=Run.State.QUEUED).order_by("-urgent", "id"))
    for run in queued:
        ring(organization_id, run.pk, run.lane, urgent=run.urgent)


def ring_retries(organization_id: int) -> None:
    """Tells a worker that somebody wants records fetched again."""
    try:
        current_app.send_task("sync.retry", args=[organization_id], queue=QUEUES[Run.Lane.FAST], priority=NORMAL)
    except OperationalError as err:
        log.warning("The broker is away; the sweeper will ring", error=type(err).__name__)
