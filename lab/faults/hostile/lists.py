"""Lists that do not page or count as they should, things that are missing below others, and a world that moves while it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lab.faults.hostile.kinds import Kind, Loss, Rule
from lab.faults.hostile.spots import Spots

SEVEN = 7
"""Rows a page, so that few tickets are several pages."""
WITH_PARENTS = frozenset({"connectwise", "halo"})
DAY = 86_400.0


def kinds() -> Iterator[Kind]:
    """All of them."""
    yield from pages()
    yield from counts()
    yield from absences()
    yield from moments()


def of_tickets(kind: str, **rule: Any) -> Callable[[Spots, int], list[Rule]]:
    """One rule for lists of tickets."""
    return lambda spots, target: [{"kind": kind, "match": spots.lists, **rule}]


def pages() -> Iterator[Kind]:
    yield Kind(name="fewer rows a page than asked for", loss=Loss.NOTHING, cap=SEVEN)
    yield Kind(name="one row a page", loss=Loss.NOTHING, cap=1)
    names = {
        "repeat": "the first page for ever",
        "reverse": "pages upside down",
        "shrink": "pages that shrink",
        "gap": "an empty page in the middle",
        "endless": "a page that never ends",
        "foreign": "rows of other shapes among the others",
    }
    for form, name in names.items():
        loss = Loss.RECORD if form == "foreign" else Loss.RUN
        # Rows with ids that were never seen are new tickets, for all that can be told.
        silent = form == "endless"
        yield Kind(name=name, loss=loss, silent=silent, cap=SEVEN, rules=of_tickets("pages", odd={"form": form}))
    yield Kind(name="rows twice", loss=Loss.NOTHING, rules=of_tickets("drift", mode="duplicate", rows=3))
    yield Kind(
        name="a shifted page", loss=Loss.RUN, cap=SEVEN, rules=of_tickets("drift", mode="shift", rows=2, times=1)
    )
    yield Kind(name="no rows at all", loss=Loss.RUN, rules=of_tickets("empty"))
    yield Kind(name="half of the rows", loss=Loss.RUN, rules=of_tickets("partial", fraction=0.5))


def counts() -> Iterator[Kind]:
    for name, number in {"too low": "3", "too high": "99999", "negative": "-1", "zero": "0", "huge": "1e30"}.items():
        yield Kind(name=f"a count that is {name}", loss=Loss.RUN, rules=counted(number))
    for name, number in {"a word": '"many"', "null": "null", "a text": '"40"'}.items():
        yield Kind(name=f"a count that is {name}", loss=Loss.RUN, rules=counted(number))


def counted(raw: str) -> Callable[[Spots, int], list[Rule]]:
    """Another number where the PSA tells how many tickets there are."""

    def rules(spots: Spots, target: int) -> list[Rule]:
        key = spots.count.partition(":")[0]
        return [{"kind": "body", "match": spots.counts, "odd": {"pattern": spots.count, "body": f"{key}:{raw}"}}]

    return rules


def absences() -> Iterator[Kind]:
    for name, rule in BELOW_ONE.items():
        yield Kind(name=f"{name} below one ticket", loss=Loss.PARENT, rules=below_one(rule), only=WITH_PARENTS)
    yield Kind(
        name="nothing below any ticket",
        loss=Loss.STREAM,
        rules=lambda spots, target: [{"kind": "empty", "match": spots.below_all}],
        only=WITH_PARENTS,
    )
    yield Kind(
        name="a small stream that is empty",
        loss=Loss.STREAM,
        rules=lambda spots, target: [{"kind": "empty", "match": spots.small}],
    )
    yield Kind(
        name="a small stream that is refused",
        loss=Loss.STREAM,
        rules=lambda spots, target: [{"kind": "403", "match": spots.small}],
    )
    yield Kind(
        name="a look-up that is refused",
        loss=Loss.STREAM,
        rules=lambda spots, target: [{"kind": "403", "match": spots.look_ups}],
    )
    yield Kind(
        name="a look-up that is empty",
        loss=Loss.STREAM,
        rules=lambda spots, target: [{"kind": "empty", "match": spots.look_ups}],
    )


NO = "<html><h1>No</h1></html>"
BELOW_ONE: dict[str, Rule] = {
    "404": {"kind": "answer", "odd": {"status": 404, "body": NO}},
    "500 for ever": {"kind": "500"},
    "403": {"kind": "403"},
    "a page of HTML": {"kind": "answer", "odd": {"body": NO}},
    "nothing": {"kind": "empty"},
}


def below_one(rule: Rule) -> Callable[[Spots, int], list[Rule]]:
    """A rule for what lies below the one ticket."""
    return lambda spots, target: [rule | {"match": spots.below_one(target)}]


def moments() -> Iterator[Kind]:
    yield Kind(name="a clock that is a day ahead", loss=Loss.NOTHING, clock=DAY)
    yield Kind(name="a clock that is a day behind", loss=Loss.NOTHING, clock=-DAY)
    yield Kind(name="an hour between two pages", loss=Loss.RUN, cap=SEVEN, each_page=3600.0)
