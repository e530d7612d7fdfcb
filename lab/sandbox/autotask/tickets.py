"""Tickets of the last three years, about one in seven open, with their notes and time entries.

At the start only a few numbers are drawn for each; the rest comes from the same seed whenever a record is read.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left

from lab.sandbox.autotask import picks
from lab.sandbox.autotask.clients import Clients, user_values
from lab.sandbox.autotask.entity import Entity, written
from lab.sandbox.autotask.people import SYSTEM, technicians
from lab.sandbox.clock import DAY
from lab.sandbox.collection import Json
from lab.sandbox.problems import PROBLEMS, filled
from lab.sandbox.seed import Seed

FIRST_TICKET = 7_000
FIRST_HELPER = 40_000
"""Two ids are reserved for each ticket."""
_HELPED = 13
"""Every so manieth ticket has helpers, if it has an owner."""
YEARS = 3
STAMPS = ("lastTrackedModificationDateTime", "lastActivityDate")
_QUEUES = (29682833,) * 6 + (29682969,) * 3 + (8, 8, 8, 5, 6, 29683354, 29683378, 29683481)
_PRIORITIES = (2, 2, 2, 2, 3, 3, 1, 4)
_TECHNICIANS = technicians()
_MONTH = 28 * DAY


class Tickets:
    """What the seed says of each ticket, by slot."""

    def __init__(self, seed: Seed, clients: Clients) -> None:
        self.seed, self.clients = seed, clients
        self.ids, self.entered, self.tracked, self.active = (array("q") for _ in range(4))
        self.queue, self.contact, self.owner, self.company = (array("i") for _ in range(4))
        self.status, self.problem, self.notes, self.times = (array("b") for _ in range(4))
        for slot in range(seed.tickets):
            self._draw(slot)

    def entity(self) -> Entity:
        return Entity(
            self.ids,
            self.record,
            stamps=STAMPS,
            moments=self.active,
            columns={
                "id": self.ids.__getitem__,
                "status": self.status.__getitem__,
                "queueID": self.queue.__getitem__,
                "lastTrackedModificationDateTime": self.tracked.__getitem__,
                "lastActivityDate": self.active.__getitem__,
            },
        )

    def helpers(self) -> Entity:
        """Those who work on a ticket beside its owner: one or two."""
        slots = [slot for slot in range(5, len(self.ids), _HELPED) if self.owner[slot]]
        ids = [FIRST_HELPER + 2 * slot + place for slot in slots for place in range(1 + slot % 2)]
        return Entity(
            ids,
            lambda place: self._helper(ids[place]),
            columns={"id": ids.__getitem__, "ticketID": lambda place: self.ids[(ids[place] - FIRST_HELPER) // 2]},
        )

    def _helper(self, number: int) -> Json:
        slot, place = divmod(number - FIRST_HELPER, 2)
        owner = _TECHNICIANS.index(self.owner[slot])
        helper = _TECHNICIANS[(owner + 1 + place) % len(_TECHNICIANS)]
        return {"id": number, "ticketID": self.ids[slot], "resourceID": helper, "roleID": 8}

    def slot(self, ticket_id: int) -> int | None:
        place = bisect_left(self.ids, ticket_id)
        return place if place < len(self.ids) and self.ids[place] == ticket_id else None

    def person(self, slot: int) -> str:
        """Who the ticket is about."""
        return " ".join(self.clients.person(self.contact[slot])) if self.contact[slot] else "a colleague"

    def _draw(self, slot: int) -> None:
        seed, dice = self.seed, self.seed.dice("autotask ticket", slot)
        self.ids.append((self.ids[-1] if slot else FIRST_TICKET) + 1 + (dice.below(4) if slot % 9 == 0 else 0))
        place = dice.low(self.clients.count) if dice.chance(60) else dice.below(self.clients.count)
        contacts = self.clients.contacts_of(place)
        self.company.append(place)
        self.contact.append(0 if dice.chance(7) else contacts[dice.low(len(contacts))])
        age = 1 - (slot + 0.5) / seed.tickets
        entered = seed.now - 900 - int(YEARS * 365 * DAY * age**1.4)
        queue = dice.pick(_QUEUES)
        is_open = dice.chance(72 if age < 0.1 else 9) and queue != 29683481
        tracked = min(entered + 300 + dice.low(45 * DAY), seed.now - dice.below(4 * 3600))
        if dice.chance(12):
            # A rule of one night in four weeks touches many tickets within one second.
            night = (tracked // _MONTH + 1) * _MONTH + 2 * 3600
            tracked = night if night < seed.now else tracked
        tracked = max(tracked, entered)
        self.entered.append(entered)
        self.tracked.append(tracked)
        # A note moves the one stamp and not the other.
        self.active.append(min(tracked + dice.below(3 * DAY), seed.now - 60) if dice.chance(30) else tracked)
        self.queue.append(queue)
        self.status.append(dice.pick(picks.OPEN_STATUSES) if is_open else picks.COMPLETE)
        self.problem.append(dice.below(len(PROBLEMS)))
        self.owner.append(0 if is_open and dice.chance(25) else dice.pick(_TECHNICIANS))
        self.notes.append(dice.below(5) if dice.chance(80) else 1)
        self.times.append(dice.low(4))

    def title(self, slot: int) -> str:
        dice = self.seed.dice("autotask title", slot)
        return filled(dice.pick(PROBLEMS[self.problem[slot]].summaries), dice, self.person(slot))[:255]

    def record(self, slot: int) -> Json:
        """The ticket as nobody changed it."""
        dice = self.seed.dice("autotask details", slot)
        problem = PROBLEMS[self.problem[slot]]
        issue, sub_issue = picks.filing(self.problem[slot])
        closed = self.status[slot] == picks.COMPLETE
        owner, place = self.owner[slot] or None, self.company[slot]
        return {
            "id": self.ids[slot],
            "ticketNumber": ticket_number(self.entered[slot], slot),
            "title": self.title(slot),
            "description": filled(problem.detail, dice, self.person(slot)),
            "resolution": filled(problem.remedy, dice, self.person(slot)) if closed else None,
            "companyID": self.clients.company_id(place),
            "companyLocationID": self.clients.location_id(place),
            "contactID": self.contact[slot] or None,
            "contractID": 29_684_100 + place % 3 if dice.chance(60) else None,
            "queueID": self.queue[slot],
            "status": self.status[slot],
            "priority": dice.pick(_PRIORITIES),
            "issueType": issue,
            "subIssueType": sub_issue,
            "ticketType": 5 if problem.item == "Alert" else dice.pick((1, 2, 2)),
            "ticketCategory": 3,
            "source": dice.pick((2, 4, 4, 6, 8, -1)),
            "serviceLevelAgreementID": dice.pick((None, 1, 1, 2)),
            "serviceLevelAgreementHasBeenMet": dice.pick((None, True, True, False)) if closed else None,
            "assignedResourceID": owner,
            "assignedResourceRoleID": 8 if owner else None,
            "creatorResourceID": SYSTEM if dice.chance(30) else dice.pick(_TECHNICIANS),
            "lastActivityResourceID": owner or SYSTEM,
            "completedByResourceID": owner if closed else None,
            "completedDate": written(self.tracked[slot], slot) if closed else None,
            "createDate": written(self.entered[slot], slot),
            "dueDateTime": written((self.entered[slot] // DAY + 5) * DAY),
            "estimatedHours": float(1 + dice.below(8)) if dice.chance(10) else None,
            "externalID": None,
            "problemTicketId": self.ids[slot - 3] if slot > 3 and dice.chance(1) else None,
            "lastActivityDate": written(self.active[slot], slot),
            "lastTrackedModificationDateTime": written(self.tracked[slot], slot + 1),
            "userDefinedFields": user_values("Tickets", dice, self.seed.now),
        }


def ticket_number(entered: int, number: int) -> str:
    """``T20240115.0001``: the day, and a number of that day."""
    return f"T{written(entered)[:10].replace('-', '')}.{number % 10_000:04}"
