"""One slice of a run: claim it, go on where the last slice stopped, and give it back, wait, or end it.

A run in four steps: 1. connect and count; 2. fetch every stream, page by page, each page committed with its checkpoint;
3. verify (staged runs) that the read was complete and that the sweep takes no more than it may; 4. apply in one transaction, clean up.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial

from django.conf import settings
from django.db import DatabaseError

from foundation.tenancy.scope import tenant_transaction
from integrations.errors import REFUSALS, PermissionMissing, ProtocolError, TransientError
from integrations.models import Connection
from integrations.port import Adapter, Reach, StreamSpec
from integrations.services.connections import connection_open
from integrations.services.health import connection_metered
from integrations.settings_schema import settings_of
from sync.engine.check.guard import find, hold
from sync.engine.check.unchanged import require_unchanged
from sync.engine.check.verify import count_streams, verify
from sync.engine.check.withheld_removals import weigh
from sync.engine.fault_injection import crash_point
from sync.engine.read.children import fetch_children
from sync.engine.read.failing_parents import NothingReadable
from sync.engine.read.fetch import fetch_stream
from sync.engine.read.skipped_streams import give_up, leave_out, refused, skip
from sync.engine.run import finish
from sync.engine.run.cancel_watch import watched
from sync.engine.run.conclude import conclude, require_living
from sync.engine.run.connect import connect
from sync.engine.run.lease import Lease, LeaseLost, claim, release, step
from sync.engine.run.plan import ESSENTIAL, Mode
from sync.engine.run.rate_budget import Paced, paced
from sync.engine.run.run_log import note
from sync.engine.run.stored_plan import plan_of
from sync.engine.run.waiting_adapters import WAITING, Opened, key_of
from sync.engine.run.work import Meter, Place, Work
from sync.engine.write.apply import apply_staged, clean_up, finish_first, until_taken
from sync.engine.write.preview import preview_staged
from sync.models import Run, RunStream


def advance(run_id: int) -> bool:
    """Works on the run for one slice, in the current tenant scope. Returns whether it wants another task message at once."""
    lease = claim(run_id)
    if lease is None:
        return False
    crash_point("claimed")
    place = Place()
    try:
        require_living(lease)
        with opened(lease, place) as work, watched(lease):
            return slice_of(work)
    except Exception as err:
        conclude(lease, place, err)
    return False


@contextmanager
def opened(lease: Lease, place: Place) -> Iterator[Work]:
    """The run with its connection, adapter and threads. Closes both, whatever happens."""
    with tenant_transaction(lease.organization_id):
        run = Run.objects.filter(pk=lease.run_id).first()
        connection = Connection.objects.filter(pk=lease.connection_id).first()
        if run is None or connection is None:
            raise LeaseLost(f"run {lease.run_id} was removed with its connection")
        now, key = settings_of(connection), key_of(run.pk, connection)
        opened = WAITING.take(key) or opened_anew(connection)
    adapter, waits = opened.adapter, False
    pool = ThreadPoolExecutor(max_workers=adapter.budget.concurrency, thread_name_prefix=f"run-{run.pk}")
    ends_at = time.monotonic() + settings.SYNC_SLICE_SECONDS
    try:
        plan = plan_of(run, connection, adapter.streams)
        wanted, scope = plan.settings(now), plan.scope(now)
        yield Work(lease, run, connection, adapter, plan, wanted, scope, opened.meter, pool, ends_at, place)
    except (TransientError, ProtocolError):
        waits = True  # or asks again in a moment
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        keep_usage(lease, adapter)
        if waits:
            WAITING.keep(key, opened)
        else:
            adapter.close()


def opened_anew(connection: Connection) -> Opened:
    """The connection's adapter, with a meter of its own."""
    meter = Meter()
    return Opened(paced(connection_open(connection, observer=meter)), meter)


def keep_usage(lease: Lease, adapter: Adapter) -> None:
    """What of a shared budget is used, for the connection's card. Not worth hiding the run's own error."""
    if isinstance(adapter, Paced) and (usage := adapter.known) is not None:
        with suppress(DatabaseError), tenant_transaction(lease.organization_id):
            connection_metered(connection_id=lease.connection_id, usage=usage, budget=adapter.budget)


def slice_of(work: Work) -> bool:
    """Goes through the phases from where the run stands. Returns True when the slice's time was up before the end."""
    if work.run.phase in {Run.Phase.QUEUED, Run.Phase.CONNECTING}:
        enter(work, Run.Phase.CONNECTING)
        connect(work)
    leave_unknown(work)
    if work.run.phase in {Run.Phase.CONNECTING, Run.Phase.COUNTING}:
        if not work.quick and work.run.applies is None:
            enter(work, Run.Phase.COUNTING)
            count_streams(work)
        enter(work, Run.Phase.FETCHING)
    if work.run.phase == Run.Phase.FETCHING and not fetch(work):
        release(work.lease)
        return True
    if work.mode is Mode.STAGED:
        return staged_end(work)
    if work.run.lands_live and work.run.phase in {Run.Phase.FETCHING, Run.Phase.VERIFYING}:
        enter(work, Run.Phase.VERIFYING, Run.State.VERIFYING)
        verify(work)
        crash_point("verified")
        finish_first(work)
    enter(work, Run.Phase.CLEANING)
    clean_up(work)
    finish.done(work)
    return False


def staged_end(work: Work) -> bool:
    """Verifies, holds or applies, and cleans up. A preview says what that would do, and keeps what it read."""
    if work.run.phase in {Run.Phase.FETCHING, Run.Phase.VERIFYING}:
        enter(work, Run.Phase.VERIFYING, Run.State.VERIFYING)
        if work.run.verification.get("approved_by"):
            with step(work.lease, progress=False):
                require_unchanged(work)
        if not work.quick:
            verify(work)
        found = find(work)
        crash_point("verified")
        if work.run.is_preview or not found or work.run.verification.get("approved_by"):
            weigh(work, found)
        if work.run.is_preview:
            until_taken(work, partial(preview_staged, found=found))
            crash_point("previewed")
            finish.previewed(work)
            return False
        if found and not work.run.verification.get("approved_by"):
            hold(work, found)
            return False
        enter(work, Run.Phase.APPLYING, Run.State.APPLYING)
    if work.run.phase == Run.Phase.APPLYING:
        apply_staged(work)
        crash_point("applied")
    clean_up(work)
    crash_point("cleaned")
    finish.done(work)
    return False


def enter(work: Work, phase: str, state: str = Run.State.RUNNING) -> None:
    """The next phase, for all to see."""
    if work.run.phase == phase and work.run.state == state:
        return
    with step(work.lease, repeats=work.run.phase == phase):
        Run.objects.filter(pk=work.run.pk).update(phase=phase, state=state)
        note(work.run.pk, work.lease.organization_id, "info", f"Phase: {Run.Phase(phase).label}")
        work.bill()
    work.run.phase, work.run.state = phase, state


def leave_unknown(work: Work) -> None:
    """Leaves out the streams that the run was laid out with and that this release does not know: a newer one was taken back."""
    unknown = work.plan.unknown(work.adapter.streams)
    over = (RunStream.State.SKIPPED, RunStream.State.DONE)
    for stream in RunStream.objects_of(work.run) if unknown else ():
        if stream.name in unknown and stream.state not in over:
            leave_out(work, stream, "unknown_stream", f"This release of MSPortal does not know {stream.name}.")


def fetch(work: Work) -> bool:
    """Reads all streams that are not read yet. Returns False when the slice's time is up."""
    streams = {stream.name: stream for stream in RunStream.objects_of(work.run)}
    for spec, stream in [(spec, streams[spec.name]) for spec in work.specs if spec.name in streams]:
        if stream.state in {RunStream.State.PENDING, RunStream.State.FETCHING} and not fetch_one(work, spec, stream):
            return False
    return True


def fetch_one(work: Work, spec: StreamSpec, stream: RunStream) -> bool:
    """Reads one stream to its end or to the end of the slice. A right that the key lacks, and answers that can't be read again and again,
    cost the stream, not the run."""
    work.place.enter(spec.name)
    if stream.state == RunStream.State.PENDING:
        with step(work.lease) as now:
            stream.state, stream.started_at = RunStream.State.FETCHING, now
            stream.save()
    reader = fetch_stream if spec.reach is Reach.GLOBAL else fetch_children
    try:
        return reader(work, spec, stream)
    except PermissionMissing as err:
        if spec.name in ESSENTIAL:
            raise
        skip(work, stream, err)
        return True
    except NothingReadable as err:
        skip(work, stream, err)
        return True
    except (TransientError, ProtocolError) as err:
        give_up(work, spec, stream, err)
        return True
    except REFUSALS as err:
        refused(work, spec, stream, err)
        return True
