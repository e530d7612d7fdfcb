"""How far a run is, in numbers that claim no more than is known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from foundation.core import database_clock
from sync.engine.run.plan import Mode, mode_of
from sync.models import Run, RunStream
from sync.selectors.runs import page_lines, run_streams

SILENT_AFTER = 45
"""Seconds without a committed advance after which the page says so."""
WINDOW = 60.0
"""Seconds that the shown rate looks back."""
MARGIN = 0.25
"""How much rates swing from minute to minute: the time left is a range."""
LEAST_SHARE, LEAST_SECONDS = 0.1, 30.0
"""No time left is named before a tenth is done, or this many seconds have passed."""
STAGED_PHASES = (
    Run.Phase.CONNECTING,
    Run.Phase.COUNTING,
    Run.Phase.FETCHING,
    Run.Phase.VERIFYING,
    Run.Phase.APPLYING,
    Run.Phase.CLEANING,
)
PREVIEW_PHASES = (Run.Phase.CONNECTING, Run.Phase.COUNTING, Run.Phase.FETCHING, Run.Phase.VERIFYING)
LIVE_PHASES = (Run.Phase.CONNECTING, Run.Phase.COUNTING, Run.Phase.FETCHING, Run.Phase.CLEANING)
QUICK_PHASES = (Run.Phase.CONNECTING, Run.Phase.FETCHING, Run.Phase.CLEANING)


@dataclass(frozen=True, slots=True)
class StreamProgress:
    """One stream of an open run. ``rate``: rows a second of the last minute. ``left``: seconds, at best and at worst."""

    stream: RunStream
    rate: float | None = None
    left: tuple[float, float] | None = None

    @property
    def counted(self) -> bool:
        """Whether ``expected`` is a real count, and not an estimate, and was not outgrown."""
        expected = self.stream.expected
        real = not self.stream.expected_source.startswith("estimate")
        return expected is not None and real and self.stream.fetched <= expected

    @property
    def more_than_counted(self) -> int:
        """How many rows came beyond the count: records that were added meanwhile."""
        return max(0, self.stream.fetched - self.stream.expected) if self.stream.expected is not None else 0


@dataclass(frozen=True, slots=True)
class RunProgress:
    """An open run. ``expected`` is None unless every stream was counted. ``silent_for``: seconds without progress, once that is worth saying."""

    run: Run
    phases: tuple[Run.Phase, ...]
    streams: tuple[StreamProgress, ...]
    fetched: int
    expected: int | None
    elapsed: float | None
    rate: float | None
    left: tuple[float, float] | None
    silent_for: int | None


def run_progress(run: Run, now: dt.datetime | None = None) -> RunProgress:
    """The progress of an open run, from its streams and the pages of the last minute."""
    pages = page_lines(run) if run.state in Run.ACTIVE else []
    return progress_of(run, run_streams(run), pages, now or database_clock.now())


def progress_of(
    run: Run, streams: Sequence[RunStream], pages: Iterable[tuple[dt.datetime, str, int]], now: dt.datetime
) -> RunProgress:
    """As ``run_progress``, from what was read. Pure."""
    recent: dict[str, int] = {}
    for at, name, rows in pages:
        if (now - at).total_seconds() <= WINDOW:
            recent[name] = recent.get(name, 0) + rows
    measured = tuple(stream_progress(stream, recent.get(stream.name, 0), now) for stream in streams)
    fetched = sum(stream.fetched for stream in streams)
    expected = sum(m.stream.expected or 0 for m in measured) if measured and all(m.counted for m in measured) else None
    elapsed = (now - run.started_at).total_seconds() if run.started_at else None
    rate = sum(recent.values()) / min(WINDOW, max(elapsed, 1.0)) if elapsed and recent else None
    left = time_left(fetched, expected, rate, elapsed)
    return RunProgress(run, phases_of(run), measured, fetched, expected, elapsed, rate, left, silence(run, now))


def stream_progress(stream: RunStream, recent: int, now: dt.datetime) -> StreamProgress:
    """One stream, given how many rows it brought in the last minute."""
    if stream.state != RunStream.State.FETCHING or stream.started_at is None:
        return StreamProgress(stream)
    elapsed = (now - stream.started_at).total_seconds()
    rate = recent / min(WINDOW, max(elapsed, 1.0)) if recent else None
    progress = StreamProgress(stream, rate)
    return StreamProgress(
        stream, rate, time_left(stream.fetched, stream.expected if progress.counted else None, rate, elapsed)
    )


def time_left(done: int, expected: int | None, rate: float | None, elapsed: float | None) -> tuple[float, float] | None:
    """Seconds left at best and at worst, from the last minute's rate; None while that would be a guess."""
    if not expected or not rate or not elapsed or done >= expected or not done:
        return None
    if done < expected * LEAST_SHARE and elapsed < LEAST_SECONDS:
        return None
    rest = (expected - done) / rate
    return rest * (1 - MARGIN), rest * (1 + MARGIN)


def phases_of(run: Run) -> tuple[Run.Phase, ...]:
    """The phases that a run of this kind goes through."""
    if run.is_preview:
        return PREVIEW_PHASES
    if mode_of(run.kind, lands_live=run.lands_live, stages=run.stages) is Mode.STAGED:
        return STAGED_PHASES
    return QUICK_PHASES if run.kind == Run.Kind.QUICK else LIVE_PHASES


def silence(run: Run, now: dt.datetime) -> int | None:
    """Seconds since the last committed advance of a run at work, from ``SILENT_AFTER`` on; a wait is not silence."""
    last = run.progress_at or run.started_at
    if run.state not in Run.ACTIVE or run.state == Run.State.WAITING or last is None:
        return None
    seconds = int((now - last).total_seconds())
    return seconds if seconds >= SILENT_AFTER else None
