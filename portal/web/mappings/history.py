"""What was changed in a connection's mappings, and taking it back."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from foundation.core.client_input import number_of
from foundation.core.errors import Refused
from mappings.models import MappingAct
from mappings.selectors.history import act_get, mapping_history
from mappings.services import mapping_revert
from portal.web.access import requires
from portal.web.integrations.lookups import shown_connection
from portal.web.mappings.labels import act_words, counted, line_words
from portal.web.mappings.page import frame, told_kind
from portal.web.request import PortalRequest


@require_GET
@requires("manage_integrations")
def connection_mapping_history(request: PortalRequest, pk: int, slug: str) -> HttpResponse:
    """The acts of a kind, newest first, each with its first lines."""
    connection, kind = shown_connection(pk), told_kind(request, slug)
    before = request.GET.get("before", "")
    page = mapping_history(connection, kind, number_of(before))
    acts = [(shown, act_words(shown.act), [line_words(line) for line in shown.lines]) for shown in page.acts]
    context = frame(connection, kind) | {"acts": acts, "next": page.next, "before": before}
    return render(request, "mappings/history.html", context)


@require_POST
@requires("manage_integrations")
def connection_mapping_revert(request: PortalRequest, pk: int, slug: str, act_id: int) -> HttpResponse:
    """Brings back what stood before the act."""
    connection, kind = shown_connection(pk), told_kind(request, slug)
    try:
        act = act_get(connection, act_id)
    except MappingAct.DoesNotExist as err:
        raise Http404("There is no such change.") from err
    try:
        done = mapping_revert(act=act, actor=request.user)
    except Refused as err:
        messages.error(request, err.message)
    else:
        said = f"Taken back: {counted(kind, done.count)}." if done else "It stands so already."
        messages.success(request, said)
    return redirect("web:connection_mapping_history", pk=pk, slug=slug)
