"""How a slice or a run ends: done, failed, cancelled, or waiting for a moment that PostgreSQL remembers."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Now

from foundation.ledger.merge import MergeContext
from foundation.tenancy.scope import tenant_transaction
from integrations.errors import IntegrationError, ProtocolError, RateLimited, TransientError
from integrations.models import Connection
from integrations.services.connections import connection_answered, connection_failed
from integrations.settings_schema import settings_of
from sync.dispatch import dispatch_waiting
from sync.engine.audit.drift_audit import plan_audit
from sync.engine.check.missed_changes import missed_words
from sync.engine.run.alarms import alarm_end, alarm_raise
from sync.engine.run.issue_tracking import note_failures, settle
from sync.engine.run.lease import GIVEN_BACK, Lease, LeaseLost, step
from sync.engine.run.plan import LONGEST_WAIT, delay_of, result_of
from sync.engine.run.run_log import LEFT_OUT, issue, note
from sync.engine.run.work import Place, Work
from sync.engine.write.auto_mapping import kinds_words, map_arrivals
from sync.models import Run, RunIssue, RunStream, Victim
from sync.streams import unstage

LEAST_PAUSE = 1.0
"""Seconds that a pause lasts at least, whatever the PSA says: one of none would be asked again at once, and never grow."""
MOST_PAUSED = 55 * 60.0
"""Seconds of pauses in a row that a PSA may ask for, with no answer between them that brings the run on."""
MOST_WAITED = 24 * 3600.0
"""Seconds that a run may wait for its PSA in all."""
WAITED_ADVICE = "What it read stays where it has landed. Let other programs ask this PSA for less, or sync at a quieter hour, then sync again."
UNDERSTOOD = 3
"""After so many answers in a row that can't be understood a run gives up, if its patience is not shorter: waiting mends few of them."""


def done(work: Work) -> None:
    """The run is applied: its result is computed from what it wrote and what it could not."""
    with step(work.lease):
        figures = figures_of(work)
        issues, lacking = issues_of(work)
        unmapped = map_arrivals(work)
        result = result_of(written=sum(figures.values()), issues=issues + lacking + len(unmapped))
        work.bill()
        connection_answered(connection_id=work.connection.pk)
        note(
            work.run.pk,
            work.lease.organization_id,
            "info",
            f"Finished: {Run.Result(result).label}",
            issues=issues + lacking,
            created=figures["created"],
            updated=figures["updated"],
            removed=figures["removed"],
        )
        settle(work)
        plan_audit(work.run.pk, work.connection, work.settings)
        alarm_end(work.run.pk)
        message = summary_of(figures, issues, lacking) + (
            f" New and not mapped: {kinds_words(unmapped)}." if unmapped else ""
        )
        if missed := missed_words(work.run):
            message = f"{message} {missed}"
        _close(work.lease.run_id, Run.State.DONE, result, message=message)


def previewed(work: Work) -> None:
    """A preview has ended: its result says what a sync would do. Troubles and issues of the connection stay as they were."""
    with step(work.lease):
        figures = figures_of(work)
        issues, lacking = issues_of(work)
        result = result_of(written=sum(figures.values()), issues=issues + lacking)
        message = preview_words(figures, issues, lacking, unsent=work.run.verification["preview"]["unsent"])
        work.bill()
        connection_answered(connection_id=work.connection.pk)
        fields: dict[str, Any] = figures | {"issues": issues + lacking}
        note(work.run.pk, work.lease.organization_id, "info", message, **fields)
        _close(work.lease.run_id, Run.State.DONE, result, message=message)


WOULD = {"created": "create", "updated": "update", "removed": "remove"}


def preview_words(figures: dict[str, int], issues: int, lacking: int = 0, *, unsent: int = 0) -> str:
    """What a sync would do, in a sentence: "Preview: would create 12, update 40, remove 3."."""
    parts = [f"{WOULD[name]} {rows:,}" for name, rows in figures.items() if rows]
    if unsent:
        parts.append(f"drop {unsent:,} unsent local change{'' if unsent == 1 else 's'}")
    said = f"Preview: would {', '.join(parts)}" if parts else "Preview: would change nothing"
    return f"{said}{f'; {issues:,} could not be read' if issues else ''}{lacking_words(lacking)}."


def figures_of(work: Work) -> dict[str, int]:
    """Records by outcome, of all of the run's streams."""
    streams = RunStream.objects.filter(run_id=work.run.pk)
    sums = streams.aggregate(created=Sum("created"), updated=Sum("updated"), removed=Sum("removed"))
    return {name: int(value or 0) for name, value in sums.items()}


def issues_of(work: Work) -> tuple[int, int]:
    """(what could not be read or merged, records that were merged without a value that could not be understood)."""
    found = RunIssue.objects.filter(run_id=work.run.pk)
    return found.exclude(code=LEFT_OUT).count(), found.filter(code=LEFT_OUT).count()


def lacking_words(lacking: int) -> str:
    """The end of a summary: how many records came without a value."""
    return f"; {lacking:,} came without a value that could not be understood" if lacking else ""


def summary_of(figures: dict[str, int], issues: int, lacking: int = 0) -> str:
    """The result in a sentence."""
    parts = [f"{figures[name]:,} {name}" for name in ("created", "updated", "removed") if figures[name]]
    said = ", ".join(parts) or "Nothing had changed"
    return f"{said}{f'; {issues:,} could not be read or merged' if issues else ''}{lacking_words(lacking)}."


def _close(run_id: int, state: str, result: str, *, message: str, code: str = "") -> None:
    run = Run.objects.get(pk=run_id)
    Run.objects.filter(pk=run_id).update(
        state=state,
        result=result,
        phase=Run.Phase.FINISHED,
        finished_at=Now(),
        lease_until=None,
        message=message,
        error_code=code,
        wait_until=None,
        wait_reason="",
    )
    transaction.on_commit(lambda: dispatch_waiting(run.organization_id, run.connection_id))


def failed(lease: Lease, message: str, *, code: str, error: IntegrationError | None = None, stream: str = "") -> None:
    """Ends the run as an Error that says exactly what was applied. ``stream``: the one that it stopped at."""
    try:
        with step(lease, repeats=True):
            run = Run.objects.get(pk=lease.run_id)
            applied = applied_streams(lease)
            quoted = f" The PSA said: “{error.remote_message[:300]}”" if error and error.remote_message else ""
            note(lease.run_id, lease.organization_id, "error", f"{message}{quoted}", code=code)
            issue(
                lease.run_id,
                lease.organization_id,
                stream,
                code,
                f"{message}{quoted}",
                sample=error.sample if isinstance(error, ProtocolError) else "",
            )
            if not run.is_preview:
                alarm_raise(lease.run_id, code, f"{message}{quoted}")
                note_failures(lease.organization_id, lease.connection_id, lease.run_id)
            if error is not None:
                connection_failed(connection_id=lease.connection_id, error=error)
            unfinished = [RunStream.State.PENDING, RunStream.State.FETCHING, RunStream.State.FETCHED]
            RunStream.objects.filter(run_id=lease.run_id, state__in=unfinished).update(
                state=RunStream.State.FAILED, finished_at=Now()
            )
            unstage(MergeContext(lease.organization_id, lease.connection_id, run.staging_id))
            forget_unshown(run)
            _close(lease.run_id, Run.State.FAILED, Run.Result.ERROR, message=f"{message}{quoted} {applied}", code=code)
    except LeaseLost:
        return


def forget_unshown(run: Run) -> None:
    """What a run that lands at once had not been shown, and did not come to decide about. What others were held for is kept."""
    if run.lands_live or run.kind == Run.Kind.QUICK:
        Victim.objects.filter(run_id=run.pk).delete()


def applied_streams(lease: Lease) -> str:
    """What the run changed before it stopped, in a sentence."""
    run = Run.objects.get(pk=lease.run_id)
    if run.phase == Run.Phase.CLEANING and not run.is_preview:
        return "All that it read is applied; only the cleaning up was left."
    if run.stages or (run.kind != Run.Kind.QUICK and not run.lands_live):
        return "Nothing here was changed."
    merged = RunStream.objects.filter(run_id=run.pk).exclude(pages=0).values_list("name", flat=True)
    return f"Applied before that: {', '.join(merged)}." if merged else "Nothing here was changed."


def cancelled(lease: Lease) -> None:
    """Ends a run that a person cancelled. Staged data go; what readers see stays as it was."""
    with tenant_transaction(lease.organization_id):
        # Under its lock: a press may end it in the same moment.
        held = Run.objects.select_for_update(no_key=True).filter(pk=lease.run_id, fence=lease.fence)
        if held.filter(finished_at=None).exists():
            close_cancelled(lease.run_id)


def close_cancelled(run_id: int) -> None:
    """Marks the run cancelled and empties its staging, in the transaction of a caller who holds its row."""
    run = Run.objects.get(pk=run_id)
    signal = run.signals.filter(kind="cancel").order_by("id").first()
    unfinished = [RunStream.State.PENDING, RunStream.State.FETCHING, RunStream.State.FETCHED]
    RunStream.objects.filter(run_id=run_id, state__in=unfinished).update(
        state=RunStream.State.SKIPPED, finished_at=Now()
    )
    unstage(MergeContext(run.organization_id, run.connection_id, run.staging_id))
    forget_unshown(run)
    lease = Lease(run.organization_id, run.connection_id, run_id, run.fence)
    note(run_id, run.organization_id, "warning", "Cancelled by a person")
    _close(run_id, Run.State.CANCELLED, Run.Result.CANCELLED, message=f"Cancelled. {applied_streams(lease)}")
    if signal is not None:
        Run.objects.filter(pk=run_id).update(cancelled_by_id=signal.by_id)


def pause(lease: Lease, error: RateLimited) -> None:
    """Waits as long as the PSA asks, longer where that has brought nothing so far, and gives up where it never does. What we leave to
    people of a shared budget (``sync.engine.run.rate_budget``) is no word of the PSA's, and does not count."""
    with tenant_transaction(lease.organization_id):
        paused = Run.objects.values_list("paused", flat=True).get(pk=lease.run_id)
    if error.status is None:
        wait(lease, error, seconds=error.retry_after)
        return
    seconds = max(error.retry_after, min(paused, LONGEST_WAIT), LEAST_PAUSE)
    if paused + seconds > MOST_PAUSED:
        said = f"{error.sentence} It has asked for pauses of {paused / 60:.0f} minutes in all, and gave nothing between them."
        failed(lease, f"{said} {WAITED_ADVICE}", code=error.code, error=error)
        return
    wait(lease, error, seconds=seconds, paused=seconds)


def wait(lease: Lease, error: IntegrationError, *, seconds: float, failures: int = 0, paused: float = 0) -> None:
    """Parks the run until a moment that the PSA asks for, or after a failure that may pass; ends it where it has waited too long in all.
    ``failures``: how many more there have been in a row; to be asked to wait is none. ``paused``: seconds of them that the PSA asked for."""
    with tenant_transaction(lease.organization_id):
        waited = Run.objects.values_list("waited", flat=True).get(pk=lease.run_id)
    if waited + seconds > MOST_WAITED:
        said = f"{error.sentence} This run has waited for the PSA for {waited / 3600:.0f} hours in all, and ends."
        failed(lease, f"{said} {WAITED_ADVICE}", code=error.code, error=error)
        return
    park(lease, error.sentence, code=error.code, seconds=seconds, attempts=failures, paused=paused)


def park(
    lease: Lease, reason: str, *, code: str, seconds: float, attempts: int = 0, faults: int = 0, paused: float = 0
) -> None:
    """Gives the run back until a moment; the sweeper sends a task message then. Shown as a wait with its reason, not as slowness. ``attempts``, ``faults``,
    ``paused``: to be added to those in a row."""
    pause = dt.timedelta(seconds=max(0.5, seconds) + random.uniform(0, 0.5))
    try:
        with step(lease, progress=False):
            fields: dict[str, Any] = {"seconds": round(seconds, 1), "code": code}
            note(lease.run_id, lease.organization_id, "warning", f"Waiting: {reason}", **fields)
            Run.objects.filter(pk=lease.run_id).update(
                state=Run.State.WAITING,
                wait_until=Now() + pause,
                wait_reason=reason,
                lease_until=None,
                claims=GIVEN_BACK,
                attempts=F("attempts") + attempts,
                faults=F("faults") + faults,
                paused=F("paused") + paused,
                waited=F("waited") + seconds,
            )
    except LeaseLost:
        return


def standing_of(lease: Lease, place: Place | None = None) -> str:
    """What the run was doing, to go into a sentence: "while fetching (tickets, page 4)". ``place``: where its slice was; else where its
    streams stand."""
    with tenant_transaction(lease.organization_id):
        phase = Run.objects.values_list("phase", flat=True).get(pk=lease.run_id)
        at_work = RunStream.objects.filter(run_id=lease.run_id, state=RunStream.State.FETCHING).first()
    if place is None and at_work is not None:
        place = Place(at_work.name, at_work.pages + 1)
    doing = f"while {Run.Phase(phase).label.lower()}"
    return f"{doing} ({place})" if place is not None and str(place) else doing


@dataclass(frozen=True, slots=True)
class Tries:
    """How often a run has failed in a row, this failure included, and after how many it gives up."""

    made: int
    limit: int

    @property
    def is_last(self) -> bool:
        return self.made >= self.limit

    @property
    def sentence(self) -> str:
        return f"Tried {self.made} times." if self.made > 1 else "Tried once."


def tries_of(lease: Lease, error: IntegrationError) -> Tries:
    """How often it was tried, and how often the settings of the connection want it tried after such an error."""
    with tenant_transaction(lease.organization_id):
        attempts = Run.objects.values_list("attempts", flat=True).get(pk=lease.run_id)
        limit = settings_of(Connection.objects.get(pk=lease.connection_id)).retry_attempts
    return Tries(attempts + 1, min(UNDERSTOOD, limit) if isinstance(error, ProtocolError) else limit)


def retry(lease: Lease, error: IntegrationError) -> None:
    """Waits longer after each failure in a row without progress in between, and gives up after as many as the settings say."""
    tries = tries_of(lease, error)
    if tries.is_last:
        failed(lease, f"{error.sentence} {tries.sentence}", code=error.code, error=error)
        return
    asked = error.retry_after if isinstance(error, TransientError) else None
    with tenant_transaction(lease.organization_id):
        connection_failed(connection_id=lease.connection_id, error=error)
    wait(lease, error, seconds=delay_of(tries.made - 1) if asked is None else asked, failures=1)
