"""The dashboard: what it says of the data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from mappings.kinds import KINDS
from mappings.models import PortalValue
from mappings.services import MappingChange, mappings_set
from mappings.services.values import values_prepare
from sync.models import Cursor, Run, RunStream, Schedule
from sync.services.schedules import schedule_of
from tests.mappings.conftest import set_to
from tests.tickets.factories import make_board, make_status, make_ticket
from tickets.models import Status

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
        if kind == "full" and state == "done":
            read = {"organization_id": connection.organization_id, "connection": connection, "stream": "tickets"}
            Cursor.objects.create(**read, updated_at=at, full_at=at)
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


def test_nothing_is_promised_for_a_connection_that_is_being_set_up(as_reader: Client, connection: Connection) -> None:
    now = timezone.now()
    with tenant_transaction(connection.organization_id):
        Connection.objects.filter(pk=connection.pk).update(setup_step="schedule")
        times = {"quick_next_at": now + dt.timedelta(minutes=5), "nightly_next_at": now + dt.timedelta(hours=9)}
        Schedule.objects.filter(pk=schedule_of(connection).pk).update(**times)
    page = shown(as_reader)
    assert "after setting up" in page
    assert "Next nightly" not in page


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


def test_statuses_are_counted_by_what_the_list_calls_them_and_lead_to_as_many_tickets(
    as_reader: Client, connection: Connection
) -> None:
    with tenant_transaction(connection.organization_id):
        values_prepare()
        desk, field = make_board(connection, "Service desk"), make_board(connection, "Field service")
        mapped = [make_status(connection, desk, "Waiting parts"), make_status(connection, field, "Parts ordered")]
        left = [make_status(connection, field, "Waiting for vendor"), make_status(connection, field, "Parts ordered")]
        alone = make_status(connection, desk, "Triage")
        for status in (*mapped, *left, alone, alone):
            make_ticket(connection, board=status.board, status=status)
        target = PortalValue.objects.get(key="waiting_vendor")
        for status in mapped:
            set_to(connection, "status", status.remote_id, target.pk)
    bars = {bar["label"]: bar for bar in as_reader.get(PAGE).context["by_status"].bars}
    assert {label: bar["value"] for label, bar in bars.items()} == {
        "Waiting for vendor": 2,
        "PSA: Waiting for vendor": 1,
        "Parts ordered": 1,
        "Triage": 2,
    }
    # The filter by the PSA's own word would find the mapped one too, so that bar leads nowhere.
    assert [label for label, bar in bars.items() if not bar["href"]] == ["Parts ordered"]
    for bar in bars.values():
        if bar["href"]:
            assert len(as_reader.get(bar["href"]).context["rows"]) == bar["value"]


def test_a_status_that_one_board_alone_calls_otherwise_is_counted_as_the_list_shows_it(
    as_reader: Client, connection: Connection
) -> None:
    with tenant_transaction(connection.organization_id):
        values_prepare()
        desk, field = make_board(connection, "Service desk"), make_board(connection, "Field service")
        status = make_status(connection, desk, "Parts")
        Status.objects.filter(pk=status.pk).update(board=None, board_remote_id="")
        for board in (desk, desk, field):
            make_ticket(connection, board=board, status=status)
        words = {key: PortalValue.objects.get(key=key).pk for key in ("waiting_vendor", "scheduled")}
        set_to(connection, "status", status.remote_id, words["waiting_vendor"])
        wanted = [MappingChange(status.remote_id, words["scheduled"], scope=field.remote_id)]
        mappings_set(connection=connection, kind=KINDS["status"], wanted=wanted)
    bars = {bar["label"]: bar for bar in as_reader.get(PAGE).context["by_status"].bars}
    assert {label: bar["value"] for label, bar in bars.items()} == {"Waiting for vendor": 2, "Scheduled": 1}
    for bar in bars.values():
        assert len(as_reader.get(bar["href"]).context["rows"]) == bar["value"]
