"""The drift audit: a random sample of the copy read again from the PSA, a few records at a time, whenever no run is at work.

Each handful is read outside of any transaction and judged in one, with what was read there and then; a worker that dies loses a
handful. Writes of a worker that was overtaken are refused by the fence. Costs one request a sampled record, and one a stream.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.conf import settings
from django.db.models.functions import Now

from foundation.core import database_clock
from foundation.tenancy.scope import tenant_transaction
from integrations.errors import IntegrationError, RateLimited, TransientError
from integrations.models import Connection
from integrations.services.connections import connection_open_unless_refused
from integrations.settings_schema import ConnectionSettings, settings_of
from sync.engine.audit.drift_sample import compare_handful, draw, look_there, next_stream
from sync.engine.audit.lease import Auditing, Overtaken, claim, end, held, park
from sync.engine.run.rate_budget import paced
from sync.engine.run.work import Meter
from sync.engine.scope.excluded_companies import scope_now
from sync.isolation import fault_words, isolated
from sync.models import DriftAudit, DriftStream, Nightly, Run

ASIDE = dt.timedelta(seconds=15)
"""How long it steps aside for a run before it looks again."""

ATTEMPTS = 8

PATIENCE = dt.timedelta(hours=20)
"""After so long without a quiet moment it gives up: the next night has its own."""


def plan_audit(run_id: int, connection: Connection, wanted: ConnectionSettings) -> None:
    """Where a night's run has ended: its audit is due, once. In the caller's transaction. One that is still open gives way."""
    night = Nightly.objects.filter(run_id=run_id).first()
    if night is None or not wanted.audit_sample:
        return
    late = DriftAudit.objects.filter(connection_id=connection.pk, state=DriftAudit.State.OPEN).exclude(night=night)
    late.update(state=DriftAudit.State.FAILED, finished_at=Now(), message="Overtaken by the next night's.")
    due = DriftAudit(
        organization_id=night.organization_id,
        connection_id=connection.pk,
        night=night,
        sample=wanted.audit_sample,
        created_at=Now(),
    )
    DriftAudit.objects.bulk_create([due], ignore_conflicts=True)


def audit_advance(audit_id: int) -> bool:
    """Works on the audit for one slice, in the current tenant scope. Returns whether it wants another task message at once."""
    audit = claim(audit_id)
    if audit is None:
        return False
    try:
        with opened(audit) as work:
            return slice_of(work)
    except Overtaken:
        return False
    except RateLimited as err:
        park(audit, dt.timedelta(seconds=err.retry_after), err.message)
    except TransientError as err:
        if audit.attempts + 1 >= ATTEMPTS:
            end(audit, DriftAudit.State.FAILED, f"{err.message} Tried {audit.attempts + 1} times.")
        else:
            park(audit, dt.timedelta(seconds=min(180, 2.0 * 2**audit.attempts)), err.message, failed=True)
    except IntegrationError as err:
        end(audit, DriftAudit.State.FAILED, err.message)
    except Exception as err:
        fault(audit, err)
    return False


FAULTS = 3
"""So often in a row an audit may meet a fault of our own before it ends: the same again mostly fails again."""


def fault(audit: DriftAudit, error: Exception) -> None:
    """The boundary of an audit: a fault is told with a reference, tried again after a pause, and after a few in a row the audit's end."""
    with isolated("a drift audit", audit.organization_id, audit=audit.pk) as turn:
        raise error
    if audit.attempts + 1 >= FAULTS:
        end(audit, DriftAudit.State.FAILED, fault_words(turn.reference))
    else:
        park(audit, dt.timedelta(seconds=30 * 2**audit.attempts), fault_words(turn.reference), failed=True)


@contextmanager
def opened(audit: DriftAudit) -> Iterator[Auditing]:
    """The audit with its connection, adapter and threads. Closes both, whatever happens."""
    meter = Meter()
    with tenant_transaction():
        connection = Connection.objects.get(pk=audit.connection_id)
        adapter = paced(connection_open_unless_refused(connection, observer=meter))
    pool = ThreadPoolExecutor(max_workers=adapter.budget.concurrency, thread_name_prefix=f"audit-{audit.pk}")
    try:
        yield Auditing(audit, connection, adapter, settings_of(connection), scope_now(connection), meter, pool)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        adapter.close()


def slice_of(work: Auditing) -> bool:
    """Handful after handful until all is compared, a run wants the connection, or the slice's time is up (True)."""
    ends_at = time.monotonic() + settings.SYNC_SLICE_SECONDS
    draw(work)
    while time.monotonic() < ends_at:
        at_work = run_at_work(work)
        if at_work is not None:
            step_aside(work, at_work)
            return False
        stream = next_stream(work)
        if stream is None:
            finish(work)
            return False
        if stream.looked_at is None:
            look_there(work, stream)
        else:
            compare_handful(work, stream)
    with held(work.audit):
        DriftAudit.objects.filter(pk=work.audit.pk).update(lease_until=None)
    return True


def run_at_work(work: Auditing) -> Run | None:
    """The run that is at work on the connection or waits for a worker: its requests come first."""
    busy = [Run.State.QUEUED, *Run.ACTIVE]
    with tenant_transaction():
        return Run.objects.filter(connection_id=work.connection.pk, state__in=busy).order_by("pk").first()


def step_aside(work: Auditing, run: Run) -> None:
    """Waits for a quiet moment, though not for ever."""
    if database_clock.now() - work.audit.created_at > PATIENCE:
        hours = PATIENCE.total_seconds() / 3600
        end(work.audit, DriftAudit.State.FAILED, f"Syncs left no quiet moment within {hours:.0f} hours.")
    else:
        park(work.audit, ASIDE, f"{run.get_kind_display()}, run {run.pk}, goes first.")


def finish(work: Auditing) -> None:
    """Says in a sentence what came of it."""
    with tenant_transaction():
        streams = list(DriftStream.objects.filter(audit=work.audit))
    sampled, matching, drift, explained = (
        sum(getattr(stream, name) for stream in streams) for name in ("sampled", "matching", "drift", "explained")
    )
    said = [f"{sampled:,} records compared: {matching:,} equal in every field"]
    said += [f"{drift:,} differ without a reason"] if drift else []
    said += [f"{explained:,} explained"] if explained else []
    end(work.audit, DriftAudit.State.DONE, f"{', '.join(said)}.")
