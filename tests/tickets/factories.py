"""Rows of the stores, each as small as it may be. Call them inside the tenant's scope."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import Any

from clients.models import Company
from integrations.models import Connection
from tickets.models import Board, Member, Note, Priority, Status, Ticket, TimeEntry

NOON = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
numbers = count(1000)


def synced(connection: Connection, **fields: Any) -> dict[str, Any]:
    """What every synced row needs."""
    base = {"content_hash": b"0", "fetched_at": NOON, "first_synced_at": NOON, "synced_at": NOON}
    own = {"organization_id": connection.organization_id, "connection": connection, "remote_id": str(next(numbers))}
    return base | own | fields


def make_ticket(connection: Connection, summary: str = "Printer is jammed", **fields: Any) -> Ticket:
    """A ticket that was changed at noon; ``fields`` may be any columns, and the linked rows board, status, priority, owner, company."""
    named = {
        f"{name}_{end}": value
        for name in ("board", "status", "priority", "owner", "company")
        if (row := fields.get(name))
        for end, value in (("name", row.name), ("remote_id", row.remote_id))
    }
    usual = {"summary": summary, "remote_updated_at": NOON, "remote_created_at": NOON}
    values = synced(connection, **(usual | named | fields))
    ticket: Ticket = Ticket.objects.create(**({"number": int(values["remote_id"])} | values))
    return ticket


def make_company(connection: Connection, name: str = "Nordwind Logistics", **fields: Any) -> Company:
    company: Company = Company.objects.create(**synced(connection, name=name, **fields))
    return company


def make_board(connection: Connection, name: str = "Service desk", **fields: Any) -> Board:
    board: Board = Board.objects.create(**synced(connection, name=name, **fields))
    return board


def make_status(connection: Connection, board: Board, name: str = "New", **fields: Any) -> Status:
    status: Status = Status.objects.create(
        **synced(connection, name=name, board=board, board_remote_id=board.remote_id, **fields)
    )
    return status


def make_priority(connection: Connection, name: str = "High", **fields: Any) -> Priority:
    priority: Priority = Priority.objects.create(**synced(connection, name=name, **fields))
    return priority


def make_member(connection: Connection, name: str = "Ada Byrne", **fields: Any) -> Member:
    member: Member = Member.objects.create(**synced(connection, **({"name": name, "identifier": name} | fields)))
    return member


def make_note(ticket: Ticket, text: str, **fields: Any) -> Note:
    linked = {"ticket": ticket, "ticket_remote_id": ticket.remote_id, "remote_created_at": NOON}
    note: Note = Note.objects.create(**synced(ticket.connection, **(linked | {"text": text} | fields)))
    return note


def make_time(ticket: Ticket, hours: float, **fields: Any) -> TimeEntry:
    linked = {"ticket": ticket, "ticket_remote_id": ticket.remote_id, "started_at": NOON}
    entry: TimeEntry = TimeEntry.objects.create(**synced(ticket.connection, **(linked | {"hours": hours} | fields)))
    return entry


def hours_before(hours: float) -> dt.datetime:
    """A moment before noon."""
    return NOON - dt.timedelta(hours=hours)
