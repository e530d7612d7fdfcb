"""Which page to ask for, so that each page proves that nothing was missed before it.

Halo pages by number only, over a list that moves: a record that goes lets all that follow slip one place up, past a walk of
equal pages. There is no "id above". But number and size are free: a page of another size begins elsewhere. So each page is
chosen to begin at or before the last record that was read. Records come in the order of their ids; when the page begins with
an id that was read already, everything between that id and the page's end is on it. When it does not, the walk steps back.
"""

from __future__ import annotations

import msgspec

LARGEST_PAGE = 100
"""Tickets come in pages of 100 at most, whatever is asked for."""
LEAST_PAGE = 20
"""Smaller pages are not asked for: with few sizes to choose from there may be none that overlaps and still goes on."""
MOST_STALLS = 8


class Window(msgspec.Struct, frozen=True):
    """One page of a numbered list."""

    number: int
    size: int

    @property
    def start(self) -> int:
        """How many records lie before it."""
        return (self.number - 1) * self.size


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a walk stands: the checkpoint.

    ``last``: the last id read; ``offset``: how many records lay up to it when they were read; ``cap``: the largest page that
    the server gives, where it gives less than was asked for; ``stalls``: pages in a row that brought nothing new; ``part``:
    which of the walk's questions it is at; ``began``: the remote's clock at the first page, as ISO 8601; ``page``: the page of
    a list that comes in no order of ids, which can only be read by numbers.
    """

    last: int | None = None
    offset: int = 0
    cap: int = LARGEST_PAGE
    stalls: int = 0
    part: int = 0
    began: str = ""
    page: int = 0


def window(place: Place) -> Window:
    """The page that begins at or before the last record read, and reaches furthest beyond it."""
    if place.page:
        return Window(place.page, place.cap)
    if not place.offset:
        return Window(1, place.cap)
    known = place.offset - 1
    sizes = range(place.cap // 2, place.cap + 1)
    size = max(sizes, key=lambda size: (size - known % size, size))
    return Window(known // size + 1, size)
