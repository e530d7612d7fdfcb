"""A record that is read by itself, by opening it, fetching it or trying it again, goes by the rules of runs."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from integrations.errors import AuthenticationFailed
from integrations.models import Connection
from integrations.services.connections import connection_configure
from integrations.settings_schema import settings_of
from portal.core.errors import Refused
from portal.tenancy.scope import tenant, tenant_transaction
from sync.models import Issue
from sync.services.live import Refreshed, ticket_refresh
from sync.services.replay import record_replay
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Sync
from tickets.models import Note, Ticket

Way = Callable[[Connection, Ticket], str]


def opening(connection: Connection, ticket: Ticket) -> str:
    with tenant(connection.organization_id):
        answer: Refreshed = ticket_refresh(ticket_id=ticket.pk)
    return "" if answer.ok else answer.message


def fetching(connection: Connection, ticket: Ticket) -> str:
    try:
        with tenant(connection.organization_id):
            record_replay(connection=connection, stream="tickets", remote_id=ticket.remote_id)
    except (Refused, AuthenticationFailed) as err:
        return err.message
    return ""


both_ways = pytest.mark.parametrize("way", [opening, fetching])


def a_ticket(connection: Connection, **conditions: object) -> Ticket:
    with tenant_transaction(connection.organization_id):
        ticket: Ticket = Ticket.with_removed.filter(**conditions).order_by("pk")[0]
        return ticket


def now_of(ticket: Ticket) -> Ticket:
    with tenant_transaction(ticket.organization_id):
        return Ticket.with_removed.get(pk=ticket.pk)


def without_board(connection: Connection, board: str) -> Connection:
    with tenant_transaction(connection.organization_id):
        fresh = Connection.objects.get(pk=connection.pk)
        others = Ticket.objects.exclude(board_remote_id=board).exclude(board_remote_id=None)
        boards = sorted(set(others.values_list("board_remote_id", flat=True)))
        wanted = msgspec.structs.replace(settings_of(fresh), boards=boards)
        return connection_configure(connection=fresh, settings=wanted)


@both_ways
def test_a_ticket_of_a_board_that_is_left_out_stays_gone(
    way: Way, sync: Sync, calm: Sandbox, linked: Connection
) -> None:
    sync("full")
    ticket = a_ticket(linked)
    narrowed = without_board(linked, str(ticket.board_remote_id))
    sync("full")
    assert now_of(ticket).removed_at is not None
    calm.control("change", ids=[int(ticket.remote_id)], set={"summary": "Changed meanwhile"})
    said = way(narrowed, ticket)
    assert said == "The settings of this connection leave this record out. Nothing of it was changed here."
    after = now_of(ticket)
    assert (after.removed_at is not None, after.summary) == (True, ticket.summary)
    with tenant_transaction(linked.organization_id):
        assert not Note.objects.filter(ticket_remote_id=ticket.remote_id, removed_at=None).exists()


@both_ways
def test_a_value_that_is_odd_is_named_in_an_issue_and_cleared_when_it_is_well(
    way: Way, sync: Sync, calm: Sandbox, linked: Connection
) -> None:
    sync("full")
    ticket = a_ticket(linked)
    number = int(ticket.remote_id)
    calm.control(
        "faults", kind="row", odd={"ids": [number], "set": {"budgetHours": '"a few"', "summary": '"Told anew"'}}
    )
    assert way(linked, ticket) == ""
    assert now_of(ticket).summary == "Told anew"
    with tenant_transaction(linked.organization_id):
        issue = Issue.objects.get(stream="tickets", remote_id=ticket.remote_id, cleared_at=None)
    assert issue.code == "value_left_out"
    assert "budgetHours" in issue.message + issue.sample
    calm.control("faults", method="DELETE")
    assert way(linked, ticket) == ""
    with tenant_transaction(linked.organization_id):
        assert not Issue.objects.filter(cleared_at=None).exists()


@both_ways
def test_a_note_that_can_not_be_understood_is_named_and_removes_none(
    way: Way, sync: Sync, calm: Sandbox, linked: Connection
) -> None:
    sync("full")
    with tenant_transaction(linked.organization_id):
        note = Note.objects.exclude(remote_id__contains="d").order_by("pk")[0]
    ticket = a_ticket(linked, remote_id=note.ticket_remote_id)
    calm.control("faults", kind="row", odd={"ids": [int(note.remote_id)], "set": {"id": "tru"}})
    assert way(linked, ticket) == ""
    with tenant_transaction(linked.organization_id):
        assert Note.objects.get(pk=note.pk).removed_at is None
        assert Issue.objects.filter(stream="notes", cleared_at=None, code="record_rejected").exists()


@both_ways
def test_refused_credentials_are_not_tried_by_each_page(
    way: Way, sync: Sync, calm: Sandbox, linked: Connection
) -> None:
    sync("full")
    ticket = a_ticket(linked)
    calm.control("faults", kind="401")
    sync("quick")
    calm.control("faults", method="DELETE")
    with tenant_transaction(linked.organization_id):
        refused = Connection.objects.get(pk=linked.pk)
    assert "so it was not asked" in way(refused, ticket)
    with tenant_transaction(linked.organization_id):
        assert Connection.objects.get(pk=linked.pk).state == "refused"


@both_ways
def test_an_empty_answer_leaves_all_notes(way: Way, sync: Sync, calm: Sandbox, linked: Connection) -> None:
    sync("full")
    with tenant_transaction(linked.organization_id):
        number = Note.objects.order_by("pk").values_list("ticket_remote_id", flat=True)[0]
        here = Note.objects.filter(ticket_remote_id=number, removed_at=None).count()
    calm.control("faults", kind="empty", match={"path": "tickets/[0-9]+/(all)?notes$"})
    assert way(linked, a_ticket(linked, remote_id=number)) == ""
    with tenant_transaction(linked.organization_id):
        assert Note.objects.filter(ticket_remote_id=number, removed_at=None).count() == here > 0
