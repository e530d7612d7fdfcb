"""A run's log."""

from __future__ import annotations

from dataclasses import dataclass

from sync.models import Run, RunLog

PAGE = 200
LEVELS = (RunLog.Level.DEBUG, RunLog.Level.INFO, RunLog.Level.WARNING, RunLog.Level.ERROR)


@dataclass(frozen=True, slots=True)
class LogFilter:
    """``level``: the least to show. Empty values show all."""

    level: str = ""
    stream: str = ""
    text: str = ""

    @property
    def active(self) -> int:
        return sum(bool(value) for value in (self.level, self.stream, self.text))


@dataclass(frozen=True, slots=True)
class LogPage:
    """Newest first. ``next``: the id to go on below; None at the end."""

    lines: list[RunLog]
    next: int | None


def log_page(run: Run, wanted: LogFilter, before: int | None = None, size: int = PAGE) -> LogPage:
    """One page of the run's log, newest first."""
    lines = RunLog.objects.filter(run_id=run.pk).order_by("-pk")
    if wanted.level in LEVELS:
        lines = lines.filter(level__in=LEVELS[LEVELS.index(RunLog.Level(wanted.level)) :])
    if wanted.stream:
        lines = lines.filter(stream=wanted.stream)
    if wanted.text:
        lines = lines.filter(message__icontains=wanted.text)
    if before:
        lines = lines.filter(pk__lt=before)
    found = list(lines[: size + 1])
    return LogPage(found[:size], found[size - 1].pk if len(found) > size else None)
