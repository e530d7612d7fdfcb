"""A TinyDesk to try things on, in a process of its own: ``python -m tests.integrations.adapters.tinydesk.sandbox``."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from lab.sandbox import clock
from lab.sandbox.collection import Json, Records
from lab.sandbox.control_api import DEFAULT_KNOCK, ControlApi, typed
from lab.sandbox.dice import Dice
from lab.sandbox.orders import Order, chosen, collection_of, done, family, ticket_of
from lab.sandbox.program import Vendor, run
from lab.sandbox.reply import Refusal, Reply, json_reply, refusal
from lab.sandbox.request import Request
from lab.sandbox.seed import Seed

KEY = "-".join(("sandbox", "key", "1"))
QUEUES, STATES, PEOPLE = 4, ("New", "At work", "Done"), 6
FIELDS = ("room", "device")


class ErrorBodies:
    """See ``lab.sandbox.faults.ErrorBodies``."""

    def too_many(self, retry_after: int | None) -> Reply:
        reply = json_reply({"error": "too many requests"}, 429)
        if retry_after is not None:
            reply.headers["Retry-After"] = str(retry_after)
        return reply

    def unauthorized(self) -> Reply:
        return json_reply({"error": "the key is not known"}, 401)

    def forbidden(self) -> Reply:
        return json_reply({"error": "the key lacks this right"}, 403)

    def failed(self) -> Reply:
        return json_reply({"error": "something broke"}, 500)

    def miscount(self, reply: Reply, wrong: Callable[[int], int]) -> None:
        reply.body = re.sub(rb'"count":(\d+)', lambda found: b'"count":%d' % wrong(int(found[1])), reply.body)


LARGEST_PAGE = 10_000


class TinyDesk:
    """The whole PSA. ``lock`` guards all reading and writing."""

    def __init__(self, seed: Seed) -> None:
        self.lock = threading.RLock()
        self.seed, self.clock, self.draws = seed, clock.Clock(), 0
        self.largest_page = LARGEST_PAGE
        self.restore()
        clients, people = max(3, seed.tickets // 40), range(1, PEOPLE + 1)
        names = [{"id": n, "name": f"Client {n}", "changed": self._ago(n)} for n in range(1, clients + 1)]
        persons = [{"id": n, "name": f"Person {n}", "login": f"p{n}", "email": f"p{n}@desk.example"} for n in people]
        queues = [{"id": n, "name": f"Queue {n}", "changed": self._ago(n)} for n in range(1, QUEUES + 1)]
        states = [
            {"id": 10 * queue + place, "queue": queue, "name": name, "closes": name == "Done"}
            for queue in range(1, QUEUES + 1)
            for place, name in enumerate(STATES)
        ]
        contacts = [
            {"id": n, "name": f"Contact {n}", "client": self._named(names, n), "email": "", "changed": self._ago(n)}
            for n in range(1, 2 * clients + 1)
        ]
        tickets = [self._ticket(n, names, contacts, persons, states, queues) for n in range(1, seed.tickets + 1)]
        times = [
            {
                "id": n,
                "ticket": n,
                "person": persons[n % PEOPLE],
                "hours": 0.5,
                "text": "Looked",
                "changed": self._ago(n),
            }
            for n in range(1, seed.tickets + 1, 5)
        ]
        notes = [
            {"id": n, "ticket": n, "text": f"Note of {n}", "internal": n % 2 == 0, "changed": self._ago(n)}
            for n in range(1, seed.tickets + 1)
        ]
        given = {"queues": queues, "states": states, "people": persons, "clients": names, "contacts": contacts}
        given |= {"tickets": tickets, "times": times, "notes": notes}
        self.collections: dict[str, Records] = {name: self._records(name, rows) for name, rows in given.items()}

    def restore(self) -> None:
        self.key, self.instance = KEY, "tiny-1"
        self.denied: set[str] = set()

    def replayed(self, name: str, record: Json) -> None:
        """Nothing else shows what a record says of itself."""

    def now(self) -> str:
        return clock.written(self.clock.now())

    def dice(self) -> Dice:
        self.draws += 1
        return self.seed.dice("by hand", self.draws)

    def _ago(self, number: int) -> str:
        return clock.written(self.seed.now - 600 * number)

    @staticmethod
    def _named(rows: list[Json], number: int) -> Json:
        row = rows[number % len(rows)]
        return {"id": row["id"], "name": row["name"]}

    @staticmethod
    def _records(name: str, rows: list[Json]) -> Records:
        parent = "ticket" if name in {"notes", "times"} else None
        below = {row["ticket"]: place for place, row in enumerate(rows)} if parent else {}
        return Records(
            [row["id"] for row in rows],
            rows.__getitem__,
            lambda row: clock.read(row["changed"]) if row.get("changed") else 0,
            parent=parent,
            children=lambda ticket: [below[ticket]] if ticket in below else [],
        )

    def _ticket(self, number: int, clients: list[Json], contacts: list[Json], *rest: list[Json]) -> Json:
        persons, states, queues = rest
        state = states[number % len(states)]
        return {
            "id": number,
            "name": f"Ticket {number}",
            "problem": f"What is wrong in {number}",
            "queue": self._named(queues, state["queue"] - 1),
            "state": {"id": state["id"], "name": state["name"]},
            "client": self._named(clients, number),
            "contact": self._named(contacts, number),
            "owner": None if number % 3 else self._named(persons, number),
            "closed": state["closes"],
            "opened": self._ago(number + 100),
            "changed": self._ago(number),
            "merged_into": None,
            "fields": {FIELDS[number % 2]: f"no. {number}"} if number % 4 else {},
        }


def answer(psa: TinyDesk, request: Request) -> Reply:
    """The vendor's interface, of which this is all."""
    if request.headers.get("x-key") != psa.key:
        raise Refusal(ErrorBodies().unauthorized())
    parts = request.path.removeprefix("/v1/").split("/")
    if parts == ["about"]:
        return json_reply({"instance": psa.instance, "version": "1.4"})
    if parts == ["fields"]:
        return json_reply({"fields": list(FIELDS)})
    if parts[0] not in psa.collections:
        raise refusal(404, "not_found", "There is no such collection.")
    if parts[0] in psa.denied:
        raise Refusal(ErrorBodies().forbidden())
    rows = psa.collections[parts[0]]
    if len(parts) == 1:
        return listing(rows, wanted(psa, rows, request), request.query, psa.largest_page)
    if parts[1] == "count":
        return json_reply({"count": len(wanted(psa, rows, request))})
    found = rows.get(int(parts[1])) if parts[1].isdecimal() else None
    if found is None:
        raise refusal(404, "not_found", "There is no such record.")
    return json_reply(found)


def listing(rows: Records, slots: list[int], query: Mapping[str, str], most: int) -> Reply:
    """A page of these slots by id, upwards or downwards."""
    if above := query.get("above"):
        slots = [slot for slot in slots if rows.ids[slot] > int(above)]
    if below := query.get("below"):
        slots = [slot for slot in slots if rows.ids[slot] < int(below)]
    if query.get("newest"):
        slots = slots[::-1]
    size = min(int(query.get("limit", "100")), most)
    more = b"true" if len(slots) > size else b"false"
    return Reply(
        rows=[rows.encoded(slot) for slot in slots[:size]], before=b'{"more":' + more + b',"rows":[', after=b"]}"
    )


def is_open_or_changed(ticket: Json | None, since: str) -> bool:
    return ticket is not None and (not ticket["closed"] or clock.read(ticket["changed"]) >= clock.read(since))


def wanted(psa: TinyDesk, rows: Records, request: Request) -> list[int]:
    """The slots that the filters let through."""
    query, tickets = request.query, psa.collections["tickets"]
    slots = rows.children(int(query["ticket"])) if "ticket" in query else list(rows.slots())
    tests: list[Callable[[Json], bool]] = []
    if since := query.get("since"):
        tests.append(lambda row: "changed" in row and clock.read(row["changed"]) >= clock.read(since))
    if "queues" in query:
        queues = {int(part) for part in query["queues"].split(",") if part}
        tests.append(lambda row: row["queue"]["id"] in queues)
    if "not_states" in query:
        states = {int(part) for part in query["not_states"].split(",")}
        tests.append(lambda row: row["state"]["id"] not in states)
    if after := query.get("open_or_since"):
        tests.append(lambda row: is_open_or_changed(row, after))
    if range_start := query.get("of_open_or_since"):
        tests.append(lambda row: is_open_or_changed(tickets.get(row["ticket"]), range_start))
    return [slot for slot in slots if all(test(rows.record(slot)) for test in tests)]


def store(psa: TinyDesk, order: Order, record: Json, values: Json) -> None:
    stamp = record.get("changed") if order.stamp == "keep" else order.stamp or psa.now()
    psa.collections[order.collection].put(record | {"changed": stamp} | values)


def change(psa: TinyDesk, order: Order) -> Any:
    rows = collection_of(psa, order)
    for record_id in chosen(psa, order):
        record = rows.get(record_id) or {}
        values = order.set or {"name": f"{record['name'].partition(' [')[0]} [{psa.dice().below(100_000)}]"}
        store(psa, order, record, {"name" if key == "summary" else key: value for key, value in values.items()})
    return done(psa, order)


def create(psa: TinyDesk, order: Order) -> Any:
    rows, order.ids = collection_of(psa, order), []
    for _ in range(order.n):
        pattern, new = rows.record(next(iter(rows.slots()))), rows.next_id()
        store(psa, order, pattern | {"id": new}, {"merged_into": None} if order.collection == "tickets" else {})
        order.ids.append(new)
    return done(psa, order)


def delete(psa: TinyDesk, order: Order) -> Any:
    for record_id in chosen(psa, order):
        collection_of(psa, order).drop(record_id)
    return done(psa, order)


def merge(psa: TinyDesk, order: Order) -> Any:
    parent, merged = family(psa, order)
    for record_id in merged:
        store(psa, order, psa.collections["tickets"].get(record_id) or {}, {"merged_into": parent, "closed": True})
    return done(psa, order) | {"parent": parent}


def move(psa: TinyDesk, order: Order) -> Any:
    queue = psa.collections["queues"].get(int(order.board or 0)) or {}
    for record_id in chosen(psa, order):
        record = psa.collections["tickets"].get(record_id) or {}
        store(psa, order, record, {"queue": {"id": queue["id"], "name": queue["name"]}})
    return done(psa, order)


def below(name: str, more: Json) -> Callable[[TinyDesk, Order], Any]:
    """A note or a time, on a ticket."""

    def write(psa: TinyDesk, order: Order) -> Any:
        ticket, rows, made = ticket_of(psa, order), psa.collections[name], []
        for _ in range(order.n):
            made.append(rows.next_id())
            rows.put({"id": made[-1], "ticket": ticket, "changed": psa.now(), **more, **order.set})
        return {"ticket": ticket, "ids": made, "now": psa.now()}

    return write


DEEDS: dict[str, Callable[[TinyDesk, Order], Any]] = {
    "change": change,
    "create": create,
    "delete": delete,
    "merge": merge,
    "move": move,
    "note": below("notes", {"text": "", "internal": False}),
    "time": below("times", {"text": "", "hours": 0.25, "person": {"id": 1, "name": "Person 1"}}),
}


class RoleChange(msgspec.Struct, forbid_unknown_fields=True):
    denied: set[str] = msgspec.field(default_factory=set)


class InstanceChange(msgspec.Struct, forbid_unknown_fields=True):
    identity: str


class Control(ControlApi):
    """The control interface of this PSA."""

    def __init__(self, psa: TinyDesk, token: str = DEFAULT_KNOCK) -> None:
        super().__init__(psa.seed, psa.clock, psa.lock, ErrorBodies(), token)
        self.psa = psa
        self.doors |= {
            ("POST", "role"): self._set_role,
            ("POST", "instance"): self._set_instance,
            ("GET", "truth"): self._truth,
        }

    def serve(self, request: Request) -> Reply:
        try:
            return answer(self.psa, request)
        except Refusal as refused:
            return refused.reply

    def largest_page(self, rows: int | None) -> None:
        self.psa.largest_page = rows or LARGEST_PAGE

    def template(self, request: Request) -> str:
        return re.sub(r"/\d+$", "/{id}", request.path)

    def announcement(self) -> dict[str, str]:
        return {"api_key": self.psa.key}

    def deed(self, name: str) -> Callable[[Request], Any] | None:
        known = DEEDS.get(name)
        return None if known is None else lambda request: known(self.psa, typed(request, Order))

    def deed_names(self) -> list[str]:
        return list(DEEDS)

    def restore(self) -> None:
        self.psa.restore()

    def _set_role(self, request: Request) -> Any:
        self.psa.denied = typed(request, RoleChange).denied
        return sorted(self.psa.denied)

    def _set_instance(self, request: Request) -> Any:
        self.psa.instance = typed(request, InstanceChange).identity
        return self.psa.instance

    def _truth(self, request: Request) -> Any:
        rows = self.psa.collections[request.query.get("collection", "tickets")]
        ids = [rows.ids[slot] for slot in rows.slots()]
        return {"count": len(ids), "ids": ids}


VENDOR = Vendor(__name__, "A TinyDesk to try things on.", TinyDesk, Control)

if __name__ == "__main__":
    raise SystemExit(run(VENDOR))
