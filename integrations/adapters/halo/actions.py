"""A ticket's actions: notes, and the time that was worked.

Halo keeps both in one table, numbered within the ticket. Here an action with time is a time entry and one without is a note,
so that no text stands on a ticket twice. Ids are ``ticket-action``, since a number alone says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from integrations.adapters.halo import payloads as halo
from integrations.adapters.halo.mapping import UNASSIGNED, body, reference, utc
from integrations.records import NoteRecord, TimeEntryRecord


def is_of(row: halo.Action, stream: str) -> bool:
    """Whether the action is a note, which says something and took no time, or a time entry, which took some."""
    if stream == "notes":
        return not row.timetaken and bool((row.note or row.note_html or "").strip())
    return bool(row.timetaken)


def notes(rows: Iterable[halo.Action], ticket_id: str) -> list[NoteRecord]:
    """The actions that say something and took no time."""
    return [note(row, ticket_id) for row in rows if is_of(row, "notes")]


def times(rows: Iterable[halo.Action], ticket_id: str) -> list[TimeEntryRecord]:
    """The actions that took time."""
    return [time_entry(row, ticket_id) for row in rows if is_of(row, "time_entries")]


def note(row: halo.Action, ticket_id: str) -> NoteRecord:
    member = _agent(row)
    text, body_format = body(row.note, row.note_html)
    return NoteRecord(
        remote_id=f"{ticket_id}-{row.id}",
        remote_updated_at=utc(row.last_updated) or utc(row.datetime),
        ticket_id=ticket_id,
        text=text,
        body_format=body_format,
        kind="internal" if row.hiddenfromuser else "discussion",
        is_internal=bool(row.hiddenfromuser),
        author=row.who or "",
        member_id=member,
        contact_id=None if member else reference(row.actionby_user_id),
        remote_created_at=utc(row.datetime),
    )


def time_entry(row: halo.Action, ticket_id: str) -> TimeEntryRecord:
    text, body_format = body(row.note, row.note_html)
    return TimeEntryRecord(
        remote_id=f"{ticket_id}-{row.id}",
        remote_updated_at=utc(row.last_updated) or utc(row.datetime),
        ticket_id=ticket_id,
        member_id=_agent(row),
        member_name=row.who or "",
        started_at=utc(row.actionarrivaldate),
        ended_at=utc(row.actioncompletiondate),
        hours=row.timetaken,
        billable={True: "Billable", False: "Not billable", None: ""}[row.actisbillable],
        work_type=row.outcome or "",
        notes="" if row.hiddenfromuser else text,
        internal_notes=text if row.hiddenfromuser else "",
        body_format=body_format,
        remote_created_at=utc(row.datetime),
    )


def _agent(row: halo.Action) -> str | None:
    """Who wrote it, if an agent did. What ``who_type`` means is disputed; an agent's id is not."""
    return str(row.who_agentid) if row.who_agentid and row.who_agentid > UNASSIGNED else None
