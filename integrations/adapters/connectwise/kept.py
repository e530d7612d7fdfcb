"""Time of the tickets that a date range keeps.

An entry does not say whether its ticket is open, and no filter reaches across, so that a range of the entries' own stamps would leave out
what was worked long ago on tickets that are here. The tickets are asked for by their ids, a hundred at a time, and then what is charged
to them: first of service tickets, then of project tickets.

In checkpoints: ``tickets``, up to which ticket all has been read; ``upto``, with the place in the midst of what belongs to the tickets up
to this one; ``projects``, that those are project tickets.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

from integrations.adapters.connectwise import payloads as cw
from integrations.adapters.connectwise.client import ConnectWise
from integrations.adapters.connectwise.conditions import Narrowing, all_of, in_date_range
from integrations.adapters.connectwise.streams import PROJECT_TICKETS, SERVICE_TICKETS, Source
from integrations.errors import NotFound, PermissionMissing, UnsupportedFeature
from integrations.port import Checkpoint, ReadRequest, Scope

BATCH = 120
"""Tickets whose ids fit into an address."""
MOST_BATCHES = 150
"""Batches of tickets that are counted; of more nothing is counted, for it would cost as much as reading."""
TICKETS, UPTO, PROJECTS = "tickets", "upto", "projects"


def goes_by_tickets(source: Source, request: ReadRequest) -> bool:
    """Whether a whole reading is narrowed by the date range of the records' tickets."""
    return source.narrowing is Narrowing.TIME and request.since is None and request.scope.changed_after is not None


class Batch(NamedTuple):
    """The ids of some tickets; the place they were asked from, with whether they are project tickets; the remote's clock."""

    ids: list[int]
    place: Checkpoint
    server_time: dt.datetime | None


def tickets_of(remote: ConnectWise, scope: Scope, place: Checkpoint) -> Batch:
    """The next tickets, none at the end."""
    batch = Batch([], place, None)
    if not place.get(PROJECTS):
        batch = _batch(remote, SERVICE_TICKETS, scope, place)
        if batch.ids:
            return batch
        place = {PROJECTS: True}
    try:
        return _batch(remote, PROJECT_TICKETS, scope, place)
    except (PermissionMissing, NotFound, UnsupportedFeature):
        # The tickets' own reading says so, and what is here of them and of their time stays.
        return batch


def _batch(remote: ConnectWise, source: Source, scope: Scope, place: Checkpoint) -> Batch:
    bounds = [in_date_range(scope)]
    if TICKETS in place:
        bounds.append(f"id > {int(place[TICKETS])}")
    if UPTO in place:
        bounds.append(f"id <= {int(place[UPTO])}")
    params: dict[str, str | int] = {
        "orderBy": "id asc",
        "pageSize": BATCH,
        "fields": "id",
        "conditions": all_of(bounds),
    }
    listing = remote.list(source.path, cw.Row, params, permission=source.spec.permission)
    return Batch(sorted(set(listing.known_ids)), place, listing.answer.server_time)


def batches_of(remote: ConnectWise, scope: Scope) -> Iterator[list[int]]:
    """The ids of all tickets in the date range, batch by batch."""
    place: Checkpoint = {}
    while True:
        batch = tickets_of(remote, scope, place)
        if not batch.ids:
            return
        yield batch.ids
        place = following(batch.place, batch.ids, None)


def following(place: Checkpoint, ids: list[int], inner: Checkpoint | None) -> Checkpoint:
    """Where to go on: in the same batch, or with the tickets after it."""
    projects: Checkpoint = {PROJECTS: True} if place.get(PROJECTS) else {}
    if inner is None:
        return {TICKETS: str(ids[-1]), **projects}
    kept = {TICKETS: place[TICKETS]} if TICKETS in place else {}
    return {**inner, **kept, UPTO: str(ids[-1]), **projects}
