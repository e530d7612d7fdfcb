"""Each reason for which a ticket can be missing, planted, and named: one verdict, and the way to mend it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from integrations.services.connections import connection_create, connection_open
from sync.engine.run.drive import advance
from sync.models import Cursor, Issue, Run, RunStream
from sync.services.missing_ticket_diagnosis import ticket_absence
from sync.services.replay import record_replay
from sync.services.runs import run_request
from sync.services.schedules import schedule_of, schedule_pause
from sync.services.verdicts import Verdict
from tests.fixtures.runs import make_run
from tests.fixtures.systems import CREDENTIALS, Sandbox
from tests.sync.conftest import Sync
from tickets.models import Ticket

pytestmark = pytest.mark.usefixtures("calm")


def why(connection: Connection, text: str | int) -> Verdict:
    """The verdict on a ticket of the connection as it is stored now."""
    with tenant(connection.organization_id):
        with tenant_transaction():
            stored = Connection.objects.get(pk=connection.pk)
        return ticket_absence(connection=stored, text=str(text))


def alter(connection: Connection, **values: Any) -> None:
    with tenant_transaction(connection.organization_id):
        Connection.objects.filter(pk=connection.pk).update(**values)


def configure(connection: Connection, **values: Any) -> None:
    alter(connection, settings=connection.settings | values)


def some(connection: Connection, **filters: Any) -> Ticket:
    """A ticket that is here; an open one unless asked otherwise."""
    with tenant_transaction(connection.organization_id):
        found = Ticket.objects.filter(**({"is_closed": False} | filters)).order_by("pk").first()
    assert found is not None
    return found


def lose(ticket: Ticket) -> str:
    """Takes the ticket out of the store, as if no sync had brought it. Returns its number."""
    with tenant_transaction(ticket.organization_id):
        Ticket.with_removed.filter(pk=ticket.pk).delete()
    return ticket.remote_id


@pytest.fixture
def filled(sync: Sync, linked: Connection) -> Connection:
    """The linked connection after its first sync."""
    assert sync("full").result == "success"
    return linked


def test_what_is_here_is_said_to_be_here(filled: Connection) -> None:
    ticket = some(filled)
    verdict = why(filled, f" #{ticket.remote_id} ")
    assert (verdict.code, verdict.way, verdict.ticket_id) == ("here", "ticket", ticket.pk)
    closed = why(filled, some(filled, is_closed=True).remote_id)
    assert (closed.code, closed.way) == ("here_closed", "ticket")


def test_an_address_of_the_psa_names_its_ticket(filled: Connection) -> None:
    ticket = some(filled)
    adapter = connection_open(filled)
    address = adapter.page_url("tickets", ticket.remote_id)
    adapter.close()
    assert why(filled, address).ticket_id == ticket.pk
    host = address.split("/")[2]
    assert (
        why(filled, f"http://{host}/v4_6_release/ConnectWise.aspx?routeTo=ServiceFV&recid={ticket.remote_id}").code
        == "here"
    )
    assert why(filled, f"http://{host}/v4_6_release/ConnectWise.aspx").code == "no_number"
    elsewhere = why(filled, "https://psa.example.com/service_request.rails?service_recid=1")
    assert (elsewhere.code, elsewhere.way) == ("other_instance", "connections")


@pytest.mark.parametrize("text", ["printer", "12 34", "", "²", "https://", "[::1", "javascript:alert(1)", "🎫 48210"])
def test_what_names_no_ticket_is_told_what_to_enter(linked: Connection, text: str) -> None:
    verdict = why(linked, text)
    assert verdict.code == "not_understood"
    assert "48210" in verdict.remedy


def test_a_connection_that_is_not_set_up(linked: Connection) -> None:
    alter(linked, setup_step="schedule")
    assert (why(linked, 1).code, why(linked, 1).way) == ("not_set_up", "setup")


def test_before_the_first_sync_while_it_reads_and_after_it_failed(linked: Connection, calm: Sandbox) -> None:
    number = calm.control("truth", method="GET", collection="tickets")["ids"][0]
    assert (why(linked, number).code, why(linked, number).way) == ("never_synced", "sync")
    with tenant_transaction(linked.organization_id):
        run = make_run(linked, "full", lands_live=True)
    assert (why(linked, number).code, why(linked, number).run_id) == ("first_sync_running", run.pk)
    with tenant_transaction(linked.organization_id):
        Run.objects.filter(pk=run.pk).update(state="failed", result="error", message="The disk was full.")
    verdict = why(linked, number)
    assert (verdict.code, verdict.run_id) == ("first_sync_failed", run.pk)
    assert "The disk was full." in verdict.said


@pytest.mark.parametrize(
    ("fault", "code", "way"),
    [
        ({"kind": "401"}, "credentials_refused", "credentials"),
        ({"kind": "403"}, "permission_missing", "test"),
        ({"kind": "429", "retry_after": 30}, "rate_limited", ""),
        ({"kind": "503html"}, "psa_away", ""),
        ({"kind": "reset"}, "psa_away", ""),
        ({"kind": "truncated"}, "not_readable", ""),
    ],
)
def test_a_psa_that_does_not_show_it(
    filled: Connection, calm: Sandbox, fault: dict[str, Any], code: str, way: str
) -> None:
    number = lose(some(filled))
    calm.control("faults", **fault, match={"path": "service/tickets"})
    verdict = why(filled, number)
    assert (verdict.code, verdict.way) == (code, way)


def test_an_address_that_may_not_be_called(filled: Connection, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = ()
    assert why(filled, 1).code == "address_refused"


def test_deleted_in_the_psa_before_and_after_the_sync_that_removes_it(
    filled: Connection, calm: Sandbox, sync: Sync
) -> None:
    number = int(calm.control("create", n=1)["ids"][0])
    sync("quick")
    calm.control("delete", ids=[number])
    verdict = why(filled, number)
    assert (verdict.code, verdict.way) == ("deleted_still_here", "sync")
    run = sync("full")
    gone = why(filled, number)
    assert (gone.code, gone.run_id) == ("deleted", run.pk)


def test_unknown_to_the_psa_and_known_to_another_connection(filled: Connection) -> None:
    assert (why(filled, 999_999_999).code, why(filled, 999_999_999).way) == ("not_in_psa", "test")
    ticket = some(filled)
    with tenant_transaction(filled.organization_id):
        other = connection_create(
            organization_id=filled.organization_id, provider="connectwise", name="Other", credentials=dict(CREDENTIALS)
        )
        Ticket.objects.filter(pk=ticket.pk).update(connection_id=other.pk, remote_id="888888888")
    verdict = why(filled, 888_888_888)
    assert (verdict.code, verdict.ticket_id) == ("other_connection", ticket.pk)


def test_hidden_from_the_key_by_its_board(filled: Connection, calm: Sandbox) -> None:
    ticket = some(filled)
    calm.control("role", hidden_boards=[int(ticket.board_remote_id or 0)])
    try:
        assert why(filled, lose(ticket)).code == "not_in_psa"
    finally:
        calm.control("role", hidden_boards=[])


def test_merged_into_another_ticket(filled: Connection, calm: Sandbox, sync: Sync) -> None:
    parent, child = calm.control("create", n=2)["ids"]
    sync("quick")
    calm.control("merge", parent=parent, ids=[child])
    with tenant_transaction(filled.organization_id):
        lost = Ticket.objects.get(remote_id=str(child))
        kept = Ticket.objects.get(remote_id=str(parent))
    verdict = why(filled, lose(lost))
    assert (verdict.code, verdict.ticket_id) == ("merged", kept.pk)


def test_left_out_by_the_settings(filled: Connection) -> None:
    ticket = some(filled)
    other = some(filled, board_remote_id__isnull=False)
    number = lose(ticket)
    with tenant_transaction(filled.organization_id):
        boards = set(Ticket.objects.values_list("board_remote_id", flat=True)) - {ticket.board_remote_id}
    for values, code in [
        ({"boards": [board for board in boards if board]}, "board"),
        ({"excluded_statuses": [ticket.status_remote_id]}, "status"),
        ({"streams": ["boards", "companies"]}, "stream_off"),
    ]:
        configure(filled, **values)
        verdict = why(filled, number)
        assert (verdict.code, verdict.way) == (code, "settings")
    configure(filled, boards=["0"])
    leaving = why(filled, other.remote_id if other.pk != ticket.pk else some(filled).remote_id)
    assert (leaving.code, leaving.way) == ("here_leaving", "settings")


def test_left_out_by_the_date_range(filled: Connection) -> None:
    number = lose(some(filled, is_closed=True))
    configure(filled, date_range_days=1)
    alter(filled, range_start=timezone.now() + dt.timedelta(days=400))
    verdict = why(filled, number)
    assert (verdict.code, verdict.way) == ("date", "settings")


def test_a_record_that_a_sync_could_not_take_over(filled: Connection) -> None:
    number = lose(some(filled))
    with tenant_transaction(filled.organization_id):
        Issue.objects.create(
            organization_id=filled.organization_id, connection=filled, stream="tickets", remote_id=number,
            code="record_rejected", cause="a", message="Its summary is a number.", first_at=timezone.now(), last_at=timezone.now(), last_run=7,
        )  # fmt: skip
    verdict = why(filled, number)
    assert (verdict.code, verdict.way, verdict.run_id) == ("record_failed", "fetch", 7)
    assert "Its summary is a number." in verdict.said


def test_a_held_a_failed_and_an_incomplete_sync(filled: Connection) -> None:
    number = lose(some(filled))
    with tenant_transaction(filled.organization_id):
        held = make_run(filled, "full", result="held")
    assert (why(filled, number).code, why(filled, number).run_id) == ("held", held.pk)
    with tenant_transaction(filled.organization_id):
        Run.objects.filter(pk=held.pk).update(state="failed", result="error", message="The read was not complete.")
    assert (why(filled, number).code, why(filled, number).run_id) == ("last_sync_failed", held.pk)
    with tenant_transaction(filled.organization_id):
        Run.objects.filter(pk=held.pk).update(state="done", result="warning")
        RunStream.objects.create(
            organization_id=filled.organization_id, run=held, name="tickets", position=1, state="skipped", message="No right."
        )  # fmt: skip
    assert (why(filled, number).code, why(filled, number).run_id) == ("stream_failed", held.pk)


def test_removed_here_and_back_in_the_psa_or_in_scope(filled: Connection, sync: Sync, calm: Sandbox) -> None:
    ticket = some(filled)
    configure(filled, excluded_statuses=[ticket.status_remote_id])
    calm.control("change", ids=[int(ticket.remote_id)], set={"summary": "Leaves"})
    sync("quick")
    configure(filled, excluded_statuses=[])
    verdict = why(filled, ticket.remote_id)
    assert (verdict.code, verdict.way) == ("scope_returned", "fetch")
    other = some(filled)
    with tenant_transaction(filled.organization_id):
        Ticket.objects.filter(pk=other.pk).update(removed_at=timezone.now())
    assert (why(filled, other.remote_id).code, why(filled, other.remote_id).way) == ("came_back", "fetch")


def test_newer_than_the_last_sync(filled: Connection, calm: Sandbox) -> None:
    number = calm.control("create", n=1)["ids"][0]
    with tenant_transaction(filled.organization_id):
        schedule = schedule_of(filled)
    assert (why(filled, number).code, why(filled, number).way) == ("not_yet", "fetch")
    with tenant_transaction(filled.organization_id):
        schedule.quick_minutes = 0
        schedule.save()
    assert (why(filled, number).code, why(filled, number).way) == ("quick_off", "schedule")
    with tenant_transaction(filled.organization_id):
        schedule_pause(schedule=schedule, actor=None)
    assert (why(filled, number).code, why(filled, number).way) == ("paused", "schedule")
    with tenant_transaction(filled.organization_id):
        run = make_run(filled, "quick")
    assert (why(filled, number).code, why(filled, number).run_id) == ("sync_running", run.pk)


def test_a_ticket_that_every_sync_missed_can_be_fetched(filled: Connection) -> None:
    ticket = some(filled, company__isnull=False)
    number = lose(ticket)
    with tenant_transaction(filled.organization_id):
        Cursor.objects.filter(connection=filled, stream="tickets").update(
            watermark=timezone.now() + dt.timedelta(days=1)
        )
        company = ticket.company
        assert company is not None
        type(company).with_removed.filter(pk=company.pk).update(removed_at=timezone.now() - dt.timedelta(days=1))
    verdict = why(filled, number)
    assert (verdict.code, verdict.way) == ("missed", "fetch")
    with tenant(filled.organization_id):
        replayed = record_replay(connection=filled, stream="tickets", remote_id=number)
    assert replayed.is_new
    assert ("summary", None, ticket.summary) in replayed.changes
    assert ("companies", company.remote_id) in replayed.brought
    after = why(filled, number)
    assert (after.code, after.ticket_id) == ("here", replayed.record_id)


def test_a_run_under_way_in_a_worker_does_not_hide_the_verdict(filled: Connection, calm: Sandbox) -> None:
    """The lookup takes no lock that a run holds: it answers between two pages."""
    with tenant_transaction(filled.organization_id):
        run = run_request(connection=filled, kind="quick", trigger="person").run
    number = calm.control("create", n=1)["ids"][0]
    assert why(filled, number).code == "sync_running"
    with tenant(filled.organization_id):
        while advance(run.pk):
            pass
    assert why(filled, number).code == "here"
