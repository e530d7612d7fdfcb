"""What the control interface can do to records: as a technician would, or as a bad day would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from lab.sandbox.collection import Json
from lab.sandbox.halo.psa import Psa
from lab.sandbox.halo.setup import CLOSED, OPEN, UNASSIGNED
from lab.sandbox.halo.stamps import NO_DATE, read, written
from lab.sandbox.orders import Order, chosen, collection_of, done, family, ticket_of
from lab.sandbox.problems import CALLS, PROBLEMS, WORK, filled
from lab.sandbox.reply import refusal

Done: TypeAlias = dict[str, Any]
_CREATED = ("tickets", "companies", "contacts")


def change(psa: Psa, order: Order) -> Done:
    """Changes the given records, or n random ones; without values to set, as a technician would."""
    collection = collection_of(psa, order)
    for record_id in chosen(psa, order):
        record = collection.get(record_id) or {}
        _store(psa, order, record, order.set or _new_values(psa, order.collection, record))
    return done(psa, order)


def create(psa: Psa, order: Order) -> Done:
    """Creates n tickets, companies or contacts that resemble others of their kind."""
    if order.collection not in _CREATED:
        raise refusal(400, "InvalidRequest", f"Only these can be created here: {', '.join(_CREATED)}.")
    order.ids = [_create(psa, order) for _ in range(order.n)]
    return done(psa, order)


def delete(psa: Psa, order: Order) -> Done:
    """Deletes the given records, n random ones, or a fraction of all. They disappear from lists, without a trace."""
    collection = collection_of(psa, order)
    for record_id in chosen(psa, order):
        collection.drop(record_id)
    return done(psa, order)


def merge(psa: Psa, order: Order) -> Done:
    """Merges tickets into a parent: they are closed and say into which; their actions move along."""
    parent, merged = family(psa, order)
    for record_id in merged:
        record = psa["tickets"].get(record_id) or {}
        _store(psa, order, record, {"merged_into_id": parent, "status_id": CLOSED})
    return done(psa, order) | {"parent": parent}


def note(psa: Psa, order: Order) -> Done:
    """Writes n notes on a ticket. Their ids are ``ticket-number``."""
    return _acted(psa, order, lambda dice: {"note": filled(dice.pick(CALLS), dice, "the user")})


def time(psa: Psa, order: Order) -> Done:
    """Books n quarters of an hour on a ticket. Their ids are ``ticket-number``."""
    now = psa.clock.now()
    worked = {
        "timetaken": 0.25,
        "actionarrivaldate": written(now - 900),
        "actioncompletiondate": written(now),
        "actisbillable": True,
    }
    return _acted(psa, order, lambda dice: {"note": filled(dice.pick(WORK), dice, "the user"), **worked})


def move(psa: Psa, order: Order) -> Done:
    """Gives tickets another type."""
    kinds = psa["boards"]
    rows = [kinds.record(slot) for slot in kinds.slots()]
    wanted = next((row["id"] for row in rows if order.board in (row["id"], row["name"])), None)
    if wanted is None:
        raise refusal(400, "InvalidRequest", "board must be the id or the name of a ticket type.")
    for record_id in chosen(psa, order):
        _store(psa, order, psa["tickets"].get(record_id) or {}, {"tickettype_id": wanted})
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


def _store(psa: Psa, order: Order, record: Json, values: Json) -> None:
    if unknown := sorted(set(values) - set(record)):
        raise refusal(400, "InvalidRequest", f"{order.collection} have no {', '.join(unknown)}.")
    fresh = record | values
    if order.collection == "tickets":
        fresh |= _after(psa, order, record, fresh)
    psa[order.collection].put(fresh)


def _after(psa: Psa, order: Order, before: Json, ticket: Json) -> Json:
    """What follows from a change: the stamp, and whether it counts as closed."""
    stamp = before["last_update"] if order.stamp == "keep" else order.stamp or psa.now()
    try:
        read(stamp)
    except ValueError as err:
        raise refusal(400, "InvalidRequest", str(err)) from err
    closed = ticket["status_id"] not in OPEN
    since = ticket["dateclosed"] if before["status_id"] not in OPEN and closed else psa.now()
    once = psa.identity.stays_closed and before["hasbeenclosed"]
    return {"last_update": stamp, "hasbeenclosed": closed or once or None, "dateclosed": since if closed else NO_DATE}


def _new_values(psa: Psa, name: str, record: Json) -> Json:
    dice = psa.dice()
    if name == "companies":
        return {"main_phonenumber": f"+1 813 555 {dice.below(10_000):04}"}
    if name == "contacts":
        return {"title": dice.pick(("Team Lead", "Director", "Assistant"))}
    if name != "tickets":
        raise refusal(400, "InvalidRequest", "set must say what to change.")
    summary = f"{record['summary'].partition(' [')[0][:88]} [{dice.below(100_000)}]"
    return {
        "summary": summary,
        "status_id": dice.pick((*OPEN, CLOSED)),
        "priority_id": 1 + dice.below(4),
        "agent_id": dice.pick((UNASSIGNED, *psa.setup.agents)),
    }


def _create(psa: Psa, order: Order) -> int:
    collection, dice = psa[order.collection], psa.dice()
    new_id, now = collection.next_id(), psa.now()
    pattern = collection.record(next(iter(collection.slots())))
    given: Json = {"id": new_id}
    if order.collection == "tickets":
        summary = filled(dice.pick(dice.pick(PROBLEMS).summaries), dice, "a colleague")[:100]
        given |= {"summary": summary, "status_id": 1, "dateoccurred": now, "last_update": now, "lastactiondate": now}
        given |= {"merged_into_id": 0, "hasbeenclosed": None, "dateclosed": NO_DATE, "tickettype_id": 1}
    elif order.collection == "companies":
        given |= {"name": f"New Client {new_id}", "inactive": False}
    else:
        given |= {"firstname": "New", "surname": f"Person {new_id}", "name": f"New Person {new_id}", "inactive": False}
    _store(psa, order, pattern | given, order.set)
    return new_id


def _acted(psa: Psa, order: Order, values: Callable[[Any], Json]) -> Done:
    """Actions on a ticket, by a technician. Whether they move its ``last_update`` is not known: they do not here."""
    ticket, made, actions = ticket_of(psa, order), [], psa["actions"]
    for _ in range(order.n):
        number = 1 + max((actions.record(slot)["number"] for slot in actions.children(ticket)), default=0)
        agent = psa.dice().pick(list(psa.setup.agents))
        actions.put(
            {
                "id": actions.next_id(),
                "number": number,
                "ticket_id": ticket,
                "outcome": "Update",
                "who": psa.setup.agents[agent],
                "who_type": 1,
                "who_agentid": agent,
                "actionby_user_id": 0,
                "hiddenfromuser": False,
                "datetime": psa.now(),
                "last_updated": psa.now(),
                "timetaken": 0.0,
                **values(psa.dice()),
                **order.set,
            }
        )
        made.append(f"{ticket}-{number}")
    return {"ticket": ticket, "ids": made, "now": psa.now()}
