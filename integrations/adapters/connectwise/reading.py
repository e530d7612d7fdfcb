"""Reading a collection page by page, in an order that does not move while records change.

Ascending walks use ConnectWise's forward-only paging, whose ``pageId`` means "ids above"; where a server or something
before it does not keep to it, and for newest-first walks, the same is said by hand with ``id > n`` and ``id < n``.

Checkpoints: ``{"page_id": "57", "after": "57"}`` forward-only · ``{"after": "57"}`` by hand · ``{"before": "57"}``
newest first. All ids at or on the seen side of the number have been read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

import msgspec

from integrations.adapters.connectwise import forecasts
from integrations.adapters.connectwise import payloads as cw
from integrations.adapters.connectwise.client import FORWARD_ONLY, ConnectWise, has_link, next_link
from integrations.adapters.connectwise.conditions import URL_LIMIT, Reading, all_of, conditions_of, wants_nothing
from integrations.adapters.connectwise.mapping import with_description
from integrations.adapters.connectwise.streams import Context, Source
from integrations.decoding import Listing
from integrations.errors import NotFound, ProtocolError, UnsupportedFeature
from integrations.pages import joined, page_of
from integrations.port import Checkpoint, Page, ReadRequest, Scope
from integrations.records import CategoryRecord, Record

LARGEST_PAGE = 1000
_MOST_CHILD_PAGES = 200
_IS_ID = re.compile(r"[0-9]{1,18}")


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """One page's question: which collection, filtered how, from where."""

    source: Source
    clauses: tuple[str, ...]
    page_size: int
    context: Context

    @property
    def is_long(self) -> bool:
        return len(quote(all_of(self.clauses), safe="")) > URL_LIMIT


def walk_of(source: Source, request: ReadRequest) -> Walk:
    reading = Reading(narrowing=source.narrowing, scope=request.scope, since=request.since)
    return Walk(
        source=source,
        clauses=tuple(conditions_of(reading)),
        page_size=max(1, min(request.page_size, forecasts.PAGE if source.valued else LARGEST_PAGE)),
        context=context_of(request.scope),
    )


def context_of(scope: Scope, parent_id: str = "") -> Context:
    wanted = None if scope.custom_field_ids is None else frozenset(scope.custom_field_ids)
    return Context(parent_id=parent_id, custom_field_ids=wanted)


def is_empty(source: Source, request: ReadRequest) -> bool:
    """Whether the scope wants nothing of this stream."""
    return wants_nothing(Reading(narrowing=source.narrowing, scope=request.scope, since=request.since))


def read_page(remote: ConnectWise, source: Source, request: ReadRequest, checkpoint: Checkpoint | None) -> Page:
    """One page; see ``Adapter.read_page``."""
    if is_empty(source, request):
        return Page(records=(), next=None)
    walk = walk_of(source, request)
    place = checkpoint or {}
    if request.newest_first or "before" in place:
        return _by_hand(remote, walk, place, newest_first=True)
    by_hand = "after" in place and "page_id" not in place
    if by_hand or walk.is_long:
        return _by_hand(remote, walk, place, newest_first=False)
    return _forward(remote, walk, place)


def _forward(remote: ConnectWise, walk: Walk, place: Checkpoint) -> Page:
    params: dict[str, str | int] = {"pageSize": walk.page_size}
    if walk.clauses:
        params["conditions"] = all_of(walk.clauses)
    if "page_id" in place:
        params["pageId"] = str(place["page_id"])
    source = walk.source
    listing = remote.list(source.path, source.payload, params, headers=FORWARD_ONLY, permission=source.spec.permission)
    link = next_link(listing.answer)
    after = int(place["after"]) if "after" in place else None
    if _ignores_forward_only(listing, link, after):
        seen = {} if after is None else {"after": str(after)}
        return _by_hand(remote, walk, seen, newest_first=False)
    if link is None:
        return _page(remote, listing, walk, None)
    page_id = link["pageid"]
    if not _IS_ID.fullmatch(page_id) or int(page_id) <= int(place.get("page_id", -1)):
        raise ProtocolError("ConnectWise's paging does not advance.")
    highest = max(listing.known_ids + ([] if after is None else [after]), default=int(page_id))
    return _page(remote, listing, walk, {"page_id": page_id, "after": str(highest)})


def _ignores_forward_only(listing: Listing[cw.Row], link: object, after: int | None) -> bool:
    """A server that pages by numbers, or a proxy that drops the Link header, would end or repeat the walk early."""
    if not listing.sent:
        return isinstance(link, dict) and "pageid" not in link
    if not has_link(listing.answer) or (isinstance(link, dict) and "pageid" not in link):
        return True
    ids = listing.ids
    return ids != sorted(ids) or (bool(ids) and after is not None and ids[-1] <= after)


def _by_hand(remote: ConnectWise, walk: Walk, place: Checkpoint, *, newest_first: bool) -> Page:
    mark = place.get("before" if newest_first else "after")
    bound = f"id {'<' if newest_first else '>'} {int(mark)}" if mark is not None else ""
    order = "id desc" if newest_first else "id asc"
    listing = _bounded(remote, walk, all_of((*walk.clauses, bound)), order)
    ids, ends = listing.known_ids, next_link(listing.answer) is None and bool(listing.answer.headers.get("link"))
    if not listing.sent or ends or (not ids and listing.sent < walk.page_size):
        return _page(remote, listing, walk, None)
    if not ids:
        raise ProtocolError(
            "None of the page's records could be understood.", sample=listing.rejected[0].sample, worded=False
        )
    edge = min(ids) if newest_first else max(ids)
    if mark is not None and (edge >= int(mark) if newest_first else edge <= int(mark)):
        raise ProtocolError("ConnectWise's paging does not advance.")
    return _page(remote, listing, walk, {"before" if newest_first else "after": str(edge)})


def _bounded(remote: ConnectWise, walk: Walk, conditions: str, order: str) -> Listing[cw.Row]:
    source = walk.source
    permission = source.spec.permission
    if walk.is_long and source.searchable:
        filters = {"conditions": conditions, "orderBy": order}
        params = {"page": 1, "pageSize": walk.page_size}
        return remote.search(source.path, source.payload, filters, params, permission=permission)
    query: dict[str, str | int] = {"orderBy": order, "pageSize": walk.page_size}
    if conditions:
        query["conditions"] = conditions
    return remote.list(source.path, source.payload, query, permission=permission)


def read_children(remote: ConnectWise, source: Source, parent_id: str, scope: Scope) -> Page:
    """All rows below one parent; see ``Adapter.read_children``."""
    if not parent_id.isdecimal():
        raise NotFound(f"“{parent_id}” is no ConnectWise id.")
    path = source.path.format(parent=parent_id)
    context = context_of(scope, parent_id)
    listings = _all_pages(remote, path, source.payload, source.spec.permission)
    pages = [
        _page(remote, listing, Walk(source=source, clauses=(), page_size=LARGEST_PAGE, context=context), None)
        for listing in listings
    ]
    whole = joined(pages)
    found = whole.records
    if source.spec.name == "notes":
        found = with_description(found, (row for listing in listings for row in listing.rows))
    if source.spec.name == "items":
        found = _with_subtypes(found, remote, parent_id, source.spec.permission)
    return msgspec.structs.replace(whole, records=found)


def _all_pages(remote: ConnectWise, path: str, kind: type[cw.Row], permission: str) -> list[Listing[cw.Row]]:
    """A parent's rows fit one page almost always, so a short page without a next link is taken for the end."""
    listings: list[Listing[cw.Row]] = []
    params: dict[str, str | int] = {"orderBy": "id asc", "pageSize": LARGEST_PAGE}
    while len(listings) < _MOST_CHILD_PAGES:
        listing = remote.list(path, kind, params, permission=permission)
        listings.append(listing)
        more = next_link(listing.answer) is not None or listing.sent >= LARGEST_PAGE
        if not more or not listing.known_ids:
            return listings
        last = max(listing.known_ids)
        condition = f"id > {last}"
        if params.get("conditions") == condition:
            break
        params = {**params, "conditions": condition}
    raise ProtocolError("ConnectWise's paging does not end.")


def _with_subtypes(items: Sequence[Record], remote: ConnectWise, board_id: str, permission: str) -> list[Record]:
    """Items know their subtypes by the board's table of allowed combinations only; some old servers have none."""
    path = f"service/boards/{board_id}/typeSubTypeItemAssociations"
    try:
        listings = _all_pages(remote, path, cw.Association, permission)
    except (NotFound, UnsupportedFeature):
        return list(items)
    parents: dict[str, set[int]] = {}
    for listing in listings:
        for row in listing.rows:
            if isinstance(row, cw.Association) and row.item and row.item.id and row.sub_type and row.sub_type.id:
                parents.setdefault(str(row.item.id), set()).add(row.sub_type.id)
    return [
        msgspec.structs.replace(item, parent_ids=[str(number) for number in sorted(parents.get(item.remote_id, ()))])
        for item in items
        if isinstance(item, CategoryRecord)
    ]


def with_values(remote: ConnectWise, source: Source, rows: Sequence[cw.Row], context: Context) -> Context:
    """The context with what these rows are worth, where that is asked for apart."""
    if not source.valued:
        return context
    values, remarks = forecasts.values_of(remote, rows, source.spec.permission)
    return msgspec.structs.replace(context, values=values, remarks=remarks)


def _page(remote: ConnectWise, listing: Listing[cw.Row], walk: Walk, place: Checkpoint | None) -> Page:
    context = with_values(remote, walk.source, listing.rows, walk.context)
    page = page_of(listing, lambda row: [walk.source.record(row, context)], following=place)
    return msgspec.structs.replace(page, remarks=[*page.remarks, *context.remarks]) if context.remarks else page
