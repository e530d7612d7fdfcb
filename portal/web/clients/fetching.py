"""A company, or something that a company has, fetched from the PSA again."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from foundation.tenancy.scope import tenant_transaction
from portal.web.access import requires
from portal.web.clients.records import found_record
from portal.web.clients.views import found_company
from portal.web.middleware import waits_on_network
from portal.web.request import PortalRequest
from portal.web.sync.fetching import Subject, fetched_page


@waits_on_network
@require_POST
@requires("view_clients")
@requires("view_integration_logs")
def client_fetch(request: PortalRequest, pk: int) -> HttpResponse:
    """Fetches the company with what it refers to."""
    with tenant_transaction():
        company = found_company(pk)
    crumbs = [("Clients", reverse("web:client_list")), (company.name, reverse("web:client", args=[pk]))]
    return fetched_page(
        request, Subject(company.connection_id, "companies", company.remote_id, company.name, "company", crumbs)
    )


@waits_on_network
@require_POST
@requires("view_clients")
@requires("view_integration_logs")
def record_fetch(request: PortalRequest, key: str, pk: int) -> HttpResponse:
    """Fetches the contact, asset, agreement … with what it refers to."""
    with tenant_transaction():
        shown, record = found_record(key, pk)
        title = str(record)
    crumbs = [
        ("Clients", reverse("web:client_list")),
        (shown.title, reverse(f"web:{key}")),
        (title, f"{reverse(f'web:{key}')}{pk}/"),
    ]
    return fetched_page(request, Subject(record.connection_id, key, record.remote_id, title, shown.one, crumbs))
