"""What a deed of the control interface is told, and whom it strikes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Protocol

import msgspec

from lab.sandbox.collection import Json, Records
from lab.sandbox.dice import Dice
from lab.sandbox.reply import refusal


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be done; ``docs/sandbox.md`` says which deed reads what."""

    collection: str = "tickets"
    ids: list[int] | None = None
    n: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 1
    fraction: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    conditions: str = ""
    set: Json = {}
    stamp: str | None = None
    board: int | str | None = None
    parent: int | None = None
    ticket: int | None = None
    by: str | None = None


class World(Protocol):
    """Where it is done."""

    @property
    def collections(self) -> Mapping[str, Records]: ...

    def dice(self) -> Dice: ...

    def now(self) -> str: ...


def done(world: World, order: Order) -> dict[str, Any]:
    return {"ids": order.ids, "now": world.now()}


def collection_of(world: World, order: Order) -> Records:
    """The collection that is meant. Raises Refusal."""
    if order.collection not in world.collections:
        raise refusal(400, "InvalidRequest", f"The collections are {', '.join(sorted(world.collections))}.")
    return world.collections[order.collection]


def ticket_of(world: World, order: Order) -> int:
    """The ticket that is meant, or a random one. Raises Refusal."""
    if order.ticket is None:
        return random_ids(world, world.collections["tickets"], 1)[0]
    if world.collections["tickets"].slot(order.ticket) is None:
        raise refusal(404, "NotFound", f"Ticket {order.ticket} is not there.")
    return order.ticket


def chosen(world: World, order: Order) -> list[int]:
    """The ids that are meant; they stand in the order from now on. Raises Refusal."""
    collection = collection_of(world, order)
    if order.ids is None:
        number = order.n if order.fraction is None else round(collection.living * order.fraction)
        order.ids = random_ids(world, collection, number)
    if missing := [record_id for record_id in order.ids if collection.slot(record_id) is None]:
        raise refusal(404, "NotFound", f"{order.collection}: {missing[:20]} are not there.")
    return order.ids


def family(world: World, order: Order) -> tuple[int, list[int]]:
    """(parent, tickets to be merged into it); random where they are not given, and in the order from now on."""
    tickets = world.collections["tickets"]
    parent = order.parent if order.parent is not None else random_ids(world, tickets, 1)[0]
    if order.ids is None:
        order.ids = [ticket for ticket in random_ids(world, tickets, order.n + 1) if ticket != parent][: order.n]
    order.parent = parent
    return parent, order.ids


def random_ids(world: World, collection: Records, number: int) -> list[int]:
    living = [collection.ids[slot] for slot in collection.slots()]
    dice = world.dice()
    for place in range(min(number, len(living))):
        other = place + dice.below(len(living) - place)
        living[place], living[other] = living[other], living[place]
    return sorted(living[:number])
