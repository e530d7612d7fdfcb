"""What the control interface can do to records: as a technician would, or as a bad day would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

import msgspec

from lab.sandbox.autotask import picks
from lab.sandbox.autotask.entity import Entity, read, written
from lab.sandbox.autotask.people import SYSTEM, technicians
from lab.sandbox.autotask.psa import Psa
from lab.sandbox.autotask.tickets import STAMPS, ticket_number
from lab.sandbox.collection import Json
from lab.sandbox.problems import CALLS, PROBLEMS, WORK, filled
from lab.sandbox.reply import refusal

Done: TypeAlias = dict[str, Any]


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be done; ``docs/sandbox-autotask.md`` says which deed reads what."""

    collection: str = "tickets"
    ids: list[int] | None = None
    n: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 1
    fraction: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    set: Json = {}
    stamp: str | None = None
    board: int | str | None = None
    parent: int | None = None
    ticket: int | None = None


def change(psa: Psa, order: Order) -> Done:
    """Changes the given records, or n random ones; without values to set, as a technician would."""
    records = _collection(psa, order)
    for record_id in _chosen(psa, order):
        record = records.get(record_id) or {}
        _store(psa, order, records, record | (order.set or _new_values(psa, order.collection, record)))
    return _done(psa, order)


def create(psa: Psa, order: Order) -> Done:
    """Creates n tickets, companies or contacts."""
    makers: dict[str, Callable[[Psa, int], Json]] = {
        "tickets": _new_ticket,
        "companies": _new_company,
        "contacts": _new_contact,
    }
    if order.collection not in makers:
        raise refusal(400, "InvalidRequest", f"Only these can be created here: {', '.join(makers)}.")
    records, order.ids = psa[order.collection], []
    for _ in range(order.n):
        new_id = records.next_id()
        _store(psa, order, records, makers[order.collection](psa, new_id) | order.set | {"id": new_id})
        order.ids.append(new_id)
    return _done(psa, order)


def delete(psa: Psa, order: Order) -> Done:
    """Deletes records; tickets take their notes and time along and leave a line in the log of deletions."""
    records = _collection(psa, order)
    for record_id in _chosen(psa, order):
        if order.collection == "tickets":
            _log_deletion(psa, records.get(record_id) or {})
            for name in ("notes", "time_entries"):
                for slot in psa[name].children(record_id):
                    psa[name].drop(psa[name].ids[slot])
        records.drop(record_id)
    return _done(psa, order)


def merge(psa: Psa, order: Order) -> Done:
    """Merges tickets into a parent. No field says so: the merged ones are completed, with a note of the system's."""
    parent = order.parent if order.parent is not None else _random_ids(psa, psa["tickets"], 1)[0]
    if order.ids is None:
        order.ids = [n for n in _random_ids(psa, psa["tickets"], order.n + 1) if n != parent][: order.n]
    number = (psa["tickets"].get(parent) or {}).get("ticketNumber")
    for record_id in _chosen(psa, order):
        ticket = psa["tickets"].get(record_id) or {}
        _store(psa, order, psa["tickets"], ticket | {"status": picks.COMPLETE, "completedDate": psa.now()})
        _add_note(psa, record_id, {"title": f"Merged into {number}", "noteType": 13, "creatorResourceID": SYSTEM})
    return _done(psa, order) | {"parent": parent}


def note(psa: Psa, order: Order) -> Done:
    """Writes n notes on a ticket. They move the ticket's activity, not its tracked modification."""
    ticket = _ticket(psa, order)
    made = [_add_note(psa, ticket, order.set) for _ in range(order.n)]
    return {"ticket": ticket, "ids": made, "now": psa.now()}


def time(psa: Psa, order: Order) -> Done:
    """Books n quarters of an hour on a ticket."""
    ticket = _ticket(psa, order)
    made = [_add_time(psa, ticket, order.set) for _ in range(order.n)]
    return {"ticket": ticket, "ids": made, "now": psa.now()}


def move(psa: Psa, order: Order) -> Done:
    """Moves tickets to another queue."""
    queue = next((pick.value for pick in picks.QUEUES if order.board in (pick.value, pick.label)), None)
    if queue is None:
        raise refusal(400, "InvalidRequest", "board must be the id or the name of a queue.")
    for record_id in _chosen(psa, order):
        _store(psa, order, psa["tickets"], (psa["tickets"].get(record_id) or {}) | {"queueID": queue})
    return _done(psa, order)


DEEDS: dict[str, Callable[[Psa, Order], Done]] = {
    "change": change,
    "create": create,
    "delete": delete,
    "merge": merge,
    "note": note,
    "time": time,
    "move": move,
}


def _done(psa: Psa, order: Order) -> Done:
    return {"ids": order.ids, "now": psa.now()}


def _collection(psa: Psa, order: Order) -> Entity:
    if order.collection not in psa.collections:
        raise refusal(400, "InvalidRequest", f"The collections are {', '.join(sorted(psa.collections))}.")
    return psa[order.collection]


def _ticket(psa: Psa, order: Order) -> int:
    ticket = order.ticket if order.ticket is not None else _random_ids(psa, psa["tickets"], 1)[0]
    if psa["tickets"].slot(ticket) is None:
        raise refusal(404, "NotFound", f"Ticket {ticket} is not there.")
    return ticket


def _chosen(psa: Psa, order: Order) -> list[int]:
    """The ids that are meant; they stand in the order from now on."""
    records = _collection(psa, order)
    if order.ids is None:
        number = order.n if order.fraction is None else round(records.living * order.fraction)
        order.ids = _random_ids(psa, records, number)
    if missing := [record_id for record_id in order.ids if records.slot(record_id) is None]:
        raise refusal(404, "NotFound", f"{order.collection}: {missing[:20]} are not there.")
    return order.ids


def _random_ids(psa: Psa, records: Entity, number: int) -> list[int]:
    living = [records.ids[slot] for slot in records.slots()]
    dice = psa.dice()
    for place in range(min(number, len(living))):
        other = place + dice.below(len(living) - place)
        living[place], living[other] = living[other], living[place]
    return sorted(living[:number])


def _store(psa: Psa, order: Order, records: Entity, record: Json) -> None:
    """Stamps and stores. ``stamp``: now, a time, or "keep"."""
    if order.stamp != "keep":
        record |= dict.fromkeys(records.stamp_fields, _stamp(psa, order.stamp))
    records.put(record)


def _stamp(psa: Psa, wanted: str | None) -> str:
    try:
        return psa.now() if wanted is None else written(read(wanted))
    except ValueError as err:
        raise refusal(400, "InvalidRequest", str(err)) from err


def _new_values(psa: Psa, name: str, record: Json) -> Json:
    dice = psa.dice()
    if name == "companies":
        return {"phone": f"813555{dice.below(10_000):04}"}
    if name == "contacts":
        return {"title": dice.pick(("Team Lead", "Director", "Assistant"))}
    if name != "tickets":
        raise refusal(400, "InvalidRequest", "set must say what to change.")
    status = dice.pick((*picks.OPEN_STATUSES, picks.COMPLETE))
    title = f"{record['title'].partition(' [')[0][:240]} [{dice.below(100_000)}]"
    done = psa.now() if status == picks.COMPLETE else None
    return {"title": title, "status": status, "completedDate": done, "priority": dice.pick((1, 2, 3, 4))}


def _new_ticket(psa: Psa, new_id: int) -> Json:
    dice, tickets = psa.dice(), psa["tickets"]
    place = dice.below(len(PROBLEMS))
    issue, sub_issue = picks.filing(place)
    pattern = dict.fromkeys(tickets.record(0)) if len(tickets.ids) else {}
    return pattern | {
        "ticketNumber": ticket_number(psa.clock.now(), new_id),
        "title": filled(dice.pick(PROBLEMS[place].summaries), dice, "a colleague")[:255],
        "description": filled(PROBLEMS[place].detail, dice, "a colleague"),
        "companyID": psa["companies"].ids[dice.below(len(psa["companies"].ids))],
        "queueID": 29682833,
        "status": picks.NEW,
        "priority": 2,
        "issueType": issue,
        "subIssueType": sub_issue,
        "ticketType": 2,
        "createDate": psa.now(),
        "creatorResourceID": technicians()[0],
        "userDefinedFields": [],
    }


def _new_company(psa: Psa, new_id: int) -> Json:
    pattern = psa["companies"].record(1)
    return pattern | {"companyName": f"New Company {new_id}", "companyNumber": f"N{new_id}", "createDate": psa.now()}


def _new_contact(psa: Psa, new_id: int) -> Json:
    return psa["contacts"].record(0) | {"firstName": "New", "lastName": f"Person {new_id}", "primaryContact": False}


def _add_note(psa: Psa, ticket_id: int, given: Json) -> int:
    dice, notes, now = psa.dice(), psa["notes"], psa.now()
    record: Json = {
        "id": notes.next_id(),
        "ticketID": ticket_id,
        "title": "",
        "description": filled(dice.pick(CALLS), dice, "the user"),
        "noteType": 3,
        "publish": 2 if dice.chance(40) else 1,
        "creatorResourceID": dice.pick(technicians()),
        "createdByContactID": None,
        "impersonatorCreatorResourceID": None,
        "createDateTime": now,
        "lastActivityDate": now,
        "userDefinedFields": [],
    } | given
    notes.put(record)
    _touch(psa, ticket_id)
    return int(record["id"])


def _add_time(psa: Psa, ticket_id: int, given: Json) -> int:
    dice, times, now = psa.dice(), psa["time_entries"], psa.clock.now()
    pattern: Json = dict.fromkeys(times.record(0)) if len(times.ids) else {}
    record = pattern | {
        "id": times.next_id(),
        "ticketID": ticket_id,
        "resourceID": dice.pick(technicians()),
        "roleID": 8,
        "billingCodeID": 29683405,
        "dateWorked": written(now // 86_400 * 86_400),
        "startDateTime": written(now - 900),
        "endDateTime": written(now),
        "hoursWorked": 0.25,
        "summaryNotes": filled(dice.pick(WORK), dice, "the user"),
        "isNonBillable": False,
        "createDateTime": written(now),
        "lastModifiedDateTime": written(now),
        "userDefinedFields": [],
    }
    times.put(record | given)
    _touch(psa, ticket_id)
    return int(record["id"])


def _touch(psa: Psa, ticket_id: int) -> None:
    ticket = psa["tickets"].get(ticket_id) or {}
    psa["tickets"].put(ticket | {STAMPS[1]: psa.now()})


def _log_deletion(psa: Psa, ticket: Json) -> None:
    log = psa["deleted_tickets"]
    log.put(
        {
            "id": log.next_id(),
            "ticketID": ticket["id"],
            "ticketNumber": ticket["ticketNumber"],
            "ticketTitle": ticket["title"],
            "deletedByResourceID": technicians()[0],
            "deletedDateTime": psa.now(),
        }
    )
