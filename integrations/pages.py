"""From rows to a page of records, each row by itself: one that cannot be mapped costs itself alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from integrations.decoding import Listing
from integrations.port import Checkpoint, Page, Rejected
from integrations.records import Record

MISMAPPED = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)
"""What a mapping raises for a row that nobody thought of."""

R = TypeVar("R", bound=msgspec.Struct)


def page_of(
    listing: Listing[R],
    mapped: Callable[[Any], Iterable[Record]],
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
            found += mapped(row)
        except MISMAPPED as err:
            rejected.append(Rejected(remote_id=name_of(row), message=f"It could not be understood: {err}."))
    return Page(
        records=found,
        next=following,
        server_time=listing.answer.server_time,
        rejected=rejected,
        rows=listing.sent if rows is None else len(found) + len(rejected),
        remarks=listing.remarks,
        incomplete=listing.incomplete,
    )


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
    )
