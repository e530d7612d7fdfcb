"""A run in numbers: what operators script against. The names are a promise."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sync.models import Run, RunStream

EXIT_CODES = {"no_change": 0, "success": 0, "warning": 0, "error": 1, "held": 3, "cancelled": 4}
FIGURES = ("expected", "fetched", "created", "updated", "unchanged", "removed", "failed")


def run_summary(run: Run) -> dict[str, Any]:
    """{"run", "connection", "kind", "state", "phase", "result", "seconds", "requests", "message", …, "streams": {name: figures}}."""
    streams = RunStream.objects.filter(run_id=run.pk).order_by("position")
    return {
        "run": run.pk,
        "connection": run.connection_id,
        "kind": run.kind,
        "trigger": run.trigger,
        "state": run.state,
        "phase": run.phase,
        "result": run.result or None,
        "message": run.message,
        "seconds": None if run.seconds is None else round(run.seconds, 3),
        "requests": run.requests,
        "created_at": stamp(run.created_at),
        "started_at": stamp(run.started_at),
        "finished_at": stamp(run.finished_at),
        "wait_until": stamp(run.wait_until),
        "wait_reason": run.wait_reason or None,
        "streams": {stream.name: stream_figures(stream) for stream in streams},
    }


def stream_figures(stream: RunStream) -> dict[str, Any]:
    """One stream's state and figures; seconds of fetching."""
    figures = {name: getattr(stream, name) for name in FIGURES}
    return {
        "state": stream.state,
        **figures,
        "seconds": round(stream.seconds, 3),
        "requests": stream.requests,
        "coverage": stream.coverage,
    }


def stamp(moment: dt.datetime | None) -> str | None:
    """ISO 8601 in UTC, whole milliseconds."""
    return (
        None if moment is None else moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
