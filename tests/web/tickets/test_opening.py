"""Opening a ticket, with a PSA that answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from integrations.models import Connection
from integrations.port import ReadRequest
from integrations.records import TicketRecord
from integrations.services.connections import connection_create
from integrations.services.opening import connection_open
from portal.tenancy.models import Organization, User
from portal.tenancy.scope import tenant_transaction
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
