"""Per-parent streams: a request a parent. Reading parents side by side, landing what they have, and what that covers."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from django.db import connection

from foundation.core import database_clock
from foundation.core.staging import staged
from foundation.ledger.merge import MergeCounts, Target, merge, remove
from integrations.errors import IntegrationError, RateLimited
from integrations.port import Page, Rejected, StreamSpec
from integrations.records import Record
from sync.engine.check.guard import keep_rows, live_relation
from sync.engine.check.orphans import GONE, Parents, asked, orphaned, unshown
from sync.engine.check.withheld_removals import doubt_live, end_live, is_withheld, take_back
from sync.engine.fault_injection import crash_point
from sync.engine.read.due_parents import Due, due_parents
from sync.engine.read.failing_parents import (
    REST,
    RUNS_OWN,
    UNWELL,
    Failure,
    ParentsResting,
    check_refused,
    failures_of,
    is_well,
    keep_failures,
    may_pass,
    name_given_up,
    remember_refusal,
    too_many_given_up,
)
from sync.engine.read.fetch import TooManyFailed, check_failed, count, finished_state, scoped
from sync.engine.read.missing_fields import kept_where_absent
from sync.engine.read.refused_records import without, without_refused
from sync.engine.run.lease import step
from sync.engine.run.locations import READABLE_ID, below, reading
from sync.engine.run.plan import Mode
from sync.engine.run.run_log import REJECTED, note, rejected, remarked
from sync.engine.run.work import Work
from sync.engine.write.conflicts import settle_conflicts
from sync.engine.write.post_merge import arrived
from sync.models import RunStream
from sync.streams import PARENTS, TARGETS, stage, stage_parents, unstage

BATCH = 32
"""Parents a transaction: one checkpoint, a few requests in flight all the while."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Parents whose children are being read. ``asked_at``: before the first request, so that what changes meanwhile is read again."""

    calls: list[tuple[Due, Future[Page]]]
    asked_at: dt.datetime


@dataclass(slots=True)
class Answers:
    """What came of a batch. ``errors``: (parent, error) of those that were not answered. ``halt``: the PSA asks to wait, or is unwell."""

    pages: list[tuple[Due, Page]]
    errors: list[tuple[str, IntegrationError]]
    halt: IntegrationError | None = None


def fetch_children(work: Work, spec: StreamSpec, stream: RunStream) -> bool:
    """Reads the children of all parents that are due, in batches. Returns whether the stream is complete."""
    began = time.monotonic()
    while due := due_parents(work, spec, stream, rest=REST):
        for batch in asked_ahead(work, spec, due):
            answers = answers_of(work, spec, batch)
            began, seconds = time.monotonic(), time.monotonic() - began
            work.place.enter(spec.name, stream.pages + 1)
            land_answers(work, spec, stream, answers, batch.asked_at, seconds)
            if answers.halt is not None:
                raise answers.halt
        if work.time_is_up:
            return False
    if resting := due_parents(work, spec, stream, rest=0):
        raise ParentsResting(
            f"The {below(spec, resting[0].remote_id)} could not be read; tried again in a few seconds."
        )
    check_refused(work, spec, stream, ended=True)
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
    asked_at = database_clock.now()
    calls = [
        (parent, work.submit(work.adapter.read_children, spec.name, parent.remote_id, work.scope)) for parent in due
    ]
    return Batch(calls, asked_at)


def cancel(batch: Batch | None) -> None:
    """Drops requests that have not begun; those that have end by themselves."""
    for _, call in batch.calls if batch is not None else ():
        call.cancel()


def answers_of(work: Work, spec: StreamSpec, batch: Batch) -> Answers:
    """What was answered, and what failed: each failure costs its own parent, not those beside it. Where the PSA asks to wait, or several
    fail, what has not been asked by then is not asked any more."""
    answers = Answers([], [])
    for parent, call in batch.calls:
        if call.cancelled():
            continue
        work.place.parent = parent.remote_id
        try:
            with reading(below(spec, parent.remote_id)):
                answers.pages.append((parent, work.wait(call)))
        except RateLimited as err:
            answers.halt = err
        except RUNS_OWN:
            raise
        except IntegrationError as err:
            answers.errors.append((parent.remote_id, err))
        if answers.halt is not None or sum(may_pass(err) for _, err in answers.errors) >= UNWELL:
            cancel(batch)
    return answers


def land_answers(
    work: Work, spec: StreamSpec, stream: RunStream, answers: Answers, asked_at: dt.datetime, seconds: float
) -> None:
    """Lands what was answered, and remembers which parents were not, whose own matter that is, and whether the run had better wait."""
    if answers.pages:
        land_children(work, spec, stream, answers.pages, asked_at, seconds)
    if not answers.errors:
        return
    passing = [err for _, err in answers.errors if may_pass(err)]
    answered = answers.pages[0][0].remote_id if answers.pages else None
    in_doubt = len(passing) >= UNWELL or (bool(passing) and answered is None)
    unwell = in_doubt and not is_well(work, spec, answered)
    failures = failures_of(work, spec, stream, answers.errors, counts=not unwell)
    remember_refusal(stream, answers.errors)
    with step(work.lease, progress=False):
        keep_failures(work, spec, failures)
        work.bill(stream)
        stream.save()
        crash_point("children_failing")
    if unwell and answers.halt is None:
        answers.halt = passing[0]
    check_refused(work, spec, stream, ended=False)
    if problem := too_many_given_up(work, spec, stream):
        raise TooManyFailed(problem)


def land_children(
    work: Work,
    spec: StreamSpec,
    stream: RunStream,
    answers: list[tuple[Due, Page]],
    fetched_at: dt.datetime,
    seconds: float,
) -> None:
    """Lands a batch, but for records that the database refuses."""
    number, target = stream.pages + 1, TARGETS[spec.name]

    def tried(records: Sequence[Record]) -> None:
        stage(target, work.context(), number, scoped(work, spec.name, records)[0], fetched_at)
        if work.mode is Mode.LIVE:
            merge(target, work.context(number))

    def land(refused: Sequence[Rejected]) -> None:
        kept = [(parent, without(page, refused)) for parent, page in answers]
        land_rows(work, spec, stream, kept, fetched_at, seconds)

    records = [record for _, page in answers for record in page.records]
    without_refused(work, stream, records, land, tried)
    check_failed(work, stream)


def land_rows(
    work: Work,
    spec: StreamSpec,
    stream: RunStream,
    answers: list[tuple[Due, Page]],
    fetched_at: dt.datetime,
    seconds: float,
) -> None:
    """Stages a batch with the note of which parents it covers; in live mode merges it at once."""
    number, target = stream.pages + 1, TARGETS[spec.name]
    with step(work.lease):
        pages = kept_where_absent(target, work.context(), [page for _, page in answers])
        answers = [(parent, page) for (parent, _), page in zip(answers, pages, strict=True)]
        records = [record for _, page in answers for record in page.records]
        wanted, odd = scoped(work, spec.name, records)
        done = stage(target, work.context(), number, wanted, fetched_at)
        nameless = {parent.remote_id for parent, page in answers if has_nameless(page)}
        told = [parent.remote_id for parent, _ in answers if parent.remote_id not in nameless]
        stage_parents(work.context(), spec.name, told, fetched_at)
        if nameless:
            keep_failures(work, spec, [nameless_below(spec, parent_id) for parent_id in sorted(nameless)])
        stream.pages, stream.fetched, stream.seconds = number, stream.fetched + done.rows, stream.seconds + seconds
        parents = stream.coverage.get("parents", 0) + len(answers)
        turns = stream.coverage.get("turns", 0) + sum(parent.turn for parent, _ in answers)
        stream.coverage = stream.coverage | {"parents": parents, "turns": turns}
        refused = [*(record for _, page in answers for record in page.rejected), *odd, *done.rejected]
        stream.failed += len(refused)
        rejected(work.run.pk, work.lease.organization_id, spec.name, refused)
        remarks = [*(remark for _, page in answers for remark in page.remarks), *done.remarks]
        remarked(work.run.pk, work.lease.organization_id, spec.name, remarks, refused)
        if work.mode is Mode.LIVE:
            batch = Parents(told, fetched_at)
            count(stream, merge_children(work, target, number, batch))
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


def has_nameless(page: Page) -> bool:
    """Whether one of its rows came with an id that nobody can read: it may be any of those that are here and seem gone."""
    return any(not re.fullmatch(READABLE_ID, entry.remote_id) for entry in page.rejected)


def nameless_below(spec: StreamSpec, parent_id: str) -> Failure:
    """That one row below a parent is not known by its id."""
    message = f"The {below(spec, parent_id)} came with a row whose id cannot be read. What is here of them stays."
    return Failure(parent_id, REJECTED, message, is_final=True)


def merge_children(work: Work, target: Target, page: int | None, batch: Parents | None = None) -> MergeCounts:
    """Merges staged children, removes those that their parent no longer has, and remembers when the parents were read.

    ``page`` and ``batch`` name one batch (live mode): what its parents do not show any more is removed when the stream ends, once it is
    known how much that is in all. Without them all that the run staged is meant.
    """
    context, removed = work.context(page), 0
    counts = merge(target, context)
    take_back(work, target, page)
    if batch is not None:
        keep_rows(work, target, live_relation(target, unshown(target)), **asked(batch))
    elif not is_withheld(work, target.stream):
        removed = remove(target, context, orphaned(target), reason=GONE)
    if counts.updated:
        settle_conflicts(work, target.stream)
    remember_parents(work, target.stream, batch.remote_ids if batch else None)
    if page is not None:
        unstage(context, [target.stream], page=page)
    return MergeCounts(counts.created, counts.updated, counts.unchanged, removed)


REMEMBER = f"""
INSERT INTO sync_parentread (organization_id, connection_id, stream, parent_remote_id, read_at)
SELECT organization_id, connection_id, stream, parent_remote_id, max(fetched_at) {staged(PARENTS, "p")} AND stream = %(stream)s
    AND (%(parents)s::text[] IS NULL OR parent_remote_id = ANY(%(parents)s::text[])) GROUP BY 1, 2, 3, 4
ON CONFLICT (connection_id, stream, parent_remote_id) DO UPDATE SET read_at = greatest(sync_parentread.read_at, EXCLUDED.read_at)
WHERE sync_parentread.read_at < EXCLUDED.read_at"""


def remember_parents(work: Work, stream: str, parents: list[str] | None) -> None:
    """When the parents (of one batch, or all of the run) were read: what the rotation and the stated coverage go by."""
    with connection.cursor() as cursor:
        cursor.execute(REMEMBER, work.context().parameters(stream=stream, parents=parents))


def finish_children(work: Work, spec: StreamSpec, stream: RunStream) -> None:
    """Closes the stream, and states what it covers. Where its pages land at once, what they did not show goes now, or waits."""
    doubt = doubt_live(work, TARGETS[spec.name]) if work.mode is Mode.LIVE else None
    with step(work.lease) as now:
        stream.state, stream.finished_at = finished_state(work), now
        name_given_up(work, spec, stream)
        if not work.quick:
            stream.coverage = stream.coverage | {"of": parent_total(work, spec), "never": never_read(work, spec)}
        stream.save()
        if work.mode is Mode.LIVE:
            stream.removed += end_live(work, TARGETS[spec.name], doubt)
            stream.save()
            arrived(work, stream)


def parent_total(work: Work, spec: StreamSpec) -> int:
    """How many parents there are in all."""
    return counted_parents(work, spec, "true")


def never_read(work: Work, spec: StreamSpec) -> int:
    """How many parents there are below which nobody has read yet, this run included."""
    return counted_parents(work, spec, NEVER_READ)


NEVER_READ = f"""NOT EXISTS (SELECT 1 FROM sync_parentread r WHERE r.connection_id = %(connection)s AND r.stream = %(stream)s
    AND r.parent_remote_id = p.remote_id)
AND NOT EXISTS (SELECT 1 {staged(PARENTS, "d")} AND d.stream = %(stream)s AND d.parent_remote_id = p.remote_id)"""


def counted_parents(work: Work, spec: StreamSpec, condition: str) -> int:
    """How many of the run's parents meet the condition: from staging, or from the store where pages land at once."""
    parent = TARGETS[spec.parent]
    source = f'FROM "{parent.table}" p WHERE p.organization_id = %(organization)s AND p.connection_id = %(connection)s AND p.removed_at IS NULL'
    if work.mode is Mode.STAGED:
        source = f"{staged(parent.staging, 'p')} AND p.in_scope"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(DISTINCT p.remote_id) {source} AND {condition}", work.context().parameters(stream=spec.name)
        )
        return int(cursor.fetchone()[0])
