"""The company pages."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Callable

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from clients.models import Company, Contact
from foundation.tenancy.models import Organization, Role, User
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.organizations import membership_create
from integrations.models import Connection
from portal.web.clients.views import website_of
from tests.tickets.factories import NOON, make_company, make_ticket, synced

LIST = reverse("web:client_list")
QUERIES = 12
"""Session, person, memberships, tenant, how many, the page, open tickets, choices, first syncs: nine. Three are the test's own, whose
transaction is around all: a savepoint opened and released, and the tenant of before put back."""


@pytest.fixture
def as_reader(client_for: Callable[[User], Client], readonly: User) -> Client:
    return client_for(readonly)


def role_with(organization: Organization, *permissions: str) -> User:
    user = User.objects.create_user("nina@acme.test", "correct-horse-battery-staple")
    with tenant_transaction(organization.pk):
        role = Role.objects.create(organization=organization, name="Special", permissions=list(permissions))
        membership_create(organization=organization, user=user, role=role)
    return user


@pytest.mark.parametrize("companies", [1, 3])
def test_the_list_counts_open_tickets_in_one_query(
    as_reader: Client, connection: Connection, companies: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with tenant_transaction(connection.organization_id):
        for i in range(companies):
            make_ticket(connection, company=make_company(connection, f"Company {i} & <Sons>"))
    as_reader.get(LIST)
    with django_assert_num_queries(QUERIES):
        page = as_reader.get(LIST).content.decode()
    assert "Company 0 &amp; &lt;Sons&gt;" in page


def test_the_list_is_a_file_too(as_reader: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        make_company(connection, "=Formula", status_name="Active")
        make_company(connection, "Quiet", status_name="Active", type_names=["Customer", "Partner"], city="Delft")
        make_company(connection, "Gone", status_name="Active", removed_at=NOON)
        make_company(connection, "Former", status_name="Former")
    address = f"{reverse('web:clients_csv')}?status=Active&sort=-name"
    assert (
        f'href="{address.replace("&", "&amp;")}"' in as_reader.get(f"{LIST}?status=Active&sort=-name").content.decode()
    )
    answer = as_reader.get(address)

    async def read(pieces: AsyncIterator[bytes]) -> bytes:
        return b"".join([piece async for piece in pieces])

    rows = list(csv.DictReader(async_to_sync(read)(answer.streaming_content).decode("utf-8-sig").splitlines()))
    assert [row["name"] for row in rows] == ["Quiet", "'=Formula"]
    assert (rows[0]["city"], "Partner" in rows[0]["type_names"], "content_hash" in rows[0]) == ("Delft", True, False)


def test_a_company_shows_contacts_tickets_and_no_unsafe_link(as_reader: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        company = make_company(connection, website="javascript:alert(1)")
        Contact.objects.create(**synced(connection, company=company, first_name="Zoë", last_name="Ek", is_active=False))
        make_ticket(connection, "Open one", company=company)
        make_ticket(connection, "Closed one", company=company, is_closed=True)
    address = reverse("web:client", args=[company.pk])
    page = as_reader.get(address).content.decode()
    assert ("Zoë Ek" in page, "Inactive" in page, "Open one" in page, "Closed one" in page) == (True, True, True, False)
    assert 'href="javascript' not in page
    assert "Closed one" in as_reader.get(f"{address}?tickets=all").content.decode()
    assert "No contact matches" in as_reader.get(f"{address}?q=zzz").content.decode()


def test_a_removed_company_is_shown_as_such(as_reader: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        gone = make_company(connection, removed_at=NOON)
    assert "no longer in the PSA" in as_reader.get(reverse("web:client", args=[gone.pk])).content.decode()


def test_a_foreign_company_is_as_absent_as_one_that_never_was(
    client_for: Callable[[User], Client],
    connection: Connection,
    other_organization: Organization,
    make_person: Callable[..., User],
) -> None:
    with tenant_transaction(connection.organization_id):
        company = make_company(connection)
    stranger = client_for(make_person(other_organization, "admin", "sam@umbrella.test"))
    foreign = stranger.get(reverse("web:client", args=[company.pk]))
    absent = stranger.get(reverse("web:client", args=[2**40]))
    assert (foreign.status_code, absent.status_code, foreign.content == absent.content) == (404, 404, True)
    assert "Nordwind" not in stranger.get(LIST).content.decode()


def test_companies_are_for_those_who_may_see_them(
    client_for: Callable[[User], Client], organization: Organization, connection: Connection
) -> None:
    with tenant_transaction(organization.pk):
        company = make_company(connection)
    client = client_for(role_with(organization, "view_tickets"))
    addresses = (LIST, reverse("web:clients_csv"), reverse("web:client", args=[company.pk]))
    assert {client.get(address).status_code for address in addresses} == {403}


def test_tickets_of_a_company_are_for_those_who_may_see_tickets(
    client_for: Callable[[User], Client], organization: Organization, connection: Connection
) -> None:
    with tenant_transaction(organization.pk):
        company = make_company(connection)
        make_ticket(connection, "Hidden ticket", company=company)
    client = client_for(role_with(organization, "view_clients"))
    page = client.get(reverse("web:client", args=[company.pk])).content.decode()
    assert ("Hidden ticket" in page, "Nordwind" in page) == (False, True)
    assert "?company=" not in client.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("website", "href"),
    [
        ("example.com", "https://example.com"),
        ("http://example.com/a", "http://example.com/a"),
        ("javascript:alert(1)", ""),
        ("https://user@evil.example", ""),
        ("https://[", ""),
        ("data:text/html,x", ""),
        ("", ""),
    ],
)
def test_only_web_addresses_become_links(website: str, href: str) -> None:
    assert website_of(Company(website=website)) == href
