"""Settings › Integrations, and one connection at a glance: is it working, since when, how fresh, what next?"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from foundation.core.errors import Refused
from integrations import registry
from integrations.models import Connection
from integrations.services import connections
from integrations.settings_schema import settings_problems
from portal.web.access import requires
from portal.web.integrations.checks import shown_test, stored_test
from portal.web.integrations.forms import NameForm, RemoveForm
from portal.web.integrations.lookups import edited_connection, found_connection, found_provider, shown_connection
from portal.web.integrations.presenters import rights_needed, settings_lines, shown_card
from portal.web.mappings.card import mapping_lines, mapping_step
from portal.web.middleware import waits_on_network
from portal.web.request import PortalRequest
from portal.web.sync.labels import stream_words
from sync.selectors.instance import change_of
from sync.selectors.overview import connection_card, connection_cards
from sync.selectors.resync_impact import live_counts
from sync.services.removal import connection_remove as remove


@require_GET
@requires("manage_integrations")
def integrations(request: PortalRequest) -> HttpResponse:
    """All connections, by system. The cards alone when they refresh themselves."""
    cards = [shown_card(card) for card in connection_cards(timezone.now())]
    systems = [
        {
            "provider": provider,
            "cards": [card for card in cards if card.connection.provider == provider.key],
            "rights": [] if cards else rights_needed(provider),
        }
        for provider in registry.providers()
    ]
    context = {
        "systems": systems,
        "empty": not cards,
        "working": any(card.open_run for card in cards),
    }
    return render(request, "integrations/cards.html" if request.htmx else "integrations/list.html", context)


@require_GET
@requires("manage_integrations")
def connection(request: PortalRequest, pk: int) -> HttpResponse:
    """One connection: state, freshness, what is synced, the last test, its name, removal."""
    return render(request, "integrations/connection.html", overview(shown_connection(pk)))


def overview(found: Connection, name_form: NameForm | None = None) -> dict[str, Any]:
    """What the page of a connection shows."""
    provider, card = found_provider(found.provider), shown_card(connection_card(found, timezone.now()))
    lines = [] if card.card.unread else mapping_lines(found)
    return {
        "connection": found,
        "provider": provider,
        "card": card,
        "test": stored_test(found.last_test),
        "settings_lines": settings_lines(found),
        "settings_problems": settings_problems(found),
        "mapping_lines": lines,
        "mapping_step": mapping_step(lines),
        "name_form": name_form or NameForm(initial={"name": found.name}),
        "change": change_of(found),
        "tab": "overview",
    }


@waits_on_network
@require_POST
@requires("manage_integrations")
def connection_test(request: PortalRequest, pk: int) -> HttpResponse:
    """Tests the stored credentials, then shows the connection with what was found."""
    found = found_connection(pk)
    report = connections.connection_test(connection=found)
    test = shown_test(report)
    say = {"ok": messages.success, "warn": messages.warning}.get(test.tone, messages.error)
    say(request, f"Tested: {test.verdict}")
    return redirect("web:connection", pk=pk)


@require_POST
@requires("manage_integrations")
def connection_rename(request: PortalRequest, pk: int) -> HttpResponse:
    """Gives the connection another name."""
    found = edited_connection(request, pk)
    form = NameForm(request.POST, initial={"name": found.name})
    if form.is_valid():
        try:
            connections.connection_rename(connection=found, name=form.cleaned_data["name"], actor=request.user)
        except Refused as err:
            form.add_error("name", err.message)
        else:
            messages.success(request, "The connection is renamed.")
            return redirect("web:connection", pk=pk)
    return render(request, "integrations/connection.html", overview(found, form), status=422)


@require_http_methods(["GET", "POST"])
@requires("manage_integrations")
def connection_remove(request: PortalRequest, pk: int) -> HttpResponse:
    """What would go, counted; then the removal."""
    found = shown_connection(pk)
    form = RemoveForm(request.POST or None, connection=found)
    if request.method == "POST" and form.is_valid():
        try:
            remove(connection=found, actor=request.user)
        except Refused as err:
            form.add_error(None, err.message)
        else:
            messages.success(request, f"{found.name} and everything that was synced through it are removed.")
            return redirect("web:integrations")
    counts = [(stream_words(name).capitalize(), count) for name, count in live_counts(found)]
    context = {
        "connection": found,
        "form": form,
        "counts": counts,
        "card": shown_card(connection_card(found, timezone.now())),
        "provider": found_provider(found.provider),
        "tab": "overview",
    }
    return render(request, "integrations/remove.html", context, status=422 if request.method == "POST" else 200)
