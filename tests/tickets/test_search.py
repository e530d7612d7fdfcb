"""The search door: what it finds, for whom, and that it agrees with the list's own filters."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from django.db import connection as database

from foundation.core.search_words import patterns_of
from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.services.connections import connection_create
from tests.fixtures.systems import CREDENTIALS
from tests.tickets.factories import (
    NOON,
    hours_before,
    make_board,
    make_company,
    make_member,
    make_priority,
    make_status,
    make_ticket,
    synced,
)
from tickets.models import Ticket
from tickets.selectors import TicketFilters, ticket_list, tickets_counted
from tickets.selectors.filters import narrowed

ALL = TicketFilters(state="all")
pytestmark = pytest.mark.usefixtures("in_tenant")


def found(text: str, **filters: object) -> list[str]:
    """The summaries that the words find, in the list's order."""
    return [ticket.summary for ticket in ticket_list(replace(ALL, q=text, **filters)).tickets]


def test_every_word_has_to_be_somewhere(connection: Connection) -> None:
    make_ticket(connection, "Printer is jammed", company=make_company(connection, "Nordwind"), contact_name="Zoë Ek")
    make_ticket(connection, "Printer is slow")
    assert found("printer nordwind") == ["Printer is jammed"]
    assert found("PRINTER ek") == ["Printer is jammed"]
    assert found("ZOË") == ["Printer is jammed"]
    assert found("printer absent") == []


def test_a_number_is_found_by_its_beginning(connection: Connection) -> None:
    make_ticket(connection, "this", remote_id="845123", number=845123)
    make_ticket(connection, "that", remote_id="999", number=999)
    assert [found(text) for text in ("845123", "#8451", "84")] == [["this"]] * 3


@pytest.mark.parametrize("text", ["100%", "a_b", r"\\share", "%", "_", "'; --", "‮", "漢字", "😀"])
def test_signs_with_a_meaning_elsewhere_are_taken_as_they_are(connection: Connection, text: str) -> None:
    make_ticket(connection, "100 percent of a-b")
    make_ticket(connection, f"Has {text} inside")
    expected = [f"Has {text} inside"] if patterns_of(text) else []
    assert found(text) == expected


def test_short_words_match_where_words_begin(connection: Connection) -> None:
    make_ticket(connection, "VPN down")
    assert (found("vp"), found("pn"), found("v")) == (["VPN down"], [], ["VPN down"])


def test_removed_tickets_are_not_found(connection: Connection) -> None:
    make_ticket(connection, "Printer", removed_at=hours_before(1))
    assert found("printer") == []


def test_nobody_finds_anothers_tickets(connection: Connection, other_organization: Organization) -> None:
    make_ticket(connection, "Secret printer")
    with tenant_transaction(other_organization.pk):
        theirs = connection_create(
            organization_id=other_organization.pk, provider="connectwise", name="Main", credentials=dict(CREDENTIALS)
        )
        make_ticket(theirs, "Their printer")
        assert found("printer") == ["Their printer"]
        assert (found("secret"), tickets_counted(replace(ALL, q="printer")).count) == ([], 1)


def test_without_an_organization_the_door_is_shut(connection: Connection) -> None:
    make_ticket(connection, "Printer")
    with database.cursor() as cursor:
        cursor.execute("SELECT set_config('portal.organization', '', true)")
        for door in (
            "portal_ticket_search('{%printer%}', '{}', 'latest_at', true, NULL, NULL, 50)",
            "portal_company_search('{%nord%}', 50)",
        ):
            cursor.execute(f"SELECT count(*) FROM {door}")
            assert cursor.fetchone() == (0,)


def test_the_doors_filters_agree_with_the_lists(connection: Connection) -> None:
    chance = random.Random(7)
    boards = [make_board(connection, f"Board {i}") for i in range(2)]
    statuses = [make_status(connection, board, name) for board in boards for name in ("New", "Done")]
    links = {
        "board": boards,
        "status": statuses,
        "priority": [make_priority(connection, f"P{i}") for i in range(2)],
        "owner": [make_member(connection, f"M{i}") for i in range(2)],
        "company": [make_company(connection, f"C{i}") for i in range(2)],
    }
    for i in range(60):
        chosen = {name: chance.choice([None, *rows]) for name, rows in links.items()}
        times = {
            "remote_updated_at": hours_before(chance.randrange(40)),
            "remote_created_at": hours_before(chance.randrange(40)),
        }
        make_ticket(connection, f"word {i}", is_closed=chance.random() < 0.5, **times, **chosen)
    for _ in range(80):
        wanted = _some_filters(chance, links)
        ids = [s.pk for s in statuses if s.name == wanted.status]
        expected = narrowed(Ticket.objects.all(), wanted, ids).order_by(
            f"{'-' if wanted.descending else ''}{wanted.column}", f"{'-' if wanted.descending else ''}id"
        )
        assert [t.pk for t in ticket_list(replace(wanted, q="word")).tickets] == list(
            expected.values_list("pk", flat=True)[:50]
        )


def _some_filters(chance: random.Random, links: dict[str, list]) -> TicketFilters:
    def perhaps(value: object, nothing: object) -> object:
        return value if chance.random() < 0.3 else nothing

    return TicketFilters(
        state=chance.choice(["open", "closed", "all"]),
        sort=chance.choice(["updated", "-updated", "created", "-created"]),
        company=perhaps(links["company"][0].pk, None),
        board=perhaps(links["board"][0].pk, None),
        status=perhaps("New", ""),
        priority=perhaps(links["priority"][1].pk, None),
        technician=perhaps(chance.choice(["none", str(links["owner"][0].pk)]), ""),
        updated_from=perhaps(hours_before(30), None),
        updated_to=perhaps(hours_before(5), None),
        created_from=perhaps(hours_before(30), None),
        created_to=perhaps(hours_before(5), None),
    )


def test_a_search_has_pages(connection: Connection) -> None:
    for i in range(7):
        make_ticket(connection, f"Printer {i}", remote_updated_at=hours_before(i))
    wanted = replace(ALL, q="printer")
    first = ticket_list(wanted, None, 3)
    second = ticket_list(wanted, first.next, 3)
    third = ticket_list(wanted, second.next, 3)
    assert [t.summary for page in (first, second, third) for t in page.tickets] == [f"Printer {i}" for i in range(7)]
    assert [t.summary for t in ticket_list(wanted, third.previous, 3).tickets] == [
        "Printer 3",
        "Printer 4",
        "Printer 5",
    ]


def test_a_common_word_far_down_a_long_list_is_found_in_order(connection: Connection) -> None:
    values = synced(connection, remote_created_at=NOON)
    rows = [("Other", 2100, 0), ("Printer", 3010, 5000)]
    Ticket.objects.bulk_create(
        Ticket(
            **(
                values
                | {"remote_id": f"{text}{i}", "summary": f"{text} {i}", "remote_updated_at": hours_before(start + i)}
            )
        )
        for text, count, start in rows
        for i in range(count)
    )
    wanted = replace(ALL, q="printer")
    page = ticket_list(wanted, None, 3)
    assert ([t.summary for t in page.tickets], page.total) == (["Printer 0", "Printer 1", "Printer 2"], None)
    assert [t.summary for t in ticket_list(wanted, page.next, 3).tickets] == ["Printer 3", "Printer 4", "Printer 5"]
    # Two digits are looked for where words begin: 29, 290 to 299 and 2900 to 2999.
    rarer = ticket_list(replace(ALL, q="printer 29"), None, 3)
    assert ([t.summary for t in rarer.tickets], str(rarer.total)) == (
        ["Printer 29", "Printer 290", "Printer 291"],
        "111",
    )
