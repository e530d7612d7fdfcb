"""Safeguards: how much a sync may take away unasked, who lets it take more, and how long it can be taken back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from foundation.tenancy.selectors import people_who_can
from integrations.models import Connection
from integrations.services.connections import connection_configure
from integrations.settings_schema import (
    SAFEGUARDS,
    SettingsInvalid,
    check_safeguards,
    readable_settings,
    settings_problems,
)
from portal.web.access import requires
from portal.web.integrations.forms import SettingsForm
from portal.web.integrations.lookups import edited_connection, found_provider
from portal.web.integrations.presenters import shown_card
from portal.web.request import PortalRequest
from portal.web.sync.labels import stream_words
from sync.selectors.overview import connection_card
from sync.selectors.thresholds import thresholds

WORDS: dict[str, tuple[str, str]] = {
    "hold_percent": (
        "Hold above, in percent of a stream",
        "A full sync that would remove a larger share of the tickets, of the companies or of another stream waits for a person. "
        "100: no share is too large.",
    ),
    "hold_least": (
        "and above, in records",
        "So few removals pass, whatever their share: in a small stream five records are many percent.",
    ),
    "hold_company_percent": (
        "Hold above, in percent of one company's tickets",
        "Counts from as many tickets on as the number above. It also holds a sync that would remove a whole company or board that has "
        "tickets here. 100: companies and boards are not looked at.",
    ),
    "hold_second_percent": (
        "Second person above, in percent of a stream",
        "Two different people have to approve when a larger share would go. 100: one person is always enough.",
    ),
    "undo_hours": (
        "Undo for, in hours",
        "How long what a sync removed can be brought back, and a clear and resync be taken back. 0: not at all.",
    ),
    "audit_sample": (
        "Compare each night, in records of a stream",
        "After the night's sync so many tickets, companies and contacts, chosen at random, are read again and compared field by field. "
        "It costs one request a record, and steps aside for syncs. 0: none.",
    ),
}


class SafeguardsForm(SettingsForm):
    """One number a setting."""

    names = SAFEGUARDS
    numbers = WORDS

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                check_safeguards(self.chosen())
            except SettingsInvalid:
                share = cleaned["hold_percent"]
                self.add_error(
                    "hold_second_percent",
                    f"This is less than the {share} % from which one person is asked: removals between the two would pass without "
                    f"anybody. Enter {share} or more.",
                )
        return cleaned


@require_http_methods(["GET", "POST"])
@requires("manage_integrations")
def connection_safeguards(request: PortalRequest, pk: int) -> HttpResponse:
    """The form, and what its numbers mean for the records that are here; saved ones count from the next sync on."""
    found = edited_connection(request, pk)
    form = SafeguardsForm(request.POST or None, settings=readable_settings(found))
    if request.method == "POST" and form.is_valid():
        connection_configure(connection=found, settings=form.chosen(), actor=request.user, chosen=form.names)
        messages.success(request, "Saved. It counts from the next sync on, and for undoing at once.")
        return redirect(request.path)
    status = 422 if request.method == "POST" else 200
    return render(request, "integrations/safeguards.html", safeguards_context(found, form), status=status)


def safeguards_context(found: Connection, form: SafeguardsForm) -> dict[str, Any]:
    """What the page shows around the form."""
    wanted = readable_settings(found)
    lines = thresholds(found, wanted)
    return {
        "connection": found,
        "provider": found_provider(found.provider),
        "card": shown_card(connection_card(found, timezone.now())),
        "form": form,
        "problems": settings_problems(found),
        "lines": [(stream_words(line.stream).capitalize(), line) for line in lines if line.allowed < line.live],
        "small": ", ".join(f"{line.live:,} {stream_words(line.stream)}" for line in lines if line.allowed == line.live),
        "alone": wanted.hold_second_percent < 100 and people_who_can("manage_integrations") < 2,
        "tab": "safeguards",
    }
