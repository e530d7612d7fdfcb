"""The moment of a staged run: merge and sweep in one transaction, so that readers see all of it or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import F

from foundation.core import database_clock
from foundation.core.database_errors import refuses_data
from foundation.ledger.merge import MergeCounts, Target, merge, read_whole_tables, remove
from foundation.ledger.services.edits import drop_unsent
from integrations.models import Connection
from sync.engine.check.guard import chosen_away, scope_parameters, unseen
from sync.engine.check.missed_changes import keep_missed
from sync.engine.check.report import count_unmapped
from sync.engine.check.unchanged import require_unchanged
from sync.engine.check.withheld_removals import is_withheld, keep_withheld, supersede, take_back
from sync.engine.fault_injection import crash_point
from sync.engine.read.children import merge_children
from sync.engine.read.fetch import LEFT, left_scope_in_all
from sync.engine.read.refused_records import set_aside
from sync.engine.run.lease import raise_if_cancelled, renew, step
from sync.engine.run.plan import Mode
from sync.engine.run.run_log import note
from sync.engine.run.work import Work
from sync.engine.scope.excluded_companies import keep_outside
from sync.engine.scope.excluded_parents import CHILDREN
from sync.engine.write.conflicts import settle_conflicts
from sync.engine.write.post_merge import link_references, move_cursors
from sync.engine.write.renames import follow_names
from sync.models import Run, RunStream
from sync.streams import TARGETS, unstage


def apply_staged(work: Work) -> None:
    """Makes everything that was staged what readers see, but for records that the database refuses."""
    until_taken(work, apply_all)


def until_taken(work: Work, write: Callable[[Work], None]) -> None:
    """Writes what was staged; sets aside what the database refuses of the stream that it was at, and writes anew, until it takes the rest."""
    while True:
        try:
            return write(work)
        except Exception as err:
            if not refuses_data(err) or not work.place.stream or not set_aside(work, work.place.stream):
                raise


def apply_all(work: Work) -> None:
    """Everything that was staged becomes what readers see, or nothing does. Do not split this transaction."""
    with step(work.lease):
        require_unchanged(work)
        read_whole_tables()
        streams = [stream for stream in RunStream.objects_of(work.run) if stream.state == RunStream.State.FETCHED]
        keep_withheld(work)
        for stream in streams:
            work.place.enter(stream.name)
            apply_stream(work, stream)
            raise_if_cancelled(work.lease)
        work.place.enter()
        sweep_children(work)
        link_references(work, streams)
        for stream in streams if work.quick else ():
            follow_names(work, stream)
        move_cursors(work, streams, anew=work.run.kind == Run.Kind.CLEAR_RESYNC)
        if work.run.kind == Run.Kind.CLEAR_RESYNC:
            drop_pending(work)
            Connection.objects.filter(pk=work.connection.pk).update(range_start=work.scope.changed_after)
        raise_if_cancelled(work.lease)
        renew(work.lease, state=Run.State.APPLYING, phase=Run.Phase.CLEANING)
        crash_point("applying")


def apply_stream(work: Work, stream: RunStream) -> None:
    """Merges and sweeps one stream."""
    target = TARGETS[stream.name]
    if work.by_parent(stream.name):
        counts = merge_children(work, target, None)
    else:
        keep_missed(work, target)
        merged = merge(target, work.context())
        if merged.updated:
            settle_conflicts(work, target.stream)
        keep_outside(work, target)
        take_back(work, target)
        sweeps = not work.quick and not stream.incomplete
        gone = sweep(work, target, stream) if sweeps else remove_left(work, target)
        counts = MergeCounts(merged.created, merged.updated, merged.unchanged, gone)
    complete = not (work.quick or stream.incomplete or work.by_parent(stream.name))
    supersede(work, target, complete=complete)
    stream.created, stream.updated, stream.unchanged, stream.removed = (
        counts.created,
        counts.updated,
        counts.unchanged,
        counts.removed,
    )
    stream.state, stream.finished_at = RunStream.State.DONE, database_clock.now()
    stream.save()


def remove_left(work: Work, target: Target) -> int:
    """Removes what a reading of changes shows outside of the scope."""
    return remove(target, work.context(), left_scope_in_all(target.staging), reason=LEFT)


def sweep(work: Work, target: Target, stream: RunStream) -> int:
    """Removes what the PSA no longer has; where that waits for a person, what the settings do not want. The tombstone bears the time of the
    last page, so that older news can't undo it."""
    parameters: dict[str, Any] = scope_parameters(work) | {"read_until": stream.finished_at or database_clock.now()}
    away = chosen_away(work, target) if is_withheld(work, target.stream) else "true"
    return remove(
        target,
        work.context(),
        f"{unseen(target)} AND {away}",
        reason="not in the PSA any more, or out of scope",
        removed_at="%(read_until)s",
        **parameters,
    )


def sweep_children(work: Work) -> None:
    """Notes of a removed ticket, sites of a removed company, additions of a removed agreement: gone with their parent. A reading of changes
    goes by the parents that it removed itself; a complete one by all, where children are read below their parents."""
    lessened = set(RunStream.objects.filter(run_id=work.run.pk, removed__gt=0).values_list("name", flat=True))
    for name, parent, link in CHILDREN:
        goes = parent in lessened if work.quick else work.by_parent(name)
        if not goes:
            continue
        condition = (
            f'EXISTS (SELECT 1 FROM "{TARGETS[parent].table}" p WHERE p.id = t."{link}" AND p.removed_at IS NOT NULL)'
        )
        if work.quick:
            condition = f't."{link}" = ANY (ARRAY({REMOVED_BY_RUN})) AND {condition}'
        reason, own = f"its {link.removesuffix('_id')} is gone", {"parent_stream": parent}
        removed = remove(TARGETS[name], work.context(), condition, reason=reason, **own)
        if removed:
            RunStream.objects.filter(run_id=work.run.pk, name=name).update(removed=F("removed") + removed)


REMOVED_BY_RUN = """SELECT j.record_id FROM ledger_journalentry j WHERE j.organization_id = %(organization)s AND j.connection_id = %(connection)s
    AND j.run_id = %(journal_run)s AND j.stream = %(parent_stream)s AND j.action = 'removed'"""


def drop_pending(work: Work) -> None:
    """A clear drops unsent edits: they were named before it was confirmed."""
    dropped = drop_unsent(work.connection.pk, work.run.pk)
    if dropped:
        note(
            work.run.pk,
            work.lease.organization_id,
            "warning",
            f"{dropped} unsent local changes were dropped, as announced",
        )


def finish_first(work: Work) -> None:
    """A first sync counts as complete once it is verified; a refuted one leaves no cursor, so that the next is a first one again."""
    with step(work.lease, repeats=True):
        done = [stream for stream in RunStream.objects_of(work.run) if stream.state == RunStream.State.DONE]
        move_cursors(work, done)


def clean_up(work: Work) -> None:
    """Staging is emptied after readers have the new copy; a live page took its rows along when it was merged."""
    with step(work.lease, repeats=True):
        if work.quick and work.mode is Mode.LIVE:
            sweep_children(work)
        unstage(work.context(), [] if work.mode is Mode.LIVE else None)
        if not work.quick:
            count_unmapped(work)
        if work.mode is Mode.STAGED:
            Run.objects.filter(pk=work.run.pk).update(phase=Run.Phase.CLEANING)
