"""What a run withheld: removals of some streams that wait for a person though the rest of the run was applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from portal.web.access import requires
from portal.web.request import PortalRequest
from portal.web.sync.forms import WithheldForm
from portal.web.sync.labels import stream_words
from portal.web.sync.lookups import found_run
from sync.engine.check.guard import WITHHELD
from sync.models import Run, Victim
from sync.services.runs import RunRefused
from sync.services.withheld import withheld_approve, withheld_keep


@dataclass(frozen=True, slots=True)
class ShownWithheld:
    """One stream's removals that wait, or waited. ``waits``: somebody has to decide. ``decided``: by whom, why and with what outcome."""

    stream: str
    name: str
    why: str
    second: bool
    waits: bool
    approvals: list[dict[str, Any]]
    decided: dict[str, Any] | None


def withheld_of(run: Run) -> list[ShownWithheld]:
    """What the page of the run shows, in the order of its report. One look at what still waits, where anything did."""
    kept: dict[str, dict[str, Any]] = run.verification.get(WITHHELD, {})
    if not kept or run.is_preview:
        return []
    victims = Victim.objects.filter(run_id=run.pk).order_by("stream").values_list("stream", flat=True)
    waiting = set(victims.distinct()) if run.state == Run.State.DONE else set()
    return [
        ShownWithheld(
            name,
            stream_words(name),
            one["why"],
            one["second"],
            waits=name in waiting,
            approvals=one.get("approvals", []),
            decided=one.get("decided"),
        )
        for name, one in kept.items()
    ]


@require_POST
@requires("manage_integrations")
def decide_withheld(request: PortalRequest, pk: int) -> HttpResponse:
    """Removes what a run withheld of one stream, or keeps it."""
    found = found_run(pk)
    form = WithheldForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose Remove or Keep, and give a reason: it is kept with the run.")
        return redirect("web:run", pk=pk)
    asked = {"run": found, "stream": form.cleaned_data["stream"], "actor": request.user}
    reason = form.cleaned_data["reason"]
    try:
        if form.cleaned_data["decision"] == "approve":
            messages.info(request, withheld_approve(**asked, reason=reason).message)
        else:
            messages.info(request, withheld_keep(**asked, reason=reason))
    except RunRefused as err:
        messages.error(request, str(err))
    return redirect("web:run", pk=pk)
