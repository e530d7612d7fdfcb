"""Which pages are read: every list, every filter with a busy and with a rare value, first pages and hundredth ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import reverse

from foundation.core.keyset import Cursor, ordered
from foundation.tenancy.scope import tenant_transaction
from lab.benchmark.provider_data import Tenant
from sync.models import Run
from tickets.models import Ticket
from tickets.selectors.filters import TicketFilters, narrowed
from tickets.selectors.list_positions import searched, statuses_named
from tickets.selectors.listing import PAGE

TICKETS = r'href="/tickets/(\d+)/"'
CLIENTS = r'href="/clients/(\d+)/"'
HUNDREDTH = 99 * PAGE


@dataclass(frozen=True, slots=True)
class Page:
    """``shows``: a pattern whose different matches are the rows on the page; "" where it is no list."""

    name: str
    address: str
    shows: str = ""


def pages_of(tenant: Tenant) -> list[Page]:
    """All of them; a hundredth page only where the list is that long."""
    with tenant_transaction(tenant.organization.pk):
        return [*lists(), *searches(), *filtered(), *others()]


def lists() -> Iterator[Page]:
    for state in ("open", "all", "closed"):
        for sort in ("-updated", "updated", "-created", "created"):
            yield from first_and_hundredth(f"tickets, {state}, {sort}", TicketFilters(state=state, sort=sort))


def searches() -> Iterator[Page]:
    for state in ("open", "all", "closed"):
        for word in ("printer", "printer 4711", "vpn slow", "Company 00007", "pr", "zebra"):
            yield from first_and_hundredth(f"search “{word}”, {state}", TicketFilters(state=state, q=word))
    yield listed("search of a number", TicketFilters(q="#1234"))


def filtered() -> Iterator[Page]:
    """Each filter with its busiest and its rarest value, over open and over all tickets, and some together."""
    extremes = {
        name: busiest_and_rarest(name) for name in ("company_id", "board_id", "priority_id", "owner_id", "status__name")
    }
    for state in ("open", "all"):
        for column, values in extremes.items():
            field = {"owner_id": "technician", "status__name": "status"}.get(column, column.removesuffix("_id"))
            for word, value in zip(("busy", "rare"), values, strict=True):
                chosen: dict[str, Any] = {field: str(value) if field == "technician" else value}
                wanted = replace(TicketFilters(state=state), **chosen)
                yield from first_and_hundredth(f"{word} {field}, {state}", wanted)
        yield from first_and_hundredth(f"unassigned, {state}", TicketFilters(state=state, technician="none"))
        yield from dated(state)
        (company, _), (board, _), (technician, _) = extremes["company_id"], extremes["board_id"], extremes["owner_id"]
        together = TicketFilters(state=state, company=company, board=board, technician=str(technician))
        yield listed(f"company, board and technician, {state}", together)
        searched_too = TicketFilters(state=state, q="printer", board=extremes["board_id"][1])
        yield listed(f"search “printer” of the rare board, {state}", searched_too)


def dated(state: str) -> Iterator[Page]:
    """A month a year ago, by each date, in both orders."""
    with_middle = Ticket.objects.order_by("-latest_at").values_list("latest_at", flat=True)
    middle = with_middle[Ticket.objects.count() // 2]
    month = {"from": middle.replace(day=1), "to": middle.replace(day=28)}
    for name in ("updated", "created"):
        for sort in ("-updated", "-created"):
            dates = {f"{name}_{end}": moment for end, moment in month.items()}
            yield from first_and_hundredth(
                f"{name} in a month, {state}, {sort}", TicketFilters(state=state, sort=sort, **dates)
            )


def others() -> Iterator[Page]:
    """The dashboard, clients, a ticket, the history and a run's items."""
    run = Run.objects.filter(kind=Run.Kind.FULL).order_by("-pk").first()
    ticket = Ticket.objects.order_by("-latest_at").first()
    yield Page("dashboard", reverse("web:dashboard"))
    yield Page("clients", reverse("web:client_list"), CLIENTS)
    yield Page("clients, searched", reverse("web:client_list") + "?q=Company+0001", CLIENTS)
    yield Page("clients, from the end", reverse("web:client_list") + "?sort=-name", CLIENTS)
    if ticket and ticket.company_id:
        yield Page("client", reverse("web:client", args=[ticket.company_id]))
        yield Page("ticket", reverse("web:ticket", args=[ticket.pk]))
    yield Page("history", reverse("web:sync_history"))
    if run:
        yield Page("run", reverse("web:run", args=[run.pk]))
        yield Page("run's items", reverse("web:run_items", args=[run.pk]))
        yield Page("run's items, by action", reverse("web:run_items", args=[run.pk]) + "?action=updated")


def busiest_and_rarest(column: str) -> tuple[Any, Any]:
    """The values with the most and the fewest tickets."""
    counts = (
        Ticket.objects.filter(~Q(**{column: None})).values_list(column).annotate(rows=Count("pk")).order_by("-rows")
    )
    values = [value for value, _ in counts]
    return values[0], values[-1]


def first_and_hundredth(name: str, wanted: TicketFilters) -> Iterator[Page]:
    yield listed(f"{name}, page 1", wanted)
    behind = place_before_hundredth(wanted)
    if behind:
        yield listed(f"{name}, page 100", wanted, after=str(behind))


def place_before_hundredth(wanted: TicketFilters) -> Cursor | None:
    """Where the hundredth page begins; None for a shorter list."""
    if wanted.q:
        found, _ = searched(wanted, [], None, HUNDREDTH)
    else:
        rows = ordered(
            narrowed(Ticket.objects.all(), wanted, statuses_named(wanted)),
            wanted.column,
            descending=wanted.descending,
            cursor=None,
        )
        found = list(rows.values_list(wanted.column, "id")[HUNDREDTH - 1 : HUNDREDTH])
        return Cursor(*found[0], page=100) if found else None
    return Cursor(*found[-1], page=100) if len(found) == HUNDREDTH else None


def listed(name: str, wanted: TicketFilters, **more: str) -> Page:
    """The list with these filters in its address."""
    default = TicketFilters()
    query = {
        field: getattr(wanted, field)
        for field in TicketFilters.__dataclass_fields__
        if getattr(wanted, field) != getattr(default, field)
    }
    words = {key: value.date().isoformat() if key.endswith(("_from", "_to")) else value for key, value in query.items()}
    return Page(name, f"{reverse('web:ticket_list')}?{urlencode(words | more)}", TICKETS)


READ_DURING_A_MERGE = (
    Page("tickets, open", "/tickets/", TICKETS),
    Page("tickets, all", "/tickets/?state=all", TICKETS),
    Page("tickets, closed, oldest first", "/tickets/?state=closed&sort=created", TICKETS),
    Page("search", "/tickets/?state=all&q=printer", TICKETS),
)
"""By address, since their readers are processes of their own."""
