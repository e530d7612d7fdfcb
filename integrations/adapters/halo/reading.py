"""Reading: a table in one answer, a collection page by page, the actions of a ticket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from integrations.adapters.halo import actions, mapping
from integrations.adapters.halo import payloads as halo
from integrations.adapters.halo.agents import AGENTS_AT_ONCE, emails_of
from integrations.adapters.halo.client import Halo, total_of
from integrations.adapters.halo.custom_fields import needs_choices
from integrations.adapters.halo.lookups import (
    ALIKE,
    ASSET_LOOKUPS,
    CLOSING_WORDS,
    DETAILS_IN,
    FIELD_LOOKUPS,
    FIELDS,
    LOOKUPS,
    as_detailed,
    told,
)
from integrations.adapters.halo.mapping import changed
from integrations.adapters.halo.paging import LARGEST_PAGE, LEAST_PAGE, MOST_STALLS, Place, Window, window
from integrations.adapters.halo.questions import Params, Question, begun, questions_of, questions_of_types, statuses
from integrations.adapters.halo.streams import (
    ASSET_SOURCE,
    EXCLUDE_CLOSED,
    MEMBER_SOURCE,
    PRODUCT_SOURCE,
    TICKET_SOURCE,
    TIMED,
    Context,
    Source,
    closing,
)
from integrations.adapters.halo.vocabulary import Vocabulary
from integrations.decoding import Listing, converted
from integrations.errors import EndlessPaging, NotFound, ProtocolError
from integrations.noticing import notice
from integrations.pages import RowMapping, page_of, records_of_one
from integrations.port import Checkpoint, Page, ReadRequest, Remark, Scope
from integrations.records import Record
from integrations.untold import EMPTY, custom_fields_in, remarks_of, untold_remark

MOST_ACTIONS = 20_000
LEAST_CUT = 20
"""So many actions may not be all. Lists are cut without a word, where an agent or a server has a number of rows set: at 50 (seen of
tickets), or at fewer."""


class Reader:
    """Reads one Halo. Keeps nothing but what ids are called."""

    def __init__(self, remote: Halo) -> None:
        self.remote = remote
        self.vocabulary = Vocabulary(remote)

    def table(self, source: Source) -> Page:
        """A small table, whole."""
        listing = self._list(source, dict(source.params))
        context = Context(closed=self._closed(source, listing))
        wanted = [row for row in listing.rows if source.wanted(row)]
        page = page_of(listing, mapping_of(source, context), rows=_without_repeats(wanted))
        if context.closed is not None or not wanted:
            return page
        return msgspec.structs.replace(page, remarks=[*page.remarks, untold_remark(CLOSING_WORDS, ALIKE)])

    def page(self, source: Source, request: ReadRequest, checkpoint: Checkpoint | None) -> Page:
        """One page of a paged collection; see ``paging`` for how it is known that none is missed."""
        place = converted(checkpoint or {"cap": _cap(request)}, Place)
        asked = self._questions(source, request)
        question = begun(asked[place.part], place.began) if place.part < len(asked) else None
        if question is None:
            return Page(records=(), next=None)
        view, source = window(place), question.source
        listing = self._list(source, {**question.params, **self._paged(source, request, view)})
        return self._landed(source, request, Step(question, place, view, len(asked)), listing)

    def agents(self, request: ReadRequest, checkpoint: Checkpoint | None) -> Page:
        """Some of the agents, those with the next higher ids: what the list does not tell of them is asked of each alone."""
        source, after = MEMBER_SOURCE, int((checkpoint or {}).get("after", 0))
        listing = self._list(source, dict(source.params))
        rows = sorted((row for row in listing.rows if source.wanted(row) and row.id > after), key=lambda row: row.id)
        if checkpoint:
            listing = msgspec.structs.replace(listing, rejected=[], remarks=[])
        part = rows[: max(1, min(request.page_size, AGENTS_AT_ONCE))]
        told = emails_of(self.remote, part, source.spec.permission)
        page = page_of(
            listing,
            RowMapping(lambda row: [mapping.member(row, told.emails.get(row.id))]),
            rows=_without_repeats(part),
            following={"after": str(part[-1].id)} if len(rows) > len(part) else None,
        )
        return msgspec.structs.replace(page, remarks=[*page.remarks, *told.remarks])

    def children(self, source: Source, ticket_id: str) -> Page:
        """The actions of one ticket that are of the stream. They come in one answer, however many they are."""
        if not ticket_id.isdecimal():
            raise NotFound(f"“{ticket_id}” is no Halo id.")
        params: Params = {"ticket_id": ticket_id, **source.params}
        listing = self._list(source, params)
        total = total_of(listing)
        if (MOST_ACTIONS if total is None and listing.sent >= LEAST_CUT else total or 0) > listing.sent:
            listing = self._list(source, {**params, "count": min(total or MOST_ACTIONS, MOST_ACTIONS)})
            total = total_of(listing)
            if (total or 0) > listing.sent:
                raise ProtocolError(f"Halo gives {listing.sent} of {total} actions.")
        if "timetaken" in listing.absent:
            # Neither a note nor a time entry: which of them an action is, its time says.
            said = f"The actions of ticket {ticket_id} came without the time they took, which tells notes from time entries."
            listing = msgspec.structs.replace(listing, rows=[], incomplete=said)
        pick = actions.notes if source.spec.name == "notes" else actions.times
        own = [row for row in listing.rows if actions.is_of(row, source.spec.name)]
        listing = listing.called(lambda number: f"{ticket_id}-{number}")
        return page_of(
            listing,
            RowMapping(lambda row: pick([row], ticket_id)),
            rows=own,
            name_of=lambda row: f"{ticket_id}-{row.id}",
        )

    def count(self, source: Source, request: ReadRequest) -> int:
        """By ``record_count``; what the filters cannot leave out is counted by itself and taken off."""
        return sum(
            self._counted(question.source, question.params) - self._unwanted(source, request, question)
            for question in self._questions(source, request)
            if not question.late
        )

    def one(self, source: Source, remote_id: str, scope: Scope) -> Record:
        """A record as its list shows it, so that it has the same fields as when it is read with others."""
        number = int(remote_id)
        if source is MEMBER_SOURCE:
            listing = self.single(source, number)
            return records_of_one(listing, RowMapping(lambda row: [mapping.member(row, row.email or "")]))[0]
        if not source.paged:
            page = self.table(source)
            found = next((record for record in page.records if record.remote_id == remote_id), None)
            if found is None:
                raise NotFound("There is no such record.")
            return found
        if source is TICKET_SOURCE:
            return self._ticket(number, scope)
        return self._told(source, self.single(source, number), scope)

    def single(self, source: Source, number: int) -> Listing[Any]:
        """The one row with this id. Raises NotFound."""
        path = f"{source.path}/{number}"
        listing = self.remote.record(path, source.payload, source.alone, permission=source.spec.permission)
        if listing.ids != [number]:
            raise ProtocolError("Halo answered with another record than the one asked for.")
        return listing

    def _questions(self, source: Source, request: ReadRequest) -> list[Question]:
        types = self.vocabulary.asset_types() if source is ASSET_SOURCE else ()
        return questions_of_types(source, types) if types else questions_of(source, request)

    def _ticket(self, number: int, scope: Scope) -> Record:
        source = TICKET_SOURCE
        params: Params = {"search_id": str(number), **self._fields(scope)}
        listing = self._list(source, params | {"pageinate": "true", "page_no": 1, "page_size": LARGEST_PAGE})
        rows = [row for row in listing.rows if row.id == number]
        if not rows:
            # A row that can't be understood is no ticket that is gone: it may be this one.
            if broken := listing.rejected:
                raise ProtocolError(broken[0].message, sample=broken[0].sample, worded=False)
            raise NotFound("There is no such ticket.")
        notice(entry for entry in listing.remarks if entry.remote_id == str(number))
        return self._told(source, msgspec.structs.replace(listing, rows=rows[:1]), scope)

    def _landed(self, source: Source, request: ReadRequest, step: Step, listing: Listing[Any]) -> Page:
        began = step.place.began or _iso(listing)
        rows, place = advanced(step, listing, newest_first=request.newest_first)
        if place is not None:
            place = msgspec.structs.replace(place, began=began)
        elif step.place.part + 1 < step.parts:
            place = Place(cap=_cap(request), part=step.place.part + 1, began=began)
        rows = [row for row in rows if _is_asked(row, step.question)]
        records_context = self._context(source, rows, request.scope)
        following = None if place is None else msgspec.to_builtins(place)
        page = page_of(
            listing,
            mapping_of(source, records_context),
            rows=_without_repeats(rows),
            following=following,
        )
        if untold := untold_of(source, rows, page.records, records_context):
            page = msgspec.structs.replace(page, remarks=[*page.remarks, *untold])
        if source is ASSET_SOURCE and (nameless := self.vocabulary.nameless_asset_types):
            said = f"{nameless} types of assets came without an id that can be read: their assets cannot be asked for."
            page = msgspec.structs.replace(page, incomplete=page.incomplete or said)
        return _in_scope(page, request, late=step.question.late)

    def _list(self, source: Source, params: Params) -> Listing[Any]:
        return self.remote.list(source.path, source.payload, params, key=source.key, permission=source.spec.permission)

    def _paged(self, source: Source, request: ReadRequest, view: Window) -> Params:
        params: Params = {
            "pageinate": "true",
            "page_no": view.number,
            "page_size": view.size,
            "order": "id",
            "orderdesc": "true" if request.newest_first else "false",
        }
        return {**params, **(self._fields(request.scope) if source is TICKET_SOURCE else {})}

    def _fields(self, scope: Scope) -> Params:
        """Hours and custom fields are on rows of lists only where they are asked for, the fields each by its id."""
        wanted = self.vocabulary.field_ids() if scope.custom_field_ids is None else scope.custom_field_ids
        return {**TIMED, **({"include_custom_fields": ",".join(wanted)} if wanted else {})}

    def _context(self, source: Source, rows: Sequence[Any], scope: Scope) -> Context:
        unnamed = any(needs_choices(getattr(row, "customfields", None)) for row in rows)
        choices = self.vocabulary.choices() if unnamed else {}
        if source is PRODUCT_SOURCE:
            return Context(active_items=self.vocabulary.active_items() if rows else None)
        if not source.named:
            return Context(choices=choices, failed=dict(self.vocabulary.failed))
        wanted = None if scope.custom_field_ids is None else frozenset(scope.custom_field_ids)
        names = self.vocabulary.names_for(rows)
        return Context(
            names=names,
            custom_field_ids=wanted,
            choices=choices,
            failed=dict(self.vocabulary.failed),
            asks_for_fields=source is TICKET_SOURCE and wanted is None,
        )

    def _told(self, source: Source, listing: Listing[Any], scope: Scope) -> Record:
        """The record of a listing of one row; what of it was not told is noticed."""
        context = self._context(source, listing.rows, scope)
        found = records_of_one(listing, mapping_of(source, context))
        notice(untold_of(source, listing.rows, found, context))
        return found[0]

    def _closed(self, source: Source, listing: Listing[Any]) -> frozenset[int] | None:
        """The statuses that close a ticket; None where that cannot be told."""
        if source.spec.name not in ("statuses", "opportunity_statuses"):
            return frozenset()
        return closing(listing.rows, self._list(source, {**source.params, **EXCLUDE_CLOSED}).rows)

    def _counted(self, source: Source, params: Any) -> int:
        listing = self._list(source, {**params, "pageinate": "true", "page_no": 1, "page_size": 1})
        total = total_of(listing)
        if total is None:
            raise ProtocolError("Halo does not say how many records there are.")
        return total

    def _unwanted(self, source: Source, request: ReadRequest, question: Question) -> int:
        if source is not TICKET_SOURCE or request.since is not None or not request.scope.excluded_status_ids:
            return 0
        return self._counted(source, {**question.params, **statuses(request.scope)})


class Step(msgspec.Struct, frozen=True):
    """One page of a walk: what was asked, from where, of how many questions."""

    question: Question
    place: Place
    view: Window
    parts: int


def advanced(step: Step, listing: Listing[Any], *, newest_first: bool) -> tuple[list[Any], Place | None]:
    """(rows that were not read before, where to go on; None when this question is answered).

    Raises EndlessPaging when the walk does not advance any more.
    """
    place, view = step.place, step.view
    sign = -1 if newest_first else 1
    ids, known = [sign * number for number in listing.ids], [sign * number for number in listing.known_ids]
    last = None if place.last is None else sign * place.last
    total = _total(listing, view, known, last)
    if ids != sorted(ids) or place.page:
        return _by_numbers(place, view, listing, total)
    if _has_gap(view, known, last, total) and (known or not listing.sent):
        back = max(0, min(place.offset, total) - place.cap // 2)
        return [], _stalled(msgspec.structs.replace(place, offset=back))
    rows = [row for row in listing.rows if last is None or sign * row.id > last]
    end = view.start + listing.sent
    if end >= total:
        return rows, None
    cap = listing.sent if LEAST_PAGE <= listing.sent < view.size else place.cap
    new = [number for number in known if last is None or number > last]
    onward = msgspec.structs.replace(place, offset=end, cap=cap, last=sign * max(new) if new else place.last)
    return rows, msgspec.structs.replace(onward, stalls=0) if new else _stalled(onward)


def _total(listing: Listing[Any], view: Window, ids: list[int], last: int | None) -> int:
    """How many records there are. Where Halo does not say, a short page proves nothing: it is the end that brings nothing new."""
    told = total_of(listing)
    if told is not None:
        return told
    is_new = any(last is None or number > last for number in ids)
    return view.start + listing.sent + is_new


def _has_gap(view: Window, ids: list[int], last: int | None, total: int) -> bool:
    """Whether records may lie between the last one read and the beginning of this page."""
    if view.start == 0 or last is None:
        return False
    return min(ids) > last if ids else total > 0


def _by_numbers(place: Place, view: Window, listing: Listing[Any], total: int) -> tuple[list[Any], Place | None]:
    """A list that does not come in the order of ids, as asked: pages of one size, and the count tells whether all came."""
    if view.start and not place.page:
        raise ProtocolError("Halo's list changed its order between two pages.")
    is_short = bool(view.start) and listing.sent < place.cap and total_of(listing) is None
    if not listing.sent or is_short or view.start + listing.sent >= total:
        return listing.rows, None
    size = listing.sent if view.start == 0 else place.cap
    return listing.rows, Place(page=view.number + 1, cap=size, part=place.part)


def _stalled(place: Place) -> Place:
    if place.stalls >= MOST_STALLS:
        raise EndlessPaging("Halo's paging does not advance.")
    return msgspec.structs.replace(place, stalls=place.stalls + 1)


def mapping_of(source: Source, context: Context) -> RowMapping:
    """How the rows of a source become records."""
    return RowMapping(
        source.many or (lambda row: [record_of(source, row, context)]),
        lookups=(*LOOKUPS, custom_fields_in("customfields"), *([DETAILS_IN] if source is ASSET_SOURCE else []))
        if source.paged
        else (),
        unasked=("customfields",) if context.custom_field_ids == frozenset() else (),
    )


def record_of(source: Source, row: Any, context: Context) -> Record:
    """The row's record, with what of it the look-ups did not tell."""
    record = as_detailed(source.record(row, context), row)
    if not source.named and FIELDS not in context.failed:
        return record
    lookups = LOOKUPS if source.named else FIELD_LOOKUPS
    return told(record, row, lookups, context.names, context.failed, asks_for_fields=context.asks_for_fields)


def untold_of(source: Source, rows: Sequence[Any], records: Sequence[Record], context: Context) -> list[Remark]:
    """What is said of look-ups that failed, where these rows needed them. No definitions at all are no failure: many define no fields."""
    lookups = LOOKUPS if source.named else FIELD_LOOKUPS
    failed = {key: why for key, why in context.failed.items() if (key, why) != (FIELDS, EMPTY)}
    if not context.asks_for_fields and not any(needs_choices(getattr(row, "customfields", None)) for row in rows):
        failed.pop(FIELDS, None)
    if source is ASSET_SOURCE and any(row.fields is None for row in rows):
        lookups = (*lookups, *ASSET_LOOKUPS)
    return remarks_of(rows, records, lookups, failed)


def _in_scope(page: Page, request: ReadRequest, *, late: bool) -> Page:
    """Without what the filters could not leave out. What is asked for by time alone shows all that changed."""
    excluded, wanted = request.scope.excluded_status_ids, request.scope.board_ids
    if request.stream != "tickets" or request.since is not None or not (excluded or late):
        return page
    kept = [
        record
        for record in page.records
        if getattr(record, "status_id", None) not in excluded
        and (not late or wanted is None or getattr(record, "board_id", None) in wanted)
    ]
    return msgspec.structs.replace(page, records=kept, rows=page.rows - len(page.records) + len(kept))


def _is_asked(row: Any, question: Question) -> bool:
    """Rows of the second before are dropped, those without a stamp are not."""
    if question.since is None:
        return True
    stamp = changed(row)
    return stamp is None or stamp >= question.since


def _without_repeats(rows: list[Any]) -> list[Any]:
    """Of two rows with one id the later counts; of a priority, which each service level has, the first."""
    if rows and isinstance(rows[0], halo.Priority):
        rows = sorted(rows, key=lambda row: -(row.slaid or 0))
    return list({row.id: row for row in rows}.values())


def _cap(request: ReadRequest) -> int:
    return max(LEAST_PAGE, min(request.page_size, LARGEST_PAGE))


def _iso(listing: Listing[Any]) -> str:
    moment = listing.answer.server_time
    return "" if moment is None else moment.isoformat()
