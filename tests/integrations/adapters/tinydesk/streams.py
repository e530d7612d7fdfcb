"""What is read from TinyDesk, and the rows that it sends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from integrations.port import Limit, Reach, StreamSpec
from integrations.records import (
    BoardRecord,
    CompanyRecord,
    ContactRecord,
    MemberRecord,
    NoteRecord,
    Record,
    StatusRecord,
    TicketRecord,
    TimeEntryRecord,
)


class Named(msgspec.Struct, frozen=True):
    id: int
    name: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What every row has."""

    id: int
    name: str = ""
    changed: dt.datetime | None = None


class State(Row, frozen=True, kw_only=True):
    queue: int
    closes: bool = False


class Person(Row, frozen=True, kw_only=True):
    login: str
    email: str = ""


class Contact(Row, frozen=True, kw_only=True):
    client: Named
    email: str = ""


class Ticket(Row, frozen=True, kw_only=True):
    queue: Named
    state: Named
    client: Named
    contact: Named
    owner: Named | None = None
    problem: str = ""
    closed: bool = False
    opened: dt.datetime | None = None
    merged_into: int | None = None
    fields: dict[str, str] = {}


class Note(Row, frozen=True, kw_only=True):
    ticket: int
    text: str = ""
    internal: bool = False


class Time(Row, frozen=True, kw_only=True):
    ticket: int
    person: Named
    hours: float = 0.0
    text: str = ""


def board(row: Any) -> BoardRecord:
    return BoardRecord(remote_id=str(row.id), remote_updated_at=row.changed, name=row.name)


def status(row: Any) -> StatusRecord:
    return StatusRecord(remote_id=str(row.id), board_id=str(row.queue), name=row.name, is_closed=row.closes)


def member(row: Any) -> MemberRecord:
    return MemberRecord(remote_id=str(row.id), identifier=row.login, name=row.name, email=row.email)


def company(row: Any) -> CompanyRecord:
    return CompanyRecord(remote_id=str(row.id), remote_updated_at=row.changed, name=row.name)


def contact(row: Any) -> ContactRecord:
    first, _, last = row.name.partition(" ")
    where = {"company_id": str(row.client.id), "company_name": row.client.name}
    stamp = row.changed
    return ContactRecord(
        remote_id=str(row.id), remote_updated_at=stamp, first_name=first, last_name=last, email=row.email, **where
    )


def ticket(row: Any) -> TicketRecord:
    fields = {key: {"caption": key.title(), "type": "text", "value": value} for key, value in row.fields.items()}
    return TicketRecord(
        remote_id=str(row.id),
        remote_updated_at=row.changed,
        summary=row.name,
        description=row.problem or None,
        board_id=str(row.queue.id),
        board_name=row.queue.name,
        status_id=str(row.state.id),
        status_name=row.state.name,
        company_id=str(row.client.id),
        company_name=row.client.name,
        contact_id=str(row.contact.id),
        contact_name=row.contact.name,
        owner_id=None if row.owner is None else str(row.owner.id),
        owner_name="" if row.owner is None else row.owner.name,
        is_closed=row.closed,
        remote_created_at=row.opened,
        merged_into_id=None if row.merged_into is None else str(row.merged_into),
        custom_fields=fields,
    )


def note(row: Any) -> NoteRecord:
    return NoteRecord(
        remote_id=str(row.id),
        remote_updated_at=row.changed,
        ticket_id=str(row.ticket),
        text=row.text,
        kind="internal" if row.internal else "discussion",
        is_internal=row.internal,
    )


def time_entry(row: Any) -> TimeEntryRecord:
    return TimeEntryRecord(
        remote_id=str(row.id),
        remote_updated_at=row.changed,
        ticket_id=str(row.ticket),
        member_id=str(row.person.id),
        member_name=row.person.name,
        hours=row.hours,
        notes=row.text,
    )


@dataclass(frozen=True, slots=True)
class Source:
    """A stream, the collection that it is read from, the row's shape and what becomes of it."""

    spec: StreamSpec
    path: str
    row: type[Row]
    record: Callable[[Any], Record]


def _source(
    name: str, path: str, row: type[Row], make: Callable[[Any], Record], kind: type[Record], **more: Any
) -> Source:
    return Source(StreamSpec(name=name, record=kind, permission=f"Read {path}", **more), path, row, make)


SOURCES: dict[str, Source] = {
    source.spec.name: source
    for source in (
        _source("boards", "queues", Row, board, BoardRecord, reference=True),
        _source(
            "statuses", "states", State, status, StatusRecord, reference=True, after=("boards",), incremental=False
        ),
        _source("members", "people", Person, member, MemberRecord, reference=True, incremental=False),
        _source("companies", "clients", Row, company, CompanyRecord),
        _source("contacts", "contacts", Contact, contact, ContactRecord, after=("companies",)),
        _source("tickets", "tickets", Ticket, ticket, TicketRecord, after=("contacts",), scoped=True),
        _source("time_entries", "times", Time, time_entry, TimeEntryRecord, after=("tickets",)),
        _source("notes", "notes", Note, note, NoteRecord, reach=Reach.PER_PARENT, parent="tickets", after=("tickets",)),
    )
}
STREAMS = tuple(source.spec for source in SOURCES.values())
LIMITS = tuple(
    Limit(stream=stream, why="TinyDesk has no such thing.", offered=False)
    for stream in ("assets", "agreements", "invoices", "opportunities")
)
