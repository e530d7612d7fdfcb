"""Client companies: how is this client?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clients.models import Company
from clients.selectors import (
    CompanyFilters,
    companies_counted,
    company_choices,
    company_contacts,
    company_file_columns,
    company_file_rows,
    company_get,
    company_list,
    company_sites,
)
from foundation.core.client_input import text_of
from mappings.selectors.clients import client_of
from portal.web.access import requires
from portal.web.clients.presenters import SHOWN
from portal.web.clients.records import Batches, days, list_file, sections_of, today_of
from portal.web.custom_fields import custom_fields_shown
from portal.web.request import PortalRequest
from portal.web.tickets.query_params import place_of
from sync.selectors.freshness import first_syncs
from tickets.selectors import TicketFilters, open_by_company, ticket_list, tickets_counted

LABELS = {"q": "Search", "status": "Status", "type": "Type"}
RECENT = 10


@dataclass(frozen=True, slots=True)
class Row:
    """A company in the list, and how many of its tickets are open; None for people who may not see tickets."""

    company: Company
    open: int | None


@dataclass(frozen=True, slots=True)
class Hiding:
    """A filter that is on, and how many companies would show without it."""

    name: str
    label: str
    value: str
    hidden: int


@require_GET
@requires("view_clients")
def client_list(request: PortalRequest) -> HttpResponse:
    """One page of companies with their open tickets."""
    wanted = filters_of(request)
    page = company_list(wanted, place_of(request.GET.dict()))
    sees_tickets = request.access.can("view_tickets")
    counts = open_by_company([company.pk for company in page.companies]) if sees_tickets else {}
    statuses, types = company_choices()
    context = {
        "wanted": wanted,
        "given": request.GET,
        "page": page,
        "rows": [Row(row, counts.get(row.pk, 0) if sees_tickets else None) for row in page.companies],
        "statuses": [(name, name) for name in statuses],
        "types": [(name, name) for name in types],
        "hiding": [] if page.companies else hiding_of(wanted),
        "first_syncs": first_syncs(),
        "areas": SHOWN,
    }
    return render(request, "clients/list.html", context)


@require_GET
@requires("view_clients")
def clients_csv(request: PortalRequest) -> StreamingHttpResponse:
    """All companies that the list's filters let through, as CSV."""
    wanted = filters_of(request)
    return list_file(
        request, "companies", company_file_columns(), Batches(lambda cursor: company_file_rows(wanted, cursor))
    )


@require_GET
@requires("view_clients")
def client(request: PortalRequest, pk: int) -> HttpResponse:
    """One company with its sites, contacts and newest tickets."""
    company = found_company(pk)
    words, state = text_of(request.GET.get("q", "")), "all" if request.GET.get("tickets") == "all" else "open"
    sees_tickets = request.access.can("view_tickets")
    sections = sections_of(request, pk, RECENT)
    context: dict[str, Any] = {
        "company": company,
        "sections": sections,
        "none_of": ", ".join(section["shown"].many for section in sections if not section["rows"]),
        **days(today_of(request)),
        "website": website_of(company),
        "same_client": client_of(company),
        "sites": company_sites(company),
        "contacts": company_contacts(company, words),
        "words": words,
        "state": state,
        "sees_tickets": sees_tickets,
        "custom_fields": custom_fields_shown(company.custom_fields),
    }
    if sees_tickets:
        context["tickets"] = ticket_list(TicketFilters(company=pk, state=state), size=RECENT)
        context["open_count"] = tickets_counted(TicketFilters(company=pk, state="open"))
        context["all_count"] = tickets_counted(TicketFilters(company=pk, state="all"))
    return render(request, "clients/detail.html", context)


def filters_of(request: PortalRequest) -> CompanyFilters:
    """The filters of the address."""
    q, status, kind = (text_of(request.GET.get(name, "")) for name in ("q", "status", "type"))
    sort = "-name" if request.GET.get("sort") == "-name" else "name"
    return CompanyFilters(q=q, status=status, type=kind, sort=sort)


def hiding_of(wanted: CompanyFilters) -> list[Hiding]:
    """Which filter hides how many companies."""
    return [
        Hiding(name, LABELS[name], getattr(wanted, name), companies_counted(wanted.without(name)))
        for name in wanted.active()
    ]


def found_company(pk: int) -> Company:
    """The company, removed ones too, or 404."""
    try:
        return company_get(pk)
    except Company.DoesNotExist as err:
        raise Http404("There is no such company.") from err


def website_of(company: Company) -> str:
    """The website as an address that is safe to follow: http or https with a host; "" for anything else."""
    text = company.website.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = parts.hostname or ""
        safe = parts.scheme in ("http", "https") and "." in host and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return ""
    return parts.geturl() if text and safe else ""
