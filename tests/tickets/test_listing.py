"""Lists of tickets: order, pages, filters and counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from foundation.core.keyset import Cursor, cursor_from
from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from tests.tickets.factories import (
    NOON,
    hours_before,
    make_board,
    make_company,
    make_member,
    make_priority,
    make_status,
    make_ticket,
)
from tickets.models import Ticket
from tickets.selectors import TicketFilters, Total, listing, ticket_by_number, ticket_list, tickets_counted

ALL = TicketFilters(state="all")
pytestmark = pytest.mark.usefixtures("in_tenant")


def walked(wanted: TicketFilters, size: int) -> list[list[int]]:
    """The ids of every page, by way of each page's next one."""
    pages, cursor = [], None
    while True:
        page = ticket_list(wanted, cursor, size)
        pages.append([ticket.pk for ticket in page.tickets])
        if page.next is None:
            return pages
        cursor = page.next


@pytest.mark.parametrize("sort", ["-updated", "updated", "-created", "created"])
def test_pages_hold_every_ticket_once_in_order(connection: Connection, sort: str) -> None:
    made = [
        make_ticket(connection, remote_updated_at=hours_before(i % 3), remote_created_at=hours_before(i % 4))
        for i in range(23)
    ]
    wanted = replace(ALL, sort=sort)
    expected = [t.pk for t in sorted(made, key=lambda t: (getattr(t, wanted.column), t.pk), reverse=wanted.descending)]
    pages = walked(wanted, 5)
    assert [row for page in pages for row in page] == expected
    assert [len(page) for page in pages] == [5, 5, 5, 5, 3]


def test_a_ticket_without_a_stamp_stands_where_it_first_arrived(connection: Connection) -> None:
    late = make_ticket(connection, remote_updated_at=hours_before(1))
    unknown = make_ticket(connection, remote_updated_at=None, first_synced_at=hours_before(2))
    early = make_ticket(connection, remote_updated_at=hours_before(3))
    assert [t.pk for t in ticket_list(ALL).tickets] == [late.pk, unknown.pk, early.pk]


def test_going_back_shows_the_same_pages(connection: Connection) -> None:
    for i in range(12):
        make_ticket(connection, remote_updated_at=hours_before(i))
    first = ticket_list(ALL, None, 5)
    second = ticket_list(ALL, first.next, 5)
    third = ticket_list(ALL, second.next, 5)
    assert (second.number, third.number, third.next) == (2, 3, None)
    back = ticket_list(ALL, third.previous, 5)
    assert ([t.pk for t in back.tickets], back.number) == ([t.pk for t in second.tickets], 2)
    again = ticket_list(ALL, back.previous, 5)
    assert ([t.pk for t in again.tickets], again.number, again.previous) == ([t.pk for t in first.tickets], 1, None)


def test_what_arrives_meanwhile_shifts_no_later_page(connection: Connection) -> None:
    for i in range(6):
        make_ticket(connection, remote_updated_at=hours_before(i))
    first = ticket_list(ALL, None, 3)
    before = [t.pk for t in ticket_list(ALL, first.next, 3).tickets]
    make_ticket(connection, remote_updated_at=hours_before(-1))
    assert [t.pk for t in ticket_list(ALL, first.next, 3).tickets] == before


def test_jumps_lead_to_the_pages_they_name(connection: Connection) -> None:
    for i in range(45):
        make_ticket(connection, remote_updated_at=hours_before(i))
    pages = walked(ALL, 2)
    page = ticket_list(ALL, None, 2)
    assert [number for number, _ in page.jumps] == list(range(3, listing.AHEAD + 2))
    for number, cursor in page.jumps:
        there = ticket_list(ALL, cursor, 2)
        assert ([t.pk for t in there.tickets], there.number) == (pages[number - 1], number)


def test_counts_are_exact_to_the_bound_and_say_so_beyond(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(7):
        make_ticket(connection)
    monkeypatch.setattr(listing, "AHEAD", 1)
    monkeypatch.setattr(listing, "COUNTED", 7)
    assert ticket_list(ALL, None, 2).total == Total(7)
    monkeypatch.setattr(listing, "COUNTED", 6)
    assert str(ticket_list(ALL, None, 2).total) == "6+"
    assert (tickets_counted(ALL, 7), tickets_counted(ALL, 3)) == (Total(7), Total(3, exact=False))


def test_each_filter_leaves_what_it_names(connection: Connection) -> None:
    board, member = make_board(connection), make_member(connection)
    status = make_status(connection, board, "Waiting")
    priority, company = make_priority(connection), make_company(connection)
    make_ticket(connection, remote_updated_at=hours_before(30), remote_created_at=hours_before(60))
    links = {"board": board, "status": status, "priority": priority, "company": company, "owner": member}
    for name, row in links.items():
        ticket = make_ticket(connection, **{name: row}, owner_remote_id=None if name == "owner" else "77")
        value = {"status": "Waiting", "owner": str(member.pk)}.get(name, row.pk)
        key = {"owner": "technician"}.get(name, name)
        assert [t.pk for t in ticket_list(replace(ALL, **{key: value})).tickets] == [ticket.pk]


def test_nobodys_tickets_are_those_without_an_owner_in_the_psa(connection: Connection) -> None:
    nobodys = make_ticket(connection)
    make_ticket(connection, owner_remote_id="404", owner_name="Not synced")
    make_ticket(connection, owner=make_member(connection))
    assert [t.pk for t in ticket_list(TicketFilters(technician="none")).tickets] == [nobodys.pk]


def test_days_include_their_beginning_and_not_their_end(connection: Connection) -> None:
    inside = make_ticket(connection, remote_updated_at=NOON, remote_created_at=hours_before(24))
    make_ticket(connection, remote_updated_at=hours_before(-1), remote_created_at=hours_before(23))
    updated = replace(ALL, updated_from=NOON, updated_to=hours_before(-1))
    created = replace(ALL, created_from=hours_before(24), created_to=hours_before(23))
    assert [[t.pk for t in ticket_list(w).tickets] for w in (updated, created)] == [[inside.pk], [inside.pk]]


def test_open_and_closed_and_removed(connection: Connection) -> None:
    opened, closed = make_ticket(connection), make_ticket(connection, is_closed=True)
    make_ticket(connection, removed_at=NOON)
    shown = {
        state: {t.pk for t in ticket_list(TicketFilters(state=state)).tickets} for state in ("open", "closed", "all")
    }
    assert shown == {"open": {opened.pk}, "closed": {closed.pk}, "all": {opened.pk, closed.pk}}


def test_a_number_finds_its_ticket_whatever_the_filters(connection: Connection) -> None:
    ticket = make_ticket(connection, is_closed=True, remote_id="4021", number=4021)
    assert [getattr(ticket_by_number(text), "pk", None) for text in ("#4021", " 4021 ", "402", "x", "²")] == [
        ticket.pk,
        ticket.pk,
        None,
        None,
        None,
    ]


def test_others_tickets_are_in_no_list(connection: Connection, other_organization: Organization) -> None:
    make_ticket(connection)
    with tenant_transaction(other_organization.pk):
        assert ticket_list(ALL).tickets == []
        assert tickets_counted(ALL) == Total(0)
        assert Ticket.objects.count() == 0


@pytest.mark.parametrize("text", ["", "x", "e30", "W10", "bnVsbA", "é", "a" * 5000, "W3sidCI6IngifSwxLDFd"])
def test_a_cursor_that_nobody_made_is_none(text: str) -> None:
    assert cursor_from(text) is None


def test_a_cursor_survives_the_address() -> None:
    for cursor in (Cursor(NOON, 5, 3), Cursor("Ärzte & Söhne 😀", 1)):
        assert cursor_from(str(cursor)) == cursor
