"""Tickets that were deleted: Autotask keeps a log of them, which a read of changes ends with.

A deleted ticket comes as a record that is never in scope, so that whoever has it drops it.
"""

from __future__ import annotations

import datetime as dt

from integrations.adapters.autotask import payloads as at
from integrations.adapters.autotask.client import Autotask, has_more
from integrations.adapters.autotask.filters import EVERY_RECORD, compare, moment
from integrations.adapters.autotask.streams import DELETED, right
from integrations.errors import NotFound, PermissionMissing, UnsupportedFeature
from integrations.moments import utc
from integrations.port import Checkpoint, Page, Rejected
from integrations.records import TicketRecord

FIRST: Checkpoint = {"deleted_after": ""}
"""The checkpoint of the log's first page."""


class DeletedTicket(TicketRecord, frozen=True, kw_only=True):
    """A ticket that is no more. All that is known of it is its number, its title and when it went."""


def is_deletions(place: Checkpoint) -> bool:
    return "deleted_after" in place


def read_deletions(remote: Autotask, since: dt.datetime, place: Checkpoint, page_size: int) -> Page:
    """One page of the log. An API user who may not read it is told nothing; the next full read finds what is gone."""
    after = str(place["deleted_after"])
    bound = compare("id", "gt", int(after)) if after else EVERY_RECORD
    clauses = [compare("deletedDateTime", "gte", moment(since)), bound]
    try:
        listing = remote.query(DELETED, at.DeletedTicket, clauses, most=page_size, permission=right(DELETED))
    except (PermissionMissing, NotFound, UnsupportedFeature):
        return Page(records=(), next=None)
    more, highest = has_more(listing, page_size), max(listing.known_ids, default=None)
    found = {str(row.ticket_id): _gone(row) for row in listing.rows if row.ticket_id is not None}
    own = listing.called(lambda number: "")
    nameless = sum(row.ticket_id is None for row in listing.rows)
    return Page(
        records=list(found.values()),
        next={"deleted_after": str(highest)} if more and highest is not None else None,
        server_time=listing.answer.server_time,
        # The log's rows have numbers of their own, which are no ticket's.
        rejected=[*own.rejected, *(Rejected(remote_id="", message="It names no ticket.") for _ in range(nameless))],
        rows=listing.sent,
        remarks=own.remarks,
    )


def _gone(row: at.DeletedTicket) -> DeletedTicket:
    return DeletedTicket(
        remote_id=str(row.ticket_id), remote_updated_at=utc(row.deleted_date_time), summary=row.ticket_title or ""
    )
