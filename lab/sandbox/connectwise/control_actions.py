"""What the control interface can do to records: as a technician would, or as a bad day would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from lab.sandbox import clock
from lab.sandbox.collection import Json
from lab.sandbox.connectwise import writing
from lab.sandbox.connectwise.collection import Collection
from lab.sandbox.connectwise.psa import Psa
from lab.sandbox.connectwise.replies import refusal
from lab.sandbox.dice import Dice
from lab.sandbox.orders import Order, chosen, done, family, ticket_of
from lab.sandbox.problems import CALLS, PROBLEMS, WORK, filled

Done: TypeAlias = dict[str, Any]
UNDATED = "none"
"""The stamp of a record that bears none."""


def change(psa: Psa, order: Order) -> Done:
    """Changes the given records, or n random ones; without values to set, as a technician would."""
    wanted = chosen(psa, order)
    collection = psa[order.collection]
    for record_id in wanted:
        dice = psa.dice()
        values = order.set or _new_values(psa, order.collection, collection.get(record_id) or {}, dice)
        _change_one(psa, order, record_id, values)
    return done(psa, order)


def create(psa: Psa, order: Order) -> Done:
    """Creates n records of their own kind: tickets, companies, contacts and what companies have."""
    makers: dict[str, Callable[[Psa, Order], int]] = {"tickets": _create_ticket, **dict.fromkeys(_NEW, _create_like)}
    if order.collection not in makers:
        raise refusal(400, "InvalidRequest", f"Only these can be created here: {', '.join(makers)}.")
    order.ids = [makers[order.collection](psa, order) for _ in range(order.n)]
    return done(psa, order)


def delete(psa: Psa, order: Order) -> Done:
    """Deletes the given records, n random ones, or a fraction of all."""
    wanted = chosen(psa, order)
    collection = psa[order.collection]
    for record_id in wanted:
        if order.collection == "tickets":
            writing.remove_ticket(psa, record_id)
        else:
            collection.drop(record_id)
    return done(psa, order)


def merge(psa: Psa, order: Order) -> Done:
    """Merges tickets into a parent; both are random where they are not given."""
    parent, merged = family(psa, order)
    writing.merge(psa, parent, merged)
    return done(psa, order) | {"parent": parent}


def note(psa: Psa, order: Order) -> Done:
    """Writes n notes on a ticket."""
    ticket, made = ticket_of(psa, order), []
    for _ in range(order.n):
        dice = psa.dice()
        flag = "internalAnalysisFlag" if dice.chance(40) else "detailDescriptionFlag"
        made.append(
            writing.add_note(psa, ticket, {"text": filled(dice.pick(CALLS), dice, "the user"), flag: True} | order.set)
        )
    return {"ticket": ticket, "ids": made, "now": psa.now()}


def time(psa: Psa, order: Order) -> Done:
    """Books n quarters of an hour on a ticket."""
    ticket, made, now = ticket_of(psa, order), [], psa.clock.now()
    for _ in range(order.n):
        dice = psa.dice()
        values: Json = {
            "chargeToId": ticket,
            "timeStart": clock.written(now - 900),
            "timeEnd": clock.written(now),
            "member": {"id": dice.pick(psa.people.technicians)},
            "notes": filled(dice.pick(WORK), dice, "the user"),
        }
        made.append(writing.add_time(psa, values | order.set))
    return {"ticket": ticket, "ids": made, "now": psa.now()}


def move(psa: Psa, order: Order) -> Done:
    """Moves tickets to another board, to the status of the same name there."""
    wanted = next((board for board in psa.boards.by_id.values() if order.board in (board.id, board.name)), None)
    if wanted is None:
        raise refusal(400, "InvalidRequest", "board must be the id or the name of a board.")
    for record_id in chosen(psa, order):
        record = psa["tickets"].get(record_id) or {}
        status = next((row for row in wanted.statuses if row["name"] == (record.get("status") or {}).get("name")), None)
        values = {"board": {"id": wanted.id}, "status": {"id": (status or wanted.statuses[0])["id"]}}
        values |= {name: {"name": record[name]["name"]} for name in ("type", "subType", "item") if record.get(name)}
        _change_one(psa, order, record_id, values | {"team": None})
    return done(psa, order)


DEEDS: dict[str, Callable[[Psa, Order], Done]] = {
    "change": change,
    "create": create,
    "delete": delete,
    "merge": merge,
    "note": note,
    "time": time,
    "move": move,
}

_NEW: dict[str, Callable[[int], Json]] = {
    "companies": lambda new: {
        "identifier": f"New{new}",
        "name": f"New Company {new}",
        "deletedFlag": False,
        "site": None,
    },
    "contacts": lambda new: {
        "firstName": "New",
        "lastName": f"Person {new}",
        "communicationItems": [],
        "defaultFlag": False,
    },
    "configurations": lambda new: {"name": f"New-{new}", "serialNumber": f"NEW{new}"},
    "agreements": lambda new: {"name": f"New agreement {new}"},
    "additions": lambda new: {"description": f"New addition {new}"},
    "invoices": lambda new: {"invoiceNumber": f"N{new}"},
    "opportunities": lambda new: {"name": f"New opportunity {new}"},
}
"""What tells a new record from the one that it resembles."""
_CHANGES: dict[str, Callable[[Dice], Json]] = {
    "configurations": lambda dice: {"lastLoginName": f"somebody{dice.below(1000)}"},
    "agreements": lambda dice: {"billAmount": float(100 + dice.below(900))},
    "additions": lambda dice: {"quantity": float(1 + dice.below(99))},
    "invoices": lambda dice: {"reference": f"Reminder {dice.below(1000)}"},
    "opportunities": lambda dice: {"notes": f"Called again ({dice.below(1000)})."},
}


def _new_values(psa: Psa, name: str, record: Json, dice: Dice) -> Json:
    if name == "companies":
        return {"phoneNumber": f"813555{dice.below(10_000):04}"}
    if name == "contacts":
        return {"title": dice.pick(("Team Lead", "Director", "Assistant"))}
    if name in _CHANGES:
        return _CHANGES[name](dice)
    if name != "tickets":
        raise refusal(400, "InvalidRequest", "set must say what to change.")
    board = psa.boards.by_id[record["board"]["id"]]
    status = {"id": dice.pick((*board.open, board.closing[0]))}
    summary = f"{record['summary'].partition(' [')[0][:88]} [{dice.below(100_000)}]"
    return {"summary": summary, "status": status, "priority": {"id": dice.pick((4, 6, 8, 9))}}


def _change_one(psa: Psa, order: Order, record_id: int, values: Json) -> None:
    collection = psa[order.collection]
    stamp = order.stamp
    if stamp == "keep":
        stamp = (collection.get(record_id) or {})["_info"].get("lastUpdated") or UNDATED
    operations = [{"op": "replace", "path": field, "value": value} for field, value in values.items()]
    by = order.by or psa.people.references[psa.people.technicians[0]]["identifier"]
    writing.change(psa, order.collection, record_id, operations, by)
    _restamp(collection, record_id, stamp)


def _restamp(collection: Collection, record_id: int, stamp: str | None) -> None:
    record = None if stamp is None else collection.get(record_id)
    if stamp is None or record is None:
        return
    if stamp == UNDATED:
        undated = {name: value for name, value in record["_info"].items() if name != "lastUpdated"}
        collection.put(record | {"_info": undated})
        return
    try:
        clock.read(stamp)
    except ValueError as err:
        raise refusal(400, "InvalidRequest", str(err)) from err
    collection.put(record | {"_info": record["_info"] | {"lastUpdated": stamp}})


def _create_ticket(psa: Psa, order: Order) -> int:
    dice = psa.dice()
    problem = dice.pick(PROBLEMS)
    companies = psa["companies"]
    values: Json = {
        "summary": filled(dice.pick(problem.summaries), dice, "a colleague")[:100],
        "company": {"id": _any_id(companies, dice)},
        "board": {"id": 1},
        "type": {"name": problem.type},
        "subType": {"name": problem.subtype},
        "item": {"name": problem.item},
        "initialDescription": filled(problem.detail, dice, "a colleague"),
    }
    if "board" in order.set:
        values = {name: value for name, value in values.items() if name not in ("type", "subType", "item")}
    record_id = writing.add_ticket(psa, values | order.set)
    _restamp(psa["tickets"], record_id, None if order.stamp == "keep" else order.stamp)
    return record_id


def _any_id(collection: Collection, dice: Dice) -> int:
    if not collection.living:
        raise refusal(400, "InvalidRequest", f"There is no {collection.shape.noun} left.")
    while True:
        slot = dice.below(len(collection.ids))
        if collection.alive[slot]:
            return collection.ids[slot]


def _create_like(psa: Psa, order: Order) -> int:
    """A record that resembles the first one of its kind."""
    collection, now = psa[order.collection], psa.now()
    new_id = collection.next_id()
    pattern = collection.record(next(iter(collection.slots())))
    given: Json = {"id": new_id, "_info": {"lastUpdated": now, "updatedBy": "zadmin", "dateEntered": now}}
    given |= _NEW[order.collection](new_id)
    collection.put(pattern | given | order.set)
    if order.collection == "companies":
        psa.company_changed(collection.get(new_id) or {})
    return new_id
