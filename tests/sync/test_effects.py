"""What other settings, or a removal, would do to the tickets that are here."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.services.connections import connection_create
from integrations.settings_schema import ConnectionSettings
from sync.models import Run
from sync.selectors.settings_impact import SettingsImpact, settings_effects
from sync.services.removal import RemovalRefused, connection_remove
from tests.fixtures.systems import CREDENTIALS
from tickets.models import Note, Ticket

pytestmark = pytest.mark.usefixtures("in_tenant")


def synced(connection: Connection, remote_id: str) -> dict[str, Any]:
    now = timezone.now()
    times = {"fetched_at": now, "first_synced_at": now, "synced_at": now}
    common = {"organization_id": connection.organization_id, "connection": connection, "remote_id": remote_id}
    return {**common, **times, "content_hash": b"x" * 16}


def ticket(connection: Connection, remote_id: str, **columns: Any) -> Ticket:
    changed = {"remote_updated_at": timezone.now(), "board_remote_id": "1", "status_remote_id": "10"}
    made: Ticket = Ticket.objects.create(**synced(connection, remote_id), summary=remote_id, **(changed | columns))
    return made


@pytest.fixture
def tickets(in_tenant: Organization, connection: Connection) -> None:
    long_ago = timezone.now() - dt.timedelta(days=200)
    ticket(connection, "1")
    ticket(connection, "2", board_remote_id="2")
    ticket(connection, "3", board_remote_id=None)
    ticket(connection, "4", status_remote_id="11")
    ticket(connection, "5", status_remote_id="11", board_remote_id="2")
    ticket(connection, "6", is_closed=True, remote_updated_at=long_ago)
    ticket(connection, "7", is_closed=False, remote_updated_at=long_ago)
    ticket(connection, "8", removed_at=timezone.now(), board_remote_id="2")


@pytest.mark.usefixtures("tickets")
def test_the_present_settings_lose_nothing(connection: Connection) -> None:
    assert settings_effects(connection, ConnectionSettings()) == SettingsImpact(7, 0, 0, 0, 0)


@pytest.mark.usefixtures("tickets")
def test_each_reason_is_counted_and_a_ticket_leaves_once(connection: Connection) -> None:
    wanted = ConnectionSettings(boards=["1"], excluded_statuses=["11"], date_range_days=90)
    assert settings_effects(connection, wanted) == SettingsImpact(
        stored=7, leaving=5, other_boards=3, excluded=2, too_old=1
    )


@pytest.mark.usefixtures("tickets")
def test_all_boards_and_all_ages_lose_nothing(connection: Connection) -> None:
    assert settings_effects(connection, ConnectionSettings(date_range_days=None)).leaving == 0


@pytest.mark.usefixtures("tickets")
def test_removing_a_connection_takes_what_came_through_it_and_nothing_else(
    connection: Connection, organization: Organization, other_organization: Organization
) -> None:
    other = connection_create(
        organization_id=organization.pk, provider="connectwise", name="B", credentials=CREDENTIALS
    )
    kept = ticket(other, "1")
    Note.objects.create(
        **synced(connection, "n1"),
        ticket=Ticket.objects.get(connection=connection, remote_id="1"),
        ticket_remote_id="1",
    )
    with tenant_transaction(other_organization.pk):
        theirs = connection_create(
            organization_id=other_organization.pk, provider="connectwise", name="Main", credentials=CREDENTIALS
        )
        ticket(theirs, "1")
    with tenant_transaction(organization.pk):
        connection_remove(connection=connection, actor=None)
        assert list(Ticket.with_removed.all()) == [kept]
        assert not Note.objects.exists()
    with tenant_transaction(other_organization.pk):
        assert Ticket.objects.count() == 1


def test_an_open_run_holds_the_removal(connection: Connection) -> None:
    run = Run.objects.create(
        organization_id=connection.organization_id,
        connection=connection,
        kind="full",
        lane="bulk",
        trigger="command",
        state="held",
        created_at=timezone.now(),
    )
    with pytest.raises(RemovalRefused, match=f"Run {run.pk} .Full sync, held. is not finished"):
        connection_remove(connection=connection, actor=None)
    Run.objects.filter(pk=run.pk).update(state="failed")
    connection_remove(connection=connection, actor=None)
    assert not Connection.objects.exists()
