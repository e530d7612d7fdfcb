"""One company fetched from the PSA again: what was here before, and what is here after."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from integrations.errors import IntegrationError
from portal.core.errors import Refused
from portal.tenancy.scope import tenant_transaction
from portal.web.access import requires
from portal.web.clients.views import found_company
from portal.web.integrations.found import found_connection
from portal.web.middleware import waits_on_network
from portal.web.request import PortalRequest
from portal.web.sync.absence import replayed_shown
from sync.services.replay import record_replay


@waits_on_network
@require_POST
@requires("view_clients")
@requires("view_integration_logs")
def client_fetch(request: PortalRequest, pk: int) -> HttpResponse:
    """Fetches the company with what it refers to."""
    with tenant_transaction():
        company = found_company(pk)
    connection, shown, status = found_connection(company.connection_id), {}, 200
    try:
        replayed = record_replay(connection=connection, stream="companies", remote_id=company.remote_id)
        shown = replayed_shown(replayed)
    except (IntegrationError, Refused) as err:
        shown, status = {"problem": err.message}, 409
    context: dict[str, Any] = {"company": company, **shown}
    with tenant_transaction():
        return render(request, "clients/fetched.html", context, status=status)
