"""What a run made different: the page and its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from portal.web.access import requires
from portal.web.request import PortalRequest
from portal.web.sync.downloads import download
from portal.web.sync.labels import field_words, stream_words
from portal.web.sync.lookups import found_run
from portal.web.sync.presenters import ShownValue, shown_value
from portal.web.sync.runs import header, untold
from sync.selectors.diff import COLUMNS, Cause, diff_rows, run_diff
from sync.selectors.readable import readable_streams

TOTALS = ("created", "updated", "removed", "restored", "unchanged")


@dataclass(frozen=True, slots=True)
class ShownCause:
    """A cause in words: ``reason`` of a removal, or a field with its step."""

    stream: str
    reason: str
    field: str
    before: ShownValue | None
    after: ShownValue | None
    rows: int


@require_GET
@requires("view_integration_logs")
def run_diff_page(request: PortalRequest, pk: int) -> HttpResponse:
    """Records by outcome, fields and causes."""
    run = found_run(pk)
    readable = readable_streams(request.access.can)
    diff = run_diff(run, readable)
    context = header(run) | {
        "diff": diff,
        "lines": [(stream_words(line.stream).capitalize(), line) for line in diff.streams],
        "totals": {name: sum(getattr(line, name) for line in diff.streams) for name in TOTALS},
        "fields": [(stream_words(line.stream), field_words(line.field), line.rows) for line in diff.fields],
        "untold": untold((line.stream for line in diff.streams), readable),
        "causes": [shown_cause(cause) for cause in diff.causes],
        "tab": "diff",
    }
    return render(request, "sync/run_diff.html", context)


def shown_cause(cause: Cause) -> ShownCause:
    """A cause for the page; "true" and "false" as yes and no."""
    values = [shown_value({"true": True, "false": False}.get(value, value)) for value in (cause.before, cause.after)]
    field = field_words(cause.field) if cause.field else ""
    return ShownCause(stream_words(cause.stream), cause.reason, field, values[0], values[1], cause.rows)


@require_GET
@requires("view_integration_logs")
def run_diff_csv(request: PortalRequest, pk: int) -> StreamingHttpResponse:
    """Every change of the run in records that the person may see, field by field, as CSV. 403 for people who may see none."""
    run, readable = found_run(pk), readable_streams(request.access.can)
    if not readable:
        raise PermissionDenied(
            "Your role lacks the permissions to see tickets and companies. An admin can change your role."
        )

    def batch(after: int) -> Sequence[Sequence[Any]]:
        return diff_rows(run, after, readable=readable)

    name = "preview" if run.is_preview else "run"
    return download(f"{name}-{run.pk}-changes.csv", run.organization_id, COLUMNS, batch)
