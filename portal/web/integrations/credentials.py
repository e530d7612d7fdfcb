"""The keys of a connection: replaced only when they work, and never shown again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from foundation.core.encryption import DecryptionFailed
from foundation.core.errors import Refused
from foundation.tenancy.scope import tenant_transaction
from integrations.capabilities import capabilities_of
from integrations.models import Connection
from integrations.port import CredentialsInvalid, ProbeReport
from integrations.services.connections import (
    connection_credentials_discard,
    connection_credentials_draft,
    connection_credentials_set,
    credentials_merged,
)
from integrations.services.opening import credentials_of
from integrations.services.probing import connection_tested, credentials_probe, instance_of, usable
from portal.web.access import requires
from portal.web.integrations.checks import ShownTest, shown_test
from portal.web.integrations.forms import CredentialsForm
from portal.web.integrations.lookups import found_connection, found_provider
from portal.web.integrations.presenters import rights_needed, shown_card
from portal.web.middleware import waits_on_network
from portal.web.request import PortalRequest
from sync.selectors.overview import connection_card


@sensitive_post_parameters()
@waits_on_network
@require_http_methods(["GET", "POST"])
@requires("manage_integrations")
def connection_credentials(request: PortalRequest, pk: int) -> HttpResponse:
    """Tests what was typed; when it works, stores it. Otherwise the old keys stay in use and what was typed is kept aside."""
    found = found_connection(pk)
    if request.method != "POST":
        return _page(request, found, credentials_form(found, None))
    if "discard" in request.POST:
        connection_credentials_discard(connection=found)
        messages.info(request, "Discarded. The saved credentials stay in use.")
        return redirect(request.path)
    form = credentials_form(found, request.POST)
    report = tried(found, form)
    if report is None:
        return _page(request, found, form, status=422)
    if not usable(report.checks):
        return _page(request, found, credentials_form(found, None, drafted=True), shown_test(report), status=422)
    messages.success(request, "The new credentials work and are saved.")
    return redirect("web:connection", pk=pk)


def credentials_form(found: Connection, data: Any, *, drafted: bool = False) -> CredentialsForm:
    """The form, with plain values filled in and secrets only marked as saved. ``drafted``: read what was just kept aside."""
    current = found_connection(found.pk) if drafted else found
    provider = found_provider(found.provider)
    try:
        values = {**credentials_of(current), **credentials_of(current, draft=True)}
    except DecryptionFailed:
        values = {}
    shown = {
        field.name: values.get(field.name, "") for field in provider.credential_fields if field.kind in {"text", "url"}
    }
    return CredentialsForm(
        data, provider=provider, saved=[name for name, value in values.items() if value], initial=shown
    )


def tried(found: Connection, form: CredentialsForm) -> ProbeReport | None:
    """Tests the typed credentials and stores them by what came of it. None when the form can't be used; the form says why."""
    if not form.is_valid():
        return None
    try:
        wanted = credentials_merged(found, form.credentials())
        report = credentials_probe(found.provider, wanted, known_fingerprint=instance_of(found), besides=found.pk)
        if usable(report.checks):
            with tenant_transaction():
                current = connection_credentials_set(connection=found, credentials=wanted, report=report)
                connection_tested(connection=current, report=report)
        else:
            connection_credentials_draft(connection=found, credentials=wanted)
    except CredentialsInvalid as err:
        for name, sentence in err.errors.items():
            form.add_error(name if name in form.fields else None, sentence)
        return None
    except Refused as err:
        form.add_error(None, err.message)
        return None
    return report


def _page(
    request: PortalRequest,
    found: Connection,
    form: CredentialsForm,
    test: ShownTest | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    with tenant_transaction():
        card = shown_card(connection_card(found, timezone.now()))
    provider = found_provider(found.provider)
    context = {
        "connection": found,
        "provider": provider,
        "card": card,
        "form": form,
        "test": test,
        "drafted": bool(found.draft_credentials) or test is not None,
        "rights": rights_needed(provider),
        "capabilities": capabilities_of(provider),
        "tab": "credentials",
    }
    return render(request, "integrations/credentials.html", context, status=status)
