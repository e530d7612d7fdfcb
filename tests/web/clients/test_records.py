"""The pages of contacts, assets, agreements, invoices and opportunities."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from clients.models import Site
from foundation.tenancy.models import Organization, User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from tests.clients.factories import (
    make_addition,
    make_agreement,
    make_asset,
    make_contact,
    make_invoice,
    make_opportunity,
)
from tests.tickets.factories import NOON, make_company, synced
from tests.web.clients.test_pages import role_with

QUERIES = {"contacts": 10, "assets": 11, "agreements": 11, "invoices": 11, "opportunities": 11}
"""Session, person, memberships, tenant, how many, the page, choices (contacts have none), first syncs. Three are the test's own, whose
transaction is around all: a savepoint opened and released, and the tenant of before put back."""
MAKERS: dict[str, Callable[..., Any]] = {
    "contacts": make_contact,
    "assets": make_asset,
    "agreements": make_agreement,
    "invoices": make_invoice,
    "opportunities": make_opportunity,
}
PAGES = {
    "contact": make_contact,
    "asset": make_asset,
    "agreement": make_agreement,
    "invoice": make_invoice,
    "opportunity": make_opportunity,
}


@pytest.fixture
def as_reader(client_for: Callable[[User], Client], readonly: User) -> Client:
    return client_for(readonly)


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("key", MAKERS)
def test_a_list_costs_the_same_for_one_and_for_three(
    as_reader: Client,
    connection: Connection,
    key: str,
    number: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with tenant_transaction(connection.organization_id):
        for place in range(number):
            MAKERS[key](connection, f"Row {place} & <co>", company=make_company(connection, f"Client {place}"))
    as_reader.get(reverse(f"web:{key}"))
    with django_assert_num_queries(QUERIES[key]):
        page = as_reader.get(reverse(f"web:{key}")).content.decode()
    assert page.count("&amp; &lt;co&gt;") == number
    assert f"Client {number - 1}" in page


@pytest.mark.parametrize("key", MAKERS)
def test_an_empty_list_says_why(as_reader: Client, connection: Connection, key: str) -> None:
    address = reverse(f"web:{key}")
    assert f"No {key} yet" in as_reader.get(address).content.decode()
    with tenant_transaction(connection.organization_id):
        MAKERS[key](connection, "Only one")
    narrowed = as_reader.get(f"{address}?q=zzz&company=1").content.decode()
    assert ("matches" in narrowed, "Clear all filters" in narrowed) == (True, True)
    assert "nothing on this page any more" in as_reader.get(f"{address}?after=WyJ6IiwxLDJd&q=zzz").content.decode()


def test_a_filter_of_the_address_narrows_the_list(as_reader: Client, connection: Connection) -> None:
    today = dt.datetime.now(dt.UTC).date()
    with tenant_transaction(connection.organization_id):
        company = make_company(connection, "Nordwind")
        make_asset(connection, "Expired one", warranty_expires_on=today - dt.timedelta(days=400))
        make_asset(connection, "Nordwind one", company=company, serial_number="S1")
    address = reverse("web:assets")
    expired = as_reader.get(f"{address}?state=expired").content.decode()
    assert ("Expired one" in expired, "Nordwind one" in expired) == (True, False)
    own = as_reader.get(f"{address}?company={company.pk}").content.decode()
    assert ("Expired one" in own, "Nordwind one" in own, "Show all companies" in own) == (False, True, True)


@pytest.mark.parametrize("name", PAGES)
def test_a_record_of_another_organization_is_as_absent_as_one_that_never_was(
    client_for: Callable[[User], Client],
    connection: Connection,
    other_organization: Organization,
    make_person: Callable[..., User],
    name: str,
) -> None:
    with tenant_transaction(connection.organization_id):
        row = PAGES[name](connection, "Secret")
    stranger = client_for(make_person(other_organization, "admin", "sam@umbrella.test"))
    foreign = stranger.get(reverse(f"web:{name}", args=[row.pk]))
    absent = stranger.get(reverse(f"web:{name}", args=[2**40]))
    assert (foreign.status_code, absent.status_code, foreign.content == absent.content) == (404, 404, True)


def test_they_are_for_those_who_may_see_clients(
    client_for: Callable[[User], Client], organization: Organization, connection: Connection
) -> None:
    with tenant_transaction(organization.pk):
        asset = make_asset(connection)
    client = client_for(role_with(organization, "view_tickets"))
    addresses = [reverse(f"web:{key}") for key in MAKERS] + [reverse(f"web:{key}_csv") for key in MAKERS]
    addresses.append(reverse("web:asset", args=[asset.pk]))
    assert {client.get(address).status_code for address in addresses} == {403}


def test_a_contact_shows_all_that_the_psa_tells_of_it(as_reader: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        company = make_company(connection)
        site = Site.objects.create(
            **synced(
                connection, company=company, company_remote_id=company.remote_id, name="Depot", time_zone="Pacific"
            )
        )
        contact = make_contact(
            connection,
            first_name="Zoë",
            last_name="Ek",
            title="Head of <IT>",
            company=company,
            site=site,
            type_names=["Approver", "End User"],
            emails=[{"type": "Work", "value": "zoe@nordwind.test", "default": True}, {"value": "zoe@home.test"}],
            phones=[{"type": "Mobile", "value": "+31 6 1"}, {"type": "Fax", "value": None}],
            address="1 Quay, Delft",
            is_active=False,
            custom_fields={"7": {"caption": "Badge number", "type": "Text", "value": "B-77"}},
        )
    page = as_reader.get(reverse("web:contact", args=[contact.pk])).content.decode()
    for words in (
        *("Zoë Ek", "Head of &lt;IT&gt;", "Approver", "End User", "zoe@nordwind.test (Work)", ">zoe@home.test<"),
        *("+31 6 1 (Mobile)", "Depot", "1 Quay, Delft", "Inactive", "Badge number", "B-77"),
    ):
        assert words in page, words
    assert "Fax" not in page
    of_company = as_reader.get(reverse("web:client", args=[company.pk])).content.decode()
    for words in (reverse("web:contact", args=[contact.pk]), "Time zone: <bdi>Pacific</bdi>"):
        assert words in of_company, words
    assert reverse("web:contact", args=[contact.pk]) in as_reader.get(reverse("web:contacts")).content.decode()


def test_an_agreement_shows_what_it_adds_up_to(as_reader: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        agreement = make_agreement(connection, "Gold", amount=Decimal("1234.5"), currency="USD", notes="Renew <soon>")
        make_addition(
            agreement, "Mailbox", quantity=Decimal("25.000000"), unit_price=Decimal("0.125"), total=Decimal(30)
        )
        make_addition(agreement, "Backup", total=Decimal("11.5"), ends_on=dt.date(2999, 1, 1))
        make_addition(agreement, "Over", total=Decimal(500), ends_on=dt.date(2020, 1, 1))
        make_addition(agreement, "To come", total=Decimal(700), starts_on=dt.date(2999, 1, 1))
    page = as_reader.get(reverse("web:agreement", args=[agreement.pk])).content.decode()
    in_force = "Additions in force: <strong>41.50 USD</strong>"
    for words in ("1,234.50 USD", "Mailbox", ">25<", "0.125 USD", "Renew &lt;soon&gt;", in_force):
        assert words in page


def test_an_invoice_shows_its_lines_and_a_removed_asset_that_it_is_gone(
    as_reader: Client, connection: Connection
) -> None:
    with tenant_transaction(connection.organization_id):
        invoice = make_invoice(
            connection, lines=[{"description": "Work & travel", "total": "12.00"}], total=Decimal(12)
        )
        gone = make_asset(connection, removed_at=NOON)
    page = as_reader.get(reverse("web:invoice", args=[invoice.pk])).content.decode()
    assert ("Work &amp; travel" in page, "12.00" in page, "Unit price" in page) == (True, True, False)
    assert "no longer in the PSA" in as_reader.get(reverse("web:asset", args=[gone.pk])).content.decode()


def test_the_amounts_of_lines_are_written_like_all_amounts(as_reader: Client, connection: Connection) -> None:
    lines = [
        {"description": "Mailboxes", "quantity": "1250", "unit_price": "4.255", "total": "5318.75"},
        {"description": "Odd", "quantity": "a few", "unit_price": None, "total": "-3"},
    ]
    with tenant_transaction(connection.organization_id):
        invoice = make_invoice(connection, lines=lines, currency="EUR")
    page = as_reader.get(reverse("web:invoice", args=[invoice.pk])).content.decode()
    for words in ("1,250", "4.255 EUR", "5,318.75 EUR", "-3.00 EUR", "–"):
        assert words in page


def test_a_company_shows_everything_that_it_has(as_reader: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        company, other = make_company(connection), make_company(connection, "Other")
        for number in range(11):
            make_asset(connection, f"PC-{number:02}", company=company)
        make_agreement(connection, "Gold", company=company)
        make_invoice(connection, "INV-7", company=company)
        make_asset(connection, "Foreign PC", company=other)
    page = as_reader.get(reverse("web:client", args=[company.pk])).content.decode()
    for words in (
        "PC-00",
        "Gold",
        "INV-7",
        f"/clients/assets/?company={company.pk}",
        "no opportunities of this company",
    ):
        assert words in page
    assert ("PC-10" in page, "Foreign PC" in page) == (False, False)


@pytest.mark.parametrize("key", MAKERS)
def test_a_list_is_a_file_too(as_reader: Client, connection: Connection, key: str) -> None:
    with tenant_transaction(connection.organization_id):
        MAKERS[key](connection, "=HYPERLINK(1)")
        MAKERS[key](connection, "Quiet")
    answer = as_reader.get(f"{reverse(f'web:{key}_csv')}?q=quiet")

    async def read(pieces: AsyncIterator[bytes]) -> bytes:
        return b"".join([piece async for piece in pieces])

    body = async_to_sync(read)(answer.streaming_content).decode()
    assert ("Quiet" in body, "HYPERLINK" in body) == (True, False)
    assert len(body.splitlines()) == 2
