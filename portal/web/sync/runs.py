"""One run: how far it is, what came of it, to which records, and its log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from foundation.core.client_input import number_of
from portal.web.access import requires
from portal.web.mappings.card import mapping_step_of
from portal.web.request import PortalRequest
from portal.web.sync.forms import ACTION_CHOICES, LEVEL_CHOICES, PREVIEW_CHOICES, DecisionForm, ItemsForm, LogForm
from portal.web.sync.labels import COMPARED, STREAM_STATES, Badge, badge_of, coverage_words, starter, stream_words
from portal.web.sync.lookups import found_run
from portal.web.sync.panel import panel_of
from portal.web.sync.presenters import shown_item, shown_line
from portal.web.sync.report import shown_report
from portal.web.sync.withheld import withheld_of
from portal.web.wording import zone_of
from sync.models import Run, RunStream
from sync.selectors.items import items_page
from sync.selectors.logs import log_page
from sync.selectors.previews import preview_offer
from sync.selectors.readable import readable_streams
from sync.selectors.runs import issue_count, issue_groups, run_coverage, run_streams
from sync.selectors.undo import undo_refusal, undo_until, whole
from sync.services.runs import RunRefused, run_approve, run_cancel, run_reject

LABELS = {"created": "Created", "updated": "Updated", "removed": "Removed"}
WOULD_LABELS = {"created": "Would create", "updated": "Would update", "removed": "Would remove"}
FIGURES = ("fetched", "created", "updated", "removed", "unchanged", "failed", "requests")


@dataclass(frozen=True, slots=True)
class StreamRow:
    """One line of the table. ``verified``: the PSA's count against what was read, where they were compared."""

    stream: RunStream
    name: str
    badge: Badge
    verified: dict[str, Any] | None


def header(run: Run) -> dict[str, Any]:
    """What every page of a run shows above its tabs."""
    return {
        "run": run,
        "connection": run.connection,
        "badge": badge_of(run),
        "starter": starter(run),
        "issues": issue_count(run),
        "since": since_of(run),
    }


def since_of(run: Run) -> dt.datetime:
    """Since when the run is in its state, as far as that is known."""
    if run.state in {Run.State.WAITING, Run.State.HELD} and run.progress_at:
        return run.progress_at
    return run.finished_at or run.started_at or run.created_at


@require_GET
@requires("view_integration_logs")
def run(request: PortalRequest, pk: int) -> HttpResponse:
    """The overview."""
    return render(request, "sync/run.html", overview(found_run(pk), readable_streams(request.access.can)))


@require_GET
@requires("view_integration_logs")
def run_progress(request: PortalRequest, pk: int) -> HttpResponse:
    """The overview's live part alone; it stops asking for itself when the run has ended."""
    return render(request, "sync/run_live.html", overview(found_run(pk), readable_streams(request.access.can)))


def overview(run: Run, readable: frozenset[str]) -> dict[str, Any]:
    """Everything that the overview shows; of records what may be told."""
    streams = run_streams(run)
    compared = run.verification.get("streams", {})
    totals = {name: sum(getattr(stream, name) for stream in streams) for name in FIGURES}
    return header(run) | {
        "panel": panel_of(run, readable) if run.is_open else None,
        "withheld": withheld_of(run),
        "rows": [
            StreamRow(
                stream, stream_words(stream.name).capitalize(), stream_badge(run, stream), compared.get(stream.name)
            )
            for stream in streams
        ],
        "labels": WOULD_LABELS if run.is_preview else LABELS,
        "offer": preview_offer(run),
        "totals": totals,
        "report": shown_report(run, readable),
        "undo_until": undo_offer(run, totals),
        "mapping_step": mapping_step_of(run),
        "coverage": [coverage_words(coverage) for coverage in run_coverage(run, streams)],
        "groups": issue_groups(run, readable),
        "verified": bool(compared),
        "tab": "overview",
    }


def stream_badge(run: Run, stream: RunStream) -> Badge:
    """A stream's state; those of a preview are compared, not applied."""
    return COMPARED if run.is_preview and stream.state == RunStream.State.DONE else STREAM_STATES[stream.state]


def undo_offer(run: Run, totals: dict[str, int]) -> dt.datetime | None:
    """Until when the page offers to undo the run; None where it can't be, or has nothing that could be."""
    did = totals["removed"] or (whole(run) and totals["created"] + totals["updated"])
    return undo_until(run) if did and not undo_refusal(run) else None


@require_GET
@requires("view_integration_logs")
def run_items(request: PortalRequest, pk: int) -> HttpResponse:
    """What the run changed and what it could not, record by record."""
    found = found_run(pk)
    wanted = ItemsForm(request.GET).chosen()
    readable = readable_streams(request.access.can)
    page = items_page(found, wanted, request.GET.get("after", ""), readable=readable)
    names = [stream.name for stream in run_streams(found)]
    context = header(found) | {
        "wanted": wanted,
        "page": page,
        "items": [shown_item(item) for item in page.items],
        "untold": untold(names, readable),
        "streams": stream_choices(names),
        "actions": PREVIEW_CHOICES if found.is_preview else ACTION_CHOICES,
        "after": request.GET.get("after", ""),
        "tab": "items",
    }
    return render(request, "sync/run_items.html", context)


@require_GET
@requires("view_integration_logs")
def run_log(request: PortalRequest, pk: int) -> HttpResponse:
    """The log, newest line first; its lines alone while it follows a run."""
    found = found_run(pk)
    wanted = LogForm(request.GET).chosen()
    before = request.GET.get("before", "")
    page = log_page(found, wanted, number_of(before))
    context = header(found) | {
        "wanted": wanted,
        "page": page,
        "lines": [shown_line(line, zone_of(request.organization)) for line in page.lines],
        "streams": stream_choices(stream.name for stream in run_streams(found)),
        "levels": LEVEL_CHOICES,
        "follows": found.is_open and not before,
        "before": before,
        "tab": "log",
    }
    return render(request, "sync/run_log_lines.html" if request.htmx else "sync/run_log.html", context)


def untold(names: Iterable[str], readable: frozenset[str]) -> str:
    """Those of the streams whose records the person may not see, in words; "" for none."""
    return ", ".join(stream_words(name) for name in names if name not in readable)


def stream_choices(names: Iterable[str]) -> list[tuple[str, str]]:
    """Streams, for a filter."""
    return [(name, stream_words(name).capitalize()) for name in names]


@require_POST
@requires("manage_integrations")
def cancel(request: PortalRequest, pk: int) -> HttpResponse:
    """Asks for the end of a run."""
    found = found_run(pk)
    try:
        run_cancel(run=found, actor=request.user, reason=request.POST.get("reason", ""))
        messages.info(request, "Cancelling: the run ends at its next step.")
    except RunRefused as err:
        messages.error(request, str(err))
    return redirect("web:run", pk=pk)


@require_POST
@requires("manage_integrations")
def decide(request: PortalRequest, pk: int) -> HttpResponse:
    """Approves or rejects a held run."""
    found = found_run(pk)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose Approve or Reject, and give a reason: it is kept with the run.")
        return redirect("web:run", pk=pk)
    reason = form.cleaned_data["reason"]
    try:
        if form.cleaned_data["decision"] == "approve":
            messages.info(request, run_approve(run=found, actor=request.user, reason=reason).message)
        else:
            run_reject(run=found, actor=request.user, reason=reason)
            messages.info(request, "Rejected: nothing is applied.")
    except RunRefused as err:
        messages.error(request, str(err))
    return redirect("web:run", pk=pk)
