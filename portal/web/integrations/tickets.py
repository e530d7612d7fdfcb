"""Ticket Settings: what of the PSA's tickets is wanted, and what a change does before it is saved."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from foundation.tenancy.scope import tenant_transaction
from integrations.catalog import Catalog, catalog_of
from integrations.errors import IntegrationError
from integrations.models import Connection
from integrations.services.connections import connection_configure, connection_held
from integrations.services.probing import connection_catalog_read, connection_scope_count
from integrations.settings_schema import (
    RECORD_FIELDS,
    ConnectionSettings,
    readable_settings,
    settings_from,
    settings_problems,
    unknown_values,
)
from portal.web.access import requires
from portal.web.integrations.lookups import found_connection, found_provider
from portal.web.integrations.presenters import shown_card
from portal.web.integrations.ticket_settings_form import TicketSettingsForm
from portal.web.middleware import waits_on_network
from portal.web.request import PortalRequest, sent_back
from portal.web.sync.labels import stream_words
from sync.models import Run
from sync.selectors.overview import connection_card
from sync.selectors.reading import runs_reading
from sync.selectors.settings_impact import SettingsImpact, settings_effects
from sync.services.runs import RunRefused, run_request

SCOPE = ("boards", "excluded_statuses", "date_range_days", "company_types", "company_statuses")
"""Settings that change which tickets and companies are here."""
KEPT = ("streams", "custom_fields", "company_fields", *RECORD_FIELDS.values())
"""Settings that change what is kept of them. All of these take effect at the next full sync."""


@dataclass(frozen=True, slots=True)
class Review:
    """What saving would do. ``counted``: the PSA's own count of tickets in the new scope, or why it could not be asked.
    ``with_companies``: what beside tickets leaves with its company, in words.
    ``digest``: of the settings reviewed, so that nothing else is saved than what was shown.
    """

    effects: SettingsImpact
    counted: int | None
    count_note: str
    with_companies: str
    digest: str

    @property
    def adds(self) -> int | None:
        """How many more tickets the PSA counts than stay here; None where it can't say."""
        return None if self.counted is None else max(0, self.counted - self.effects.staying)

    @property
    def matters(self) -> bool:
        """Whether anything would be hidden or added, as far as that is known."""
        return self.effects.hides or self.adds != 0


@waits_on_network
@require_http_methods(["GET", "POST"])
@requires("manage_integrations")
def connection_tickets(request: PortalRequest, pk: int) -> HttpResponse:
    """The form; a change of scope that hides or adds anything is reviewed before it is saved."""
    found = found_connection(pk)
    catalog = catalog_of(found.catalog)
    if catalog is None:
        return page(request, found, {"catalog": None})
    data = request.POST if request.method == "POST" else None
    form = form_of(found, catalog, data)
    if request.method != "POST":
        return page(request, found, {"form": form, "catalog": catalog, "saved": "saved" in request.GET})
    if not form.is_valid():
        return page(request, found, {"form": form, "catalog": catalog}, status=422)
    wanted = settings_from(form.chosen())
    changed = differ(readable_settings(found), wanted, SCOPE) or not unknown_values(found.settings).keys().isdisjoint(
        SCOPE
    )
    if changed and request.POST.get("reviewed") != digest_of(wanted):
        review = review_of(found, wanted)
        if review.matters:
            return page(request, found, {"form": form, "catalog": catalog, "review": review})
    return save(request, found, form)


def differ(before: ConnectionSettings, after: ConnectionSettings, names: Iterable[str]) -> bool:
    """Whether any of these settings has changed."""
    return any(getattr(before, name) != getattr(after, name) for name in names)


def review_of(found: Connection, wanted: ConnectionSettings) -> Review:
    """Counts here, and asks the PSA for its count."""
    with tenant_transaction():
        effects = settings_effects(found, wanted)
    try:
        counted, note = connection_scope_count(connection=found, settings=wanted, outside=effects.outside), ""
    except IntegrationError as err:
        counted, note = None, err.message
    named = [f"{rows:,} {stream_words(name)}" for name, rows in effects.with_companies]
    return Review(effects, counted, note, ", ".join(named), digest_of(wanted))


def digest_of(settings: ConnectionSettings) -> str:
    """The same for the same settings."""
    return hashlib.blake2b(msgspec.json.encode(settings), digest_size=12).hexdigest()


def form_of(found: Connection, catalog: Catalog, data: QueryDict | None) -> TicketSettingsForm:
    """The form with the settings of ``found``."""
    provider = found_provider(found.provider)
    return TicketSettingsForm(data, settings=readable_settings(found), catalog=catalog, provider=provider)


def save(request: PortalRequest, found: Connection, form: TicketSettingsForm) -> HttpResponse:
    """Stores the settings, and starts a full sync with them where it is asked for; not over what somebody saved meanwhile."""
    with tenant_transaction():
        held = connection_held(found)
        current_form = form_of(held, form.catalog, request.POST)
        if not current_form.is_valid():
            return page(request, held, {"form": current_form, "catalog": form.catalog}, status=422)
        wanted = settings_from(current_form.chosen())
        waits = differ(readable_settings(held), wanted, (*SCOPE, *KEPT))
        chosen = current_form.changes()
        current = connection_configure(connection=held, settings=wanted, actor=request.user, chosen=chosen)
        if "sync" in request.POST:
            return started(request, current)
    if waits:
        messages.success(request, "Saved. It takes effect at the next full sync.")
        return redirect(f"{request.path}?saved")
    messages.success(request, "Saved.")
    return redirect(request.path)


def started(request: PortalRequest, found: Connection) -> HttpResponse:
    """To the full sync that applies the new settings."""
    try:
        asked = run_request(
            connection=found, kind=Run.Kind.FULL, trigger=Run.Trigger.PERSON, actor=request.user, urgent=True
        )
    except RunRefused as err:
        messages.warning(request, f"Saved, but no sync was started: {err}")
        return redirect(request.path)
    messages.success(request, f"Saved. {asked.message}")
    return redirect("web:run", pk=asked.run.pk)


@waits_on_network
@require_POST
@requires("manage_integrations")
def connection_choices(request: PortalRequest, pk: int) -> HttpResponse:
    """Asks the PSA anew for boards, statuses and custom fields."""
    found = found_connection(pk)
    try:
        catalog = connection_catalog_read(connection=found)
    except IntegrationError as err:
        messages.error(request, f"{found_provider(found.provider).name} could not be asked. {err.message}")
    else:
        messages.success(request, f"Read {len(catalog.boards)} boards and {catalog.fields_count} custom fields.")
    return sent_back(request, reverse("web:connection_tickets", args=[pk]))


def page(request: PortalRequest, found: Connection, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """The page around ``context``."""
    with tenant_transaction():
        card, reading = shown_card(connection_card(found, timezone.now())), runs_reading(found)
    form = context.get("form")
    shared = {
        "connection": found,
        "provider": found_provider(found.provider),
        "card": card,
        "reading": reading,
        "tab": "tickets",
        "problems": settings_problems(found),
        "excluded": set(form["excluded_statuses"].value() or []) if form else set(),
    }
    return render(request, "integrations/tickets.html", shared | context, status=status)
