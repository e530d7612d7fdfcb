"""Reading an entity page by page. Autotask gives records in the order of their ids and in no other, so that the next page
is what lies above the last id: nothing moves while records change, and no cursor of the server's has to live.

Checkpoints: ``{"after": "57"}``, all ids up to 57 have been read; ``{"deleted_after": "57"}`` in the log of deletions. Those of
``kept`` for what belongs to the tickets of a date range.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from integrations.adapters.autotask import payloads as at
from integrations.adapters.autotask.client import LARGEST_PAGE, Autotask, has_more
from integrations.adapters.autotask.deletions import FIRST, is_deletions, read_deletions
from integrations.adapters.autotask.filters import (
    EVERY_RECORD,
    Clause,
    clauses_of,
    compare,
    wants_nothing,
)
from integrations.adapters.autotask.kept import MOST_BATCHES, batches_of, following, goes_by_tickets, tickets_of
from integrations.adapters.autotask.labels import Labels
from integrations.adapters.autotask.lookups import LOOKUPS, failed_of, told
from integrations.adapters.autotask.mapping import Names
from integrations.adapters.autotask.naming import names_for
from integrations.adapters.autotask.picklists import records_of
from integrations.adapters.autotask.streams import Source, Table
from integrations.decoding import Listing
from integrations.errors import EndlessPaging, NotFound, ProtocolError
from integrations.pages import RowMapping, joined, page_of
from integrations.port import Checkpoint, Page, ReadRequest, Scope
from integrations.untold import remarks_of

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
    listing = described.listings.get(table.field.lower())
    return Page(
        records=found,
        next=None,
        server_time=described.answer.server_time,
        rows=len(found) + (len(listing.rejected) if listing else 0),
        rejected=listing.rejected if listing else (),
        remarks=listing.remarks if listing else (),
        untold=() if not found or any(getattr(record, "name", "") for record in found) else ("name",),
    )


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
    if goes_by_tickets(walk.source.parent, request, by_date=walk.source.reading.by_date):
        return _page_by_tickets(walk, place, size)
    after = int(place["after"]) if "after" in place else None
    clauses = clauses_of(walk.source.reading, request.scope, request.since)
    listing = _query(walk, clauses, after, size)
    onward = _next_of(listing, after, size)
    if onward is None and tells_deletions:
        onward = dict(FIRST)
    return _page(walk, listing, onward)


def _page_by_tickets(walk: Walk, place: Checkpoint, size: int) -> Page:
    """One page of what belongs to the tickets of the date range."""
    source = walk.source
    batch = tickets_of(walk.remote, walk.scope, place, source.spec.permission)
    if not batch.ids:
        return Page(records=(), next=None, server_time=batch.listing.answer.server_time)
    after = int(place["after"]) if "after" in place else None
    clauses = [*source.reading.constant, compare(source.parent, "in", batch.ids)]
    listing = _query(walk, clauses, after, size)
    return _page(walk, listing, following(place, batch.ids, _next_of(listing, after, size)))


def counted_by_tickets(walk: Walk) -> int | None:
    """How many records belong to the tickets of the date range; None where there are very many tickets."""
    source, total = walk.source, 0
    for number, ids in enumerate(batches_of(walk.remote, walk.scope, source.spec.permission)):
        if number >= MOST_BATCHES:
            return None
        clauses = [*source.reading.constant, compare(source.parent, "in", ids)]
        total += walk.remote.count(source.entity, clauses, permission=source.spec.permission)
    return total


def read_children(walk: Walk, parent_id: str) -> Page:
    """All records below one parent; see ``Adapter.read_children``."""
    if not parent_id.isdecimal():
        raise NotFound(f"“{parent_id}” is no Autotask id.")
    clauses = [compare(walk.source.parent, "eq", int(parent_id))]
    pages: list[Page] = []
    after: int | None = None
    while len(pages) < _MOST_CHILD_PAGES:
        listing = _query(walk, clauses, after, LARGEST_PAGE)
        onward = _next_of(listing, after, LARGEST_PAGE)
        pages.append(_page(walk, listing, None))
        if onward is None:
            return joined(pages)
        after = int(onward["after"])
    raise EndlessPaging("Autotask's paging does not end.")


def _query(walk: Walk, clauses: Sequence[Clause], after: int | None, size: int) -> Listing[at.Row]:
    source = walk.source
    bound = EVERY_RECORD if after is None else compare("id", "gt", after)
    return walk.remote.query(
        source.entity, source.payload, [*clauses, bound], most=size, permission=source.spec.permission
    )


def _next_of(listing: Listing[at.Row], after: int | None, size: int) -> Checkpoint | None:
    """A full page, one that names a next, or one that tells of none at all has one. Raises EndlessPaging when the walk does not advance."""
    if not listing.sent:
        return None
    highest = max(listing.known_ids, default=None)
    more = has_more(listing, size)
    if highest is None and not more:
        return None
    if highest is None:
        raise ProtocolError(
            "None of the page's records could be understood.", sample=listing.rejected[0].sample, worded=False
        )
    if after is not None and highest <= after:
        raise EndlessPaging("Autotask's paging does not advance.")
    return {"after": str(highest)} if more else None


def mapping_of(source: Source, names: Names) -> RowMapping:
    """How the rows of a source become records."""
    return RowMapping(lambda row: [told(source.record(row, names), row, names)], lookups=LOOKUPS)


def _page(walk: Walk, listing: Listing[at.Row], place: Checkpoint | None) -> Page:
    names = names_for(walk.source.entity, listing.rows, walk.labels, walk.scope)
    prefix = walk.source.prefix
    listing = listing.called(lambda number: f"{prefix}{number}") if prefix else listing
    page = page_of(
        listing,
        mapping_of(walk.source, names),
        following=place,
        name_of=lambda row: f"{prefix}{row.id}",
    )
    untold = remarks_of(listing.rows, page.records, LOOKUPS, failed_of(listing.rows, names))
    return msgspec.structs.replace(page, remarks=[*page.remarks, *untold]) if untold else page
