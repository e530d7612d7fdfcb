"""When a connection syncs by itself."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from foundation.tenancy.zones import zone_words
from integrations.models import Connection
from portal.web.access import requires
from portal.web.integrations.clocks import clock_change
from portal.web.integrations.forms import ScheduleForm
from portal.web.integrations.lookups import found_provider, shown_connection
from portal.web.integrations.presenters import shown_card
from portal.web.request import PortalRequest
from sync.models import Schedule
from sync.selectors.overview import connection_card
from sync.services.schedules import (
    ScheduleInvalid,
    schedule_held,
    schedule_of,
    schedule_pause,
    schedule_problems,
    schedule_resume,
    schedule_update,
)


@require_http_methods(["GET", "POST"])
@requires("manage_integrations")
def connection_schedule(request: PortalRequest, pk: int) -> HttpResponse:
    """The times; what is saved takes effect at once."""
    found = shown_connection(pk)
    schedule = schedule_held(found) if request.method == "POST" else schedule_of(found)
    form = ScheduleForm(request.POST or None, schedule=schedule, zone=request.organization.time_zone)
    if request.method == "POST" and saved(form, schedule, request):
        messages.success(request, "The schedule is saved. The next times are below.")
        return redirect("web:connection_schedule", pk=pk)
    context = schedule_context(request, found, schedule) | {
        "form": form,
        "card": shown_card(connection_card(found, timezone.now())),
        "provider": found_provider(found.provider),
        "tab": "schedule",
    }
    return render(request, "integrations/schedule.html", context, status=422 if request.method == "POST" else 200)


def saved(form: ScheduleForm, schedule: Schedule, request: PortalRequest) -> bool:
    """Whether the form could be saved; it says why not."""
    if not form.is_valid():
        return False
    try:
        schedule_update(schedule=schedule, actor=request.user, **form.cleaned_data)
    except ScheduleInvalid as err:
        form.add_error(None, str(err))
        return False
    return True


def schedule_context(request: PortalRequest, found: Connection, schedule: Schedule) -> dict[str, Any]:
    """The next times, and what the next change of the clocks does to them."""
    zone = request.organization.time_zone
    return {
        "connection": found,
        "schedule": schedule,
        "zone": zone_words(zone),
        "problems": schedule_problems(schedule, zone),
        "clocks": clock_change(zone, schedule.nightly_at, timezone.now()) if schedule.nightly_on else "",
    }


@require_POST
@requires("manage_integrations")
def connection_pause(request: PortalRequest, pk: int) -> HttpResponse:
    """Pauses the schedule, or resumes it where ``resume`` is sent."""
    schedule = schedule_of(shown_connection(pk))
    if "resume" in request.POST:
        schedule_resume(schedule=schedule, actor=request.user)
        messages.success(request, "Resumed. Syncs start by themselves again from now on.")
    else:
        schedule_pause(schedule=schedule, actor=request.user)
        messages.success(
            request, "Paused. Nothing starts by itself until the schedule is resumed; the buttons still work."
        )
    return redirect("web:connection_schedule", pk=pk)
