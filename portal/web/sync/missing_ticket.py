"""Why is this ticket missing? One question, one verdict, one way to mend it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from foundation.core.errors import Refused
from foundation.tenancy.scope import tenant_transaction
from integrations.errors import IntegrationError
from portal.web.access import requires
from portal.web.integrations.lookups import found_connection
from portal.web.middleware import waits_on_network
from portal.web.request import PortalRequest
from portal.web.sync.forms import AbsenceForm
from portal.web.sync.labels import field_words, stream_words
from portal.web.sync.presenters import shown_value
from sync.selectors.history import connection_choices
from sync.selectors.readable import readable_streams
from sync.services.missing_ticket_diagnosis import ticket_absence
from sync.services.replay import Replayed, record_replay
from sync.services.verdicts import Verdict

HERE = frozenset({"here", "here_closed", "other_connection", "merged"})
"""Verdicts that are no trouble."""
WAYS = {
    "settings": ("web:connection_tickets", "Ticket Settings"),
    "credentials": ("web:connection_credentials", "Credentials"),
    "test": ("web:connection", "Test the connection"),
    "schedule": ("web:connection_schedule", "Schedule"),
    "setup": ("web:connection", "Go on with the set-up"),
    "sync": ("web:connection_sync", "Ticket Sync Options"),
}
"""A verdict's ``way`` → (page of the connection, its button)."""


@waits_on_network
@require_http_methods(["GET", "POST"])
@requires("view_integration_logs")
@requires("view_tickets")
def missing(request: PortalRequest) -> HttpResponse:
    """Asks for a ticket; answers with the verdict."""
    connections = _connections()
    if request.method == "GET":
        asked = AbsenceForm(initial={"ticket": request.GET.get("ticket", "")}, connections=connections)
        return _page(request, asked, connections=connections)
    form = AbsenceForm(request.POST, connections=connections)
    if not form.is_valid():
        return _page(request, form, connections=connections, status=422)
    connection = found_connection(form.cleaned_data["connection"])
    verdict = ticket_absence(connection=connection, text=form.cleaned_data["ticket"])
    return _page(request, form, connections=connections, verdict=verdict)


@waits_on_network
@require_POST
@requires("view_integration_logs")
@requires("view_tickets")
def fetch(request: PortalRequest) -> HttpResponse:
    """Fetches the ticket with what it refers to, and shows what was here before and is here after."""
    connections = _connections()
    form = AbsenceForm(request.POST, connections=connections)
    if not form.is_valid():
        return _page(request, form, connections=connections, status=422)
    connection = found_connection(form.cleaned_data["connection"])
    try:
        replayed = record_replay(connection=connection, stream="tickets", remote_id=form.cleaned_data["ticket"])
    except (IntegrationError, Refused) as err:
        return _page(request, form, connections=connections, problem=err.sentence, status=409)
    return _page(request, form, connections=connections, replayed=replayed)


def _connections() -> list[tuple[int, str]]:
    with tenant_transaction():
        return connection_choices()


def _page(
    request: PortalRequest,
    form: AbsenceForm,
    *,
    connections: list[tuple[int, str]],
    verdict: Verdict | None = None,
    replayed: Replayed | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "connections": connections,
        "verdict": verdict,
        "fine": verdict is not None and verdict.code in HERE,
        "link": link_of(verdict, request) if verdict else None,
        "problem": problem,
        **(replayed_shown(replayed, readable_streams(request.access.can)) if replayed else {}),
    }
    with tenant_transaction():
        return render(request, "sync/missing.html", context, status=status)


def replayed_shown(replayed: Replayed, readable: frozenset[str]) -> dict[str, Any]:
    """What ``sync/replayed.html`` shows of a record that was fetched: what was here before and is here after."""
    return {
        "replayed": replayed,
        "changes": [
            (field_words(name), shown_value(before), shown_value(after))
            for name, before, after in replayed.changes
            if not name.endswith("_remote_id")
        ],
        "brought": [(stream_words(name), remote_id) for name, remote_id in replayed.brought if name in readable],
    }


def link_of(verdict: Verdict, request: PortalRequest) -> tuple[str, str] | None:
    """(address, words) of the way to mend it, where there is a page for it that the person may open."""
    if verdict.way == "ticket" and verdict.ticket_id:
        return (reverse("web:ticket", args=[verdict.ticket_id]), "Open the ticket")
    if verdict.way == "run" and verdict.run_id:
        return (reverse("web:run", args=[verdict.run_id]), "Open the run")
    if not request.access.can("manage_integrations"):
        return None
    if verdict.way == "connections":
        return (reverse("web:integrations"), "Integrations")
    if verdict.way in WAYS and verdict.connection_id:
        page, words = WAYS[verdict.way]
        return (reverse(page, args=[verdict.connection_id]), words)
    return None
