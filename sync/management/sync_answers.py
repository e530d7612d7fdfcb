"""What the sync command prints of an audit and of a record that was fetched."""

from __future__ import annotations

from typing import Any

from sync.selectors.drift import FIGURES, AuditReport, MatchRate, findings_of
from sync.services.replay import Replayed

SHOWN = 80
"""Characters of a value that are shown."""
VERDICTS = {
    "differs": "differs",
    "gone": "is not in the PSA any more",
    "absent": "is not here",
    "since": "changed in the PSA since it was read",
    "settled": "a sync wrote it meanwhile",
    "scope": "left what the settings want",
    "unread": "could not be read",
}


def audit_lines(report: AuditReport) -> list[str]:
    """An audit for people: a sentence, a table of its streams, and the records that do not match."""
    audit, found = report.audit, report.rate
    rate = "" if found is None else f" · {rate_line(found)}"
    lines = [
        f"audit {audit.pk} · {audit.get_state_display().lower()}{rate} · {audit.requests} requests · {audit.message}"
    ]
    names = (*FIGURES, "requests")
    lines += [f"{'':12}" + "".join(f"{name.replace('_', ' '):>14}" for name in names)] if report.streams else []
    for stream in report.streams:
        cells = "".join(f"{'–' if getattr(stream, name) is None else getattr(stream, name):>14}" for name in names)
        lines.append(f"  {stream.name:10}{cells}")
    for stream in report.streams:
        for finding in findings_of(stream):
            fields = f" in {', '.join(finding.fields)}" if finding.fields else ""
            lines.append(f"  {stream.name} {finding.remote_id}: {VERDICTS[finding.verdict]}{fields}")
    return lines


def rate_line(found: MatchRate) -> str:
    """ "99.33 % match (98.10 to 99.80 % with 95 % confidence)"."""
    return f"{found.rate:.2%} match ({100 * found.low:.2f} to {found.high:.2%} with 95 % confidence)"


def fetched_answer(replayed: Replayed) -> dict[str, Any]:
    """``id``: the local one. ``changes``: [{field, before, after}]; ``brought``: [{stream, record}] that came along; ``unread``:
    {stream: sentence} of what lies below it and could not be read."""
    return {
        "stream": replayed.stream,
        "record": replayed.remote_id,
        "id": replayed.record_id,
        "new": replayed.is_new,
        "written": replayed.written,
        "changes": [{"field": name, "before": was, "after": now} for name, was, now in replayed.changes],
        "brought": [{"stream": stream, "record": remote_id} for stream, remote_id in replayed.brought],
        "unread": replayed.unread,
    }


def fetched_lines(replayed: Replayed) -> list[str]:
    """The same for people."""
    changed = f"{len(replayed.changes)} fields changed" if replayed.changes else "nothing differed"
    lines = [f"{replayed.stream} {replayed.remote_id} · {'new here' if replayed.is_new else changed}"]
    if not replayed.is_new:
        lines += [f"  {name}: {_short(was)} → {_short(now)}" for name, was, now in replayed.changes]
    lines += [f"  brought along: {stream} {remote_id}" for stream, remote_id in replayed.brought]
    return lines + [f"  {sentence}" for sentence in replayed.unread.values()]


def _short(value: Any) -> str:
    text = "–" if value in (None, "") else " ".join(str(value).split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
