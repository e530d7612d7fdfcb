"""Tickets of the last three years, most of them recent, about one in seven open, with their actions."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable

from lab.sandbox.clock import DAY
from lab.sandbox.collection import Records
from lab.sandbox.dice import Dice
from lab.sandbox.halo import custom_fields
from lab.sandbox.halo.clients import FIRST_CLIENT, Clients
from lab.sandbox.halo.setup import CLOSING, OPEN, SLAS, TEAMS, TICKET_TYPES, UNASSIGNED, Json, Setup
from lab.sandbox.halo.stamps import NO_DATE, read, written
from lab.sandbox.problems import CALLS, PROBLEMS, WORK, filled
from lab.sandbox.seed import Seed

FIRST_TICKET = 1_001
MOST_ACTIONS = 16
YEARS = 3
_TYPES = [row[0] for row in TICKET_TYPES for _ in range(row[3])]


class Actions(Records):
    """Actions are shown by their number within their ticket."""

    def wire(self, record: Json) -> Json:
        shown = record | {"id": record["number"]}
        del shown["number"]
        return shown


class Tickets:
    """What the seed says of each ticket, by slot. A few numbers are drawn at the start, the rest when a ticket is read."""

    def __init__(self, seed: Seed, setup: Setup, clients: Clients) -> None:
        self.seed, self.setup, self.clients = seed, setup, clients
        self.ids, self.updated, self.entered = array("q"), array("q"), array("q")
        self.type, self.problem, self.actions = array("b"), array("b"), array("b")
        self.status, self.place, self.user, self.agent = (array("i") for _ in range(4))
        self.merged_into: dict[int, int] = {}
        self._technicians = list(setup.agents)
        for slot in range(seed.tickets):
            self._draw(slot, seed.dice("halo ticket", slot))

    def collection(self) -> Records:
        return Records(self.ids, self.record, stamp_of, stamps=self.updated)

    def action_collection(self) -> Records:
        """Actions carry a number within their ticket; ``id`` is the sandbox's own, and is not shown."""
        ids = array("q", (self._key(slot, n) for slot, count in enumerate(self.actions) for n in range(count)))
        return Actions(
            ids, lambda place: self._action(ids[place]), lambda record: 0, parent="ticket_id", children=self._below(ids)
        )

    def _draw(self, slot: int, dice: Dice) -> None:
        seed = self.seed
        # Opportunities, projects and deleted tickets took their ids from the same sequence.
        self.ids.append((self.ids[-1] if slot else FIRST_TICKET) + 1 + (dice.below(4) if slot % 9 == 0 else 0))
        age = 1 - (slot + 0.5) / seed.tickets
        entered = seed.now - 900 - int(YEARS * 365 * DAY * age**1.4)
        is_open = dice.chance(72 if age < 0.1 else 9)
        taken = dice.low(45 * DAY) if not is_open or age > 0.1 else dice.below(20 * DAY)
        self.entered.append(entered)
        self.updated.append(max(entered, min(entered + 300 + taken, seed.now - dice.below(4 * 3600))))
        self.type.append(dice.pick(_TYPES))
        self.problem.append(dice.below(len(PROBLEMS)))
        self.status.append(dice.pick(OPEN) if is_open else dice.pick(CLOSING))
        self.place.append(dice.low(self.clients.count))
        users = self.clients.users_of(self.place[-1])
        self.user.append(users[dice.low(len(users))])
        self.agent.append(UNASSIGNED if is_open and dice.chance(25) else dice.pick(self._technicians))
        self.actions.append(1 + dice.below(8))
        if not is_open and slot and dice.below(130) == 0:
            self.merged_into[slot] = slot - 1

    def summary(self, slot: int) -> str:
        dice = self.seed.dice("halo summary", slot)
        return filled(dice.pick(PROBLEMS[self.problem[slot]].summaries), dice, self._person(slot))[:120]

    def record(self, slot: int) -> Json:
        """The ticket as nobody changed it. The custom fields stand last, so that lists can leave them off."""
        dice = self.seed.dice("halo details", slot)
        closed = self.status[slot] not in OPEN
        client, user = FIRST_CLIENT + self.place[slot], self.user[slot]
        updated, entered = written(self.updated[slot], slot % 1000), written(self.entered[slot], slot % 997)
        return {
            "id": self.ids[slot],
            "guid": self.seed.guid("halo ticket", slot),
            "summary": self.summary(slot),
            "details": filled(PROBLEMS[self.problem[slot]].detail, dice, self._person(slot)),
            "tickettype_id": self.type[slot],
            "status_id": self.status[slot],
            "sla_id": dice.pick(SLAS)[0],
            "priority_id": 1 + dice.low(4),
            **self._filing(slot),
            "client_id": client,
            "client_name": self.clients.names[client],
            "site_id": self.clients.site_id(self.place[slot]),
            "site_name": "Main",
            "user_id": user,
            "user_name": self._person(slot),
            "user_email": self.clients.mail(user, self.place[slot]),
            "reportedby": self.clients.mail(user, self.place[slot]),
            "team": dice.pick(TEAMS),
            "agent_id": self.agent[slot],
            "impact": 1 + dice.below(3),
            "urgency": 1 + dice.below(3),
            "source": dice.below(4),
            "estimate": float(dice.below(8)) if dice.chance(10) else 0.0,
            "dateoccurred": entered,
            "datecreated": None,
            "datemodified": None,
            "dateclosed": updated if closed else NO_DATE,
            "deadlinedate": NO_DATE,
            "fixbydate": written(self.entered[slot] + 2 * DAY),
            "lastactiondate": updated,
            "last_update": updated,
            "hasbeenclosed": True if closed else None,
            "parent_id": 0,
            "merged_into_id": self.ids[self.merged_into[slot]] if slot in self.merged_into else 0,
            "attachment_count": 0,
            "child_count": 0,
            "flagged": False,
            "inactive": False,
            "excludefromsla": False,
            "department_id": 1,
            "organisation_id": 1,
            "itil_requesttype_id": next(row[2] for row in TICKET_TYPES if row[0] == self.type[slot]),
            "customfields": custom_fields.values(dice, self.seed.now),
        }

    def _filing(self, slot: int) -> Json:
        found: Json = {}
        for level, (number, name) in enumerate(self.setup.filing[self.problem[slot]], 1):
            found |= {f"categoryid_{level}": number, f"category_{level}": name}
        return found | {"categoryid_4": 0, "category_4": ""}

    def _person(self, slot: int) -> str:
        return " ".join(self.clients.person(self.user[slot]))

    def _key(self, slot: int, number: int) -> int:
        return slot * MOST_ACTIONS + number

    def _below(self, ids: array[int]) -> Callable[[int], Iterable[int]]:
        def slots(ticket_id: int) -> range:
            place = bisect_left(self.ids, ticket_id)
            if place >= self.seed.tickets or self.ids[place] != ticket_id:
                return range(0)
            start = self._key(place, 0)
            return range(bisect_left(ids, start), bisect_left(ids, start + MOST_ACTIONS))

        return slots

    def _action(self, key: int) -> Json:
        slot, number = divmod(key, MOST_ACTIONS)
        dice = self.seed.dice("halo action", key)
        moment = self.entered[slot] + (self.updated[slot] - self.entered[slot]) * number // self.actions[slot]
        agent = self.agent[slot] if self.agent[slot] != UNASSIGNED else dice.pick(self._technicians)
        by_user = number > 0 and dice.chance(35)
        timed = number > 0 and not by_user and dice.chance(45)
        text = PROBLEMS[self.problem[slot]].detail if number == 0 else dice.pick(WORK if timed else CALLS)
        return {
            "id": key,
            "number": number + 1,
            "ticket_id": self.ids[slot],
            "outcome": "Email Update" if by_user else "Private Note" if dice.chance(40) else "Update",
            "note": filled(text, dice, self._person(slot)),
            "who": self._person(slot) if by_user else self.setup.agents.get(agent, ""),
            "who_type": 0 if by_user else 1,
            "who_agentid": 0 if by_user else agent,
            "actionby_user_id": self.user[slot] if by_user else 0,
            "hiddenfromuser": not by_user and dice.chance(40),
            "important": False,
            "datetime": written(moment, number),
            "last_updated": written(moment, number),
            "actionarrivaldate": written(moment - 900) if timed else NO_DATE,
            "actioncompletiondate": written(moment) if timed else NO_DATE,
            "timetaken": (1 + dice.below(8)) / 4 if timed else 0.0,
            "actisbillable": dice.chance(70),
        }


def stamp_of(ticket: Json) -> int:
    """When the ticket last changed, in whole seconds."""
    return int(read(ticket["last_update"]))
