"""Per-parent streams: a request a parent. Which parents are due, reading them side by side, and what that covers."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from integrations.errors import IntegrationError, NotFound, ProtocolError, RateLimited, TransientError
from integrations.port import Page, StreamSpec
from portal.core.merge import MergeContext, MergeCounts, Target, merge, news, read_whole_tables, remove
from sync.engine.arrivals import arrived
from sync.engine.conflicts import settle_conflicts
from sync.engine.crash import crash_point
from sync.engine.fetch import check_failed, count, finished_state, scoped
from sync.engine.journal import note, rejected
from sync.engine.lease import step
from sync.engine.plan import Mode
from sync.engine.work import Work
from sync.models import Run, RunStream
from sync.streams import TARGETS, stage, stage_parents, unstage

BATCH = 32
"""Parents a transaction: one checkpoint, a few requests in flight all the while."""
UNWELL = 3
"""Failures in one batch that are not one odd parent any more: the PSA is unwell."""
AHEAD = 2048
"""Parents looked up at once."""


@dataclass(frozen=True, slots=True)
class Due:
    """A parent whose children are to be read; ``turn`` when it is only its turn in the rotation."""

    remote_id: str
    turn: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Parents whose children are being read. ``asked_at``: before the first request, so that what changes meanwhile is read again."""

    calls: list[tuple[Due, Future[Page]]]
    asked_at: dt.datetime


def fetch_children(work: Work, spec: StreamSpec, stream: RunStream) -> bool:
    """Reads the children of all parents that are due, in batches. Returns whether the stream is complete."""
    began = time.monotonic()
    while due := due_parents(work, spec, stream):
        for batch in asked_ahead(work, spec, due):
            answers, failure = answers_of(work, batch)
            began, seconds = time.monotonic(), time.monotonic() - began
            work.place.enter(spec.name, stream.pages + 1)
            if answers:
                land_children(work, spec, stream, answers, batch.asked_at, seconds)
            if failure is not None:
                raise failure
        if work.time_is_up:
            return False
    finish_children(work, spec, stream)
    return True


def asked_ahead(work: Work, spec: StreamSpec, due: list[Due]) -> Iterator[Batch]:
    """One batch after the other; the next is being read while one lands. Ends early when the slice's time is up."""
    coming: Batch | None = ask(work, spec, due[:BATCH])
    try:
        for start in range(BATCH, len(due) + BATCH, BATCH):
            if coming is None:
                return
            current, coming = coming, None
            if start < len(due) and not work.time_is_up:
                coming = ask(work, spec, due[start : start + BATCH])
            try:
                yield current
            finally:
                cancel(current)
    finally:
        cancel(coming)


def ask(work: Work, spec: StreamSpec, due: list[Due]) -> Batch:
    """Starts the requests of one batch, side by side."""
    asked_at = timezone.now()
    calls = [
        (parent, work.submit(work.adapter.read_children, spec.name, parent.remote_id, work.scope)) for parent in due
    ]
    return Batch(calls, asked_at)


def cancel(batch: Batch | None) -> None:
    """Drops requests that have not begun; those that have end by themselves."""
    for _, call in batch.calls if batch is not None else ():
        call.cancel()


def answers_of(work: Work, batch: Batch) -> tuple[list[tuple[Due, Page]], IntegrationError | None]:
    """What was answered, and a failure that may pass, the PSA's wish to wait before any other: it costs its own request, not those
    beside it. Where the PSA asks to wait, or several fail, what has not been asked by then is not asked any more."""
    answers: list[tuple[Due, Page]] = []
    failures: list[IntegrationError] = []
    for parent, call in batch.calls:
        if call.cancelled():
            continue
        work.place.parent = parent.remote_id
        try:
            answers.append((parent, answer_of(work, call)))
        except (RateLimited, TransientError, ProtocolError) as err:
            failures.append(err)
            if isinstance(err, RateLimited) or len(failures) >= UNWELL:
                cancel(batch)
    failures.sort(key=lambda failure: not isinstance(failure, RateLimited))
    return answers, failures[0] if failures else None


def answer_of(work: Work, call: Future[Page]) -> Page:
    """The children of one parent; none when the parent itself is gone."""
    try:
        return work.wait(call)
    except NotFound:
        return Page(records=(), next=None)


def land_children(
    work: Work,
    spec: StreamSpec,
    stream: RunStream,
    answers: list[tuple[Due, Page]],
    fetched_at: dt.datetime,
    seconds: float,
) -> None:
    """Stages a batch with the note of which parents it covers; in live mode merges it at once."""
    number, target = stream.pages + 1, TARGETS[spec.name]
    records = [record for _, page in answers for record in page.records]
    with step(work.lease):
        stage(target, work.context(), number, scoped(work, spec.name, records), fetched_at)
        stage_parents(work.context(), spec.name, [parent.remote_id for parent, _ in answers], fetched_at)
        stream.pages, stream.fetched, stream.seconds = number, stream.fetched + len(records), stream.seconds + seconds
        parents = stream.coverage.get("parents", 0) + len(answers)
        turns = stream.coverage.get("turns", 0) + sum(parent.turn for parent, _ in answers)
        stream.coverage = stream.coverage | {"parents": parents, "turns": turns}
        refused = [record for _, page in answers for record in page.rejected]
        stream.failed += len(refused)
        rejected(work.run.pk, work.lease.organization_id, spec.name, refused)
        if work.mode is Mode.LIVE:
            asked = Parents([parent.remote_id for parent, _ in answers], fetched_at)
            count(stream, merge_children(work, target, number, asked))
        work.bill(stream)
        stream.save()
        note(
            work.run.pk,
            work.lease.organization_id,
            "debug",
            "page",
            stream=spec.name,
            page=number,
            rows=len(records),
            parents=len(answers),
            seconds=round(seconds, 3),
        )
        crash_point("children_landing")
    check_failed(work, stream)


@dataclass(frozen=True, slots=True)
class Parents:
    """The parents of one batch, and when they were asked."""

    remote_ids: list[str]
    asked_at: dt.datetime


def merge_children(work: Work, target: Target, page: int | None, batch: Parents | None = None) -> MergeCounts:
    """Merges staged children, removes those that their parent no longer has, and remembers when the parents were read.

    ``page`` and ``batch`` name one batch (live mode); without them all that the run staged is meant.
    """
    context = work.context(page)
    counts = merge(target, context)
    removed = (
        remove_orphans(target, context, batch) if batch else remove(target, context, orphaned(target), reason=GONE)
    )
    if counts.updated:
        settle_conflicts(work, target.stream)
    remember_parents(work, target.stream, batch.remote_ids if batch else None)
    if page is not None:
        unstage(context, [target.stream], page=page)
    return MergeCounts(counts.created, counts.updated, counts.unchanged, removed)


GONE = "gone from the PSA"


def remove_orphans(target: Target, context: MergeContext, batch: Parents) -> int:
    """Removes children of these parents that were here before they were asked, and that their answers do not show."""
    condition = (
        f't."{target.parent_column}" = ANY(%(parents)s) AND t.fetched_at < %(asked_at)s AND NOT EXISTS (SELECT 1 FROM {target.staging} s '
        "WHERE s.run_id = %(run)s AND s.organization_id = %(organization)s AND s.remote_id = t.remote_id)"
    )
    return remove(target, context, condition, reason=GONE, parents=batch.remote_ids, asked_at=batch.asked_at)


def orphaned(target: Target) -> str:
    """Children that are here, of a parent that was read completely after them, and that were not among its children then."""
    return (
        f"EXISTS (SELECT 1 FROM staging.parents p WHERE p.run_id = %(run)s AND p.organization_id = %(organization)s "
        f'AND p.stream = %(stream)s AND p.parent_remote_id = t."{target.parent_column}" AND p.fetched_at > t.fetched_at) AND NOT EXISTS '
        f"(SELECT 1 FROM {target.staging} s WHERE s.run_id = %(run)s AND s.organization_id = %(organization)s AND s.remote_id = t.remote_id)"
    )


REMEMBER = """
INSERT INTO sync_parentread (organization_id, connection_id, stream, parent_remote_id, read_at)
SELECT organization_id, connection_id, stream, parent_remote_id, max(fetched_at) FROM staging.parents
WHERE run_id = %(run)s AND organization_id = %(organization)s AND stream = %(stream)s
    AND (%(parents)s::text[] IS NULL OR parent_remote_id = ANY(%(parents)s::text[])) GROUP BY 1, 2, 3, 4
ON CONFLICT (connection_id, stream, parent_remote_id) DO UPDATE SET read_at = greatest(sync_parentread.read_at, EXCLUDED.read_at)
WHERE sync_parentread.read_at < EXCLUDED.read_at"""


def remember_parents(work: Work, stream: str, parents: list[str] | None) -> None:
    """When the parents (of one batch, or all of the run) were read: what the rotation and the stated coverage go by."""
    with connection.cursor() as cursor:
        cursor.execute(REMEMBER, work.context().parameters(stream=stream, parents=parents))


def due_parents(work: Work, spec: StreamSpec, stream: RunStream) -> list[Due]:
    """The next batch of parents: those that must be read first, then the rotation within its budget."""
    left = max(0, rotation_of(work) - stream.coverage.get("turns", 0))
    parent = TARGETS[spec.parent]
    sql = quick_due(work, parent) if work.quick else full_due(work, spec, parent)
    parameters = work.context().parameters(stream=spec.name, parent_stream=spec.parent, turns=left, ahead=AHEAD)
    with step(work.lease, progress=False), connection.cursor() as cursor:
        if not work.quick:
            read_whole_tables()
        cursor.execute(sql, parameters)
        return [Due(remote_id, turn) for remote_id, turn in cursor.fetchall()]


def rotation_of(work: Work) -> int:
    """How many requests the run may spend on parents whose turn it is. Only nightlies rotate: a press reads what matters now."""
    return work.settings.notes_rotation if work.run.trigger == Run.Trigger.NIGHTLY and not work.quick else 0


QUICK_DUE = """
WITH changed AS MATERIALIZED (
    SELECT DISTINCT record_id FROM ledger_journalentry WHERE organization_id = %(organization)s AND run_id = %(run)s
        AND stream = %(parent_stream)s AND action <> 'removed'
), done AS MATERIALIZED (
    SELECT parent_remote_id FROM staging.parents WHERE run_id = %(run)s AND stream = %(stream)s
)
SELECT p.remote_id, false FROM changed JOIN "{parent}" p ON p.id = changed.record_id
WHERE p.organization_id = %(organization)s AND p.removed_at IS NULL AND p.remote_id NOT IN (SELECT parent_remote_id FROM done)
ORDER BY 1 LIMIT %(ahead)s"""
"""Parents that this run created or changed, found from the journal: nothing is looked at when nothing changed."""


QUICK_STAGED_DUE = """
SELECT DISTINCT s.remote_id, false FROM {staging} s
LEFT JOIN "{parent}" t ON t.connection_id = s.connection_id AND t.remote_id = s.remote_id
WHERE s.run_id = %(run)s AND s.organization_id = %(organization)s AND s.in_scope AND (t.id IS NULL OR ({news}))
    AND NOT EXISTS (SELECT 1 FROM staging.parents d WHERE d.run_id = %(run)s AND d.stream = %(stream)s AND d.parent_remote_id = s.remote_id)
ORDER BY 1 LIMIT %(ahead)s"""
"""Parents that a merge would create or change, where nothing is merged yet."""


def quick_due(work: Work, parent: Target) -> str:
    """The parents that changed: from the journal, or from staging where nothing is written."""
    if work.mode is Mode.LIVE:
        return QUICK_DUE.format(parent=parent.table)
    changed = news(parent, full=work.context().full)
    return QUICK_STAGED_DUE.format(staging=parent.staging, parent=parent.table, news=changed)


def full_due(work: Work, spec: StreamSpec, parent: Target) -> str:
    """All parents of the run: from staging, or from the store where pages land at once."""
    if work.mode is Mode.STAGED:
        source, known = parent.staging, "p.run_id = %(run)s AND p.in_scope"
    else:
        source, known = f'"{parent.table}"', "p.removed_at IS NULL"
    must = MUST.get(spec.parent, NEW_OR_CHANGED)
    return f"""
SELECT remote_id, turn FROM (
    SELECT p.remote_id, NOT coalesce({must}, false) AS turn, r.read_at,
        row_number() OVER (PARTITION BY NOT coalesce({must}, false) ORDER BY r.read_at NULLS FIRST, p.remote_updated_at DESC NULLS LAST) AS place
    FROM {source} p
    LEFT JOIN "{parent.table}" t ON t.connection_id = p.connection_id AND t.remote_id = p.remote_id
    LEFT JOIN sync_parentread r ON r.connection_id = p.connection_id AND r.stream = %(stream)s AND r.parent_remote_id = p.remote_id
    WHERE p.organization_id = %(organization)s AND p.connection_id = %(connection)s AND {known}
        AND NOT EXISTS (SELECT 1 FROM staging.parents d WHERE d.run_id = %(run)s AND d.stream = %(stream)s AND d.parent_remote_id = p.remote_id)
) due WHERE NOT turn OR place <= %(turns)s ORDER BY turn, place LIMIT %(ahead)s"""


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
them; open tickets, and closed ones that changed since they were read.
Other parents (companies): new or changed. The rest takes its turn."""


def finish_children(work: Work, spec: StreamSpec, stream: RunStream) -> None:
    """Closes the stream, and states what it covers."""
    with step(work.lease):
        stream.state, stream.finished_at = finished_state(work), timezone.now()
        if not work.quick:
            stream.coverage = stream.coverage | {"of": parent_total(work, spec)}
        stream.save()
        if work.mode is Mode.LIVE:
            arrived(work, stream)


def parent_total(work: Work, spec: StreamSpec) -> int:
    """How many parents there are in all."""
    parent = TARGETS[spec.parent]
    sql = f'SELECT count(*) FROM "{parent.table}" p WHERE p.organization_id = %(organization)s AND p.connection_id = %(connection)s AND p.removed_at IS NULL'
    if work.mode is Mode.STAGED:
        sql = f"SELECT count(DISTINCT remote_id) FROM {parent.staging} p WHERE p.run_id = %(run)s AND p.organization_id = %(organization)s AND p.in_scope"
    with connection.cursor() as cursor:
        cursor.execute(sql, work.context().parameters())
        return int(cursor.fetchone()[0])
