"""Undoing a run: what it removed comes back, and a clear and resync is taken back in full. What changed since stays as it is."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection as database

from foundation.core import database_clock
from foundation.ledger.merge import JOURNAL, Target
from foundation.ledger.services.edits import take_back_drop
from foundation.tenancy.models import User
from foundation.tenancy.services.audit import audit_record
from sync.engine.run.run_log import note
from sync.models import Run
from sync.selectors.undo import (
    SINCE,
    UndoLine,
    UndoOutlook,
    own_of,
    undo_outlook,
    undo_parameters,
    undo_refusal,
    written_streams,
)
from sync.services.runs import RunRefused, serialise
from sync.streams import TARGETS


@dataclass(frozen=True, slots=True)
class Undone:
    """``kept``: records that changed after the run and were left alone. ``unsent``: local edits that wait to be sent again."""

    restored: int
    updated: int
    removed: int
    kept: int
    unsent: int

    @property
    def message(self) -> str:
        """What was done, in a sentence."""
        said = [f"{self.restored:,} records brought back"]
        if self.updated:
            said.append(f"{self.updated:,} given their former values")
        if self.removed:
            said.append(f"{self.removed:,} that were new removed")
        if self.unsent:
            said.append(f"{self.unsent:,} unsent local changes are waiting again")
        if self.kept:
            said.append(f"{self.kept:,} that changed since were left as they are")
        return f"Undone: {', '.join(said)}."


def run_undo(*, run: Run, actor: User | None, reason: str) -> Undone:
    """Undoes the run in the caller's tenant transaction. Raises RunRefused: too late, done already, a sync at work, nothing to undo."""
    serialise(run.connection)
    current = Run.objects.select_related("connection").get(pk=run.pk)
    check(current, reason)
    outlook = undo_outlook(current)
    if not outlook.written:
        raise RunRefused("There is nothing to undo: this run removed nothing that is still gone.")
    lines = [undo_stream(current, TARGETS[name]) for name in written_streams(current)]
    undone = Undone(
        restored=sum(line.restored for line in lines),
        updated=sum(line.updated for line in lines),
        removed=sum(line.removed for line in lines),
        kept=kept_of(outlook, lines),
        unsent=take_back_drop(current.connection_id, current.pk),
    )
    record(current, undone, actor, reason.strip())
    return undone


def check(run: Run, reason: str) -> None:
    """Refuses what must not be undone now."""
    refusal = undo_refusal(run)
    if refusal:
        raise RunRefused(refusal)
    if not reason.strip():
        raise RunRefused("Give a reason: it is kept with the run.")
    busy = Run.objects.filter(connection_id=run.connection_id, state__in=Run.ACTIVE).order_by("pk").first()
    if busy is not None:
        raise RunRefused(f"A {busy.get_kind_display().lower()} is at work (run {busy.pk}). Wait for it, or cancel it.")


def kept_of(outlook: UndoOutlook, lines: list[UndoLine]) -> int:
    """Records left alone: those that the outlook knew of, and those that changed in between."""
    return outlook.kept + outlook.written - sum(line.written for line in lines)


def undo_stream(run: Run, target: Target) -> UndoLine:
    """Undoes one stream in one statement, and journals each record."""
    with database.cursor() as cursor:
        cursor.execute(undo_sql(target), undo_parameters(run) | {"reason": f"undo of run {run.pk}"})
        found: dict[str, int] = dict(cursor.fetchall())
    return UndoLine(target.stream, **found)


def undo_sql(target: Target) -> str:
    """The statement of ``undo_stream``; its rows are (restored | updated | removed, how many).

    Rows that get former values lose their content hash, so that the next full sync compares them with the PSA anew.
    """
    sets = [f'"{name}" = (c.new)."{name}"' for name in target.names]
    sets += [
        f"""\"{r.column}" = CASE WHEN c.before ? '{r.remote_column}' THEN (SELECT r.id FROM "{r.table}" r
            WHERE r.connection_id = t.connection_id AND r.remote_id = (c.new)."{r.remote_column}") ELSE t."{r.column}" END"""
        for r in target.references
    ]
    return f"""WITH {own_of(target)}, chosen AS MATERIALIZED (
    SELECT w.record_id, w.doing, w.label, w.before, to_jsonb(o) AS old, jsonb_populate_record(o, coalesce(w.before, '{{}}')) AS new
    FROM wanted w JOIN "{target.table}" o ON o.id = w.record_id AND o.organization_id = %(organization)s
    WHERE w.doing IS NOT NULL AND NOT {SINCE} ORDER BY o.remote_id FOR NO KEY UPDATE OF o
), undone AS (
    UPDATE "{target.table}" t SET removed_at = CASE c.doing WHEN 'removed' THEN clock_timestamp() END, synced_at = clock_timestamp(),
        content_hash = CASE WHEN c.before IS NULL THEN t.content_hash ELSE ''::bytea END, {", ".join(sets)}
    FROM chosen c WHERE t.id = c.record_id RETURNING t.id, t.remote_id
), journal AS (
    {JOURNAL}
    SELECT %(organization)s, %(connection)s, NULL, clock_timestamp(), '{target.stream}', u.id, u.remote_id, c.label, c.doing, %(reason)s,
        (SELECT jsonb_object_agg(key, c.old -> key) FROM jsonb_object_keys(c.before) key), c.before, 'undo'
    FROM undone u JOIN chosen c ON c.record_id = u.id
)
SELECT c.doing, count(*) FROM undone u JOIN chosen c ON c.record_id = u.id GROUP BY 1"""


def record(run: Run, undone: Undone, actor: User | None, reason: str) -> None:
    """Writes down on the run, in its log and in the audit what was undone, by whom and why."""
    figures = {name: getattr(undone, name) for name in Undone.__slots__}
    said = figures | {
        "by": actor.email if actor else "command line",
        "reason": reason,
        "at": database_clock.now().isoformat(),
        "message": undone.message,
    }
    Run.objects.filter(pk=run.pk).update(verification=run.verification | {"undone": said})
    note(run.pk, run.organization_id, "warning", undone.message)
    audit_record(
        action="sync.undone",
        target=run,
        actor=actor,
        changes={"reason": [None, reason]} | {name: [None, number] for name, number in figures.items()},
    )
