"""The list of tickets: what needs me?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from clients.selectors import company_name, company_suggestions
from foundation.core.client_input import number_of, text_of
from foundation.tenancy.zones import zone_named
from mappings.selectors.labels import Vocabulary, Word, listed_words, vocabulary_of
from portal.web.access import requires
from portal.web.request import PortalRequest
from portal.web.tickets.labels import URGENT, priority_tones
from portal.web.tickets.query_params import DAYS, filters_of, place_of
from sync.selectors.freshness import first_syncs
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
    "mapped_status": "Status",
    "mapped_priority": "Priority",
    "technician": "Technician",
    "updated_from": "Updated from",
    "updated_to": "Updated until",
    "created_from": "Created from",
    "created_to": "Created until",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A ticket in the list; ``tone`` of its priority, "" for a quiet one. ``status``, ``priority``: what they are called here, where that is
    not what the PSA says too; else None."""

    ticket: Ticket
    tone: str
    href: str
    status: Word | None
    priority: Word | None


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
    choices = ticket_choices(request.user.email, listed_words(request.user.pk))
    words = vocabulary_of(choices.others)
    wanted = words.meaning(filters_of(request.GET.dict(), zone_named(request.organization.time_zone)))
    statuses = choices.status_ids.get(wanted.status, [])
    page = tickets_page(wanted, place_of(request.GET.dict()), statuses=statuses)
    client = _client(wanted, page)
    context = {
        "wanted": wanted,
        "given": request.GET,
        "page": page,
        "choices": choices,
        "rows": _rows(page, choices, words),
        "status_options": _options(words.options("status"), choices.statuses),
        "priority_options": _options(words.options("priority"), choices.priorities),
        "technicians": _technicians(choices, words.mine),
        "states": STATES,
        "client": client,
        "more_open": any(getattr(wanted, name) for name in ("priority", "mapped_priority", "company", *DAYS)),
        "filters_on": [name for name in wanted.active() if name != "state" or wanted.state != TicketFilters().state],
        "first_syncs": first_syncs(),
        "by_number": ticket_by_number(wanted.q) if wanted.q else None,
        "unsearchable": bool(wanted.q and not wanted.patterns),
        "hiding": _hiding(request, wanted, page, _values(wanted, choices, words, client)),
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


def _rows(page: TicketPage, choices: Choices, words: Vocabulary) -> list[Row]:
    tones = priority_tones(choices)
    return [
        Row(
            ticket,
            _tone(words.word("priority", ticket.priority_id, ticket.board_id), tones.get(ticket.priority_name, "")),
            reverse("web:ticket", args=[ticket.pk]),
            words.beside("status", ticket.status_id, ticket.board_id, ticket.status_name),
            words.beside("priority", ticket.priority_id, ticket.board_id, ticket.priority_name),
        )
        for ticket in page.tickets
    ]


def _tone(mapped: Word | None, own: str) -> str:
    """How a priority looks: as its word here, else as its place in the PSA's order."""
    if mapped is None:
        return own
    return mapped.tone if mapped.tone in URGENT else ""


def _options(words: list[tuple[str, str]], own: Sequence[tuple[Any, str]]) -> list[tuple[Any, str]]:
    """What a filter offers: the organization's words, then those of the PSA, told apart where there are both."""
    return [*words, *((key, f"PSA: {name}" if words else name) for key, name in own)]


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


def _technicians(choices: Choices, mapped: tuple[int, ...]) -> list[tuple[str, str]]:
    """The person's own members first: those that are mapped, else the one with the same email address."""
    names = dict(choices.members)
    own = [pk for pk in mapped or (choices.mine,) if pk in names]
    mine = [(str(pk), f"Me ({names[pk]})") for pk in own]
    return [*mine, (UNASSIGNED, "Unassigned"), *((str(pk), name) for pk, name in choices.members if pk not in own)]


def _hiding(request: PortalRequest, wanted: TicketFilters, page: TicketPage, values: dict[str, str]) -> list[Hiding]:
    """Only where nothing is left: which filter hides how many."""
    if page.tickets:
        return []
    shown = values | {name: request.GET.get(name, "") for name in DAYS}
    return [
        Hiding(LABELS[name], shown[name], tickets_counted(wanted.without(name)), _without(request.GET, name))
        for name in wanted.active()
    ]


def _values(wanted: TicketFilters, choices: Choices, words: Vocabulary, client: str) -> dict[str, str]:
    people = {UNASSIGNED: "Unassigned"} | {str(pk): name for pk, name in choices.members}
    named: dict[str, Any] = {name: getattr(wanted, name) for name in LABELS}
    named |= {
        "state": dict(STATES)[wanted.state],
        "company": client or "a company that is not here",
        "board": dict(choices.boards).get(wanted.board or 0, "a board that is not here"),
        "priority": dict(choices.priorities).get(wanted.priority or 0, "a priority that is not here"),
        "mapped_status": words.name(wanted.mapped_status) or "a status that nothing is mapped to",
        "mapped_priority": words.name(wanted.mapped_priority) or "a priority that nothing is mapped to",
        "technician": people.get(wanted.technician, "a technician who is not here"),
    }
    return {name: str(value) for name, value in named.items()}


def _without(query: QueryDict, name: str) -> str:
    rest = query.copy()
    for gone in (name.removeprefix("mapped_"), "after", "before"):
        rest.pop(gone, None)
    if name == "state":
        rest["state"] = "all"
    return f"?{rest.urlencode()}"
