"""An open run in words: what the progress panel shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from foundation.core import database_clock
from foundation.tenancy.selectors import people_who_can
from portal.web.sync.labels import left_words, parent_words, rate_words, stream_words
from portal.web.wording import counted, spell_duration
from sync.models import Run, RunStream
from sync.selectors.progress import RunProgress, StreamProgress, run_progress
from sync.selectors.runs import lane_holder
from sync.services.runs import needs_second


@dataclass(frozen=True, slots=True)
class PhaseMark:
    """One step of the rail. ``state``: done, current, waiting or todo."""

    label: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StreamBar:
    """One stream's bar. ``expected`` is set only where it is real, so that no bar claims a share that nobody knows."""

    name: str
    state: str
    done: int | None
    expected: int | None
    source: str
    note: str
    left: str
    failed: int


@dataclass(frozen=True, slots=True)
class HeldStream:
    """Why a run is held: ``rows`` of ``live`` would go, ``allowed`` pass unasked."""

    name: str
    rows: int
    live: int
    allowed: int


@dataclass(frozen=True, slots=True)
class HeldGroup:
    """A company or board that would lose much, or go itself."""

    kind: str
    remote_id: str
    name: str
    rows: int
    live: int
    why: str


@dataclass(frozen=True, slots=True)
class Held:
    """Why a run is held and who has approved so far. ``second``: two people have to. ``stuck``: so many are not there."""

    streams: tuple[HeldStream, ...]
    groups: tuple[HeldGroup, ...]
    second: bool
    approvals: tuple[dict[str, Any], ...]
    stuck: bool


def held_of(run: Run, readable: frozenset[str]) -> Held | None:
    """What a held run waits for; None for others. Asks who else could approve where two people have to."""
    if run.state != Run.State.HELD:
        return None
    losses: dict[str, dict[str, Any]] = run.verification.get("held", {})
    streams = (
        HeldStream(stream_words(name), loss["rows"], loss["live"], loss["allowed"]) for name, loss in losses.items()
    )
    unnamed = {} if "tickets" in readable else {"name": "", "remote_id": ""}
    groups = (
        HeldGroup(**group | {"why": GROUP_WORDS[group["why"]]} | unnamed)
        for group in run.verification.get("held_groups", [])
    )
    second = needs_second(run)
    approvals = tuple(run.verification.get("approvals", []))
    return Held(tuple(streams), tuple(groups), second, approvals, second and nobody_else(approvals))


def nobody_else(approvals: tuple[dict[str, Any], ...]) -> bool:
    """Whether the organization has fewer people who may approve than are still needed."""
    first = approvals[0]["by_id"] if approvals else None
    return people_who_can("manage_integrations", besides=first) < (1 if approvals else 2)


GROUP_WORDS = {
    "share": "a large share of its tickets",
    "emptied": "all of its tickets",
    "gone": "it would go itself, and its tickets are here",
}


@dataclass(frozen=True, slots=True)
class Panel:
    """An open run as the panel shows it."""

    run: Run
    progress: RunProgress
    phases: tuple[PhaseMark, ...]
    bars: tuple[StreamBar, ...]
    later: tuple[str, ...]
    rate: str
    left: str
    held: Held | None
    behind: Run | None

    @property
    def sentence(self) -> str:
        """Where the run stands, for screen readers."""
        if self.run.state in {Run.State.QUEUED, Run.State.HELD, Run.State.WAITING}:
            return f"{self.run.get_kind_display()}: {self.run.get_state_display().lower()}"
        return f"{self.run.get_kind_display()}: {self.run.get_phase_display().lower()}"


def panels_of(runs: Sequence[Run], readable: frozenset[str]) -> list[Panel]:
    """The panels of open runs, as of now."""
    now = database_clock.now() if runs else None
    return [panel_of(run, readable, now) for run in runs]


def panel_of(run: Run, readable: frozenset[str], now: dt.datetime | None = None) -> Panel:
    """The panel of an open run, as of ``now`` by the database's clock. Companies and boards are named to those who may see tickets."""
    progress = run_progress(run, now)
    begun = [item for item in progress.streams if item.stream.state != RunStream.State.PENDING]
    waits = run.state == Run.State.WAITING
    return Panel(
        run=run,
        progress=progress,
        phases=phase_marks(progress),
        bars=tuple(bar_of(item, waits=waits) for item in begun),
        later=tuple(
            stream_words(item.stream.name) for item in progress.streams if item.stream.state == RunStream.State.PENDING
        ),
        rate=rate_words(progress.rate),
        left=left_words(progress.left),
        held=held_of(run, readable),
        behind=lane_holder(run) if run.state == Run.State.QUEUED else None,
    )


def phase_marks(progress: RunProgress) -> tuple[PhaseMark, ...]:
    """The rail: what is behind, where the run is, what is to come."""
    run, phases = progress.run, progress.phases
    here = phases.index(Run.Phase(run.phase)) if run.phase in phases else -1
    return tuple(phase_mark(run, phase, place, here) for place, phase in enumerate(phases))


def phase_mark(run: Run, phase: Run.Phase, place: int, here: int) -> PhaseMark:
    """One step of the rail."""
    label = str(phase.label)
    if place < here:
        return PhaseMark(label, "done")
    if place > here:
        return PhaseMark(label, "todo")
    if run.state == Run.State.HELD:
        return PhaseMark("Waiting for approval", "waiting")
    if run.state == Run.State.WAITING:
        return PhaseMark(label, "waiting", "waiting")
    if run.state == Run.State.QUEUED:
        return PhaseMark(label, "waiting", "queued")
    return PhaseMark(label, "current")


def bar_of(item: StreamProgress, *, waits: bool) -> StreamBar:
    """One stream in words: frozen once it is finished, alive while it is read."""
    stream = item.stream
    states = {
        RunStream.State.FETCHING: "waiting" if waits else "running",
        RunStream.State.FETCHED: "done",
        RunStream.State.DONE: "done",
        RunStream.State.FAILED: "failed",
        RunStream.State.SKIPPED: "idle",
    }
    state = states[RunStream.State(stream.state)]
    skipped = stream.state == RunStream.State.SKIPPED
    return StreamBar(
        name=stream_words(stream.name).capitalize(),
        state=state,
        done=None if skipped else stream.fetched,
        expected=stream.expected or None if item.counted else None,
        source=source_words(item),
        note=rate_words(item.rate) if state == "running" else taken(stream),
        left=left_words(item.left) if state == "running" else "",
        failed=stream.failed,
    )


def source_words(item: StreamProgress) -> str:
    """Where "expected" comes from, in words; a skipped stream says why."""
    stream = item.stream
    if stream.state == RunStream.State.SKIPPED:
        return f"Left out: {stream.message}" if stream.message else "Left out"
    if stream.expected is None:
        parents = stream.coverage.get("parents")
        return f"read for {counted(parents)} {parent_words(stream.name)}" if parents else "no count available"
    if item.more_than_counted:
        return f"{counted(item.more_than_counted)} more than the {counted(stream.expected)} {stream.expected_source}"
    if not item.counted:
        return f"about {counted(stream.expected)}: {stream.expected_source}"
    return stream.expected_source


def taken(stream: RunStream) -> str:
    """How long a finished stream took."""
    if stream.finished_at is None or stream.started_at is None:
        return ""
    return spell_duration(stream.finished_at - stream.started_at)
