"""Reading an entity page by page. Autotask gives records in the order of their ids and in no other, so that the next page
is what lies above the last id: nothing moves while records change, and no cursor of the server's has to live.

Checkpoints: ``{"after": "57"}``, all ids up to 57 have been read; ``{"deleted_after": "57"}`` in the log of deletions.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from integrations.adapters.autotask import payloads as at
from integrations.adapters.autotask.client import LARGEST_PAGE, Autotask, names_next
from integrations.adapters.autotask.deletions import FIRST, is_deletions, read_deletions
from integrations.adapters.autotask.filters import (
    EVERY_RECORD,
    Clause,
    any_of,
    changed_since,
    clauses_of,
    compare,
    wants_nothing,
)
from integrations.adapters.autotask.labels import Labels
from integrations.adapters.autotask.naming import names_for
from integrations.adapters.autotask.picklists import records_of
from integrations.adapters.autotask.streams import Source, Table
from integrations.decoding import Listing
from integrations.errors import NotFound, ProtocolError
from integrations.pages import joined, page_of
from integrations.port import Checkpoint, Page, ReadRequest, Scope

_MOST_CHILD_PAGES = 200


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to ask, what for, and what the records' names are taken from."""

    remote: Autotask
    labels: Labels
    source: Source
    scope: Scope = Scope()


def read_table(labels: Labels, table: Table) -> Page:
    """A pick list, whole."""
    described = labels.described(table.entity)
    found = records_of(described, table.field, table.record)
    return Page(records=found, next=None, server_time=described.answer.server_time, rows=len(found))


def filter_of(source: Source, request: ReadRequest) -> list[Clause]:
    """The clauses of a request, never none: Autotask refuses an empty filter."""
    return clauses_of(source.reading, request.scope, request.since) or [EVERY_RECORD]


def is_empty(source: Source, request: ReadRequest) -> bool:
    """Whether the scope wants nothing of this stream."""
    return wants_nothing(source.reading, request.scope, request.since)


def read_page(walk: Walk, request: ReadRequest, checkpoint: Checkpoint | None) -> Page:
    """One page; see ``Adapter.read_page``. ``newest_first`` cannot be kept to: there is one order only."""
    if is_empty(walk.source, request):
        return Page(records=(), next=None)
    place = checkpoint or {}
    size = max(1, min(request.page_size, LARGEST_PAGE))
    tells_deletions = walk.source.spec.name == "tickets" and request.since is not None
    if is_deletions(place) and request.since is not None:
        return read_deletions(walk.remote, request.since, place, size)
    after = int(place["after"]) if "after" in place else None
    clauses = clauses_of(walk.source.reading, request.scope, request.since)
    listing = _query(walk, clauses, after, size)
    following = _next_of(listing, after, size)
    if following is None and tells_deletions:
        following = dict(FIRST)
    return _page(walk, listing, following)


def read_children(walk: Walk, parent_id: str) -> Page:
    """All records below one parent; see ``Adapter.read_children``. The date range narrows them as it does a whole read."""
    if not parent_id.isdecimal():
        raise NotFound(f"“{parent_id}” is no Autotask id.")
    source, scope = walk.source, walk.scope
    clauses = [compare(source.parent, "eq", int(parent_id))]
    if source.reading.by_date and scope.changed_after is not None:
        clauses.append(any_of(changed_since(source.reading.stamps, scope.changed_after)))
    pages: list[Page] = []
    after: int | None = None
    while len(pages) < _MOST_CHILD_PAGES:
        listing = _query(walk, clauses, after, LARGEST_PAGE)
        following = _next_of(listing, after, LARGEST_PAGE)
        pages.append(_page(walk, listing, None))
        if following is None:
            return joined(pages)
        after = int(following["after"])
    raise ProtocolError("Autotask's paging does not end.")


def _query(walk: Walk, clauses: Sequence[Clause], after: int | None, size: int) -> Listing[at.Row]:
    source = walk.source
    bound = EVERY_RECORD if after is None else compare("id", "gt", after)
    return walk.remote.query(
        source.entity, source.payload, [*clauses, bound], most=size, permission=source.spec.permission
    )


def _next_of(listing: Listing[at.Row], after: int | None, size: int) -> Checkpoint | None:
    """A full page, or one that names a next, has one. Raises ProtocolError when the walk does not advance."""
    if not listing.sent:
        return None
    highest = max(listing.known_ids, default=None)
    more = names_next(listing) or listing.sent >= size
    if highest is None and not more:
        return None
    if highest is None:
        raise ProtocolError(
            "None of the page's records could be understood.", sample=listing.rejected[0].sample, worded=False
        )
    if after is not None and highest <= after:
        raise ProtocolError("Autotask's paging does not advance.")
    return {"after": str(highest)} if more else None


def _page(walk: Walk, listing: Listing[at.Row], place: Checkpoint | None) -> Page:
    names = names_for(listing.rows, walk.labels, walk.scope)
    prefix = walk.source.prefix
    listing = listing.called(lambda number: f"{prefix}{number}") if prefix else listing
    return page_of(
        listing,
        lambda row: [walk.source.record(row, names)],
        following=place,
        name_of=lambda row: f"{prefix}{row.id}",
    )
