"""The dashboard: what it says of the data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import Connection
from portal.tenancy.models import User
from portal.tenancy.scope import tenant_transaction
from sync.models import Run, RunStream
from tests.tickets.factories import make_ticket

PAGE = reverse("web:dashboard")


@pytest.fixture
def as_reader(client_for: Callable[[User], Client], readonly: User) -> Client:
    return client_for(readonly)


def ran(connection: Connection, kind: str, result: str, *, hours: float, state: str = "done") -> Run:
    """A run that ended so many hours ago."""
    at = timezone.now() - dt.timedelta(hours=hours)
    with tenant_transaction(connection.organization_id):
        Connection.objects.filter(pk=connection.pk).update(state="connected", last_ok_at=timezone.now(), setup_step="")
        run = Run.objects.create(
            organization_id=connection.organization_id,
            connection=connection,
            kind=kind,
            lane="bulk",
            trigger="person",
            state=state,
            result=result,
            created_at=at,
            started_at=at,
            finished_at=at,
        )
        RunStream.objects.create(
            organization_id=connection.organization_id, run=run, name="tickets", position=1, fetched=20000, updated=31
        )
    return run


def shown(client: Client) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_without_a_connection_it_says_what_to_do(
    as_reader: Client, client_for: Callable[[User], Client], admin: User
) -> None:
    assert "An admin of your organization can connect one" in shown(as_reader)
    assert f'href="{reverse("web:integrations")}"' in shown(client_for(admin))


def test_a_good_night_is_a_yes_with_its_counts(as_reader: Client, connection: Connection) -> None:
    ran(connection, "full", "success", hours=6)
    page = shown(as_reader)
    assert "The last sync was applied and nothing failed." in page
    assert "20,000" in page
    assert "31 changed" in page


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([("quick", "success", 1)], "lists are not complete"),
        ([("full", "success", 30)], "No sync has succeeded for more than a day."),
        ([("full", "warning", 2)], "some records could not be merged"),
        ([("full", "success", 5), ("quick", "error", 1)], "The last sync stopped with an error"),
    ],
)
def test_every_reason_to_doubt_is_said(
    as_reader: Client, connection: Connection, runs: list[tuple[str, str, float]], said: str
) -> None:
    for kind, result, hours in runs:
        ran(connection, kind, result, hours=hours, state="failed" if result == "error" else "done")
    assert said in shown(as_reader)


def test_a_psa_that_refuses_is_a_reason_to_doubt(as_reader: Client, connection: Connection) -> None:
    ran(connection, "full", "success", hours=2)
    with tenant_transaction(connection.organization_id):
        Connection.objects.filter(pk=connection.pk).update(state="refused", state_reason="Key refused.")
    assert "The PSA cannot be reached" in shown(as_reader)


def test_a_first_sync_is_announced_on_every_list(as_reader: Client, connection: Connection) -> None:
    run = ran(connection, "full", "", hours=0.1, state="running")
    with tenant_transaction(connection.organization_id):
        Run.objects.filter(pk=run.pk).update(finished_at=None)
        RunStream.objects.filter(run=run).update(fetched=60, expected=48210)
    for address in (PAGE, reverse("web:ticket_list"), reverse("web:client_list")):
        assert "60 of 48,210 tickets have landed" in as_reader.get(address).content.decode()


def test_figures_lead_to_the_lists_behind_them(as_reader: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        make_ticket(connection)
    page = shown(as_reader)
    assert f"{reverse('web:ticket_list')}?technician=none" in page
    assert "Over 30 days" in page
    assert "created_to=" in page
