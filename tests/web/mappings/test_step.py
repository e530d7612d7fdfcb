"""After a first sync: what is left to map is offered, until somebody has begun."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from mappings.services.values import values_prepare
from sync.models import Cursor, Run
from tests.fixtures.runs import make_run
from tests.mappings.conftest import set_to
from tests.tickets.factories import make_board, make_status
from tickets.models import Status

OFFER = "Next: map what is left, 2 in all"


@pytest.fixture
def browser(client_for: Callable[[User], Client], admin: User) -> Client:
    return client_for(admin)


@pytest.fixture
def odd(connection: Connection) -> Status:
    """A status whose name says nothing, and one more."""
    with tenant_transaction(connection.organization_id):
        values_prepare()
        board = make_board(connection)
        make_status(connection, board, "Zwischenlager")
        return make_status(connection, board, "Parkdeck")


def first_run(connection: Connection, result: str = Run.Result.SUCCESS) -> Run:
    """A full run that has read everything."""
    with tenant_transaction(connection.organization_id):
        read = {"stream": "tickets", "updated_at": timezone.now(), "full_at": timezone.now()}
        Cursor.objects.create(organization_id=connection.organization_id, connection=connection, **read)
        return make_run(connection, Run.Kind.FULL, result=result)


def connection_page(browser: Client, connection: Connection) -> str:
    return browser.get(reverse("web:connection", args=[connection.pk])).content.decode()


def run_page(browser: Client, run: Run) -> str:
    return browser.get(reverse("web:run", args=[run.pk])).content.decode()


def test_before_the_first_sync_nothing_is_said_to_be_left(browser: Client, connection: Connection, odd: Status) -> None:
    page = connection_page(browser, connection)
    assert "Next: map what" not in page
    assert "Nothing left to map" not in page
    assert "After the first sync" in page


def test_after_the_first_sync_its_page_and_the_connections_lead_to_what_is_left(
    browser: Client, connection: Connection, odd: Status
) -> None:
    run = first_run(connection)
    address = reverse("web:connection_mapping", args=[connection.pk, "statuses"])
    for page in (connection_page(browser, connection), run_page(browser, run)):
        assert OFFER in page
        assert "2 statuses could not be mapped with certainty" in page
        assert f'href="{address}"' in page
    with tenant_transaction(connection.organization_id):
        later = make_run(connection, Run.Kind.FULL, result=Run.Result.SUCCESS, ago=5)
    assert OFFER not in run_page(browser, later)


def test_a_first_sync_that_failed_offers_nothing(browser: Client, connection: Connection, odd: Status) -> None:
    with tenant_transaction(connection.organization_id):
        failed = make_run(connection, Run.Kind.FULL, result=Run.Result.ERROR)
    assert OFFER not in run_page(browser, failed)


def test_once_somebody_maps_the_offer_is_gone_and_the_card_goes_on_counting(
    browser: Client, connection: Connection, odd: Status
) -> None:
    run = first_run(connection)
    with tenant_transaction(connection.organization_id):
        set_to(connection, "status", odd.remote_id, "keep")
    assert "Next: map what" not in run_page(browser, run)
    page = connection_page(browser, connection)
    assert "Next: map what" not in page
    assert "1 not mapped" in page
