"""What must hold after a run, whatever the PSA did."""

from __future__ import annotations

from collections.abc import Iterator

from foundation.tenancy.scope import tenant_transaction
from lab.faults.hostile.copies import Copy, Difference, differences
from lab.faults.hostile.course import PATIENCE, Course
from lab.faults.hostile.kinds import Kind, Loss
from lab.faults.hostile.stage import Stage
from sync.models import Run, RunIssue, RunLog, RunStream
from sync.streams import TARGETS

ENDED_WELL = frozenset({"success", "no_change", "warning"})
CHILDREN = ("notes", "time_entries")


def of_run(stage: Stage, kind: Kind, course: Course, now: Copy, *expected: Copy, first: bool = False) -> Iterator[str]:
    """The violations of a run, in sentences. ``expected``: what each row may be; ``first``: it was the connection's first run, of which
    rows may be missing where it says so."""
    run = course.run
    if not course.rested:
        yield f"it did not end: {course.waited:.0f} s of waits, the last for: {course.told[-1] if course.told else 'nothing'}"
        return
    if course.waited > PATIENCE:
        yield f"it waited for {course.waited:.0f} s"
    if run.result not in ENDED_WELL and not run.message:
        yield f"it ended as {run.result} without a word"
    if run.result not in ENDED_WELL and kind.loss < Loss.RUN:
        yield f"it ended as {run.result} for what should have cost a {kind.loss.name.lower()} at most: {run.message}"
    if run.error_code == "fault":
        yield f"the PSA's oddity is told as a fault of ours: {run.message}"
    yield from stage.faults_shown(run)
    lost = Loss.NOTHING
    for difference in differences(now, *expected):
        loss = loss_of(stage, difference, run, first=first)
        if loss is None or loss > kind.loss:
            yield f"{difference} ({run.result}: {run.message})"
        else:
            lost = max(lost, loss)
    if run.result in ENDED_WELL and not kind.silent:
        yield from _untold(stage, run, lost)


def loss_of(stage: Stage, difference: Difference, run: Run, *, first: bool) -> Loss | None:
    """How bad a difference is; None where nothing excuses it."""
    target = str(stage.target)
    if (difference.stream, difference.remote_id) == ("tickets", target):
        return Loss.RECORD if difference.what in {"missing", "new"} else Loss.VALUE
    if (difference.stream, difference.what) == ("tickets", "new"):
        return Loss.RECORD  # The struck one under another id, or one that the PSA made up.
    if difference.stream in CHILDREN and _parent(stage, difference) == target:
        return Loss.PARENT
    if first and difference.what == "missing":
        if run.result not in ENDED_WELL:
            return Loss.RUN
        return Loss.STREAM if _stream_told(run, difference.stream) else None
    return None


def _parent(stage: Stage, difference: Difference) -> str:
    """The ticket that a note or time entry is on."""
    row = stage.truth.get((difference.stream, difference.remote_id))
    names = ("remote_updated_at", *TARGETS[difference.stream].names)
    return row[names.index("ticket_remote_id")] if row else ""


def _stream_told(run: Run, stream: str) -> bool:
    with tenant_transaction(run.organization_id):
        issues = RunIssue.objects.filter(run_id=run.pk, stream=stream).exists()
        skipped = RunStream.objects.filter(run_id=run.pk, name=stream, state=RunStream.State.SKIPPED).exists()
    return issues or skipped


def _untold(stage: Stage, run: Run, lost: Loss) -> Iterator[str]:
    if lost is Loss.NOTHING:
        return
    target = str(stage.target)
    with tenant_transaction(run.organization_id):
        issues = list(RunIssue.objects.filter(run_id=run.pk).values_list("stream", "remote_id", "message"))
        lines = list(RunLog.objects.filter(run_id=run.pk, message__contains=f"ticket {target} ").exclude(level="debug"))
    named = bool(lines) or any(target == remote_id or target in message for _, remote_id, message in issues)
    # What has lost its id can be named by its stream alone.
    named = named or any(stream in {"tickets", *CHILDREN} for stream, _, _ in issues)
    if not named:
        yield f"what is odd about the one ticket is nowhere said ({run.result}: {run.message})"
