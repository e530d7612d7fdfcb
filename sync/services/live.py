"""What opening a ticket does: reading it from the PSA now, and where it is there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from foundation.core.errors import Refused
from foundation.tenancy.scope import tenant_transaction
from integrations.errors import IntegrationError, NotFound
from integrations.models import Connection
from integrations.services.connections import connection_open
from sync.models import ParentRead
from sync.services.replay import record_replay
from tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class Refreshed:
    """``ok``: the PSA answered. ``changed``: something here was written. ``whole``: nothing that lies below the ticket could not be read.
    ``message``: for people."""

    ok: bool
    message: str
    changed: bool = False
    whole: bool = True


def ticket_refresh(*, ticket_id: int) -> Refreshed:
    """Reads one ticket and what lies below it now. Call it in a tenant scope and outside a transaction: it waits on the network."""
    with tenant_transaction():
        ticket = Ticket.with_removed.get(pk=ticket_id)
        connection = Connection.objects.get(pk=ticket.connection_id)
    try:
        replayed = record_replay(connection=connection, stream="tickets", remote_id=ticket.remote_id)
    except NotFound:
        return Refreshed(
            False, "The PSA does not show this ticket any more. The next full sync decides whether it is gone."
        )
    except (IntegrationError, Refused) as err:
        return Refreshed(False, err.sentence)
    if replayed.unread:
        said = " ".join(["The ticket itself is up to date.", *replayed.unread.values()])
        return Refreshed(True, said, changed=bool(replayed.written), whole=False)
    return Refreshed(True, "Up to date with the PSA.", changed=bool(replayed.written))


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
