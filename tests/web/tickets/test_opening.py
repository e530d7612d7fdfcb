"""Opening a ticket, with a PSA that answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from foundation.tenancy.models import Organization, User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.port import ReadRequest
from integrations.records import TicketRecord
from integrations.services.connections import connection_create
from integrations.services.opening import connection_open
from portal.web import throttle
from portal.web.tickets.detail import FRESH
from sync.models import ParentRead
from sync.services import live
from tests.fixtures.systems import Sandbox
from tests.tickets.factories import make_ticket
from tickets.models import Note, Ticket


def ticket_with_notes(connection: Connection) -> str:
    """The id of a ticket of the PSA that has notes, and that the date range does not leave out."""
    adapter = connection_open(connection)
    try:
        records = adapter.read_page(ReadRequest(stream="tickets", page_size=50)).records
        opened = [r.remote_id for r in records if isinstance(r, TicketRecord) and not r.is_closed]
        return next(number for number in opened if adapter.read_children("notes", number).records)
    finally:
        adapter.close()


@pytest.mark.committed
def test_opening_a_ticket_brings_its_notes_from_the_psa(
    sandbox: Sandbox,
    organization: Organization,
    readonly: User,
    client_for: Callable[[User], Client],
    settings: Settings,
) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with tenant_transaction(organization.pk):
        connection = connection_create(
            organization_id=organization.pk, provider="connectwise", name="Main", credentials=dict(sandbox.credentials)
        )
        remote_id = ticket_with_notes(connection)
    with tenant_transaction(organization.pk):
        ticket = make_ticket(
            connection, "Before it was read", remote_id=remote_id, number=int(remote_id), remote_updated_at=None
        )
    story = client_for(readonly).post(reverse("web:ticket_refresh", args=[ticket.pk]))
    assert story.status_code == 200
    with tenant_transaction(organization.pk):
        assert Ticket.objects.get(pk=ticket.pk).summary != "Before it was read"
        notes = list(Note.objects.filter(ticket_id=ticket.pk))
    assert notes
    assert "could not be asked" not in story.content.decode()
    assert "hx-post" not in client_for(readonly).get(reverse("web:ticket", args=[ticket.pk])).content.decode()


@pytest.fixture
def ticket(connection: Connection) -> Ticket:
    with tenant_transaction(connection.organization_id):
        return make_ticket(connection)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The tickets that the PSA was asked for."""
    asked: list[int] = []

    def refresh(*, ticket_id: int) -> live.Refreshed:
        asked.append(ticket_id)
        return live.Refreshed(True, "Up to date with the PSA.")

    monkeypatch.setattr(live, "ticket_refresh", refresh)
    return asked


def test_notes_that_somebody_read_a_moment_ago_are_not_asked_for_again(
    connection: Connection, ticket: Ticket, readonly: User, client_for: Callable[[User], Client], reads: list[int]
) -> None:
    address = reverse("web:ticket_refresh", args=[ticket.pk])
    with tenant_transaction(connection.organization_id):
        read = ParentRead.objects.create(
            organization_id=connection.organization_id,
            connection=connection,
            stream="notes",
            parent_remote_id=ticket.remote_id,
            read_at=Now(),
        )
    reader = client_for(readonly)
    assert 'id="story"' in reader.post(address).content.decode()
    assert reads == []
    with tenant_transaction(connection.organization_id):
        ParentRead.objects.filter(pk=read.pk).update(read_at=Now() - FRESH - dt.timedelta(seconds=1))
    assert 'id="story"' in reader.post(address).content.decode()
    assert reads == [ticket.pk]


def test_nobody_spends_the_requests_of_all_by_pressing(
    ticket: Ticket, readonly: User, admin: User, client_for: Callable[[User], Client], reads: list[int]
) -> None:
    address = reverse("web:ticket_refresh", args=[ticket.pk])
    reader = client_for(readonly)
    # A minute may end meanwhile: within twice as many one has to be refused.
    answers = [reader.post(address) for _ in range(2 * throttle.MOST + 1)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert len(reads) == len(answers) - len(refused) >= throttle.MOST
    assert 0 < int(refused[-1]["Retry-After"]) <= throttle.WINDOW_SECONDS
    assert "toast" in refused[-1]["HX-Trigger"]
    assert client_for(admin).post(address).status_code == 200
    assert reader.get(reverse("web:ticket", args=[ticket.pk])).status_code == 200
