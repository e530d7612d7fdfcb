"""The list of tickets: what needs me?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from portal.clients.selectors import company_name, company_suggestions
from portal.web.access import requires
from portal.web.request import PortalRequest
from portal.web.tickets.wanted import DAYS, filters_of, number_of, place_of, text_of
from portal.web.tickets.words import priority_tones
from sync.selectors.trust import first_syncs
from tickets.models import Ticket
from tickets.selectors import (
    Choices,
    TicketFilters,
    TicketPage,
    Total,
    ticket_by_number,
    ticket_choices,
    tickets_counted,
)
from tickets.selectors import (
    ticket_list as tickets_page,
)
from tickets.selectors.filters import UNASSIGNED

STATES = (("open", "Open"), ("closed", "Closed"), ("all", "Open and closed"))
LABELS = {
    "q": "Search",
    "state": "State",
    "company": "Company",
    "board": "Board",
    "status": "Status",
    "priority": "Priority",
    "technician": "Technician",
    "updated_from": "Updated from",
    "updated_to": "Updated until",
    "created_from": "Created from",
    "created_to": "Created until",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A ticket in the list; ``tone`` of its priority, "" for a quiet one."""

    ticket: Ticket
    tone: str
    href: str


@dataclass(frozen=True, slots=True)
class Hiding:
    """A filter that is on: ``hidden`` tickets would show without it; ``address``: the list without it."""

    label: str
    value: str
    hidden: Total | None
    address: str


@require_GET
@requires("view_tickets")
def ticket_list(request: PortalRequest) -> HttpResponse:
    """One page of the filtered list; everything that it shows is in its address."""
    if "client" in request.GET:
        return _chosen_client(request)
    wanted = filters_of(request.GET.dict(), ZoneInfo(request.organization.time_zone))
    choices = ticket_choices(request.user.email)
    statuses = choices.status_ids.get(wanted.status, [])
    page = tickets_page(wanted, place_of(request.GET.dict()), statuses=statuses)
    client = _client(wanted, page)
    context = {
        "wanted": wanted,
        "given": request.GET,
        "page": page,
        "choices": choices,
        "rows": _rows(page, choices),
        "technicians": _technicians(choices),
        "states": STATES,
        "client": client,
        "more_open": any(getattr(wanted, name) for name in ("priority", "company", *DAYS)),
        "filters_on": [name for name in wanted.active() if name != "state" or wanted.state != TicketFilters().state],
        "first_syncs": first_syncs(),
        "by_number": ticket_by_number(wanted.q) if wanted.q else None,
        "unsearchable": bool(wanted.q and not wanted.patterns),
        "hiding": _hiding(request, wanted, page, choices, client),
    }
    return render(request, "tickets/list.html", context)


@require_GET
@requires("view_tickets")
def client_options(request: PortalRequest) -> HttpResponse:
    """Companies whose names match what is being typed into the filter."""
    found = company_suggestions(text_of(request.GET.get("client", "")))
    return render(request, "tickets/client_options.html", {"companies": found})


def _client(wanted: TicketFilters, page: TicketPage) -> str:
    """The name of the wanted company: as the tickets of the page have it, which saves a question."""
    named = next((ticket.company_name for ticket in page.tickets if ticket.company_name), "")
    return named or company_name(wanted.company) if wanted.company else ""


def _rows(page: TicketPage, choices: Choices) -> list[Row]:
    tones = priority_tones(choices)
    return [
        Row(ticket, tones.get(ticket.priority_name, ""), reverse("web:ticket", args=[ticket.pk]))
        for ticket in page.tickets
    ]


def _chosen_client(request: PortalRequest) -> HttpResponse:
    """The same address with the typed company as its id: the one that was chosen, one exact name, or the only match."""
    typed, query = text_of(request.GET.get("client", "")), request.GET.copy()
    before = number_of(request.GET.get("company", ""))
    for name in ("client", "company", "after", "before"):
        query.pop(name, None)
    if typed and before and company_name(before) == typed:
        query["company"] = str(before)
    elif typed:
        found = company_suggestions(typed)
        exact = [company for company in found if company.name == typed]
        chosen = exact[:1] or (found if len(found) == 1 else [])
        if not chosen:
            return render(request, "tickets/which_client.html", {"typed": typed, "companies": found, "query": query})
        query["company"] = str(chosen[0].pk)
    return redirect(f"{reverse('web:ticket_list')}?{query.urlencode()}")


def _technicians(choices: Choices) -> list[tuple[str, str]]:
    names = dict(choices.members)
    mine = [(str(choices.mine), f"Me ({names[choices.mine]})")] if choices.mine else []
    return [*mine, (UNASSIGNED, "Unassigned"), *((str(pk), name) for pk, name in choices.members if pk != choices.mine)]


def _hiding(
    request: PortalRequest, wanted: TicketFilters, page: TicketPage, choices: Choices, client: str
) -> list[Hiding]:
    """Only where nothing is left: which filter hides how many."""
    if page.tickets:
        return []
    shown = _values(wanted, choices, client) | {name: request.GET.get(name, "") for name in DAYS}
    return [
        Hiding(LABELS[name], shown[name], tickets_counted(wanted.without(name)), _without(request.GET, name))
        for name in wanted.active()
    ]


def _values(wanted: TicketFilters, choices: Choices, client: str) -> dict[str, str]:
    people = {UNASSIGNED: "Unassigned"} | {str(pk): name for pk, name in choices.members}
    named: dict[str, Any] = {name: getattr(wanted, name) for name in LABELS}
    named |= {
        "state": dict(STATES)[wanted.state],
        "company": client or "a company that is not here",
        "board": dict(choices.boards).get(wanted.board or 0, "a board that is not here"),
        "priority": dict(choices.priorities).get(wanted.priority or 0, "a priority that is not here"),
        "technician": people.get(wanted.technician, "a technician who is not here"),
    }
    return {name: str(value) for name, value in named.items()}


def _without(query: QueryDict, name: str) -> str:
    rest = query.copy()
    for gone in (name, "after", "before"):
        rest.pop(gone, None)
    if name == "state":
        rest["state"] = "all"
    return f"?{rest.urlencode()}"
