"""From rows to a page of records, each row by itself: one that cannot be mapped costs itself alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from integrations.decoding import Listing
from integrations.field_origins import sources_of
from integrations.noticing import notice_untold
from integrations.port import Checkpoint, Page, Rejected
from integrations.records import Record
from integrations.untold import Lookup

MISMAPPED = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)
"""What a mapping raises for a row that nobody thought of."""

R = TypeVar("R", bound=msgspec.Struct)


class RowMapping(msgspec.Struct, frozen=True):
    """How rows become records. ``lookups``: what is told of ids in the rows; ``unasked``: attributes that were not asked for; ``omits``:
    whether the remote leaves out an attribute that is null."""

    mapped: Callable[[Any], Iterable[Record]]
    lookups: Sequence[Lookup] = ()
    unasked: Collection[str] = ()
    omits: Callable[[str], bool] = lambda attribute: False


def page_of(
    listing: Listing[R],
    mapping: RowMapping,
    *,
    following: Checkpoint | None = None,
    rows: Sequence[R] | None = None,
    name_of: Callable[[Any], str] = lambda row: str(row.id),
) -> Page:
    """The records of a listing's rows (of ``rows`` where only some are wanted), with what was odd or not understood. ``name_of``: the id
    of the record that a row is."""
    found: list[Record] = []
    rejected = list(listing.rejected)
    for row in listing.rows if rows is None else rows:
        try:
            found += mapping.mapped(row)
        except MISMAPPED as err:
            rejected.append(Rejected(remote_id=name_of(row), message=f"It could not be understood: {err}."))
    untold, omitted = _came_without(listing, found, mapping)
    return Page(
        records=found,
        next=following,
        server_time=listing.answer.server_time,
        rejected=rejected,
        rows=listing.sent if rows is None else len(found) + len(rejected),
        remarks=listing.remarks,
        incomplete=listing.incomplete,
        untold=untold,
        omitted=omitted,
    )


def records_of_one(listing: Listing[R], mapping: RowMapping) -> list[Record]:
    """The records of a listing of one row; which fields it came without is noticed (``integrations.noticing``). Where the remote leaves
    out what is null, a single row does not show whether the value is gone or was not told: it counts as gone."""
    found = list(mapping.mapped(listing.rows[0]))
    notice_untold(_came_without(listing, found, mapping)[0])
    return found


def _came_without(listing: Listing[R], found: Sequence[Record], mapping: RowMapping) -> tuple[list[str], list[str]]:
    """The fields that the rows came without: (those that the remote sends empty ones of too, those that it leaves out where they are null)."""
    absent = frozenset(listing.absent) - frozenset(mapping.unasked)
    if not (absent and found):
        return [], []
    sources = sources_of(type(listing.rows[0]), type(found[0]), mapping.mapped, mapping.lookups)
    # A field that comes from several attributes is told where one of them is.
    lost = {name: own for name, own in sources.items() if own <= absent}
    omitted = sorted(name for name, own in lost.items() if any(map(mapping.omits, own)))
    return sorted(lost.keys() - omitted), omitted


def joined(pages: Sequence[Page]) -> Page:
    """Several pages of one question as one, which is complete if they are."""
    return Page(
        records=[record for page in pages for record in page.records],
        next=None,
        server_time=pages[0].server_time,
        rejected=[entry for page in pages for entry in page.rejected],
        rows=sum(page.rows for page in pages),
        remarks=[entry for page in pages for entry in page.remarks],
        incomplete=next((page.incomplete for page in pages if page.incomplete), ""),
        untold=_in_all([page.untold for page in pages if page.records]),
        omitted=_in_all([page.omitted for page in pages if page.records]),
    )


def _in_all(named: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(sorted(frozenset(named[0]).intersection(*named[1:]))) if named else ()
