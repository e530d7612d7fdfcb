"""Why a ticket that the PSA shows and the settings want is not here: the syncs have not brought it, or took it away."""

from __future__ import annotations

import datetime as dt
from typing import Any

from foundation.core import database_clock
from foundation.ledger.models import JournalEntry
from integrations.models import Connection
from integrations.records import TicketRecord
from sync.models import Cursor, Issue, Run, RunStream, Schedule
from sync.services.runs import is_first
from sync.services.verdicts import Verdict
from tickets.models import Ticket


def kept_away(
    connection: Connection, record: TicketRecord, here: Ticket | None, own: dict[str, Any], system: str
) -> Verdict:
    """The settings want the ticket and it is not shown: the syncs have not brought it."""
    runs = Run.objects.filter(connection_id=connection.pk).exclude(kind=Run.Kind.PREVIEW).order_by("-pk")
    working = runs.filter(state__in=(Run.State.QUEUED, *Run.ACTIVE)).first()
    last = runs.filter(state__in=(Run.State.DONE, Run.State.FAILED)).first()
    if is_first(connection):
        return _before_the_first(working, last, own)
    failure = Issue.objects.filter(
        connection_id=connection.pk, stream="tickets", remote_id=record.remote_id, cleared_at=None
    ).first()
    if failure is not None:
        said = f"A sync read it and could not take it over: {failure.message}"
        remedy = f"Correct it in {system}, then fetch it again."
        return Verdict("record_failed", said, remedy, "fetch", run_id=failure.last_run, **own)
    held = runs.filter(state=Run.State.HELD).first()
    if held is not None:
        said = "A sync that would bring it is held: it would remove more records than pass unasked."
        return Verdict("held", said, "Decide about that run.", "run", run_id=held.pk, **own)
    if here is not None:
        return _was_removed(here, own, system)
    if last is not None and (verdict := _stopped(last, own)):
        return verdict
    return _not_brought_yet(connection, record, working, own)


def _before_the_first(working: Run | None, last: Run | None, own: dict[str, Any]) -> Verdict:
    if working is not None and working.state != Run.State.QUEUED:
        said = "The first sync is still reading; newest tickets come first, and this one has not been reached."
        return Verdict("first_sync_running", said, "Wait for it to end.", "run", run_id=working.pk, **own)
    if last is not None and last.state == Run.State.FAILED:
        said = f"The first sync did not get to its end: {last.message}"
        return Verdict("first_sync_failed", said, "Mend that, then start it again.", "run", run_id=last.pk, **own)
    return Verdict("never_synced", "No sync has run yet.", "Start the first one.", "sync", **own)


def _was_removed(here: Ticket, own: dict[str, Any], system: str) -> Verdict:
    entry = last_removal(here)
    run = entry.run_id if entry is not None else None
    if entry is not None and entry.reason == "left the scope":
        said = "It had left what is synced, and is wanted again since. A quick sync sees only what changes in the PSA."
        return Verdict(
            "scope_returned", said, "The next full sync brings it, or fetch it now.", "fetch", run_id=run, **own
        )
    said = f"It was removed here on {here.removed_at:%d %b %Y}, when {system} did not show it, and {system} shows it again."
    return Verdict("came_back", said, "The next full sync brings it, or fetch it now.", "fetch", run_id=run, **own)


def _stopped(last: Run, own: dict[str, Any]) -> Verdict | None:
    """Whether the last run ended before it came to tickets."""
    if last.state == Run.State.FAILED:
        said = f"The last sync ended as an Error: {last.message}"
        return Verdict("last_sync_failed", said, "Look at that run for what to do.", "run", run_id=last.pk, **own)
    stream = RunStream.objects.filter(run_id=last.pk, name="tickets").first()
    if stream is not None and stream.state in {RunStream.State.FAILED, RunStream.State.SKIPPED}:
        said = f"The last sync left tickets out: {stream.message}"
        return Verdict("stream_failed", said, "Mend that, then sync again.", "run", run_id=last.pk, **own)
    return None


def _not_brought_yet(connection: Connection, record: TicketRecord, working: Run | None, own: dict[str, Any]) -> Verdict:
    cursor = Cursor.objects.get(connection_id=connection.pk, stream="tickets")
    changed = record.remote_updated_at
    is_news = changed is None or cursor.watermark is None or changed >= cursor.watermark
    if not is_news:
        said = "The settings want it, and no sync brought it."
        remedy = "Fetch it now. A full sync finds others like it; its report says if there are any."
        return Verdict("missed", said, remedy, "fetch", **own)
    if working is not None:
        said = "A sync that may bring it is under way."
        return Verdict("sync_running", said, "Look again when it has ended.", "run", run_id=working.pk, **own)
    schedule = Schedule.objects.filter(connection_id=connection.pk).first()
    since = "It is newer than the last sync"
    if schedule is not None and schedule.paused_at is not None:
        return Verdict(
            "paused", f"{since}, and the schedule is paused.", "Resume it, or fetch the ticket now.", "schedule", **own
        )
    if connection.state == Connection.State.REFUSED:
        said = f"{since}, and scheduled syncs wait until the PSA accepts the credentials. It is asked again by itself within the hour."
        return Verdict("waits_for_test", said, "Test the connection to go on now.", "test", **own)
    if schedule is None or not schedule.quick_minutes:
        return Verdict(
            "quick_off",
            f"{since}, and quick syncs are off.",
            "Switch them on, or fetch the ticket now.",
            "schedule",
            **own,
        )
    said = f"{since}; the next quick sync comes {_soon(schedule.quick_next_at)}."
    return Verdict("not_yet", said, "Wait for it, or fetch the ticket now.", "fetch", **own)


def _soon(at: dt.datetime | None) -> str:
    minutes = 0 if at is None else max(0, round((at - database_clock.now()).total_seconds() / 60))
    return "in a moment" if minutes == 0 else f"in {minutes} min"


def removed_by(ticket: Ticket) -> int | None:
    entry = last_removal(ticket)
    return entry.run_id if entry is not None else None


def last_removal(ticket: Ticket) -> JournalEntry | None:
    entries = JournalEntry.objects.filter(stream="tickets", record_id=ticket.pk, action=JournalEntry.Action.REMOVED)
    return entries.order_by("-pk").first()
