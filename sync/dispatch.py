"""Telling workers that there is something to do. A task message may be lost or come twice: the sweeper sends one for whatever is due."""

from __future__ import annotations

import structlog
from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from foundation.tenancy.scope import tenant_transaction
from sync.models import InstanceChange, Run

log = structlog.get_logger("sync")
QUEUES = {Run.Lane.FAST: "interactive", Run.Lane.BULK: "bulk"}
FIRST, NORMAL, LAST = 0, 5, 9
"""Priorities of the Redis transport: the lower number goes first."""


def dispatch_run(organization_id: int, run_id: int, lane: str, *, urgent: bool = False) -> None:
    """Tells a worker of a run."""
    tell("sync.advance", [organization_id, run_id], queue=QUEUES[Run.Lane(lane)], priority=FIRST if urgent else NORMAL)


def dispatch_audit(organization_id: int, audit_id: int) -> None:
    """Tells a worker of an audit, behind all runs."""
    tell("sync.audit", [organization_id, audit_id], queue=QUEUES[Run.Lane.BULK], priority=LAST)


def tell(task: str, ids: list[int], *, queue: str, priority: int) -> None:
    """Sends a task with its ids, the organization's first where it works for one. When the broker is away nothing is lost but seconds."""
    try:
        current_app.send_task(
            task,
            args=ids,
            queue=queue,
            priority=priority,
            retry_policy={"max_retries": 1, "interval_start": 0, "interval_max": 0.2},
        )
    except OperationalError as err:
        log.warning("The broker is away; the sweeper will send it", task=task, ids=ids, error=type(err).__name__)


def dispatch_after_commit(run: Run) -> None:
    """Tells one once the run is there for others to see."""
    transaction.on_commit(lambda: dispatch_run(run.organization_id, run.pk, run.lane, urgent=run.urgent))


def dispatch_waiting(organization_id: int, connection_id: int) -> None:
    """A lane has become free: tells workers of the connection's queued runs, pressed ones first."""
    if connection.in_atomic_block:
        return
    with tenant_transaction(organization_id):
        queued = list(Run.objects.filter(connection_id=connection_id, state=Run.State.QUEUED).order_by("-urgent", "id"))
    for run in queued:
        dispatch_run(organization_id, run.pk, run.lane, urgent=run.urgent)


def dispatch_retries(organization_id: int) -> None:
    """Tells a worker that somebody wants records fetched again."""
    tell("sync.retry", [organization_id], queue=QUEUES[Run.Lane.FAST], priority=NORMAL)


def dispatch_refused_retry(organization_id: int, connection_id: int) -> None:
    """Tells a worker that refused credentials are to be tried again."""
    tell("sync.refused_retry", [organization_id, connection_id], queue=QUEUES[Run.Lane.FAST], priority=NORMAL)


def dispatch_purge(organization_id: int, change_id: int) -> None:
    """Tells a worker of a purge."""
    tell("sync.purge", [organization_id, change_id], queue=QUEUES[Run.Lane.BULK], priority=NORMAL)


def dispatch_purge_after_commit(change: InstanceChange) -> None:
    """Tells one once the purge is there for others to see."""
    transaction.on_commit(lambda: dispatch_purge(change.organization_id, change.pk))


def dispatch_mails(organization_id: int) -> None:
    """Tells a worker that there is a mail to send."""
    tell("sync.mail", [organization_id], queue=QUEUES[Run.Lane.BULK], priority=NORMAL)


def dispatch_password_resets() -> None:
    """Tells a worker that somebody asked for a link to set a new password."""
    tell("tenancy.password_resets", [], queue=QUEUES[Run.Lane.FAST], priority=FIRST)
