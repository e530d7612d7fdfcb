"""Reading a collection page by page, in an order that does not move while records change.

Ascending walks use ConnectWise's forward-only paging, whose ``pageId`` means "ids above"; where a server or something
before it does not keep to it, and for newest-first walks, the same is said by hand with ``id > n`` and ``id < n``.

Checkpoints: ``{"page_id": "57", "after": "57"}`` forward-only · ``{"after": "57"}`` by hand · ``{"before": "57"}``
newest first. All ids at or on the seen side of the number have been read. ``also`` beside these: of project tickets; those of ``kept`` for
the time of a date range.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeVar, get_type_hints
from urllib.parse import quote

import msgspec

from integrations.adapters.connectwise import client_payloads as client
from integrations.adapters.connectwise import forecasts
from integrations.adapters.connectwise import payloads as cw
from integrations.adapters.connectwise.client import FORWARD_ONLY, ConnectWise, has_link, next_link
from integrations.adapters.connectwise.conditions import (
    URL_LIMIT,
    Reading,
    all_of,
    conditions_of,
    one_of,
    wants_nothing,
)
from integrations.adapters.connectwise.kept import MOST_BATCHES, batches_of, following, goes_by_tickets, tickets_of
from integrations.adapters.connectwise.mapping import PROJECT_KINDS, with_description
from integrations.adapters.connectwise.streams import Context, Source
from integrations.decoding import Listing
from integrations.errors import (
    EndlessPaging,
    IntegrationError,
    NotFound,
    PermissionMissing,
    ProtocolError,
    UnsupportedFeature,
)
from integrations.field_origins import sources_of
from integrations.noticing import notice_beside
from integrations.pages import RowMapping, joined, page_of
from integrations.port import Checkpoint, Page, ReadRequest, Remark, Scope, Unshown
from integrations.records import CategoryRecord, Record
from integrations.untold import Lookup, custom_fields_in, untold_remark

LARGEST_PAGE = 1000
CHANNELS = Lookup(key="", words="addresses", needs=(("communication_items", ("email", "emails", "phone", "phones")),))
"""Of communication items, what a contact has depends on words in them that no trial hits upon."""
LOOKUPS = (custom_fields_in("custom_fields"), CHANNELS)
COMPOSED = frozenset({"author", "address", "type_names"})
"""Fields made of several names, or of the first of several that there is."""
WITHOUT_NAMES = frozenset({"merged_parent_ticket", "ticket"})
"""References to records that have a summary in the place of a name, of which the id alone is kept."""
_MOST_CHILD_PAGES = 200
ALSO = "also"
"""In the checkpoint: the walk is in the stream's second collection."""
_IS_ID = re.compile(r"[0-9]{1,18}")

R = TypeVar("R", bound=cw.Row)
T = TypeVar("T")


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
    place = checkpoint or {}
    if goes_by_tickets(source, request):
        return _page_by_tickets(remote, source, request, place)
    if source.also is None:
        return _walked(remote, walk_of(source, request), request, place)
    return _of_two(remote, source, source.also, request, place)


def _of_two(remote: ConnectWise, source: Source, also: Source, request: ReadRequest, place: Checkpoint) -> Page:
    """One page of a stream of two collections; where the first one ends, the second one begins on the same page."""
    pages = [] if place.get(ALSO) else [_walked(remote, walk_of(source, request), request, place)]
    if pages and pages[0].next is not None:
        return pages[0]
    rest = {name: value for name, value in place.items() if name != ALSO} if not pages else {}
    try:
        pages.append(_walked(remote, walk_of(also, request), request, rest))
    except (NotFound, PermissionMissing, UnsupportedFeature) as err:
        return _without(also, pages, err, request)
    whole, following = joined(pages), pages[-1].next
    return msgspec.structs.replace(whole, next=None if following is None else {**following, ALSO: True})


def _without(also: Source, pages: list[Page], error: IntegrationError, request: ReadRequest) -> Page:
    """The page without a collection that may not be read, or that is not there, as in releases and roles without projects. Whole readings
    say so: what is known of it is not known to be gone."""
    whole = joined(pages) if pages else Page(records=(), next=None)
    if request.since is not None:
        return whole
    is_refused = isinstance(error, PermissionMissing)
    why = f"the security role lacks {also.spec.permission}" if is_refused else "ConnectWise has no list of them"
    unshown = Unshown(kinds=PROJECT_KINDS, why=f"Project tickets cannot be read: {why}.")
    return msgspec.structs.replace(whole, unshown=unshown)


def _page_by_tickets(remote: ConnectWise, source: Source, request: ReadRequest, place: Checkpoint) -> Page:
    """One page of what belongs to the tickets of the date range."""
    ids, place, server_time = tickets_of(remote, request.scope, place)
    if not ids:
        return Page(records=(), next=None, server_time=server_time)
    walk = walk_of(source, request)
    walk = msgspec.structs.replace(walk, clauses=(*walk.clauses, one_of("chargeToId", map(str, ids))))
    inner = {name: value for name, value in place.items() if name in ("page_id", "after")}
    page = _walked(remote, walk, msgspec.structs.replace(request, newest_first=False), inner)
    return msgspec.structs.replace(page, next=following(place, ids, page.next))


def counted_by_tickets(remote: ConnectWise, source: Source, request: ReadRequest) -> int | None:
    """How many records belong to the tickets of the date range; None where there are very many tickets."""
    total, clauses = 0, walk_of(source, request).clauses
    for number, ids in enumerate(batches_of(remote, request.scope)):
        if number >= MOST_BATCHES:
            return None
        conditions = all_of((*clauses, one_of("chargeToId", map(str, ids))))
        total += remote.count(source.path, conditions, permission=source.spec.permission)
    return total


def _walked(remote: ConnectWise, walk: Walk, request: ReadRequest, place: Checkpoint) -> Page:
    """One page of a collection."""
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
    page_id = _advanced(link["pageid"], int(place.get("page_id", -1)))
    highest = max(listing.known_ids + ([] if after is None else [after]), default=page_id)
    return _page(remote, listing, walk, {"page_id": str(page_id), "after": str(highest)})


def _ignores_forward_only(listing: Listing[R], link: object, after: int | None) -> bool:
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
    ids = listing.known_ids
    if not listing.sent or _says_the_end(listing) or (not ids and listing.sent < walk.page_size):
        return _page(remote, listing, walk, None)
    if not ids:
        raise ProtocolError(
            "None of the page's records could be understood.", sample=listing.rejected[0].sample, worded=False
        )
    edge = min(ids) if newest_first else max(ids)
    if mark is not None and (edge >= int(mark) if newest_first else edge <= int(mark)):
        raise EndlessPaging("ConnectWise's paging does not advance.")
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
    return of_either(source, lambda either: _below(remote, either, parent_id, scope))


def of_either(source: Source, read: Callable[[Source], T]) -> T:
    """What is read of the collection that has the record. Service tickets and project tickets take their ids from one sequence. Raises
    NotFound where neither has it; where the second one may not be read, that is not known, and PermissionMissing is raised."""
    try:
        return read(source)
    except NotFound as err:
        if source.also is None:
            raise
        try:
            return read(source.also)
        except (NotFound, UnsupportedFeature):
            raise err from None


def _below(remote: ConnectWise, source: Source, parent_id: str, scope: Scope) -> Page:
    path = source.path.format(parent=parent_id)
    context = context_of(scope, parent_id)
    listings = all_pages(remote, path, source.payload, source.spec.permission)
    pages = [
        _page(remote, listing, Walk(source=source, clauses=(), page_size=LARGEST_PAGE, context=context), None)
        for listing in listings
    ]
    whole = joined(pages)
    if source.spec.name == "notes":
        rows = (row for listing in listings for row in listing.rows)
        return msgspec.structs.replace(whole, records=with_description(whole.records, rows))
    if source.spec.name == "items":
        return _with_subtypes(whole, remote, parent_id, source.spec.permission)
    return whole


def all_pages(remote: ConnectWise, path: str, kind: type[R], permission: str) -> list[Listing[R]]:
    """All rows of a collection, most of which fit one page. Forward-only answers always have a Link header, which says whether there is
    more; where it is missing, something cuts it off and a page may be as short as a server likes: only an empty one is the end."""
    listing = remote.list(path, kind, {"pageSize": LARGEST_PAGE}, headers=FORWARD_ONLY, permission=permission)
    listings = [listing]
    if _ignores_forward_only(listing, next_link(listing.answer), None):
        if listing.ids != sorted(listing.ids):
            listings = []
        return _rest_by_hand(remote, path, kind, permission, listings)
    page_id = -1
    while (link := next_link(listing.answer)) is not None and len(listings) < _MOST_CHILD_PAGES:
        page_id = _advanced(link["pageid"], page_id)
        last = max((number for one in listings for number in one.known_ids), default=-1)
        params: dict[str, str | int] = {"pageSize": LARGEST_PAGE, "pageId": str(page_id)}
        listing = remote.list(path, kind, params, headers=FORWARD_ONLY, permission=permission)
        if _ignores_forward_only(listing, next_link(listing.answer), last):
            return _rest_by_hand(remote, path, kind, permission, listings)
        listings.append(listing)
    if link is not None:
        raise EndlessPaging("ConnectWise's paging does not end.")
    return listings


def _rest_by_hand(
    remote: ConnectWise, path: str, kind: type[R], permission: str, listings: list[Listing[R]]
) -> list[Listing[R]]:
    """The listings with those of higher ids."""
    while len(listings) < _MOST_CHILD_PAGES:
        params: dict[str, str | int] = {"orderBy": "id asc", "pageSize": LARGEST_PAGE}
        last = max((number for one in listings for number in one.known_ids), default=None)
        if last is not None:
            params["conditions"] = f"id > {last}"
        listing = remote.list(path, kind, params, permission=permission)
        if last is not None and max(listing.known_ids, default=last + 1) <= last:
            if listing.sent >= LARGEST_PAGE or next_link(listing.answer) is not None:
                raise EndlessPaging("ConnectWise's paging does not advance.")
            return listings
        listings.append(listing)
        if not listing.known_ids or _says_the_end(listing):
            return listings
    raise EndlessPaging("ConnectWise's paging does not end.")


def _advanced(page_id: str, before: int) -> int:
    """Where forward-only paging goes on. Raises EndlessPaging where it does not."""
    if not _IS_ID.fullmatch(page_id) or int(page_id) <= before:
        raise EndlessPaging("ConnectWise's paging does not advance.")
    return int(page_id)


def _says_the_end(listing: Listing[R]) -> bool:
    """Whether there is a Link header that names no next page."""
    return next_link(listing.answer) is None and bool(listing.answer.headers.get("link"))


def _with_subtypes(page: Page, remote: ConnectWise, board_id: str, permission: str) -> Page:
    """Items know their subtypes by the board's table of allowed combinations only. Some old servers have none, and a role may hide it or
    show it empty: the items come without them then."""
    path = f"service/boards/{board_id}/typeSubTypeItemAssociations"
    try:
        listings = all_pages(remote, path, cw.Association, permission)
    except (NotFound, PermissionMissing, UnsupportedFeature):
        listings = []
    parents: dict[str, set[int]] = {}
    for listing in listings:
        notice_beside("typeSubTypeItemAssociations", listing.remarks, listing.rejected)
        for row in listing.rows:
            if isinstance(row, cw.Association) and row.item and row.item.id and row.sub_type and row.sub_type.id:
                parents.setdefault(str(row.item.id), set()).add(row.sub_type.id)
    if not parents:
        return msgspec.structs.replace(page, untold=[*page.untold, "parent_ids"])
    found = [
        msgspec.structs.replace(item, parent_ids=[str(number) for number in sorted(parents.get(item.remote_id, ()))])
        for item in page.records
        if isinstance(item, CategoryRecord)
    ]
    return msgspec.structs.replace(page, records=found)


def with_values(remote: ConnectWise, source: Source, rows: Sequence[cw.Row], context: Context) -> Context:
    """The context with what these rows are worth, where that is asked for apart."""
    if not source.valued:
        return context
    found = forecasts.values_of(remote, rows, source.spec.permission)
    return msgspec.structs.replace(context, values=found.values, untold=found.untold, remarks=found.remarks)


def told(source: Source, row: cw.Row, context: Context) -> Record:
    """The row's record, which says what of it was asked for apart and not told."""
    record = source.record(row, context)
    unknown = {"value"} if row.id in context.untold else set[str]()
    if references := nameless(row):
        sources = sources_of(type(row), type(record), lambda other: [source.record(other, context)], LOOKUPS)
        unknown |= {
            field
            for field, own in sources.items()
            if own & references and not field.endswith(("_id", "_ids")) and is_named(record, field)
        }
    return msgspec.structs.replace(record, unknown_fields=tuple(sorted(unknown))) if unknown else record


def is_named(record: Record, field: str) -> bool:
    """Whether the field has no value for want of a name, or one that a name has a part in."""
    return field in COMPOSED or getattr(record, field) in ("", None)


def nameless(row: cw.Row) -> frozenset[str]:
    """The attributes of the row that refer to a record by its id and do not say what it is called."""
    return frozenset(name for name in references_of(type(row)) if _lacks_name(getattr(row, name)))


def _lacks_name(value: cw.Reference | Sequence[cw.Reference] | None) -> bool:
    if isinstance(value, cw.Reference):
        return bool(value.id) and not (value.name or value.identifier)
    return any(_lacks_name(one) for one in value or ())


@cache
def references_of(payload: type[cw.Row]) -> tuple[str, ...]:
    """The attributes of rows that refer to records that have names."""
    kinds = (cw.Reference | None, list[cw.Reference] | None)
    return tuple(name for name, kind in get_type_hints(payload).items() if kind in kinds and name not in WITHOUT_NAMES)


def nameless_remarks(rows: Sequence[cw.Row]) -> list[Remark]:
    """That references came without names, one remark for each attribute."""
    found = sorted({name for row in rows for name in nameless(row)})
    return [untold_remark(f"names of {name.replace('_', ' ')}", "they came without them") for name in found]


def mapping_of(source: Source, context: Context) -> RowMapping:
    """How the rows of a source become records."""
    return RowMapping(
        lambda row: [told(source, row, context)],
        lookups=LOOKUPS,
        omits=lambda attribute: not _is_always_sent(source.payload, attribute),
    )


def _page(remote: ConnectWise, listing: Listing[cw.Row], walk: Walk, place: Checkpoint | None) -> Page:
    context = with_values(remote, walk.source, listing.rows, walk.context)
    page = page_of(listing, mapping_of(walk.source, context), following=place)
    remarks = [*page.remarks, *context.remarks, *nameless_remarks(listing.rows)]
    untold = set(page.untold)
    if context.untold and all(row.id in context.untold for row in listing.rows):
        untold.add("value")
    return msgspec.structs.replace(page, remarks=remarks, untold=sorted(untold))


ALWAYS_SENT: dict[type[cw.Row], frozenset[str]] = {
    cw.Ticket: frozenset({"summary", "board", "status", "priority", "company"}),
    cw.ProjectTicket: frozenset({"summary", "board", "status", "priority", "company"}),
    cw.Note: frozenset({"text"}),
    cw.TimeEntry: frozenset({"member", "time_start"}),
    cw.Member: frozenset({"identifier", "first_name", "last_name", "default_email"}),
    cw.Company: frozenset({"identifier", "name", "status"}),
    cw.Contact: frozenset({"first_name", "communication_items"}),
    cw.Priority: frozenset({"name", "color"}),
    client.Agreement: frozenset({"name", "type", "company", "contact"}),
    client.Addition: frozenset({"product", "bill_customer"}),
    client.Invoice: frozenset({"invoice_number", "type", "company"}),
    client.CatalogItem: frozenset({"identifier", "description"}),
    client.Opportunity: frozenset({"name", "primary_sales_rep", "company", "contact"}),
}
"""What no record of these is without: required by the OpenAPI document, or given by the server itself (a ticket's board, status and
priority; a company's status)."""


@cache
def _is_always_sent(payload: type[cw.Row], attribute: str) -> bool:
    """Whether ConnectWise, which leaves out what is null, sends this whatever its value: flags are true or false, all custom fields come
    back, empty ones with a null of their own (live answers), tables have names, and what is required is there."""
    if attribute in ALWAYS_SENT.get(payload, frozenset({"name"})) or attribute == "custom_fields":
        return True
    return bool(get_type_hints(payload)[attribute] == bool | None)
