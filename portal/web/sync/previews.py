"""Previews: starting one, what its page offers afterwards, and applying exactly what it read."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from portal.web.access import requires
from portal.web.request import PortalRequest
from portal.web.sync.forms import ApplyForm, ClearForm
from portal.web.sync.labels import stream_words
from portal.web.sync.lookups import found_connection, found_run
from portal.web.sync.runs import header
from sync.models import Run
from sync.selectors.previews import preview_offer
from sync.selectors.runs import run_streams
from sync.services.previews import preview_apply, preview_request
from sync.services.runs import LANES, RunRefused


@require_POST
@requires("manage_integrations")
def preview_start(request: PortalRequest, pk: int, kind: str) -> HttpResponse:
    """Starts a preview of a sync, or joins the open one; goes to its page."""
    connection = found_connection(pk)
    if kind not in LANES:
        raise Http404("There is no such kind of sync.")
    try:
        asked = preview_request(connection=connection, kind=kind, trigger=Run.Trigger.PERSON, actor=request.user)
    except RunRefused as err:
        messages.error(request, str(err))
        return redirect("web:connection_sync", pk=pk)
    messages.info(request, asked.message)
    return redirect("web:run", pk=asked.run.pk)


@require_http_methods(["GET", "POST"])
@requires("manage_integrations")
def run_apply(request: PortalRequest, pk: int) -> HttpResponse:
    """What applying the preview means; then the run that does it. A clear wants a reason and the connection's name here too."""
    run = found_run(pk)
    if not run.is_preview:
        raise Http404("This run is not a preview.")
    data = request.POST if request.method == "POST" else None
    clears = run.reads_as == Run.Kind.CLEAR_RESYNC
    form = ClearForm(data, name=run.connection.name) if clears else ApplyForm(data)
    if request.method == "POST" and form.is_valid():
        try:
            asked = preview_apply(
                preview=run, trigger=Run.Trigger.PERSON, actor=request.user, reason=form.cleaned_data["reason"]
            )
        except RunRefused as err:
            form.add_error(None, str(err))
        else:
            messages.info(request, asked.message)
            return redirect("web:run", pk=asked.run.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "sync/run_apply.html", apply_context(run, form), status=status)


def apply_context(run: Run, form: ApplyForm | ClearForm) -> dict[str, Any]:
    """What the page shows."""
    streams = [stream for stream in run_streams(run) if stream.created or stream.updated or stream.removed]
    return header(run) | {
        "form": form,
        "offer": preview_offer(run),
        "lines": [(stream_words(stream.name).capitalize(), stream) for stream in streams],
        "clears": run.reads_as == Run.Kind.CLEAR_RESYNC,
        "tab": "apply",
    }
