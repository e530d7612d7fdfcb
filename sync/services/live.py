"""Reading one record from the PSA now, and merging it: what opening a ticket does."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import structlog
from django.db import connection as database

from integrations.errors import IntegrationError, NotFound
from integrations.models import Connection
from integrations.port import Adapter, Scope
from integrations.records import Record
from integrations.services.connections import connection_answered, connection_failed, connection_open
from integrations.settings_schema import scope_of
from portal.core import database_clock
from portal.core.merge import MergeContext, merge
from portal.tenancy.scope import tenant_transaction
from sync.engine.children import Parents, remove_orphans
from sync.models import ParentRead
from sync.streams import TARGETS, stage, stage_parents, unstage
from tickets.models import Ticket

log = structlog.get_logger("sync")


@dataclass(frozen=True, slots=True)
class Refreshed:
    """``ok``: the PSA answered. ``changed``: something here was written. ``message``: for people."""

    ok: bool
    message: str
    changed: bool = False


def ticket_refresh(*, ticket_id: int) -> Refreshed:
    """Reads one ticket and its notes now. Call it in a tenant scope and outside a transaction: it waits on the network."""
    with tenant_transaction():
        ticket = Ticket.with_removed.get(pk=ticket_id)
        connection = Connection.objects.get(pk=ticket.connection_id)
        adapter, scope = connection_open(connection), scope_of(connection)
    try:
        return _refresh(adapter, connection, ticket, scope)
    except NotFound:
        return Refreshed(
            False, "The PSA does not show this ticket any more. The next full sync decides whether it is gone."
        )
    except IntegrationError as err:
        log.warning("A ticket could not be refreshed", connection=connection.pk, code=err.code)
        with tenant_transaction():
            connection_failed(connection_id=connection.pk, error=err)
        return Refreshed(False, err.message)
    finally:
        adapter.close()


def _refresh(adapter: Adapter, connection: Connection, ticket: Ticket, scope: Scope) -> Refreshed:
    fetched_at = database_clock.now()
    record = adapter.read_one("tickets", ticket.remote_id, scope)
    notes = adapter.read_children("notes", ticket.remote_id, scope).records
    with tenant_transaction():
        written = land(connection, "tickets", [record], fetched_at)
        written += land(connection, "notes", list(notes), fetched_at, parent=ticket.remote_id)
        connection_answered(connection_id=connection.pk)
    return Refreshed(True, "Up to date with the PSA.", changed=bool(written))


def land(
    connection: Connection, stream: str, records: list[Record], fetched_at: dt.datetime, *, parent: str = ""
) -> int:
    """Stages and merges a handful of records under a key of their own; of a parent's children also removes what is gone. Returns rows written."""
    with database.cursor() as cursor:
        cursor.execute("SELECT -nextval(pg_get_serial_sequence('sync_run', 'id'))")
        key = cursor.fetchone()[0]
    context = MergeContext(connection.organization_id, connection.pk, key, page=1, origin="live")
    target = TARGETS[stream]
    stage(target, context, 1, [(record, True) for record in records], fetched_at)
    written = merge(target, context).written
    if parent:
        stage_parents(context, stream, [parent], fetched_at)
        written += remove_orphans(target, context, Parents([parent], fetched_at))
        ParentRead.objects.update_or_create(
            connection=connection,
            stream=stream,
            parent_remote_id=parent,
            defaults={"organization_id": connection.organization_id, "read_at": fetched_at},
        )
    unstage(context, [stream])
    return written


def notes_read_at(ticket: Ticket) -> dt.datetime | None:
    """When this ticket's notes were last read from the PSA."""
    reads = ParentRead.objects.filter(
        connection_id=ticket.connection_id, stream="notes", parent_remote_id=ticket.remote_id
    )
    return reads.values_list("read_at", flat=True).first()


def ticket_page_url(ticket: Ticket) -> str:
    """The ticket's page in the PSA's own user interface; empty where there is none."""
    adapter = connection_open(Connection.objects.get(pk=ticket.connection_id))
    try:
        return adapter.page_url("tickets", ticket.remote_id)
    finally:
        adapter.close()


def page_urls(connection: Connection, records: list[tuple[str, str]]) -> list[str]:
    """The pages of (stream, remote id) in the PSA's own user interface, in their order; "" where there is none, or no way to tell."""
    try:
        adapter = connection_open(connection)
    except IntegrationError:
        return [""] * len(records)
    try:
        return [adapter.page_url(stream, remote_id) for stream, remote_id in records]
    finally:
        adapter.close()
