"""A record that is read by itself, by opening it, fetching it or trying it again, goes by the rules of runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import msgspec
import pytest
from django.db.models.functions import Now

from clients.models import Company
from foundation.core.errors import Refused
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.errors import AuthenticationFailed
from integrations.models import Connection
from integrations.services.connections import connection_configure
from integrations.settings_schema import settings_of
from sync.models import Issue
from sync.services.live import Refreshed, notes_read_at, ticket_refresh
from sync.services.replay import record_replay
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Sync, Synced
from tests.sync.test_refused_data import POISON, Refuse, refuse
from tickets.models import Note, Ticket

__all__ = ["refuse"]
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


def notes_of(ticket: Ticket) -> int:
    with tenant_transaction(ticket.organization_id):
        return int(Note.objects.filter(ticket_remote_id=ticket.remote_id, removed_at=None).count())


def read_at_of(ticket: Ticket) -> dt.datetime | None:
    with tenant_transaction(ticket.organization_id):
        return notes_read_at(ticket)


def newest_notes(ticket: Ticket, number: int) -> list[int]:
    with tenant_transaction(ticket.organization_id):
        rows = Note.objects.filter(ticket_remote_id=ticket.remote_id, removed_at=None).order_by("-pk")
        return [int(remote_id) for remote_id in rows.values_list("remote_id", flat=True)[:number]]


def without_board(connection: Connection, board: str) -> Connection:
    with tenant_transaction(connection.organization_id):
        fresh = Connection.objects.get(pk=connection.pk)
        others = Ticket.objects.exclude(board_remote_id=board).exclude(board_remote_id=None)
        boards = sorted(set(others.values_list("board_remote_id", flat=True)))
        wanted = msgspec.structs.replace(settings_of(fresh), boards=boards)
        return connection_configure(connection=fresh, settings=wanted)


@both_ways
def test_a_ticket_of_a_board_that_is_left_out_stays_gone(
    way: Way, sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
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
    way: Way, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
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
    way: Way, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
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
    way: Way, sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
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
def test_an_empty_answer_leaves_all_notes(way: Way, synced: Synced, calm: Sandbox, linked: Connection) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        number = Note.objects.order_by("pk").values_list("ticket_remote_id", flat=True)[0]
        here = Note.objects.filter(ticket_remote_id=number, removed_at=None).count()
    calm.control("faults", kind="empty", match={"path": "tickets/[0-9]+/(all)?notes$"})
    assert way(linked, a_ticket(linked, remote_id=number)) == ""
    with tenant_transaction(linked.organization_id):
        assert Note.objects.filter(ticket_remote_id=number, removed_at=None).count() == here > 0


HELD = 5


@both_ways
def test_more_notes_than_a_run_removes_unasked_stay(
    way: Way, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    ticket = a_ticket(linked, is_closed=False)
    calm.control("note", ticket=int(ticket.remote_id), n=40)
    way(linked, ticket)
    here = notes_of(ticket)
    assert here >= 40
    with tenant_transaction(linked.organization_id):
        fresh = Connection.objects.get(pk=linked.pk)
        held = connection_configure(
            connection=fresh, settings=msgspec.structs.replace(settings_of(fresh), hold_least=HELD)
        )
    read_at = read_at_of(ticket)
    calm.control("faults", kind="partial", fraction=0.5, match={"path": "tickets/[0-9]+/(all)?[nN]otes$"})
    with tenant(held.organization_id):
        answer = ticket_refresh(ticket_id=ticket.pk)
    assert (answer.ok, answer.whole) == (True, False)
    assert "notes that are here are not shown any more. They stay until a sync" in answer.message
    assert (notes_of(ticket), read_at_of(ticket)) == (here, read_at)
    calm.control("faults", method="DELETE")
    gone = newest_notes(ticket, HELD)
    calm.control("delete", collection="notes", ids=gone)
    assert way(held, ticket) == ""
    assert notes_of(ticket) == here - HELD


@pytest.mark.committed
@both_ways
def test_a_note_that_the_database_refuses_is_named_and_the_ticket_and_its_other_notes_land(
    way: Way, synced: Synced, calm: Sandbox, linked: Connection, refuse: Refuse
) -> None:
    synced()
    ticket = a_ticket(linked, is_closed=False)
    here = notes_of(ticket)
    refuse("tickets_note", "text")
    calm.control("note", ticket=int(ticket.remote_id), n=2)
    [odd] = calm.control("note", ticket=int(ticket.remote_id), n=1, set={"text": POISON})["ids"]
    calm.control("change", ids=[int(ticket.remote_id)], set={"summary": "Told anew"})
    assert way(linked, ticket) == ""
    assert (now_of(ticket).summary, notes_of(ticket)) == ("Told anew", here + 2)
    with tenant_transaction(linked.organization_id):
        issue = Issue.objects.get(stream="notes", cleared_at=None)
    assert (issue.remote_id, issue.code) == (str(odd), "record_rejected")
    assert issue.message.startswith("The database could not store this record")


@both_ways
def test_a_ticket_lands_without_a_company_that_can_not_be_read(
    way: Way, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    ticket = a_ticket(linked, company__isnull=False)
    with tenant_transaction(linked.organization_id):
        Company.objects.filter(pk=ticket.company_id).update(removed_at=Now())
    calm.control("change", ids=[int(ticket.remote_id)], set={"summary": "Told anew"})
    calm.control("faults", kind="500", match={"path": "companies/[0-9]+$"})
    assert way(linked, ticket) == ""
    assert now_of(ticket).summary == "Told anew"
    with tenant_transaction(linked.organization_id):
        assert Connection.objects.get(pk=linked.pk).state == "connected"
