"""Error handling: how long a sync tries, when it had better stop, and who wins where both sides changed the same field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from integrations.models import Connection
from integrations.services.connections import connection_configure
from integrations.settings_schema import HANDLING, readable_settings, settings_problems
from portal.web.access import requires
from portal.web.integrations.forms import SettingsForm
from portal.web.integrations.lookups import edited_connection, found_provider
from portal.web.integrations.presenters import shown_card
from portal.web.request import PortalRequest
from sync.engine.run.plan import LEAST_FAILED, patience
from sync.selectors.overview import connection_card

WORDS: dict[str, tuple[str, str]] = {
    "retry_attempts": (
        "Give up after, in failures in a row",
        "When the PSA does not answer, or answers with an error of its own, a sync waits 2 seconds, then 4, and so on up to 3 minutes, and "
        "goes on where it stopped. Each page that arrives begins the count anew. A wait that the PSA asks for has no end of its own.",
    ),
    "fail_percent": (
        "Stop above, in percent of a stream",
        "A record that can't be understood becomes an issue, what is here of it stays, and the sync goes on with a warning. When a larger "
        f"share than this, and more than {LEAST_FAILED} records, can't be understood, the sync ends as an Error. 100: it always goes on.",
    ),
}
RULES = (
    ("ask", "Ask: the edit waits until a person decides"),
    ("psa", "The PSA wins: the edit made here is dropped, and says so"),
    ("portal", "The portal wins: the edit made here is sent"),
    ("newest", "The newest wins: whichever was made later"),
)


class HandlingForm(SettingsForm):
    """Two numbers and a rule."""

    names = HANDLING
    numbers = WORDS
    conflict_rule = forms.ChoiceField(
        label="When both sides changed the same field",
        choices=RULES,
        widget=forms.RadioSelect,
        label_suffix="",
        error_messages={"required": "Choose who wins.", "invalid_choice": "Choose one of the rules below."},
        help_text="It decides when a sync brings a change of a field that an edit made here still waits to change. Edits of other fields "
        "are not touched, and an edit that both sides made is none.",
    )


@require_http_methods(["GET", "POST"])
@requires("manage_integrations")
def connection_handling(request: PortalRequest, pk: int) -> HttpResponse:
    """The form, and how long the saved number of tries lasts; what is saved counts for runs that are at work too."""
    found = edited_connection(request, pk)
    form = HandlingForm(request.POST or None, settings=readable_settings(found))
    if request.method == "POST" and form.is_valid():
        connection_configure(connection=found, settings=form.chosen(), actor=request.user, chosen=form.names)
        messages.success(request, "Saved. It counts from the next step of a sync on.")
        return redirect(request.path)
    status = 422 if request.method == "POST" else 200
    return render(request, "integrations/handling.html", handling_context(found, form), status=status)


def handling_context(found: Connection, form: HandlingForm) -> dict[str, Any]:
    """What the page shows around the form."""
    tries = readable_settings(found).retry_attempts
    return {
        "connection": found,
        "provider": found_provider(found.provider),
        "card": shown_card(connection_card(found, timezone.now())),
        "form": form,
        "problems": settings_problems(found),
        "tries": tries,
        "patience": lasting(patience(tries)),
        "tab": "handling",
    }


def lasting(seconds: float) -> str:
    """A length of time in words, roughly."""
    if seconds < 1:
        return "at once"
    if seconds < 90:
        return f"after about {seconds:.0f} seconds"
    return f"after about {seconds / 60:.0f} minutes"
