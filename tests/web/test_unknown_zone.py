"""Pages of an organization whose time zone this machine does not know: they are there, and say it where times are set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from foundation.tenancy.models import Organization, User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.services.schedules import schedule_of
from tests.fixtures.runs import make_run

OF_CONNECTION = ("connection", "connection_schedule", "connection_sync")


@pytest.fixture
def browser(client_for: Callable[[User], Client], admin: User, organization: Organization) -> Client:
    with tenant_transaction(organization.pk):
        Organization.objects.filter(pk=organization.pk).update(time_zone="Mars/Olympus_Mons")
    return client_for(admin)


def plain_pages() -> Iterator[str]:
    """The addresses of all pages that need no id."""
    for name in get_resolver().namespace_dict["web"][1].reverse_dict:
        if isinstance(name, str):
            with suppress(NoReverseMatch):
                yield reverse(f"web:{name}")


def test_all_pages_are_there(browser: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        make_run(connection, result="error", message="The PSA is away.")
    answers = {address: browser.get(address).status_code for address in plain_pages()}
    assert len(answers) > 25
    assert {address: status for address, status in answers.items() if status not in {200, 302, 405}} == {}


@pytest.mark.parametrize("name", OF_CONNECTION)
def test_a_page_of_a_connection_is_there(name: str, browser: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        schedule_of(connection)
    page = browser.get(reverse(f"web:{name}", args=[connection.pk]))
    assert page.status_code == 200
    if name != "connection":
        assert "knows no time zone “Mars/Olympus_Mons”" in page.content.decode()
