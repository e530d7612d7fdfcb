"""Proving completeness before anything is applied: what was read against the remote's own counts."""

from __future__ import annotations

from typing import Any

from django.db import connection

from foundation.core.staging import staged
from integrations.errors import REFUSALS, PermissionMissing, ProtocolError, TransientError
from integrations.port import Reach, ReadRequest, StreamSpec
from sync.engine.check.report import report_on
from sync.engine.read.skipped_streams import give_up, refused
from sync.engine.run.lease import step
from sync.engine.run.locations import reading
from sync.engine.run.plan import reconciles
from sync.engine.run.work import Work
from sync.engine.scope.excluded_companies import outside_parameters, read_and_left
from sync.engine.scope.excluded_parents import away_with_parent
from sync.models import Run, RunStream
from sync.streams import TARGETS, stream_words

COMPARED = "compared"
"""In the run's report while streams are compared: what is done of it, so that a failure costs its own request alone."""


class Incomplete(Exception):
    """What was read does not agree with the PSA's own count."""


def count_streams(work: Work) -> None:
    """Asks the remote how much there is, so that progress has an honest goal. Quick syncs don't: it would cost a request a stream."""
    streams = {stream.name: stream for stream in RunStream.objects_of(work.run)}
    # What was given up, here too, is not asked for again: each would count as work done, and two of them would go on for ever.
    settled = {
        name
        for name, stream in streams.items()
        if stream.expected is not None or stream.state == RunStream.State.SKIPPED
    }
    wanted = [spec for spec in work.specs if spec.counts and spec.reach is Reach.GLOBAL and spec.name not in settled]
    calls = [
        (spec, work.submit(work.adapter.count, ReadRequest(stream=spec.name, scope=work.scope))) for spec in wanted
    ]
    for spec, call in calls:
        try:
            with reading(f"the count of {stream_words(spec.name)}"):
                found = work.wait(call)
        except (PermissionMissing, *REFUSALS):
            continue  # fetching meets the same refusal, and says what it means for the stream
        except (TransientError, ProtocolError) as err:
            give_up(work, spec, streams[spec.name], err)
            continue
        with step(work.lease):
            RunStream.objects.filter(run_id=work.run.pk, name=spec.name).update(
                expected=found, expected_source="counted by the PSA"
            )
            work.bill()


def verify(work: Work) -> None:
    """Compares each counted stream with the remote's count now. Raises Incomplete; keeps the figures as the run's report."""
    report: dict[str, Any] = work.run.verification.setdefault(COMPARED, {})
    specs = {spec.name: spec for spec in work.specs}
    for stream in RunStream.objects_of(work.run):
        spec = specs.get(stream.name)
        if spec is None or stream.state == RunStream.State.SKIPPED or not spec.counts or spec.reach is not Reach.GLOBAL:
            continue
        # A stream that is known to be incomplete agrees with no count; it is said so, and nothing of it is swept.
        if stream.name in report or stream.incomplete:
            continue
        work.place.enter(stream.name)
        try:
            with reading(f"verifying {stream_words(spec.name)}"):
                report[stream.name] = compare(work, spec, stream)
        except (TransientError, ProtocolError) as err:
            give_up(work, spec, stream, err)
            continue
        except REFUSALS as err:
            refused(work, spec, stream, err)
            continue
        with step(work.lease, repeats=True):
            Run.objects.filter(pk=work.run.pk).update(verification=work.run.verification)
            work.bill()
    work.place.enter()
    work.run.verification["streams"] = work.run.verification.pop(COMPARED)
    with step(work.lease, repeats=True):
        Run.objects.filter(pk=work.run.pk).update(verification=work.run.verification)
        work.bill()
    wrong = [
        f"{stream_words(name)}: the PSA counts {row['remote']:,}, {row['read']:,} were read"
        for name, row in report.items()
        if not row["ok"]
    ]
    if wrong:
        raise Incomplete("; ".join(wrong))
    report_on(work)


def compare(work: Work, spec: StreamSpec, stream: RunStream) -> dict[str, Any]:
    """One stream's figures: {"remote", "remote_before", "read", "changed_meanwhile", "ok"}."""
    after = work.call(work.adapter.count, ReadRequest(stream=spec.name, scope=work.scope))
    read = read_rows(work, stream)
    moved = 0
    if not reconciles(read, stream.expected, after, 0) and spec.incremental:
        moved = changed_meanwhile(work, spec)
    return {
        "remote": after,
        "remote_before": stream.expected,
        "read": read,
        "changed_meanwhile": moved,
        "ok": reconciles(read, stream.expected, after, moved),
    }


def changed_meanwhile(work: Work, spec: StreamSpec) -> int:
    """How many records changed since the run began. Read, not counted: a remote that counts wrongly would excuse itself."""
    if work.run.remote_started_at is None:
        return 0
    request = ReadRequest(stream=spec.name, scope=work.scope, since=work.run.remote_started_at)
    rows, checkpoint = 0, None
    while True:
        page = work.call(work.adapter.read_page, request, checkpoint)
        rows += page.rows
        if page.next is None:
            return rows
        checkpoint = page.next


def read_rows(work: Work, stream: RunStream) -> int:
    """Distinct records that the run read and that the remote's count has in it: those in scope, those that are left out with their
    company or with their parent, which no remote filters by, and rejected ones."""
    if work.run.lands_live:
        return stream.fetched + stream.failed
    target = TARGETS[stream.name]
    with_parent = away_with_parent(work, target, "s") or "false"
    counted = f"(s.in_scope OR {read_and_left(work, target)} OR {with_parent})"
    sql = f"SELECT count(DISTINCT s.remote_id) {staged(target.staging, 's')} AND {counted}"
    with step(work.lease, progress=False), connection.cursor() as cursor:
        cursor.execute(sql, work.context().parameters(**outside_parameters(work.scope)))
        return int(cursor.fetchone()[0]) + stream.failed
