"""Notes and time of the tickets that a date range keeps.

A note does not say whether its ticket is open, and no filter reaches across, so that a range of the notes' own stamps would leave out what
was written long ago on tickets that are here. The tickets are asked for by their ids, some hundred at a time, and then what points to them.

Checkpoints: ``{"tickets_after": "57"}``, all that belongs to tickets up to 57 has been read; with ``upto`` and ``after`` in the midst of
what belongs to those up to ``upto``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from integrations.adapters.autotask import payloads as at
from integrations.adapters.autotask.client import Autotask
from integrations.adapters.autotask.filters import MOST_VALUES, Clause, compare, in_date_range
from integrations.decoding import Listing
from integrations.port import Checkpoint, ReadRequest, Scope

MOST_BATCHES = 50
"""Batches of tickets that are counted; of more nothing is counted, for it would cost as much as reading."""


class Batch(NamedTuple):
    """Tickets of one batch, by id. ``listing``: the answer that named them."""

    listing: Listing[at.Row]
    ids: list[int]


def goes_by_tickets(parent: str, request: ReadRequest, *, by_date: bool) -> bool:
    """Whether a whole reading of these records is narrowed by the date range of their tickets."""
    return bool(parent) and by_date and request.since is None and request.scope.changed_after is not None


def tickets_of(remote: Autotask, scope: Scope, place: Checkpoint, permission: str) -> Batch:
    """The next tickets, none at the end."""
    clauses: list[Clause] = [in_date_range(scope), compare("id", "gt", int(place.get("tickets_after", -1)))]
    if "upto" in place:
        clauses.append(compare("id", "lte", int(place["upto"])))
    listing = remote.query("Tickets", at.Row, clauses, most=MOST_VALUES, fields=("id",), permission=permission)
    return Batch(listing, sorted(set(listing.known_ids)))


def batches_of(remote: Autotask, scope: Scope, permission: str) -> Iterator[list[int]]:
    """The ids of all tickets in the date range, batch by batch."""
    place: Checkpoint = {}
    while ids := tickets_of(remote, scope, place, permission).ids:
        yield ids
        place = {"tickets_after": ids[-1]}


def following(place: Checkpoint, ids: Sequence[int], inner: Checkpoint | None) -> Checkpoint:
    """Where to go on: in the same batch, or with the tickets after it."""
    if inner is None:
        return {"tickets_after": str(ids[-1])}
    return {"tickets_after": str(place.get("tickets_after", -1)), "upto": str(ids[-1]), "after": str(inner["after"])}
