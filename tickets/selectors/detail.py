"""One ticket: its story, and what is true now."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from foundation.ledger.models import JournalEntry
from tickets.models import Note, Ticket, TimeEntry

LATEST = 50
"""Changes of a ticket that its page shows."""
HIDDEN = ("_remote_id",)
"""Ends of columns whose change says nothing to people: the name beside them changes too."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. ``kind``: description, discussion, internal, resolution or time; ``body_format``: plain, html or markdown, of
    its texts. ``hours`` and the rest only for time; ``worked_on``: the PSA's calendar day of it, in no zone."""

    kind: str
    at: dt.datetime | None
    author: str
    text: str
    internal_text: str = ""
    body_format: str = "plain"
    worked_on: dt.date | None = None
    hours: float | None = None
    billable: str = ""
    work_type: str = ""
    work_role: str = ""
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One journal entry, in words. ``fields``: (label, before, after)."""

    at: dt.datetime
    action: str
    origin: str
    run: int | None
    reason: str
    fields: tuple[tuple[str, Any, Any], ...]


def ticket_get(ticket_id: int) -> Ticket:
    """One ticket, removed ones too, with its company, site and contact. Raises Ticket.DoesNotExist, for foreign and absent ones alike."""
    linked = ("company", "site", "contact", "board", "status", "priority", "owner")
    ticket: Ticket = Ticket.with_removed.select_related(*linked).get(pk=ticket_id)
    return ticket


def ticket_story(ticket: Ticket) -> list[Moment]:
    """What the ticket was opened with, then notes, time entries and the resolution, the oldest first; what has no time at the end."""
    notes = [_noted(note) for note in Note.objects.filter(ticket_id=ticket.pk)]
    times = [_worked(entry) for entry in TimeEntry.objects.filter(ticket_id=ticket.pk)]
    story = [*_told(ticket, [note.text for note in notes]), *notes, *times]
    return sorted(
        story,
        key=lambda moment: (
            moment.kind != "description",
            moment.at is None,
            moment.at or ticket.opened_at,
            moment.kind,
        ),
    )


def ticket_history(ticket: Ticket, most: int = LATEST) -> list[Change]:
    """What syncs, pushes and people changed, the newest first."""
    entries = JournalEntry.objects.filter(stream="tickets", record_id=ticket.pk).order_by("-pk")[:most]
    return [
        Change(entry.at, entry.get_action_display(), entry.origin, entry.run_id, entry.reason, _fields(entry))
        for entry in entries
    ]


def tickets_related(ticket: Ticket) -> dict[str, list[Ticket]]:
    """Tickets that this one hangs together with: "parent", "merged_into", "children" and "merged"; empty lists where none is here."""
    above = [number for number in (ticket.parent_ticket_remote_id, ticket.merged_into_remote_id) if number]
    rows = Ticket.with_removed.filter(connection_id=ticket.connection_id).only(
        "remote_id", "summary", "is_closed", "parent_ticket_remote_id", "merged_into_remote_id"
    )
    found = list(rows.filter(remote_id__in=above)) if above else []
    below = list(
        rows.filter(Q(parent_ticket_remote_id=ticket.remote_id) | Q(merged_into_remote_id=ticket.remote_id)).order_by(
            "pk"
        )[:LATEST]
    )
    return {
        "parent": [other for other in found if other.remote_id == ticket.parent_ticket_remote_id],
        "merged_into": [other for other in found if other.remote_id == ticket.merged_into_remote_id],
        "children": [other for other in below if other.parent_ticket_remote_id == ticket.remote_id],
        "merged": [other for other in below if other.merged_into_remote_id == ticket.remote_id],
    }


def _told(ticket: Ticket, noted: list[str]) -> list[Moment]:
    """The description and resolution that stand on the ticket itself, but for what a note says in the same words."""
    said = {text.strip() for text in noted}
    told = (
        ("description", ticket.opened_at, ticket.contact_name or ticket.entered_by, ticket.description),
        ("resolution", ticket.closed_at, ticket.closed_by, ticket.resolution),
    )
    moments = [Moment(kind, at, by, text or "", body_format=ticket.body_format) for kind, at, by, text in told]
    return [moment for moment in moments if moment.text.strip() and moment.text.strip() not in said]


def _noted(note: Note) -> Moment:
    at = note.remote_created_at or note.remote_updated_at
    return Moment(note.kind, at, note.author, note.text, body_format=note.body_format)


def _worked(entry: TimeEntry) -> Moment:
    return Moment(
        kind="time",
        at=entry.started_at or entry.remote_created_at,
        author=entry.member_name,
        text=entry.notes,
        internal_text=entry.internal_notes,
        body_format=entry.body_format,
        worked_on=entry.worked_on,
        hours=entry.hours,
        billable=entry.billable,
        work_type=entry.work_type,
        work_role=entry.work_role,
        started_at=entry.started_at,
        ended_at=entry.ended_at,
    )


def _fields(entry: JournalEntry) -> tuple[tuple[str, Any, Any], ...]:
    before, after = entry.before or {}, entry.after or {}
    names = [name for name in {**before, **after} if not name.endswith(HIDDEN)]
    return tuple((label_of(name), before.get(name), after.get(name)) for name in names)


def label_of(column: str) -> str:
    """A ticket's column in words: "owner_name" → "Owner"."""
    words = column.removesuffix("_name").removesuffix("_at").removeprefix("is_").removeprefix("remote_")
    return words.replace("_", " ").capitalize()
