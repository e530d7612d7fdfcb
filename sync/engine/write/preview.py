"""A preview: the merge's comparison, the sweep's conditions, and a writer that writes only what they would do.

Each stream goes the way of ``apply``, statement by statement; where that changes rows, this lists them.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection
from django.db.models import F

from foundation.core import database_clock
from foundation.core.staging import staged
from foundation.ledger.merge import (
    BEFORE_AND_AFTER,
    MergeContext,
    Target,
    changed_sql,
    differs,
    news,
    read_whole_tables,
)
from foundation.ledger.selectors import unsent_edits
from sync.engine.check.guard import Finding, chosen_away, live_rows, scope_parameters, unseen, words_of
from sync.engine.check.orphans import GONE, orphaned
from sync.engine.check.withheld_removals import is_withheld, say_all
from sync.engine.read.fetch import LEFT, left_scope_in_all
from sync.engine.run.lease import raise_if_cancelled, renew, step
from sync.engine.run.work import Work
from sync.engine.scope.excluded_companies import COMPANIES
from sync.engine.scope.excluded_parents import CHILDREN
from sync.models import PreviewRecord, Run, RunStream
from sync.streams import TARGETS, unstage

KEPT_FOR = dt.timedelta(hours=1)
"""How long what a preview read can be applied."""
CHOSEN_AWAY = "outside of the settings"
NEWER_HERE = "what is here is newer"

INTO = "INSERT INTO sync_previewrecord (organization_id, run_id, stream, record_id, remote_id, label, action, reason, before, after)"
CHANGED = """
WITH {changed}, said AS (
    {into}
    SELECT %(organization)s, %(preview)s, %(stream)s, c.local_id, c.remote_id, left(c.label, 200),
        CASE WHEN c.local_id IS NULL THEN 'created' WHEN c.was_removed_at IS NOT NULL THEN 'restored' ELSE 'updated' END, '',
        d.before, d.after
    FROM changed c LEFT JOIN LATERAL {before_and_after} d ON c.local_id IS NOT NULL ORDER BY c.remote_id
    RETURNING action
)
SELECT (SELECT count(*) FROM fresh), count(*) FILTER (WHERE action = 'created'), count(*) FILTER (WHERE action <> 'created') FROM said"""
OLDER = """
{into}
SELECT %(organization)s, %(preview)s, %(stream)s, t.id, s.remote_id, left({label}, 200), 'skipped', %(reason)s, NULL, NULL
FROM (SELECT DISTINCT ON (remote_id) s.* {staged} AND in_scope
    ORDER BY remote_id, remote_updated_at DESC NULLS LAST, fetched_at DESC) s
JOIN "{table}" t ON t.connection_id = s.connection_id AND t.remote_id = s.remote_id
WHERE (t.removed_at IS NOT NULL OR {differs}) AND NOT ({news}) ORDER BY s.remote_id"""
UNWANTED = """
{into}
SELECT DISTINCT ON (s.remote_id) %(organization)s::bigint, %(preview)s::bigint, %(stream)s, NULL::bigint, s.remote_id, left({label}, 200),
    'skipped', %(reason)s, NULL::jsonb, NULL::jsonb
{staged} AND NOT s.in_scope
    AND NOT EXISTS (SELECT 1 {wanted} AND w.remote_id = s.remote_id AND w.in_scope)
    AND NOT EXISTS (SELECT 1 FROM "{table}" t WHERE t.connection_id = s.connection_id AND t.remote_id = s.remote_id AND t.removed_at IS NULL)
ORDER BY s.remote_id"""
REMOVED = """
{into}
SELECT %(organization)s, %(preview)s, %(stream)s, s.id, s.remote_id, left({label}, 200), 'removed', {reason}, NULL, NULL
FROM (SELECT t.*, {reason_of} AS away FROM "{table}" t WHERE {live} AND ({condition})) s ORDER BY s.remote_id"""
WITH_PARENT = """
EXISTS (SELECT 1 FROM "{parent}" p WHERE p.id = t."{link}" AND (
    (p.removed_at IS NOT NULL AND p.id NOT IN (SELECT record_id FROM ({said}) back WHERE stream = %(parent_stream)s AND action = 'restored'))
    OR p.id IN (SELECT record_id FROM ({said}) gone WHERE stream = %(parent_stream)s AND action = 'removed')))
AND t.id NOT IN (SELECT record_id FROM ({said}) own WHERE stream = %(stream)s AND action IN ('updated', 'restored', 'removed'))"""
WITH_REMOVED_PARENT = """
t."{link}" IN (SELECT record_id FROM ({said}) gone WHERE stream = %(parent_stream)s AND action = 'removed')
AND t.id NOT IN (SELECT record_id FROM ({said}) own WHERE stream = %(stream)s AND action IN ('updated', 'restored', 'removed'))"""
SAID = """SELECT stream, record_id, action FROM sync_previewrecord
    WHERE organization_id = %(organization)s AND run_id = %(preview)s AND record_id IS NOT NULL"""


def preview_staged(work: Work, found: Finding) -> None:
    """Writes down what applying the run's staging would do, and keeps the staging for ``KEPT_FOR``. Twice is as good as once."""
    with step(work.lease, repeats=True):
        read_whole_tables()
        replace_earlier(work)
        at = database_clock.now()
        for stream in RunStream.objects_of(work.run):
            if stream.state in {RunStream.State.FETCHED, RunStream.State.DONE}:
                work.place.enter(stream.name)
                preview_stream(work, stream)
                raise_if_cancelled(work.lease)
        say_all(work)
        preview_children(work)
        clear = work.run.reads_as == Run.Kind.CLEAR_RESYNC
        outcome = {
            "at": at.isoformat(),
            "held": words_of(found) if found else "",
            "unsent": unsent_edits(work.connection.pk).count() if clear else 0,
        }
        work.run.verification |= {"preview": outcome}
        renew(work.lease, verification=work.run.verification, staged_until=at + KEPT_FOR)


def replace_earlier(work: Work) -> None:
    """One preview a connection is kept, with what it read: an earlier one shows what is not so any more."""
    earlier = Run.objects.filter(connection_id=work.connection.pk, kind=Run.Kind.PREVIEW).exclude(pk=work.run.pk)
    for run_id in earlier.exclude(staged_until=None).values_list("pk", flat=True):
        unstage(MergeContext(work.lease.organization_id, work.connection.pk, run_id))
    earlier.exclude(staged_until=None).update(staged_until=None)
    PreviewRecord.objects.filter(run__connection_id=work.connection.pk).delete()


def preview_stream(work: Work, stream: RunStream) -> None:
    """What would become of one stream's records; as ``apply.apply_stream``."""
    target = TARGETS[stream.name]
    fresh, created, updated = said(work, changed_words(work, target), target)[0]
    own: dict[str, Any] = {"into": INTO, "label": target.label, "table": target.table}
    own |= {"staged": staged(target.staging, "s"), "wanted": staged(target.staging, "w")}
    full = work.context().full
    said(
        work,
        OLDER.format(**own, differs=differs(target, full=full), news=news(target, full=full)),
        target,
        reason=NEWER_HERE,
    )
    if (
        work.quick or target.stream == COMPANIES
    ):  # a complete reading shows all that is of them, which would be a long list
        said(work, UNWANTED.format(**own), target, reason=CHOSEN_AWAY)
    stream.created, stream.updated, stream.unchanged = created, updated, fresh - created - updated
    stream.removed = removed(work, target, *gone_of(work, target))
    stream.state = RunStream.State.DONE
    stream.save()


def changed_words(work: Work, target: Target) -> str:
    """The statement that lists what the merge would write."""
    return CHANGED.format(changed=changed_sql(target, work.context()), into=INTO, before_and_after=BEFORE_AND_AFTER)


def gone_of(work: Work, target: Target) -> tuple[str, str, str]:
    """(condition, reason, reason where the settings explain it) of what the run would remove of a stream."""
    waits = chosen_away(work, target) if is_withheld(work, target.stream) else "true"
    if work.by_parent(target.stream):
        return f"{orphaned(target)} AND {waits}", GONE, GONE
    if work.quick:
        return left_scope_in_all(target.staging), LEFT, LEFT
    return f"{unseen(target)} AND {waits}", "not in the PSA any more", CHOSEN_AWAY


def removed(work: Work, target: Target, condition: str, reason: str, away: str, **more: Any) -> int:
    """Lists live rows that meet ``condition`` as removed. Returns how many."""
    sql = REMOVED.format(
        into=INTO,
        label=target.label,
        table=target.table,
        live=live_rows(),
        condition=condition,
        reason="CASE WHEN s.away THEN %(away)s ELSE %(reason)s END",
        reason_of=chosen_away(work, target),
    )
    parameters = scope_parameters(work) | {"reason": reason, "away": away} | more
    return int(said(work, sql, target, rows=False, **parameters)[0][0])


def preview_children(work: Work) -> None:
    """What would go with its parent; as ``apply.sweep_children``."""
    for name, parent, link in CHILDREN:
        if work.quick or work.by_parent(name):
            with_parent = WITH_REMOVED_PARENT if work.quick else WITH_PARENT
            condition = with_parent.format(parent=TARGETS[parent].table, link=link, said=SAID)
            reason = f"its {link.removesuffix('_id')} is gone"
            rows = removed(work, TARGETS[name], condition, reason, reason, parent_stream=parent)
            if rows:
                RunStream.objects.filter(run_id=work.run.pk, name=name).update(removed=F("removed") + rows)


def said(work: Work, sql: str, target: Target, *, rows: bool = True, **more: Any) -> list[tuple[Any, ...]]:
    """Executes one of the statements above. Its rows, or one row with how many it wrote."""
    parameters = work.context().parameters(stream=target.stream, preview=work.run.pk, names=list(target.names), **more)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        if cursor.description is None or not rows:
            return [(cursor.rowcount,)]
        return list(cursor.fetchall())
