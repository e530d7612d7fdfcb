"""One ticket: what is the story, what is true now?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from foundation.core import database_clock
from foundation.tenancy.scope import tenant_transaction
from integrations.errors import IntegrationError
from mappings.selectors.labels import ticket_words
from portal.web.access import requires
from portal.web.custom_fields import custom_fields_shown
from portal.web.middleware import waits_on_network
from portal.web.request import PortalRequest
from portal.web.sync.fetching import Subject, fetched_page
from portal.web.tickets.labels import KINDS, ORIGINS, Kind
from sync.services import live
from tickets.models import Ticket
from tickets.selectors import ticket_get, ticket_history, ticket_story, tickets_related
from tickets.selectors.detail import Moment

FRESH = dt.timedelta(seconds=15)
"""Notes read no longer ago than this are not read again, however often people look."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A moment of the story, and how it looks."""

    moment: Moment
    kind: Kind


@require_GET
@requires("view_tickets")
def ticket(request: PortalRequest, pk: int) -> HttpResponse:
    """The page, at once; notes that were not read lately are fetched by a second request."""
    found = found_ticket(pk)
    words, fields = ticket_words(found)
    read_at = live.notes_read_at(found)
    context = {
        "ticket": found,
        "page_url": _page_url(found),
        "related": tickets_related(found),
        "custom_fields": custom_fields_shown(found.custom_fields, fields),
        "words": words,
        "history": [(change, ORIGINS.get(change.origin, change.origin)) for change in ticket_history(found)],
        "stale": not found.removed_at and _is_stale(read_at),
        **_story(found, read_at),
    }
    return render(request, "tickets/detail.html", context)


@require_POST
@waits_on_network
@requires("view_tickets")
def ticket_refresh(request: PortalRequest, pk: int) -> HttpResponse:
    """Reads the ticket and its notes from the PSA, unless somebody did a moment ago, and answers with the story as it is then."""
    with tenant_transaction():
        stale = _is_stale(live.notes_read_at(found_ticket(pk)))
    answer = live.ticket_refresh(ticket_id=pk) if stale else None
    with tenant_transaction():
        found = found_ticket(pk)
        context = {"ticket": found, "answer": answer, **_story(found, live.notes_read_at(found))}
        return render(request, "tickets/story.html", context)


@waits_on_network
@require_POST
@requires("view_tickets")
@requires("view_integration_logs")
def ticket_fetch(request: PortalRequest, pk: int) -> HttpResponse:
    """Reads the ticket, its notes and what it refers to from the PSA, and shows what that changed."""
    with tenant_transaction():
        found = found_ticket(pk)
    crumbs = [("Tickets", reverse("web:ticket_list")), (f"#{found.remote_id}", reverse("web:ticket", args=[pk]))]
    title = f"#{found.remote_id} {found.summary}"
    return fetched_page(request, Subject(found.connection_id, "tickets", found.remote_id, title, "ticket", crumbs))


def found_ticket(pk: int) -> Ticket:
    """The ticket, removed ones too, or 404."""
    try:
        return ticket_get(pk)
    except Ticket.DoesNotExist as err:
        raise Http404("There is no such ticket.") from err


def _is_stale(read_at: dt.datetime | None) -> bool:
    return read_at is None or database_clock.now() - read_at > FRESH


def _story(found: Ticket, read_at: dt.datetime | None) -> dict[str, Any]:
    story = ticket_story(found)
    hours = sum(moment.hours or 0 for moment in story if moment.kind == "time")
    return {"story": [Entry(moment, KINDS[moment.kind]) for moment in story], "notes_read_at": read_at, "hours": hours}


def _page_url(found: Ticket) -> str:
    """The ticket in the PSA; nothing where the connection cannot be opened: the page does not fail for a link."""
    try:
        return live.ticket_page_url(found)
    except IntegrationError:
        return ""
