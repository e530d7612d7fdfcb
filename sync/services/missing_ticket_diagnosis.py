"""Why a ticket is not shown: looked up in the PSA as it is now, then held against the settings, the syncs and the store.

The first thing that by itself keeps the ticket away is the verdict, so there is always exactly one.
"""

from __future__ import annotations

from typing import Any

import msgspec

from foundation.tenancy.scope import tenant_transaction
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
from integrations.records import CompanyRecord, TicketRecord
from integrations.scoping import has_wanted_status, of_wanted_company
from integrations.services.connections import (
    connection_answered,
    connection_failed,
    connection_open_unless_refused,
)
from integrations.services.opening import NotAsked
from integrations.settings_schema import scope_of, settings_of
from sync.services.not_synced_reasons import kept_away, removed_by
from sync.services.ticket_addresses import NotUnderstood, remote_id_in
from sync.services.verdicts import Verdict
from tickets.models import Ticket


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
        adapter = connection_open_unless_refused(connection)
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
    company = _company_of(adapter, record, scope)
    with tenant_transaction(connection.organization_id):
        connection_answered(connection_id=connection.pk)
        return _found(connection, adapter, record, company, scope, system)


def _refused(connection: Connection, error: AuthenticationFailed) -> Verdict:
    return Verdict(
        "credentials_refused",
        error.message if isinstance(error, NotAsked) else f"The PSA could not be asked: {error.message}",
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
        run = removed_by(here)
        said = f"It was deleted in {system}, and removed here on {here.removed_at:%d %b %Y}."
        remedy = "What was known of it is kept. If it was deleted by mistake, it must be made anew in the PSA."
        return Verdict("deleted", said, remedy, "ticket", ticket_id=here.pk, run_id=run, **own)
    elsewhere = (
        Ticket.objects.filter(remote_id=remote_id).exclude(connection_id=connection.pk).select_related("connection")
    ).first()
    if elsewhere is not None:
        said = f"{connection.name} has no ticket {remote_id}; {elsewhere.connection.name} has one of that number."
        return Verdict("other_connection", said, "Look at that one.", "ticket", ticket_id=elsewhere.pk, **own)
    said = f"{system} shows no ticket {remote_id} to the key: there is none, or it was deleted."
    remedy = f"If you see it in {system}, the key's member is kept from its board, location or department: widen what it may see, then test."
    return Verdict("not_in_psa", said, remedy, "test", **own)


def _company_of(adapter: Adapter, record: TicketRecord, scope: Scope) -> CompanyRecord | None:
    """The ticket's company as the PSA shows it, where the settings may leave it out; None where it can't be read by itself."""
    if not scope.narrows_companies or not record.company_id:
        return None
    try:
        company = adapter.read_one("companies", record.company_id, scope)
    except IntegrationError:
        return None
    return company if isinstance(company, CompanyRecord) else None


def _found(
    connection: Connection,
    adapter: Adapter,
    record: TicketRecord,
    company: CompanyRecord | None,
    scope: Scope,
    system: str,
) -> Verdict:
    """The PSA shows the ticket: what keeps it away is on this side."""
    here = Ticket.with_removed.filter(connection_id=connection.pk, remote_id=record.remote_id).first()
    own: dict[str, Any] = {"connection_id": connection.pk, "remote_id": record.remote_id}
    outside = out_of_scope(connection, adapter, record, scope) or of_unwanted_company(
        connection, record, company, scope
    )
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
    return kept_away(connection, record, here, own, system)


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
        "kind",
        f"It is of a kind{kind} that is not synced.",
        "Tickets of other kinds are; those stay in the PSA.",
        **own,
    )


def of_unwanted_company(
    connection: Connection, record: TicketRecord, company: CompanyRecord | None, scope: Scope
) -> Verdict | None:
    """Which setting leaves the ticket's company out; None when they want it, or it is not known."""
    if company is None or of_wanted_company(company, scope):
        return None
    own: dict[str, Any] = {"way": "settings", "connection_id": connection.pk, "remote_id": record.remote_id}
    whose = f"It is of the company “{company.name or company.remote_id}”, which is left out."
    if not has_wanted_status(company, scope):
        status = f"Its status “{company.status_name}” is" if company.status_name else "It has no status, and such are"
        said = f"{whose} {status} not synced."
        return Verdict("company_status", said, "Add that status; the next full sync brings its tickets.", **own)
    types = f"Its type “{', '.join(company.type_names)}” is" if company.type_names else "It has no type, and such are"
    said = f"{whose} {types} not synced."
    return Verdict("company_type", said, "Add that type; the next full sync brings its tickets.", **own)
