"""Walking a list that pages by number only, while it moves."""

from __future__ import annotations

import random

import pytest

from integrations.adapters.halo import payloads as halo
from integrations.adapters.halo.client import Listing
from integrations.adapters.halo.paging import LARGEST_PAGE, Place, Window, window
from integrations.adapters.halo.questions import Question
from integrations.adapters.halo.reading import Step, advanced
from integrations.adapters.halo.streams import SOURCES
from integrations.answers import Answer
from integrations.errors import ProtocolError

ANSWER = Answer(method="GET", path="Client", status=200, headers={}, body=b"")
QUESTION = Question(source=SOURCES["tickets"], params={})


class Remote:
    """A list of ids; ``cap``: the largest page it gives; ``ids`` may change between two pages."""

    def __init__(self, ids: list[int], *, cap: int = LARGEST_PAGE) -> None:
        self.ids = ids
        self.cap = cap
        self.asked: list[Window] = []

    def page(self, view: Window) -> Listing[halo.Client]:
        self.asked.append(view)
        size = min(view.size, self.cap)
        start = (view.number - 1) * size
        rows = [halo.Client(id=number) for number in self.ids[start : start + size]]
        return Listing(rows=rows, rejected=[], head={"record_count": len(self.ids)}, answer=ANSWER)


def step(remote: Remote, place: Place, *, newest_first: bool = False) -> tuple[list[int], Place | None]:
    view = window(place)
    found, onward = advanced(Step(QUESTION, place, view, 1), remote.page(view), newest_first=newest_first)
    return [row.id for row in found], onward


def walk(remote: Remote, *, newest_first: bool = False) -> list[int]:
    found: list[int] = []
    place: Place | None = Place()
    while place is not None:
        rows, place = step(remote, place, newest_first=newest_first)
        found += rows
        assert len(remote.asked) < 500
    return found


@pytest.mark.parametrize("count", [0, 1, 2, 99, 100, 101, 198, 199, 1000, 4321])
@pytest.mark.parametrize("cap", [100, 50, 23])
def test_a_list_at_rest_is_read_once_and_whole_in_both_directions(count: int, cap: int) -> None:
    ids = list(range(10, 10 + 3 * count, 3))
    assert walk(Remote(ids, cap=cap)) == ids
    assert walk(Remote(ids[::-1], cap=cap), newest_first=True) == ids[::-1]


def test_the_overlap_costs_few_requests() -> None:
    remote = Remote(list(range(20_000)))
    walk(remote)
    assert len(remote.asked) <= 230


def test_every_page_after_the_first_begins_at_or_before_the_last_record_read() -> None:
    for offset in range(1, 3000):
        view = window(Place(offset=offset))
        assert view.start < offset < view.start + view.size <= offset + LARGEST_PAGE


@pytest.mark.parametrize("seed", range(40))
def test_what_stays_is_found_however_much_goes_and_comes(seed: int) -> None:
    chance = random.Random(seed)
    remote = Remote(sorted(chance.sample(range(100_000), 2_500)))
    before, found = set(remote.ids), set()
    place: Place | None = Place()
    while place is not None:
        rows, place = step(remote, place)
        found |= set(rows)
        gone = set(chance.sample(remote.ids, min(chance.randrange(60), len(remote.ids) // 4)))
        come = {chance.randrange(100_000) for _ in range(chance.randrange(20))}
        remote.ids = sorted((set(remote.ids) - gone) | (come - before))
        before -= gone
    assert found >= before


def test_equal_pages_would_miss_records() -> None:
    """What the overlap is for: the same walk by pages of one size passes over those that slipped up."""
    remote, found = Remote(list(range(1_000))), set()
    for number in range(1, 11):
        found |= {row.id for row in remote.page(Window(number, 100)).rows}
        remote.ids = remote.ids[5:]
    assert not found >= set(remote.ids)


def test_a_page_that_never_advances_ends_the_walk() -> None:
    class Stuck(Remote):
        def page(self, view: Window) -> Listing[halo.Client]:
            first = Window(1, view.size)
            return Listing(
                rows=super().page(first).rows, rejected=[], head={"record_count": len(self.ids)}, answer=ANSWER
            )

    with pytest.raises(ProtocolError, match="does not advance"):
        walk(Stuck(list(range(5_000))))


def test_empty_pages_before_the_end_are_asked_for_again_and_not_for_ever() -> None:
    class Empty(Remote):
        def page(self, view: Window) -> Listing[halo.Client]:
            self.asked.append(view)
            return Listing(rows=[], rejected=[], head={"record_count": len(self.ids)}, answer=ANSWER)

    with pytest.raises(ProtocolError, match="does not advance"):
        walk(Empty(list(range(500))))


def test_a_list_in_another_order_is_read_by_numbers() -> None:
    ids = random.Random(3).sample(range(1_000), 450)
    assert walk(Remote(ids)) == ids


def test_an_order_that_changes_on_the_way_is_an_error() -> None:
    remote = Remote(list(range(1_000)))
    _, place = step(remote, Place())
    assert place is not None
    remote.ids = remote.ids[::-1]
    with pytest.raises(ProtocolError, match="changed its order"):
        step(remote, place)
