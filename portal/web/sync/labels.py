"""How runs are spoken of: one word, icon and rule a state, the same on every page."""

from __future__ import annotations

from dataclasses import dataclass

from portal.web.wording import counted, spell_duration
from sync.models import Run, RunLog, RunStream
from sync.selectors.resync_impact import Expectation
from sync.selectors.runs import Coverage
from sync.streams import parent_stream
from sync.streams import stream_words as stream_words

MINUTE = 60


@dataclass(frozen=True, slots=True)
class Badge:
    """A state as pages show it. ``rule``: what produced it, for the tooltip."""

    tone: str
    icon: str
    word: str
    rule: str


RESULTS: dict[str, Badge] = {
    Run.Result.NO_CHANGE: Badge(
        "info", "equal", "No change", "Read to the end; nothing was written and nothing failed."
    ),
    Run.Result.SUCCESS: Badge("ok", "check", "Success", "Everything that was read is applied, and nothing failed."),
    Run.Result.WARNING: Badge(
        "warn", "alert", "Warning", "Applied, but some records or streams could not be read or merged."
    ),
    Run.Result.ERROR: Badge("bad", "x-circle", "Error", "Stopped before its end; the message says what was applied."),
    Run.Result.CANCELLED: Badge("neutral", "stop", "Cancelled", "A person ended it."),
}
STATES: dict[str, Badge] = {
    Run.State.QUEUED: Badge("neutral", "clock", "Queued", "Waits for a worker, or for the run before it."),
    Run.State.RUNNING: Badge("running", "progress", "Running", "A worker holds this run and commits page by page."),
    Run.State.WAITING: Badge(
        "warn", "pause", "Waiting", "The PSA asked for a pause or did not answer; it goes on by itself."
    ),
    Run.State.VERIFYING: Badge(
        "running", "progress", "Verifying", "What was read is compared with the PSA's own counts."
    ),
    Run.State.HELD: Badge("warn", "flag", "Held", "It would remove more records than pass unasked: a person decides."),
    Run.State.APPLYING: Badge("running", "progress", "Applying", "The new copy replaces the old one in one step."),
}
ACTIONS: dict[str, Badge] = {
    "created": Badge("ok", "plus", "Created", "The record was new here."),
    "updated": Badge("info", "edit", "Updated", "Fields of the record differed in the PSA."),
    "removed": Badge("warn", "trash", "Removed", "The record is no longer in the PSA, or left the scope."),
    "restored": Badge("ok", "undo", "Restored", "The record had been removed here and is back."),
    "failed": Badge(
        "bad", "x-circle", "Failed", "The record could not be read or merged; it keeps its last good state."
    ),
}
PREVIEW = Badge("info", "eye", "Preview", "Read and compared to its end; nothing was changed.")
PREVIEW_LACKS = Badge(
    "warn", "eye", "Preview", "Nothing was changed. Some records or streams could not be read, and are not part of it."
)
COMPARED = Badge("ok", "check", "Compared", "Read to the end and compared; nothing was changed.")
WOULD: dict[str, Badge] = {
    "created": Badge("ok", "plus", "Would be created", "The record is not here."),
    "updated": Badge("info", "edit", "Would be updated", "Fields of the record differ in the PSA."),
    "removed": Badge("warn", "trash", "Would be removed", "The record is no longer in the PSA, or left the scope."),
    "restored": Badge("ok", "undo", "Would come back", "The record was removed here and is in the PSA."),
    "skipped": Badge("neutral", "minus", "Skipped", "A sync would read the record and leave what is here as it is."),
}
"""What a preview says of a record."""
LEVELS: dict[str, Badge] = {
    RunLog.Level.DEBUG: Badge("neutral", "circle", "Debug", "Each page and call."),
    RunLog.Level.INFO: Badge("info", "info", "Info", "The run's course."),
    RunLog.Level.WARNING: Badge("warn", "alert", "Warning", "Something was left out or waited for."),
    RunLog.Level.ERROR: Badge("bad", "x-circle", "Error", "What ended the run."),
}
STREAM_STATES: dict[str, Badge] = {
    RunStream.State.PENDING: Badge("neutral", "circle", "To come", "Not begun."),
    RunStream.State.FETCHING: Badge("running", "progress", "Fetching", "Pages are being read."),
    RunStream.State.FETCHED: Badge("ok", "check", "Fetched", "Read to the end; applied together with the others."),
    RunStream.State.DONE: Badge("ok", "check", "Done", "Read to the end and applied."),
    RunStream.State.FAILED: Badge("bad", "x-circle", "Stopped", "Not read to the end, or not applied."),
    RunStream.State.SKIPPED: Badge(
        "neutral", "minus", "Left out", "Not read in this run; what is here stays as it was."
    ),
}
KINDS: dict[str, str] = {
    Run.Kind.QUICK: "Reads what changed in the PSA since the last sync, and applies it page by page. Nothing else is touched.",
    Run.Kind.FULL: "Reads everything in scope, compares it with what is here, applies the differences in one step, "
    "and removes what the PSA no longer has.",
    Run.Kind.CLEAR_RESYNC: "Reads everything anew, trusts nothing that is here, drops local edits that were never sent, "
    "and replaces the copy in one step once it is verified.",
}
KIND_ICONS: dict[str, str] = {
    Run.Kind.QUICK: "bolt",
    Run.Kind.FULL: "refresh",
    Run.Kind.CLEAR_RESYNC: "database",
    Run.Kind.PREVIEW: "eye",
}


def badge_of(run: Run) -> Badge:
    """The badge of a run: its state while it is open, then its result."""
    if run.is_preview and run.state == Run.State.DONE:
        return PREVIEW_LACKS if run.result == Run.Result.WARNING else PREVIEW
    return STATES[run.state] if run.is_open else RESULTS.get(run.result, RESULTS[Run.Result.ERROR])


def parent_words(name: str) -> str:
    """What the records belong to whose children the stream is: "notes" → "tickets"."""
    return stream_words(parent_stream(name)) or "parents"


def field_words(name: str) -> str:
    """A column as people know it: "status_name" → "Status"."""
    plain = name.removesuffix("_remote_id").removesuffix("_name").removeprefix("remote_").removesuffix("_at")
    words = (plain or name).replace("_", " ")
    return words[:1].upper() + words[1:]


def starter(run: Run) -> str:
    """Who or what started the run."""
    if run.requested_by is not None:
        return str(run.requested_by)
    return run.get_trigger_display()


def rate_words(rate: float | None) -> str:
    """ "182 a second", "12 a minute"; "" for nothing known."""
    if not rate:
        return ""
    return f"{rate:,.0f} a second" if rate >= 1 else f"{rate * MINUTE:,.0f} a minute"


def left_words(left: tuple[float, float] | None) -> str:
    """Seconds at best and at worst as "3 to 4 min left"; "" for nothing known."""
    if left is None:
        return ""
    best, worst = left
    if worst < 10:
        return "less than 10 s left"
    if worst < 2 * MINUTE:
        low, high = int(best // 10 * 10), int(-(-worst // 10) * 10)
        return f"{low} to {high} s left" if low else f"less than {high} s left"
    low, high = int(best // MINUTE), int(-(-worst // MINUTE))
    return f"{low} to {high} min left" if low else f"less than {high} min left"


def coverage_words(coverage: Coverage) -> str:
    """What a per-parent stream covers, as a sentence."""
    parents = parent_words(coverage.stream)
    name = stream_words(coverage.stream).capitalize()
    said = f"{name}: {counted(coverage.read)} {parents} read in this run"
    if coverage.of is None:
        return f"{said}; {counted(coverage.lately)} in the last 7 days."
    said = f"{said}; {counted(min(coverage.lately, coverage.of))} of {counted(coverage.of)} in the last 7 days."
    if not coverage.never:
        return said
    return f"{said} Of {counted(coverage.never)} {parents} none were read yet: the next full syncs go on with them."


def expectation_words(expected: Expectation) -> str:
    """How long a clear and resync takes and what it costs, and where that is from."""
    if expected.run is None:
        return "Unknown: no sync has read everything yet."
    figures = f"{spell_duration(expected.seconds)}, {counted(expected.requests)} requests"
    if expected.basis == "clear":
        return f"The last one took {figures}."
    return f"About {figures}, estimated from the last full sync."
