"""Tickets under the organization's own words: at once, without a sync, and without a word changed in the tickets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.urls import reverse

from foundation.core.errors import Refused
from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from mappings.kinds import KINDS
from mappings.models import Client as PortalClient
from mappings.models import PortalValue
from mappings.services import MappingChange, mappings_set
from mappings.services.values import values_prepare
from tests.mappings.conftest import set_to
from tests.tickets.factories import make_board, make_company, make_member, make_priority, make_status, make_ticket
from tests.web.integrations.conftest import Make, make_connection
from tickets.models import Board, Priority, Ticket

__all__ = ["make_connection"]
LIST = reverse("web:ticket_list")


@pytest.fixture
def browser(client_for: Callable[[User], Client], readonly: User) -> Client:
    return client_for(readonly)


@pytest.fixture
def tickets(connection: Connection) -> dict[str, Ticket]:
    """Tickets whose statuses and priorities two boards call differently; those of "vendor" are mapped to one word."""
    with tenant_transaction(connection.organization_id):
        values_prepare()
        one, two = make_board(connection, "One"), make_board(connection, "Two")
        parts, supplier = make_status(connection, one, "Parts on order"), make_status(connection, two, "Supplier")
        other, urgent = make_status(connection, one, "Other"), make_priority(connection, "P1 on fire")
        made = {
            "parts": make_ticket(connection, "Printer with parts", status=parts, priority=urgent),
            "supplier": make_ticket(connection, "Printer at supplier", status=supplier),
            "other": make_ticket(connection, "Printer elsewhere", status=other),
        }
        vendor = PortalValue.objects.get(key="waiting_vendor")
        for status in (parts, supplier):
            set_to(connection, "status", status.remote_id, vendor.pk)
        set_to(connection, "priority", urgent.remote_id, PortalValue.objects.get(key="critical").pk)
    return made


def word(connection: Connection, key: str) -> str:
    with tenant_transaction(connection.organization_id):
        return f"is:{PortalValue.objects.get(key=key).pk}"


def shown(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_shows_the_word_beside_the_psas_own_and_filters_by_it(
    browser: Client, connection: Connection, tickets: dict[str, Ticket]
) -> None:
    page = shown(browser, LIST)
    assert "Parts on order" in page
    assert page.count('title="Called here: Waiting for vendor"') == 2
    assert "PSA: Parts on order" in page
    for query in ("", "&q=printer"):
        page = shown(browser, f"{LIST}?status={word(connection, 'waiting_vendor')}{query}")
        assert "Printer with parts" in page
        assert "Printer at supplier" in page
        assert "Printer elsewhere" not in page
        page = shown(browser, f"{LIST}?priority={word(connection, 'critical')}{query}")
        assert "Printer with parts" in page
        assert "Printer at supplier" not in page


def test_a_word_that_nothing_is_mapped_to_finds_nothing_and_says_why(
    browser: Client, connection: Connection, tickets: dict[str, Ticket]
) -> None:
    page = shown(browser, f"{LIST}?status={word(connection, 'resolved')}")
    assert "Printer with parts" not in page
    assert "a status that nothing is mapped to" in page
    assert "hides <strong>3</strong> tickets" in page


def test_a_word_that_equals_the_psas_own_is_said_once(browser: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        values_prepare()
        status = make_status(connection, make_board(connection), "RESOLVED")
        make_ticket(connection, status=status)
        set_to(connection, "status", status.remote_id, PortalValue.objects.get(key="resolved").pk)
    assert "Called here" not in shown(browser, LIST)


def test_the_ticket_shows_all_its_words_and_mapping_changes_no_ticket(
    browser: Client, connection: Connection, readonly: User
) -> None:
    fields = {"7": {"caption": "RMM id", "type": "Text", "value": "abc"}}
    with tenant_transaction(connection.organization_id):
        values_prepare()
        company, member = make_company(connection, "Acme Inc"), make_member(connection, "R. Reader")
        status = make_status(connection, make_board(connection), "Parts")
        ticket = make_ticket(connection, company=company, owner=member, status=status, custom_fields=fields)
        before = Ticket.objects.filter(pk=ticket.pk).values().get()
    address = reverse("web:ticket", args=[ticket.pk])
    assert "called here" not in shown(browser, address)
    with tenant_transaction(connection.organization_id):
        set_to(connection, "status", status.remote_id, PortalValue.objects.get(key="waiting_vendor").pk)
        set_to(connection, "member", member.remote_id, readonly.pk)
        catalog = {
            "read_at": "2026-03-10T12:00:00Z",
            "custom_fields": [{"remote_id": "7", "caption": "RMM id", "kind": "Number"}],
        }
        Connection.objects.filter(pk=connection.pk).update(catalog=catalog)
        set_to(Connection.objects.get(pk=connection.pk), "field", "7", "new")
        assert PortalValue.objects.get(kind="field").data_type == "number"
        PortalValue.objects.filter(kind="field").update(name="Device number")
    page = shown(browser, address)
    assert "Waiting for vendor" in page
    assert "here: <bdi>Rita Reader</bdi>" in page
    assert "Device number" in page
    assert "in the PSA: <bdi>RMM id</bdi>" in page
    with tenant_transaction(connection.organization_id):
        assert Ticket.objects.filter(pk=ticket.pk).values().get() == before


@pytest.mark.committed
def test_the_file_is_filtered_by_the_word(browser: Client, connection: Connection, tickets: dict[str, Ticket]) -> None:
    answer = browser.get(f"{reverse('web:ticket_list_csv')}?status={word(connection, 'waiting_vendor')}")

    async def read(pieces: AsyncIterator[bytes]) -> bytes:
        return b"".join([piece async for piece in pieces])

    body = async_to_sync(read)(answer.streaming_content).decode()
    assert "Printer with parts" in body
    assert "Printer elsewhere" not in body


def test_another_organizations_words_mean_nothing_here(
    browser: Client, connection: Connection, other_connection: Connection, tickets: dict[str, Ticket]
) -> None:
    with tenant_transaction(other_connection.organization_id):
        values_prepare()
        status = make_status(other_connection, make_board(other_connection), "Umbrella's")
        theirs = PortalValue.objects.get(key="closed")
        theirs.name = "Umbrella's word"
        theirs.save()
        set_to(other_connection, "status", status.remote_id, theirs.pk)
    assert "Umbrella" not in shown(browser, LIST)
    assert "Printer with parts" not in shown(browser, f"{LIST}?status=is:{theirs.pk}")


@pytest.fixture
def shared(connection: Connection) -> tuple[Board, Board, Priority]:
    """Two boards that share a priority, which is High; with an open ticket each."""
    with tenant_transaction(connection.organization_id):
        values_prepare()
        desk, alerts = make_board(connection, "Desk"), make_board(connection, "Alerts")
        gold = make_priority(connection, "Gold")
        make_ticket(connection, "Printer at the desk", board=desk, priority=gold)
        make_ticket(connection, "Printer that alerts", board=alerts, priority=gold)
        make_ticket(connection, "Printer without a board", priority=gold)
        set_to(connection, "priority", gold.remote_id, PortalValue.objects.get(key="high").pk)
    return desk, alerts, gold


def set_on(connection: Connection, board: Board, priority: Priority, key: str | None, keep: bool = False) -> None:
    with tenant_transaction(connection.organization_id):
        target = PortalValue.objects.get(key=key).pk if key else "keep" if keep else None
        wanted = [MappingChange(priority.remote_id, target, scope=board.remote_id)]
        mappings_set(connection=connection, kind=KINDS["priority"], wanted=wanted)


@pytest.mark.parametrize("query", ["", "&q=printer"])
def test_what_boards_share_may_be_something_else_on_one_of_them(
    browser: Client, connection: Connection, shared: tuple[Board, Board, Priority], query: str
) -> None:
    _, alerts, gold = shared
    set_on(connection, alerts, gold, "low")
    high, low = (shown(browser, f"{LIST}?priority={word(connection, key)}{query}") for key in ("high", "low"))
    assert ("Printer at the desk" in high, "Printer without a board" in high, "Printer that alerts" in high) == (
        True,
        True,
        False,
    )
    assert ("Printer at the desk" in low, "Printer that alerts" in low) == (False, True)
    assert shown(browser, LIST).count("Called here: High") == 2
    set_on(connection, alerts, gold, None, keep=True)
    page = shown(browser, LIST)
    assert (page.count("Called here: High"), page.count("Called here: Low")) == (2, 0)
    assert "Printer that alerts" not in shown(browser, f"{LIST}?priority={word(connection, 'high')}{query}")
    set_on(connection, alerts, gold, None)
    assert "Printer that alerts" in shown(browser, f"{LIST}?priority={word(connection, 'high')}{query}")


def test_the_ticket_goes_by_its_board(
    browser: Client, connection: Connection, shared: tuple[Board, Board, Priority]
) -> None:
    desk, alerts, gold = shared
    set_on(connection, alerts, gold, "low")
    with tenant_transaction(connection.organization_id):
        found = {ticket.board_id: ticket.pk for ticket in Ticket.objects.all()}
    assert "Low" in shown(browser, reverse("web:ticket", args=[found[alerts.pk]]))
    page = shown(browser, reverse("web:ticket", args=[found[desk.pk]]))
    assert "High" in page
    assert "Low" not in page


def test_only_what_boards_share_is_mapped_for_one_of_them(
    connection: Connection, shared: tuple[Board, Board, Priority]
) -> None:
    desk, alerts, _ = shared
    with tenant_transaction(connection.organization_id):
        status = make_status(connection, desk, "Own")
        with pytest.raises(Refused, match="only what boards share"):
            mappings_set(
                connection=connection,
                kind=KINDS["status"],
                wanted=[MappingChange(status.remote_id, "keep", scope=alerts.remote_id)],
            )
        with pytest.raises(Refused, match="has no board 404"):
            mappings_set(
                connection=connection,
                kind=KINDS["priority"],
                wanted=[MappingChange(shared[2].remote_id, "keep", scope="404")],
            )


def test_me_is_the_member_that_somebody_mapped_to_me(browser: Client, connection: Connection, readonly: User) -> None:
    with tenant_transaction(connection.organization_id):
        values_prepare()
        mapped = make_member(connection, "R. Eader")
        make_member(connection, "Somebody else", email=readonly.email)
    assert "Me (Somebody else)" in shown(browser, LIST)
    with tenant_transaction(connection.organization_id):
        set_to(connection, "member", mapped.remote_id, readonly.pk)
    page = shown(browser, LIST)
    assert "Me (R. Eader)" in page
    assert "Me (Somebody else)" not in page


def test_a_company_shows_the_client_that_it_is_and_its_other_companies(
    browser: Client, connection: Connection, make_connection: Make, other_connection: Connection
) -> None:
    second = make_connection("Second PSA")
    with tenant_transaction(connection.organization_id):
        values_prepare()
        one, two = make_company(connection, "Acme"), make_company(second, "Acme Limited")
        set_to(connection, "company", one.remote_id, "new")
        set_to(second, "company", two.remote_id, PortalClient.objects.get().pk)
    page = shown(browser, reverse("web:client", args=[one.pk]))
    assert "Client here" in page
    assert "Acme Limited" in page
    assert "Second PSA" in page
