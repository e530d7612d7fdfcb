"""Who may write for a run: one worker at a time, proven at each transaction by fence and lease."""

from __future__ import annotations

import datetime as dt
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection
from django.db.models import F
from django.db.models.functions import Greatest, Now

from foundation.tenancy.scope import tenant_transaction
from sync.models import Run, RunSignal


class LeaseLost(Exception):
    """Somebody else works on the run, or it was ended: write nothing more."""


class RunCancelled(Exception):
    """A person asked for the end of the run."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write for a run until somebody claims it with a higher fence. ``claims``: how often it was claimed without being given
    back since it last advanced, this time included."""

    organization_id: int
    connection_id: int
    run_id: int
    fence: int
    claims: int = 1


CLAIM = """
UPDATE sync_run SET fence = fence + 1, claims = claims + 1, worker = %(worker)s, lease_until = clock_timestamp() + %(seconds)s * interval '1 second',
    state = CASE WHEN state IN ('queued', 'waiting') THEN 'running' ELSE state END, wait_until = NULL, wait_reason = '',
    started_at = coalesce(started_at, clock_timestamp()), progress_at = coalesce(progress_at, clock_timestamp())
WHERE id = (SELECT id FROM sync_run WHERE id = %(run)s AND (
        state = 'queued'
        OR (state IN ('running', 'verifying', 'applying') AND (lease_until IS NULL OR lease_until < clock_timestamp()))
        OR (state = 'waiting' AND (wait_until IS NULL OR wait_until <= clock_timestamp()))
    ) FOR UPDATE SKIP LOCKED)
RETURNING organization_id, connection_id, id, fence, claims"""


def claim(run_id: int) -> Lease | None:
    """The lease of a run that is due; None when it is not, when somebody has it, or when its lane is taken."""
    worker = f"{socket.gethostname()}:{os.getpid()}"
    try:
        with tenant_transaction(), connection.cursor() as cursor:
            cursor.execute(CLAIM, {"run": run_id, "worker": worker, "seconds": settings.SYNC_LEASE_SECONDS})
            row = cursor.fetchone()
    except IntegrityError:
        return None
    return Lease(*row) if row else None


RENEW = """
UPDATE sync_run SET lease_until = clock_timestamp() + %(seconds)s * interval '1 second',
    progress_at = CASE WHEN %(progress)s THEN clock_timestamp() ELSE progress_at END, attempts = CASE WHEN %(progress)s THEN 0 ELSE attempts END,
    claims = CASE WHEN %(advance)s THEN 1 ELSE claims END, faults = CASE WHEN %(advance)s THEN 0 ELSE faults END,
    paused = CASE WHEN %(advance)s THEN 0 ELSE paused END
WHERE id = %(run)s AND fence = %(fence)s AND lease_until > clock_timestamp() AND state IN ('running', 'waiting', 'verifying', 'applying')
RETURNING set_config('idle_in_transaction_session_timeout', %(idle)s, true), phase <> 'cleaning' AND EXISTS (
    SELECT 1 FROM sync_runsignal s WHERE s.organization_id = sync_run.organization_id AND s.run_id = sync_run.id AND s.kind = 'cancel'),
    clock_timestamp()"""
"""The time-out: a worker that falls asleep in its transaction would keep the run's row locked, and nobody could take over. The second
column: whether a person wants the run's end (see ``raise_if_cancelled``). The third: what ``step`` yields."""


@contextmanager
def step(lease: Lease, *, progress: bool = True, repeats: bool = False) -> Iterator[dt.datetime]:
    """A write transaction of the run; yields the database's time at its beginning. Raises LeaseLost for a zombie, and RunCancelled once
    a person has cancelled.

    ``progress``: whether work was done (and this is not a mere sign of life during one bounded call). ``repeats``: whoever takes the run up
    anew does it once more, so that it is no advance: faults and deaths in a row are counted over it.
    """
    with tenant_transaction(lease.organization_id):
        with connection.cursor() as cursor:
            parameters: dict[str, int | str | bool] = {
                "run": lease.run_id,
                "fence": lease.fence,
                "seconds": settings.SYNC_LEASE_SECONDS,
                "progress": progress,
                "advance": progress and not repeats,
                "idle": f"{settings.SYNC_LEASE_SECONDS}s",
            }
            cursor.execute(RENEW, parameters)
            renewed = cursor.fetchone()
        if renewed is None:
            raise LeaseLost(f"run {lease.run_id} is no longer ours")
        if renewed[1]:
            raise RunCancelled
        yield renewed[2]


def renew(lease: Lease, **changes: Any) -> None:
    """Renews the lease, with ``changes`` of the run: the last statement of a step that may have taken longer than the lease lasts,
    which is as old as its transaction."""
    until = Now() + dt.timedelta(seconds=settings.SYNC_LEASE_SECONDS)
    Run.objects.filter(pk=lease.run_id).update(lease_until=until, **changes)


def raise_if_cancelled(lease: Lease) -> None:
    """Looks for the press of a person; inside a long transaction too, since other transactions' commits are visible.

    A run that is cleaning up has applied everything: saying then that it was cancelled would not be true.
    """
    presses = RunSignal.objects.filter(run_id=lease.run_id, kind=RunSignal.Kind.CANCEL)
    if presses.exclude(run__phase=Run.Phase.CLEANING).exists():
        raise RunCancelled


GIVEN_BACK = Greatest(F("claims") - 1, 0)
"""The count of claims when a worker gives the run back itself, whatever for: what is left are those that died with it."""


def release(lease: Lease) -> None:
    """Gives the run back in the middle, so that the next task message goes on at once."""
    with tenant_transaction(lease.organization_id):
        mine = Run.objects.filter(pk=lease.run_id, fence=lease.fence)
        mine.update(lease_until=None, claims=GIVEN_BACK)
