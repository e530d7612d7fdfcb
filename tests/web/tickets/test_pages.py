"""The ticket pages: who may see them, what they show, what they cost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from asgiref.sync import async_to_sync
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from foundation.tenancy.models import Organization, Role, User
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.organizations import membership_create
from integrations.models import Connection
from sync.services import live
from tests.tickets.factories import (
    NOON,
    hours_before,
    make_board,
    make_company,
    make_member,
    make_note,
    make_priority,
    make_status,
    make_ticket,
)
from tickets.models import Ticket

LIST = reverse("web:ticket_list")
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def as_reader(client_for: Callable[[User], Client], readonly: User) -> Client:
    return client_for(readonly)


@pytest.fixture
def as_nobody(client_for: Callable[[User], Client], organization: Organization) -> Client:
    """Somebody whose role has no permission at all."""
    user = User.objects.create_user("nina@acme.test", "correct-horse-battery-staple")
    with tenant_transaction(organization.pk):
        role = Role.objects.create(organization=organization, name="Nothing", permissions=[])
        membership_create(organization=organization, user=user, role=role)
    return client_for(user)


@pytest.fixture
def ticket(connection: Connection) -> Ticket:
    with tenant_transaction(connection.organization_id):
        return make_ticket(connection, f"Printer {EVIL}")


@pytest.fixture
def their_ticket(other_organization: Organization) -> Ticket:
    from integrations.services.connections import connection_create
    from tests.fixtures.systems import CREDENTIALS

    with tenant_transaction(other_organization.pk):
        theirs = connection_create(
            organization_id=other_organization.pk, provider="connectwise", name="Main", credentials=dict(CREDENTIALS)
        )
        return make_ticket(theirs, "Umbrella's secret")


def shown(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_shows_its_own_tickets_and_escapes_them(
    as_reader: Client, ticket: Ticket, their_ticket: Ticket
) -> None:
    page = shown(as_reader, LIST)
    assert "Printer &lt;script&gt;" in page
    assert EVIL not in page
    assert "Umbrella" not in page
    assert "Umbrella" not in shown(as_reader, f"{LIST}?q=umbrella&state=all")


def test_a_foreign_ticket_is_as_absent_as_one_that_never_was(as_reader: Client, their_ticket: Ticket) -> None:
    foreign = as_reader.get(reverse("web:ticket", args=[their_ticket.pk]))
    absent = as_reader.get(reverse("web:ticket", args=[2**40]))
    assert (foreign.status_code, absent.status_code, foreign.content == absent.content) == (404, 404, True)
    assert as_reader.post(reverse("web:ticket_refresh", args=[their_ticket.pk])).status_code == 404


@pytest.mark.parametrize("name", ["ticket_list", "ticket_list_csv", "ticket_client_options", "ticket"])
def test_tickets_are_for_those_who_may_see_them(as_nobody: Client, ticket: Ticket, name: str) -> None:
    assert as_nobody.get(reverse(f"web:{name}", args=[ticket.pk] if name == "ticket" else [])).status_code == 403


@pytest.mark.parametrize("tickets", [1, 3])
def test_the_list_takes_as_many_queries_for_three_as_for_one(
    as_reader: Client, connection: Connection, tickets: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with tenant_transaction(connection.organization_id):
        board, member = make_board(connection), make_member(connection)
        for _ in range(tickets):
            make_ticket(
                connection,
                board=board,
                owner=member,
                status=make_status(connection, board),
                priority=make_priority(connection),
            )
    as_reader.get(LIST)
    with django_assert_num_queries(QUERIES):
        as_reader.get(LIST)


QUERIES = 11
"""Session, person, memberships, tenant, a page with its total, its rows, choices, first syncs: eight. Three are the test's own, whose
transaction is around all: a savepoint opened and released, and the tenant of before put back."""


def test_the_detail_takes_as_many_queries_for_three_notes_as_for_one(as_reader: Client, ticket: Ticket) -> None:
    counts = []
    for number in (1, 3):
        with tenant_transaction(ticket.organization_id):
            for i in range(number):
                make_note(ticket, f"Note {i}")
        with CaptureQueriesContext(database) as queries:
            as_reader.get(reverse("web:ticket", args=[ticket.pk]))
        counts.append(len(queries))
    assert counts == [14, 14]


def test_filters_come_from_the_address_and_stay_in_its_links(as_reader: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        board = make_board(connection)
        for i in range(51):
            make_ticket(connection, f"Wanted {i}", board=board, remote_updated_at=hours_before(i))
        make_ticket(connection, "Unwanted")
    page = shown(
        as_reader,
        f"{LIST}?board={board.pk}&sort=updated&nonsense=1&priority=x&technician=zz&updated_from=never&after=junk",
    )
    assert "Unwanted" not in page
    assert "Wanted 50" in page
    assert f"board={board.pk}&amp;sort=updated" in page
    assert "51" in page


def test_days_are_those_of_the_organization(as_reader: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        make_ticket(connection, "Late in Amsterdam", remote_updated_at=NOON.replace(hour=23, minute=30))
    assert "Late in Amsterdam" not in shown(as_reader, f"{LIST}?updated_to=2026-03-10")
    assert "Late in Amsterdam" in shown(as_reader, f"{LIST}?updated_from=2026-03-11&updated_to=2026-03-11")


def test_nothing_found_says_which_filter_hides_how_many(as_reader: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        make_ticket(connection, "Printer", is_closed=True)
        make_ticket(connection, "Printer", is_closed=True)
    page = shown(as_reader, f"{LIST}?q=printer")
    assert "State “<bdi>Open</bdi>” hides <strong>2</strong> tickets" in page
    assert "Search “<bdi>printer</bdi>” hides nothing by itself" in page
    assert "?q=printer&amp;state=all" in page


def test_an_empty_list_says_what_to_do(as_reader: Client, client_for: Callable[[User], Client], admin: User) -> None:
    assert "No tickets yet" in shown(as_reader, LIST)
    assert reverse("web:integrations") not in shown(as_reader, LIST)
    assert "Integrations</a>" in shown(client_for(admin), LIST)


def test_a_number_leads_to_its_ticket(as_reader: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        closed = make_ticket(connection, "Long closed", is_closed=True)
    assert reverse("web:ticket", args=[closed.pk]) in shown(as_reader, f"{LIST}?q=%23{closed.remote_id}")


def test_a_typed_company_becomes_a_filter(as_reader: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        acme, _ = make_company(connection, "Acme"), make_company(connection, "Acme East")
    assert as_reader.get(f"{LIST}?client=Acme&state=all").url == f"{LIST}?state=all&company={acme.pk}"
    assert "Acme East" in shown(as_reader, f"{LIST}?client=acm")
    assert "No company matches" in shown(as_reader, f"{LIST}?client=zzz")
    assert as_reader.get(f"{LIST}?client=&company={acme.pk}").url == f"{LIST}?"
    assert 'value="Acme"' in shown(as_reader, f"{LIST}?company={acme.pk}")
    assert "Acme East" in shown(as_reader, f"{reverse('web:ticket_client_options')}?client=east")


def test_a_removed_ticket_is_shown_as_such(as_reader: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        gone = make_ticket(connection, removed_at=NOON)
    page = shown(as_reader, reverse("web:ticket", args=[gone.pk]))
    assert "no longer in the PSA" in page
    assert "hx-post" not in page


def test_a_ticket_tells_its_story_and_asks_for_newer_notes(as_reader: Client, ticket: Ticket) -> None:
    with tenant_transaction(ticket.organization_id):
        make_note(ticket, f"Hello {EVIL}", author="Zoë")
        make_note(ticket, "Between us", kind="internal", is_internal=True)
    page = shown(as_reader, reverse("web:ticket", args=[ticket.pk]))
    assert "Hello &lt;script&gt;" in page
    assert "Internal" in page
    assert f'hx-post="{reverse("web:ticket_refresh", args=[ticket.pk])}"' in page


def test_a_ticket_shows_what_it_was_opened_with(as_reader: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        ticket = make_ticket(connection, description=f"It burns {EVIL}", resolution="Put out.")
    page = shown(as_reader, reverse("web:ticket", args=[ticket.pk]))
    assert "It burns &lt;script&gt;" in page
    assert page.index("described it") < page.index("It burns") < page.index("Put out.")


def test_a_web_address_in_a_custom_field_is_a_link_and_nothing_else_is(
    as_reader: Client, connection: Connection
) -> None:
    fields = {
        "1": {"caption": "Docs", "type": "Hyperlink", "value": "https://docs.example/x"},
        "2": {"caption": "Evil", "type": "Hyperlink", "value": "javascript:alert(1)"},
    }
    with tenant_transaction(connection.organization_id):
        ticket = make_ticket(connection, custom_fields=fields)
    page = shown(as_reader, reverse("web:ticket", args=[ticket.pk]))
    assert 'href="https://docs.example/x"' in page
    assert 'href="javascript' not in page


@pytest.fixture
def psa(monkeypatch: pytest.MonkeyPatch, ticket: Ticket) -> dict[str, live.Refreshed]:
    """What the PSA answers when the ticket is opened."""
    answer = {"answer": live.Refreshed(True, "Up to date with the PSA.", changed=True)}

    def refresh(*, ticket_id: int) -> live.Refreshed:
        with tenant_transaction():
            make_note(Ticket.objects.get(pk=ticket_id), "Fresh from the PSA")
        return answer["answer"]

    monkeypatch.setattr(live, "ticket_refresh", refresh)
    return answer


def test_newer_notes_replace_the_story(as_reader: Client, ticket: Ticket, psa: dict[str, live.Refreshed]) -> None:
    story = as_reader.post(reverse("web:ticket_refresh", args=[ticket.pk])).content.decode()
    assert story.startswith('<section id="story"')
    assert "Fresh from the PSA" in story


def test_a_psa_that_does_not_answer_is_said_in_a_line(
    as_reader: Client, ticket: Ticket, psa: dict[str, live.Refreshed]
) -> None:
    psa["answer"] = replace(psa["answer"], ok=False, message="The PSA did not answer within 10 s.")
    story = as_reader.post(reverse("web:ticket_refresh", args=[ticket.pk])).content.decode()
    assert "The PSA did not answer within 10 s." in story


@pytest.mark.committed
def test_the_file_holds_the_filtered_list_and_no_formula(as_reader: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        make_ticket(connection, "=HYPERLINK(1)")
        make_ticket(connection, "Closed", is_closed=True)
    answer = as_reader.get(reverse("web:ticket_list_csv"))

    async def read(pieces: AsyncIterator[bytes]) -> bytes:
        return b"".join([piece async for piece in pieces])

    body = async_to_sync(read)(answer.streaming_content).decode()
    chosen = as_reader.get(reverse("web:ticket_list_csv"), {"columns": "status,status_name,description"})
    asked = async_to_sync(read)(chosen.streaming_content).decode()
    assert asked.partition("\r\n")[0].lstrip("\ufeff") == "Local id,Status,Status in the PSA,Description"
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "Description" not in body.partition("\n")[0]
    assert "'=HYPERLINK(1)" in body
    assert "Closed" not in body.partition("\n")[2]
