"""What undoing a run would bring back, from the journal: never what changed since."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection as database

from foundation.core import database_clock
from foundation.ledger.merge import Target
from integrations.settings_schema import readable_settings
from sync.models import Run, RunStream
from sync.streams import TARGETS

DOINGS = ("restored", "updated", "removed")


@dataclass(frozen=True, slots=True)
class UndoLine:
    """One stream. ``restored``: removed by the run, comes back. ``updated``: gets its former values. ``removed``: created by the run,
    goes. ``kept``: changed since, stays as it is."""

    stream: str
    restored: int = 0
    updated: int = 0
    removed: int = 0
    kept: int = 0

    @property
    def written(self) -> int:
        return self.restored + self.updated + self.removed


@dataclass(frozen=True, slots=True)
class UndoOutlook:
    """``until``: when it is too late; None for a run that has not ended."""

    lines: list[UndoLine]
    until: dt.datetime | None

    @property
    def written(self) -> int:
        return sum(line.written for line in self.lines)

    @property
    def kept(self) -> int:
        return sum(line.kept for line in self.lines)


OWN = """own AS MATERIALIZED (
    SELECT record_id, max(id) AS last_id, max(at) AS last_at, (array_agg(label ORDER BY id DESC))[1] AS label,
        (array_agg(action ORDER BY id))[1] AS was, (array_agg(action ORDER BY id DESC))[1] AS became,
        CASE WHEN %(whole)s THEN (array_agg(before ORDER BY id) FILTER (WHERE before IS NOT NULL))[1] END AS before
    FROM ledger_journalentry
    WHERE organization_id = %(organization)s AND connection_id = %(connection)s AND run_id = %(undone)s AND stream = '{stream}'
    GROUP BY record_id
), wanted AS (
    SELECT own.*, CASE WHEN was IN ('updated', 'removed') AND became = 'removed' THEN 'restored'
        WHEN %(whole)s AND was IN ('updated', 'removed') AND before IS NOT NULL THEN 'updated'
        WHEN %(whole)s AND was IN ('created', 'restored') AND became <> 'removed' THEN 'removed' END AS doing,
    EXISTS (SELECT 1 FROM ledger_journalentry j WHERE j.organization_id = %(organization)s AND j.stream = '{stream}'
        AND j.record_id = own.record_id AND j.id > own.last_id AND j.run_id IS DISTINCT FROM %(undone)s) AS journalled
    FROM own
)"""
"""What a run did to each record, and what undoing that means. A run may meet a record twice: the first entry knows what was before."""
SINCE = "(w.journalled OR o.synced_at > w.last_at)"
"""The row was written after the run had written it."""


def own_of(target: Target) -> str:
    """``OWN`` of one stream."""
    return OWN.format(stream=target.stream)


def undo_parameters(run: Run) -> dict[str, Any]:
    """The parameters of ``OWN``. ``whole``: a clear and resync is undone in full, other runs' removals only."""
    return {
        "organization": run.organization_id,
        "connection": run.connection_id,
        "undone": run.pk,
        "whole": run.kind == Run.Kind.CLEAR_RESYNC,
    }


def undo_outlook(run: Run) -> UndoOutlook:
    """What an undo would do now, stream by stream: one statement a stream that the run wrote to."""
    lines = [line_of(run, TARGETS[name]) for name in written_streams(run)]
    return UndoOutlook([line for line in lines if line.written or line.kept], undo_until(run))


def line_of(run: Run, target: Target) -> UndoLine:
    """One stream's outlook."""
    sql = f"""WITH {own_of(target)}
SELECT CASE WHEN o.id IS NULL OR {SINCE} THEN 'kept' ELSE w.doing END, count(*) FROM wanted w
LEFT JOIN "{target.table}" o ON o.id = w.record_id AND o.organization_id = %(organization)s WHERE w.doing IS NOT NULL GROUP BY 1"""
    with database.cursor() as cursor:
        cursor.execute(sql, undo_parameters(run))
        found: dict[str, int] = dict(cursor.fetchall())
    return UndoLine(target.stream, **{name: found.get(name, 0) for name in (*DOINGS, "kept")})


def written_streams(run: Run) -> list[str]:
    """The streams in which an undo of the run can find something, in the order in which they were read."""
    streams = RunStream.objects.filter(run_id=run.pk, name__in=TARGETS).order_by("position")
    return [stream.name for stream in streams if stream.removed or (whole(run) and stream_wrote(stream))]


def whole(run: Run) -> bool:
    """Whether everything that the run did is undone, and not its removals alone."""
    return run.kind == Run.Kind.CLEAR_RESYNC


def stream_wrote(stream: RunStream) -> bool:
    """Whether the stream changed anything here."""
    return bool(stream.created or stream.updated or stream.removed)


def undo_until(run: Run) -> dt.datetime | None:
    """When it is too late."""
    if run.finished_at is None:
        return None
    return run.finished_at + dt.timedelta(hours=readable_settings(run.connection).undo_hours)


def undo_refusal(run: Run, now: dt.datetime | None = None) -> str:
    """Why the run can't be undone, in a sentence; "" when it can. Says nothing about whether there is anything to undo."""
    if run.is_preview:
        return "A preview changes nothing: there is nothing to undo."
    until = undo_until(run)
    if until is None:
        return "This run has not ended. Cancel it instead: nothing of it is applied."
    if "undone" in run.verification:
        return "This run has been undone already."
    if (now or database_clock.now()) > until:
        hours = readable_settings(run.connection).undo_hours
        return f"What a run did can be undone for {hours} hours; this one ended longer ago."
    return ""
