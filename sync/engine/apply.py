"""The moment of a staged run: merge and sweep in one transaction, so that readers see all of it or none."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from integrations.port import Reach, StreamSpec
from portal.core.merge import MergeCounts, Target, merge, read_whole_tables, relink, remove
from portal.ledger.models import PendingChange
from sync.engine.children import merge_children
from sync.engine.crash import crash_point
from sync.engine.guard import scope_parameters, unseen
from sync.engine.journal import note
from sync.engine.lease import raise_if_cancelled, step
from sync.engine.plan import Mode
from sync.engine.report import count_unmapped
from sync.engine.work import Work
from sync.models import Run, RunStream
from sync.streams import TARGETS, unstage


def apply_staged(work: Work) -> None:
    """Everything that was staged becomes what readers see, or nothing does. Do not split this transaction."""
    with step(work.lease):
        read_whole_tables()
        streams = [stream for stream in RunStream.objects_of(work.run) if stream.state == RunStream.State.FETCHED]
        for stream in streams:
            apply_stream(work, stream)
            raise_if_cancelled(work.lease)
        sweep_children(work)
        link_references(work, [stream.name for stream in streams])
        move_cursors(work, streams, anew=work.run.kind == Run.Kind.CLEAR_RESYNC)
        if work.run.kind == Run.Kind.CLEAR_RESYNC:
            drop_pending(work)
        raise_if_cancelled(work.lease)
        # The lease is as old as this transaction, which may have taken longer than it lasts.
        until = Now() + dt.timedelta(seconds=settings.SYNC_LEASE_SECONDS)
        Run.objects.filter(pk=work.run.pk).update(state=Run.State.APPLYING, phase=Run.Phase.CLEANING, lease_until=until)
        crash_point("applying")


def apply_stream(work: Work, stream: RunStream) -> None:
    """Merges and sweeps one stream."""
    target = TARGETS[stream.name]
    if work.by_parent(stream.name):
        counts = merge_children(work, target, None)
    else:
        merged = merge(target, work.context())
        counts = MergeCounts(merged.created, merged.updated, merged.unchanged, sweep(work, target, stream))
    stream.created, stream.updated, stream.unchanged, stream.removed = (
        counts.created,
        counts.updated,
        counts.unchanged,
        counts.removed,
    )
    stream.state, stream.finished_at = RunStream.State.DONE, timezone.now()
    stream.save()


def sweep(work: Work, target: Target, stream: RunStream) -> int:
    """Removes what the PSA no longer has. The tombstone bears the time of the last page, so that older news can't undo it."""
    parameters: dict[str, Any] = scope_parameters(work) | {"read_until": stream.finished_at or timezone.now()}
    return remove(
        target,
        work.context(),
        unseen(target),
        reason="not in the PSA any more, or out of scope",
        removed_at="%(read_until)s",
        **parameters,
    )


CHILDREN = (
    ("notes", "tickets", "ticket_id"),
    ("time_entries", "tickets", "ticket_id"),
    ("sites", "companies", "company_id"),
    ("agreement_additions", "agreements", "agreement_id"),
)
"""Streams whose rows go with their parent: (stream, the parents' stream, the link)."""


def sweep_children(work: Work) -> None:
    """Notes of a removed ticket, sites of a removed company, additions of a removed agreement: gone with their parent, where that is how they are read."""
    for name, parent, link in CHILDREN:
        if not work.by_parent(name):
            continue
        condition = (
            f'EXISTS (SELECT 1 FROM "{TARGETS[parent].table}" p WHERE p.id = t."{link}" AND p.removed_at IS NOT NULL)'
        )
        removed = remove(TARGETS[name], work.context(), condition, reason=f"its {parent[:-1]} is gone")
        if removed:
            RunStream.objects.filter(run_id=work.run.pk, name=name).update(removed=F("removed") + removed)


def link_references(work: Work, streams: list[str]) -> int:
    """Links rows that were waiting for what this run brought. Only where something new arrived: else there is nothing to find."""
    arrived = set(RunStream.objects.filter(run_id=work.run.pk, created__gt=0).values_list("name", flat=True))
    tables = {TARGETS[name].table for name in arrived}
    linked = 0
    for target in TARGETS.values():
        arrivals = [reference for reference in target.references if reference.table in tables]
        if arrivals:
            linked += relink(target, arrivals, work.context())
    return linked


CURSOR = """
INSERT INTO sync_cursor (organization_id, connection_id, stream, watermark, updated_at, full_at)
VALUES (%(organization)s, %(connection)s, %(stream)s, %(watermark)s, now(), %(full_at)s)
ON CONFLICT (connection_id, stream) DO UPDATE SET updated_at = now(), full_at = coalesce(EXCLUDED.full_at, sync_cursor.full_at),
    watermark = CASE WHEN %(anew)s THEN EXCLUDED.watermark ELSE coalesce(EXCLUDED.watermark, sync_cursor.watermark) END"""


def move_cursors(work: Work, streams: list[RunStream], *, anew: bool = False) -> None:
    """Every page of these streams is merged: the next quick sync begins where this read began, by the PSA's clock.

    Also backwards: after a clock was set back, a cursor that only grows would be ahead of every change until the clock caught up.
    """
    full_at: dt.datetime | None = None if work.quick else timezone.now()
    reach = {spec.name: spec.reach for spec in work.adapter.streams}
    with connection.cursor() as cursor:
        for stream in streams:
            if reach.get(stream.name) is Reach.GLOBAL:
                own = {"stream": stream.name, "watermark": stream.watermark, "full_at": full_at, "anew": anew}
                cursor.execute(CURSOR, work.context().parameters() | own)


def drop_pending(work: Work) -> None:
    """A clear drops unsent edits: they were named before it was confirmed."""
    open_states = [PendingChange.State.WAITING, PendingChange.State.FAILED, PendingChange.State.CONFLICT]
    dropped = PendingChange.objects.filter(connection_id=work.connection.pk, state__in=open_states).update(
        state=PendingChange.State.DROPPED, message=dropped_words(work.run.pk)
    )
    if dropped:
        note(
            work.run.pk,
            work.lease.organization_id,
            "warning",
            f"{dropped} unsent local changes were dropped, as announced",
        )


def dropped_words(run_id: int) -> str:
    """Why an unsent edit was dropped; an undo finds by it what to bring back."""
    return f"Dropped by the full clear and resync, run {run_id}."


def finish_live(work: Work, spec: StreamSpec, stream: RunStream) -> None:
    """A live stream has all of its pages merged: move its cursor (a first sync's waits for ``finish_first``)."""
    with step(work.lease):
        link_references(work, [spec.name])
        if stream.state == RunStream.State.DONE and not work.run.lands_live:
            move_cursors(work, [stream])


def finish_first(work: Work) -> None:
    """A first sync counts as complete once it is verified; a refuted one leaves no cursor, so that the next is a first one again."""
    with step(work.lease):
        done = [stream for stream in RunStream.objects_of(work.run) if stream.state == RunStream.State.DONE]
        move_cursors(work, done)


def clean_up(work: Work) -> None:
    """Staging is emptied after readers have the new copy."""
    with step(work.lease):
        unstage(work.context())
        if not work.quick:
            count_unmapped(work)
        if work.mode is Mode.STAGED:
            Run.objects.filter(pk=work.run.pk).update(phase=Run.Phase.CLEANING)
