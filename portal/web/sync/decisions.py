"""What people decide about a run with its consequences before their eyes: what a held run would remove, and undoing a run."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from foundation.core.client_input import number_of
from portal.web.access import requires
from portal.web.request import PortalRequest
from portal.web.sync.forms import UndoForm, VictimsForm
from portal.web.sync.labels import stream_words
from portal.web.sync.lookups import found_run
from portal.web.sync.panel import held_of
from portal.web.sync.runs import header, untold
from portal.web.sync.withheld import withheld_of
from sync.engine.check.guard import WITHHELD
from sync.models import Run
from sync.selectors.pending_removals import VictimFilter, victim_count, victim_groups, victims_page
from sync.selectors.readable import readable_streams
from sync.selectors.undo import undo_outlook, undo_refusal
from sync.services.runs import RunRefused
from sync.services.undo import run_undo


@require_GET
@requires("view_integration_logs")
def run_victims(request: PortalRequest, pk: int) -> HttpResponse:
    """The records that a held run would remove, with the companies and boards that they belong to."""
    run = found_run(pk)
    wanted = VictimsForm(request.GET).chosen()
    after = request.GET.get("after", "")
    readable = readable_streams(request.access.can)
    named = [*run.verification.get("held", {}), *run.verification.get(WITHHELD, {})]
    waits = any(one.waits for one in withheld_of(run))
    page = victims_page(run, wanted, number_of(after), readable=readable)
    context = header(run) | {
        "wanted": wanted,
        "page": page,
        "total": victim_count(run, wanted, readable),
        "untold": untold(named, readable),
        "victims": [(stream_words(victim.stream), victim) for victim in page.victims],
        "streams": [(name, stream_words(name).capitalize()) for name in named],
        "groups": victim_groups(run) if "tickets" in readable and not wanted.active and not after else [],
        "chosen": chosen(wanted, page.victims[0] if page.victims else None),
        "held": held_of(run, readable),
        "waits": waits,
        "after": after,
        "tab": "victims",
    }
    return render(request, "sync/run_victims.html", context)


def chosen(wanted: VictimFilter, first: Any) -> str:
    """The company or board that the list is narrowed to, by name."""
    if first is None:
        return wanted.company or wanted.board
    return str((wanted.company and first.company_name) or (wanted.board and first.board_name) or "")


@require_http_methods(["GET", "POST"])
@requires("manage_integrations")
def undo(request: PortalRequest, pk: int) -> HttpResponse:
    """What an undo would bring back and what it would leave alone; then the undo."""
    run = found_run(pk)
    form = UndoForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            undone = run_undo(run=run, actor=request.user, reason=form.cleaned_data["reason"])
        except RunRefused as err:
            form.add_error(None, str(err))
        else:
            messages.success(request, undone.message)
            return redirect("web:run", pk=pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "sync/run_undo.html", undo_context(run, form), status=status)


def undo_context(run: Run, form: UndoForm) -> dict[str, Any]:
    """What the page shows. Nothing is counted where the answer is no anyway."""
    refusal = undo_refusal(run)
    outlook = None if refusal else undo_outlook(run)
    return header(run) | {
        "form": form,
        "refusal": refusal,
        "outlook": outlook,
        "lines": [(stream_words(line.stream).capitalize(), line) for line in outlook.lines] if outlook else [],
        "tab": "undo",
    }
