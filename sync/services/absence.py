"""Why a ticket is not shown: looked up in the PSA as it is now, then held against the settings, the syncs and the store.

The first thing that by itself keeps the ticket away is the verdict, so there is always exactly one.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from django.utils import timezone

from integrations import registry
from integrations.errors import (
    AddressRefused,
    AuthenticationFailed,
    IntegrationError,
    NotFound,
    PermissionMissing,
    ProtocolError,
    RateLimited,
    TransientError,
)
from integrations.models import Connection
from integrations.port import Adapter, Scope
from integrations.records import TicketRecord
from integrations.services.connections import connection_answered, connection_failed, connection_open
from integrations.settings_schema import scope_of, settings_of
from portal.ledger.models import JournalEntry
from portal.tenancy.scope import tenant_transaction
from sync.models import Cursor, Issue, Run, RunStream, Schedule
from sync.services.runs import is_first
from tickets.models import Ticket

PLACE = "7002003004005"
"""Stands for an id, to learn where a PSA's addresses keep theirs."""
ID_NAMES = frozenset({"id", "recid", "srrecid", "service_recid", "ticketid", "ticket_id"})
"""Query parameters that hold a ticket's id in the other addresses under which the vendors show a ticket."""
NUMBER = re.compile(r"#?\s*(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Verdict:
    """``code``: which reason, a stable name. ``said``: what is the matter. ``remedy``: how to mend it.

    ``way``: where the remedy is: ticket, run, settings, credentials, test, schedule, setup, sync, fetch, or empty;
    ``ticket_id``, ``run_id``, ``connection_id``, ``remote_id``: of what.
    """

    code: str
    said: str
    remedy: str = ""
    way: str = ""
    ticket_id: int | None = None
    run_id: int | None = None
    connection_id: int | None = None
    remote_id: str = ""


class NotUnderstood(Exception):
    """The text names no ticket. ``verdict`` says why."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.said)
        self.verdict = verdict


def ticket_absence(*, connection: Connection, text: str) -> Verdict:
    """Why the ticket that ``text`` names (a PSA number or address) is missing, or where it is.

    In a tenant scope, outside a transaction: it asks the PSA. Raises nothing of ``integrations.errors``: they are verdicts.
    """
    if connection.setup_step or not connection.credentials:
        return Verdict(
            "not_set_up",
            f"{connection.name} is not set up yet, so nothing has been read through it.",
            "Finish its set-up.",
            "setup",
            connection_id=connection.pk,
        )
    try:
        adapter = connection_open(connection)
    except AuthenticationFailed as err:
        return _refused(connection, err)
    try:
        return _looked_up(connection, adapter, text)
    except NotUnderstood as err:
        return err.verdict
    finally:
        adapter.close()


def _looked_up(connection: Connection, adapter: Adapter, text: str) -> Verdict:
    remote_id = remote_id_in(text, adapter, connection)
    scope = scope_of(connection)
    system = registry.provider(connection.provider).name
    try:
        record = adapter.read_one("tickets", remote_id, scope)
    except NotFound:
        with tenant_transaction(connection.organization_id):
            connection_answered(connection_id=connection.pk)
            return _not_in_psa(connection, remote_id, system)
    except IntegrationError as err:
        with tenant_transaction(connection.organization_id):
            connection_failed(connection_id=connection.pk, error=err)
        return _unanswered(connection, err, system)
    if not isinstance(record, TicketRecord):
        raise TypeError(f"tickets gave a {type(record).__name__}")
    with tenant_transaction(connection.organization_id):
        connection_answered(connection_id=connection.pk)
        return _found(connection, adapter, record, scope, system)


def remote_id_in(text: str, adapter: Adapter, connection: Connection) -> str:
    """The PSA's id of the ticket in a number, "#number" or an address of the PSA. Raises NotUnderstood."""
    plain = text.strip()
    if number := NUMBER.fullmatch(plain):
        return number[1]
    try:
        given = urlsplit(plain if "//" in plain else f"//{plain}")
    except ValueError:  # a broken IPv6 address
        given = urlsplit("")
    example = urlsplit(adapter.page_url("tickets", PLACE))
    if not given.hostname or ("." not in given.hostname and given.hostname != "localhost"):
        raise NotUnderstood(
            Verdict(
                "not_understood",
                "That is neither a ticket number nor the address of a ticket.",
                "Enter the number as the PSA shows it, such as 48210, or copy the address from the PSA's own page.",
            )
        )
    if example.hostname and given.hostname != example.hostname:
        raise NotUnderstood(
            Verdict(
                "other_instance",
                f"That address leads to {given.hostname}; {connection.name} is {example.hostname}.",
                "Choose the connection of that PSA, or connect it.",
                "connections",
            )
        )
    names = ID_NAMES | {name.lower() for name, value in parse_qsl(example.query) if value == PLACE}
    for name, value in parse_qsl(given.query) + parse_qsl(urlsplit(given.fragment).query):
        if name.lower() in names and value.isdecimal():
            return value
    if example.path and PLACE in example.path:
        pattern = re.escape(example.path).replace(PLACE, r"(\d{1,18})")
        if found := re.match(pattern, given.path):
            return found[1]
    raise NotUnderstood(
        Verdict(
            "no_number",
            "That is an address of this PSA, but no ticket's.",
            "Open the ticket in the PSA and copy the address from there, or enter its number.",
        )
    )


def _refused(connection: Connection, error: AuthenticationFailed) -> Verdict:
    return Verdict(
        "credentials_refused",
        f"The PSA could not be asked: {error.message}",
        "Enter new credentials. Until then nothing is synced.",
        "credentials",
        connection_id=connection.pk,
    )


def _unanswered(connection: Connection, error: IntegrationError, system: str) -> Verdict:
    """The PSA was asked and did not show the ticket, for a reason of its own."""
    own: dict[str, Any] = {"connection_id": connection.pk}
    if isinstance(error, AuthenticationFailed):
        return _refused(connection, error)
    if isinstance(error, PermissionMissing):
        said = f"{system} does not let the key read tickets: {error.which} is missing."
        return Verdict("permission_missing", said, f"Give the key that right in {system}, then test.", "test", **own)
    if isinstance(error, AddressRefused):
        said = f"{system} could not be asked: {error.message}"
        return Verdict("address_refused", said, "Correct the address with the credentials.", "credentials", **own)
    if isinstance(error, RateLimited):
        said = f"{system} asks for a pause of {error.retry_after:.0f} s before it answers again."
        return Verdict("rate_limited", said, "Look again after that.", **own)
    if isinstance(error, TransientError):
        said = f"{system} does not answer now: {error.message}"
        return Verdict("psa_away", said, "Look again in a few minutes. Syncs go on by themselves.", **own)
    if isinstance(error, ProtocolError):
        said = f"{system} shows this ticket in a form that can't be understood: {error.message}"
        remedy = f"Open the ticket in {system} and save it once; tell the operator of this portal if it stays."
        return Verdict("not_readable", said, remedy, **own)
    return Verdict("psa_error", f"{system} could not be asked: {error.message}", "Test the connection.", "test", **own)


def _not_in_psa(connection: Connection, remote_id: str, system: str) -> Verdict:
    """The PSA knows no such ticket, or does not show it to this key."""
    here = Ticket.with_removed.filter(connection_id=connection.pk, remote_id=remote_id).first()
    own: dict[str, Any] = {"connection_id": connection.pk, "remote_id": remote_id}
    if here is not None and here.removed_at is None:
        said = f"The ticket is still shown here, but {system} does not have it any more, or hides it from the key."
        remedy = "The next full sync removes it. Start one if you can't wait."
        return Verdict("deleted_still_here", said, remedy, "sync", ticket_id=here.pk, **own)
    if here is not None:
        run = _removed_by(here)
        said = f"It was deleted in {system}, and removed here on {here.removed_at:%d %b %Y}."
        remedy = "What was known of it is kept. If it was deleted by mistake, it must be made anew in the PSA."
        return Verdict("deleted", said, remedy, "ticket", ticket_id=here.pk, run_id=run, **own)
    elsewhere = (
        Ticket.objects.filter(remote_id=remote_id).exclude(connection_id=connection.pk).select_related("connection")
    ).first()
    if elsewhere is not None:
        said = f"{connection.name} has no ticket {remote_id}; {elsewhere.connection.name} has one of that number."
        return Verdict("other_connection", said, "Look at that one.", "ticket", ticket_id=elsewhere.pk, **own)
    said = f"{system} shows no service ticket {remote_id} to the key: there is none, it was deleted, or it is a project ticket."
    remedy = f"If you see it in {system}, the key's member is kept from its board, location or department: widen what it may see, then test."
    return Verdict("not_in_psa", said, remedy, "test", **own)


def _removed_by(ticket: Ticket) -> int | None:
    entry = _last_removal(ticket)
    return entry.run_id if entry is not None else None


def _last_removal(ticket: Ticket) -> JournalEntry | None:
    entries = JournalEntry.objects.filter(stream="tickets", record_id=ticket.pk, action=JournalEntry.Action.REMOVED)
    return entries.order_by("-pk").first()


def _found(connection: Connection, adapter: Adapter, record: TicketRecord, scope: Scope, system: str) -> Verdict:
    """The PSA shows the ticket: what keeps it away is on this side."""
    here = Ticket.with_removed.filter(connection_id=connection.pk, remote_id=record.remote_id).first()
    own: dict[str, Any] = {"connection_id": connection.pk, "remote_id": record.remote_id}
    outside = out_of_scope(connection, adapter, record, scope)
    if here is not None and here.removed_at is None:
        return _is_here(here, outside, own)
    if record.merged_into_id:
        other = Ticket.objects.filter(connection_id=connection.pk, remote_id=record.merged_into_id).first()
        said = f"It was merged into ticket {record.merged_into_id} in {system}."
        if other is not None:
            return Verdict(
                "merged", said, "Its notes and time are with that ticket.", "ticket", ticket_id=other.pk, **own
            )
        return Verdict("merged", f"{said} That one is not here either.", "Look for that number.", **own)
    if outside is not None:
        return outside
    return _kept_away(connection, record, here, own, system)


def _is_here(here: Ticket, outside: Verdict | None, own: dict[str, Any]) -> Verdict:
    if outside is not None:
        said = f"It is here, and will leave with the next full sync: {outside.said[:1].lower()}{outside.said[1:]}"
        return Verdict("here_leaving", said, outside.remedy, "settings", ticket_id=here.pk, **own)
    if here.is_closed:
        said = f"It is here, and closed ({here.status_name or 'no status'}). The list shows open tickets unless you ask for others."
        return Verdict(
            "here_closed", said, "Choose “All” or “Closed” in the list's filters.", "ticket", ticket_id=here.pk, **own
        )
    return Verdict(
        "here",
        "It is here, and open.",
        "If a list does not show it, a filter hides it.",
        "ticket",
        ticket_id=here.pk,
        **own,
    )


def out_of_scope(connection: Connection, adapter: Adapter, record: TicketRecord, scope: Scope) -> Verdict | None:
    """Which setting leaves the ticket out; None when they want it."""
    own: dict[str, Any] = {"way": "settings", "connection_id": connection.pk, "remote_id": record.remote_id}
    wanted = settings_of(connection).streams
    if wanted is not None and "tickets" not in wanted:
        return Verdict("stream_off", "Tickets are switched off for this connection.", "Switch them on.", **own)
    if adapter.in_scope(record, scope):
        return None
    if scope.board_ids is not None and (record.board_id or "") not in scope.board_ids:
        said = f"It is on the board “{record.board_name or 'none'}”, which is not synced."
        return Verdict("board", said, "Add that board to the settings; the next full sync brings its tickets.", **own)
    if record.status_id in scope.excluded_status_ids:
        said = f"Its status is “{record.status_name}”, which is left out."
        return Verdict("status", said, "Take that status off the list of those left out.", **own)
    if adapter.in_scope(record, msgspec.structs.replace(scope, changed_after=None)) and scope.changed_after:
        changed = f"{record.remote_updated_at:%d %b %Y}" if record.remote_updated_at else "at an unknown time"
        said = f"It is closed and was last changed {changed}, before the date range begins ({scope.changed_after:%d %b %Y})."
        return Verdict("date", said, "Widen the date range; the next full sync brings it.", **own)
    kind = f" ({record.record_type})" if record.record_type else ""
    return Verdict(
        "kind", f"It is of a kind{kind} that is not synced.", "Service tickets are; others stay in the PSA.", **own
    )


def _kept_away(
    connection: Connection, record: TicketRecord, here: Ticket | None, own: dict[str, Any], system: str
) -> Verdict:
    """The settings want the ticket and it is not shown: the syncs have not brought it."""
    runs = Run.objects.filter(connection_id=connection.pk).order_by("-pk")
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
    entry = _last_removal(here)
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
        said = f"{since}, and scheduled syncs wait until the credentials have been tested."
        return Verdict("waits_for_test", said, "Test the connection.", "test", **own)
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
    minutes = 0 if at is None else max(0, round((at - timezone.now()).total_seconds() / 60))
    return "in a moment" if minutes == 0 else f"in {minutes} min"
