"""Telling the person who started a run, wherever in the product they are, that it has ended."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from portal.web.access import requires
from portal.web.request import PortalRequest
from portal.web.sync.labels import badge_of
from sync.services.notices import notices_take


@require_POST
@requires("view_integration_logs")
def run_notices(request: PortalRequest) -> HttpResponse:
    """Toasts of my finished runs, once each; 204 when there is none. A POST: they count as told."""
    runs = notices_take(user=request.user)
    if not runs:
        return HttpResponse(status=204)
    return render(request, "sync/notices.html", {"notices": [(run, badge_of(run)) for run in runs]})
