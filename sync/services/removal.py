"""Removing a connection with everything that was synced through it."""

from __future__ import annotations

from django.db import connection as database

from clients.streams import TARGETS as CLIENT_TARGETS
from foundation.core.errors import Refused
from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.services.connections import connection_delete
from sync.models import Run
from sync.services.runs import serialise
from tickets.streams import TARGETS as TICKET_TARGETS


class RemovalRefused(Refused):
    """The connection can't be removed now; the message says what to do first."""


def connection_remove(*, connection: Connection, actor: User | None) -> None:
    """Removes the connection. Raises RemovalRefused while a run is open: cancelling it is a decision of its own."""
    with tenant_transaction(connection.organization_id):
        serialise(connection)
        held = Run.objects.filter(connection=connection, state__in=Run.OPEN).order_by("pk").first()
        if held is not None:
            kind, state = held.get_kind_display(), held.get_state_display().lower()
            raise RemovalRefused(
                f"Run {held.pk} ({kind}, {state}) is not finished. Cancel it first, then remove the connection."
            )
        empty_stores(connection)
        connection_delete(connection=connection, actor=actor)


def empty_stores(connection: Connection) -> None:
    """Deletes what was synced, children first: the database's cascades would look for the tickets of each company in turn."""
    parameters = [connection.organization_id, connection.pk]
    with database.cursor() as cursor:
        for target in reversed([*CLIENT_TARGETS, *TICKET_TARGETS]):
            cursor.execute(
                f'DELETE FROM "{target.table}" WHERE organization_id = %s AND connection_id = %s', parameters
            )
