"""Which parents of a per-parent stream are to be read next: those that must be, then the rotation within its budget."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from foundation.core.staging import staged
from foundation.ledger.merge import Target, news, read_whole_tables
from integrations.port import StreamSpec
from sync.engine.run.lease import step
from sync.engine.run.plan import Mode
from sync.engine.run.work import Work
from sync.models import Run, RunStream
from sync.streams import FAILURES, PARENTS, TARGETS

AHEAD = 2048
"""Parents looked up at once."""


@dataclass(frozen=True, slots=True)
class Due:
    """A parent whose children are to be read; ``turn`` when it is only its turn in the rotation."""

    remote_id: str
    turn: bool


RESTED = f"""
NOT EXISTS (SELECT 1 {staged(PARENTS, "d")} AND d.stream = %(stream)s AND d.parent_remote_id = {{parent}})
AND NOT EXISTS (SELECT 1 {staged(FAILURES, "f")} AND f.stream = %(stream)s AND f.parent_remote_id = {{parent}}
    AND (f.is_final OR f.failed_at > clock_timestamp() - %(rest)s * interval '1 second'))"""
"""Parents that this run has neither read nor given up, and that have not failed just now."""
FAILED = f"""
EXISTS (SELECT 1 {staged(FAILURES, "g")} AND g.stream = %(stream)s AND g.parent_remote_id = {{parent}})"""
AMISS = """
SELECT i.parent_remote_id FROM sync_issue i WHERE i.organization_id = %(organization)s AND i.connection_id = %(connection)s
    AND i.stream = %(stream)s AND i.parent_remote_id <> '' AND i.cleared_at IS NULL"""
"""Parents below which an earlier run could not read: they are read again whether they changed or not."""


def due_parents(work: Work, spec: StreamSpec, stream: RunStream, rest: float) -> list[Due]:
    """The next parents. One that has failed comes after all others, and not for ``rest`` seconds."""
    turns = stream.coverage.get("turns", 0)
    left, firsts = max(0, rotation_of(work) - turns), max(0, first_reads_of(work) - turns)
    parent = TARGETS[spec.parent]
    sql = quick_due(work, parent) if work.quick else full_due(work, spec, parent)
    own = {
        "stream": spec.name,
        "parent_stream": spec.parent,
        "turns": left,
        "firsts": firsts,
        "ahead": AHEAD,
        "rest": rest,
    }
    with step(work.lease, progress=False), connection.cursor() as cursor:
        if not work.quick:
            read_whole_tables()
        cursor.execute(sql, work.context().parameters(**own))
        return [Due(remote_id, turn) for remote_id, turn in cursor.fetchall()]


FIRST_READS = 10
"""How much more than on parents whose turn it is a full run may spend on parents that were never read."""


def first_reads_of(work: Work) -> int:
    """How many requests a full run, whoever asked for it, may spend on parents below which nobody has ever read: until then what is
    below them is missing, not old."""
    return 0 if work.quick else work.settings.notes_rotation * FIRST_READS


def rotation_of(work: Work) -> int:
    """How many requests the run may spend on parents whose turn it is. Only nightlies rotate: a press reads what matters now."""
    return work.settings.notes_rotation if work.run.trigger == Run.Trigger.NIGHTLY and not work.quick else 0


QUICK_DUE = """
WITH changed AS MATERIALIZED (
    SELECT DISTINCT record_id FROM ledger_journalentry WHERE organization_id = %(organization)s AND run_id = %(journal_run)s
        AND stream = %(parent_stream)s AND action <> 'removed'
), due AS (
    SELECT p.remote_id FROM changed JOIN "{parent}" p ON p.id = changed.record_id
        WHERE p.organization_id = %(organization)s AND p.removed_at IS NULL
    UNION SELECT p.remote_id FROM ({amiss}) a JOIN "{parent}" p ON p.connection_id = %(connection)s AND p.remote_id = a.parent_remote_id
        WHERE p.organization_id = %(organization)s AND p.removed_at IS NULL
)
SELECT remote_id, false FROM due WHERE {rested} ORDER BY {failed}, remote_id LIMIT %(ahead)s"""
"""Parents that this run created or changed, found from the journal: nothing is looked at when nothing changed."""


QUICK_STAGED_DUE = """
WITH due AS (
    SELECT DISTINCT s.remote_id FROM (SELECT s.* {staged} AND s.in_scope) s
    LEFT JOIN "{parent}" t ON t.connection_id = s.connection_id AND t.remote_id = s.remote_id
    WHERE t.id IS NULL OR ({news})
    UNION SELECT p.remote_id FROM ({amiss}) a JOIN "{parent}" p ON p.connection_id = %(connection)s AND p.remote_id = a.parent_remote_id
        WHERE p.organization_id = %(organization)s AND p.removed_at IS NULL
)
SELECT remote_id, false FROM due WHERE {rested} ORDER BY {failed}, remote_id LIMIT %(ahead)s"""
"""Parents that a merge would create or change, where nothing is merged yet."""


def quick_due(work: Work, parent: Target) -> str:
    """The parents that changed: from the journal, or from staging where nothing is written."""
    own = {"parent": parent.table, "amiss": AMISS, "rested": RESTED.format(parent="due.remote_id")}
    own |= {"failed": FAILED.format(parent="due.remote_id")}
    if work.mode is Mode.LIVE:
        return QUICK_DUE.format(**own)
    return QUICK_STAGED_DUE.format(
        **own, staged=staged(parent.staging, "s"), news=news(parent, full=work.context().full)
    )


def full_due(work: Work, spec: StreamSpec, parent: Target) -> str:
    """All parents of the run: from staging, or from the store where pages land at once."""
    if work.mode is Mode.STAGED:
        source, known = f"(SELECT p.* {staged(parent.staging, 'p')} AND p.in_scope)", "true"
    else:
        source, known = f'"{parent.table}"', "p.removed_at IS NULL"
    must = f"({MUST.get(spec.parent, NEW_OR_CHANGED)} OR p.remote_id IN ({AMISS}))"
    return f"""
SELECT remote_id, turn FROM (
    SELECT p.remote_id, NOT coalesce({must}, false) AS turn, r.read_at,
        row_number() OVER (PARTITION BY NOT coalesce({must}, false) ORDER BY r.read_at NULLS FIRST, p.remote_updated_at DESC NULLS LAST) AS place
    FROM {source} p
    LEFT JOIN "{parent.table}" t ON t.connection_id = p.connection_id AND t.remote_id = p.remote_id
    LEFT JOIN sync_parentread r ON r.connection_id = p.connection_id AND r.stream = %(stream)s AND r.parent_remote_id = p.remote_id
    WHERE p.organization_id = %(organization)s AND p.connection_id = %(connection)s AND {known} AND {RESTED.format(parent="p.remote_id")}
) due WHERE NOT turn OR place <= %(turns)s OR (read_at IS NULL AND place <= %(firsts)s)
ORDER BY {FAILED.format(parent="due.remote_id")}, turn, place LIMIT %(ahead)s"""


CHANGED = """(CASE WHEN t.content_hash = '' OR p.content_hash = '' THEN t.remote_updated_at IS DISTINCT FROM p.remote_updated_at
    ELSE t.content_hash IS DISTINCT FROM p.content_hash END)"""
"""Whether a parent is another than what is here; by its stamp where either was not told in full and has no hash."""
NEW_OR_CHANGED = f"r.read_at IS NULL OR t.removed_at IS NOT NULL OR {CHANGED}"
"""Never read, changed, or back after it was gone, which took its children away."""
MUST = {
    "boards": "true",
    "agreements": f"p.is_active OR {NEW_OR_CHANGED}",
    "tickets": f"NOT p.is_closed OR (r.read_at IS NOT NULL AND {CHANGED})",
}
"""Parents that a full run reads whatever the budget: every board; agreements in force, whose additions may change without
them; open tickets, and closed ones that changed since they were read. Closed ones that were never read come within a budget of their own.
Other parents (companies): new or changed. The rest takes its turn."""
