"""Service tickets of the last three years, most of them recent, about one in seven open.

At the start only a few numbers are drawn for each; the rest is drawn from the same seed whenever a ticket is read.
"""

from __future__ import annotations

from array import array
from typing import Any

from lab.sandbox.clock import DAY, written
from lab.sandbox.connectwise import custom_fields
from lab.sandbox.connectwise.boards import INACTIVE_BOARDS, Board, Boards, by_weight, typical_problems
from lab.sandbox.connectwise.clients import FIRST_COMPANY, Clients
from lab.sandbox.connectwise.collection import Collection
from lab.sandbox.connectwise.shapes import SHAPES
from lab.sandbox.connectwise.tables import CURRENCY, DEPARTMENT, HREF, LOCATION, SLA, Json, People, reference
from lab.sandbox.dice import Dice
from lab.sandbox.problems import PROBLEMS, filled
from lab.sandbox.seed import Seed

FIRST_TICKET = 10_001
YEARS = 3
_SOURCES = ((1, "Call"), (2, "Email Connector"), (3, "Portal"), (4, "Monitoring"))
_PRIORITIES = (4, 4, 4, 4, 8, 8, 9, 6, 12)
_PLACES = by_weight()
_TYPICAL = typical_problems()
_MONTH = 28 * DAY


class Tickets:
    """What the seed says of each ticket, by slot."""

    def __init__(self, seed: Seed, boards: Boards, people: People, clients: Clients, priorities: list[Json]) -> None:
        self.seed, self.boards, self.people, self.clients = seed, boards, people, clients
        self._boards: list[Board] = list(boards.by_id.values())
        self._priorities = {
            row["id"]: reference("priority", "service/priorities", row["id"], name=row["name"]) for row in priorities
        }
        self.ids = array("q")
        self.updated, self.entered = array("q"), array("q")
        self.board, self.problem, self.notes, self.times = (array("b") for _ in range(4))
        self.status, self.company, self.contact, self.owner = (array("i") for _ in range(4))
        self.closed = bytearray()
        self.merged_into: dict[int, int] = {}
        self.merged_from: set[int] = set()
        self._draw()

    def collection(self) -> Collection:
        return Collection(SHAPES["ticket"], self.ids, self.record, stamps=self.updated, columns=self._columns())

    def person(self, slot: int) -> str:
        """Who the ticket is about."""
        return self.clients.contact_reference(self.contact[slot])["name"] if self.contact[slot] else "a colleague"

    def summary(self, slot: int) -> str:
        dice = self.seed.dice("summary", slot)
        problem = PROBLEMS[self.problem[slot]]
        return filled(dice.pick(problem.summaries), dice, self.person(slot))[:100]

    def hours(self, slot: int) -> float:
        """Hours worked, the sum of the time entries."""
        return sum(self.hours_of(slot, number) for number in range(self.times[slot]))

    def hours_of(self, slot: int, number: int) -> float:
        return ((slot * 7 + number * 5) % 8 + 1) / 4

    def _draw(self) -> None:
        last_of: dict[int, int] = {}
        for slot in range(self.seed.tickets):
            dice = self.seed.dice("ticket", slot)
            # Project tickets and deleted ones took their ids from the same sequence.
            self.ids.append((self.ids[-1] if slot else FIRST_TICKET) + 1 + (dice.below(4) if slot % 9 == 0 else 0))
            place = dice.low(self.clients.count) if dice.chance(60) else dice.below(self.clients.count)
            contacts = self.clients.contacts_of(place)
            self.company.append(FIRST_COMPANY + place)
            self.contact.append(0 if dice.chance(7) else contacts[dice.low(len(contacts))])
            self._draw_life(slot, dice)
            self.notes.append(dice.below(7) if dice.chance(80) else 1)
            self.times.append(dice.low(5) if self.closed[slot] else dice.low(3))
            if self.closed[slot] and place in last_of and dice.below(130) == 0:
                self.merged_into[slot] = last_of[place]
                self.merged_from.add(last_of[place])
            elif slot not in self.merged_from:
                last_of[place] = slot

    def _draw_life(self, slot: int, dice: Dice) -> None:
        """Where it lies, whether it is open, when it came and when it last changed."""
        seed = self.seed
        age = 1 - (slot + 0.5) / seed.tickets
        entered = _working_hours(seed.now - 900 - int(YEARS * 365 * DAY * age**1.4))
        is_open = dice.chance(72 if age < 0.1 else 9)
        place = dice.pick(_PLACES)
        board = self._boards[place]
        self.problem.append(dice.pick(_TYPICAL[place]) if dice.chance(88) else dice.below(len(PROBLEMS)))
        if board.name in INACTIVE_BOARDS:
            is_open = False
        choices = board.open if is_open else board.closing
        taken = dice.low(45 * DAY) if not is_open or age > 0.1 else dice.below(20 * DAY)
        updated = min(entered + 300 + taken, seed.now - dice.below(4 * 3600))
        if dice.chance(12):
            # A rule of one night in four weeks touches many tickets within one second.
            night = (updated // _MONTH + 1) * _MONTH + 2 * 3600
            updated = night if night < seed.now else updated
        self.entered.append(entered)
        self.updated.append(max(updated, entered))
        self.board.append(place)
        self.status.append(choices[dice.low(len(choices))])
        self.owner.append(0 if is_open and dice.chance(25) else dice.pick(self.people.technicians))
        self.closed.append(not is_open)

    def _columns(self) -> dict[str, Any]:
        boards = [board.id for board in self._boards]
        return {
            "id": self.ids.__getitem__,
            "board/id": lambda slot: boards[self.board[slot]],
            "status/id": self.status.__getitem__,
            "company/id": self.company.__getitem__,
            "contact/id": lambda slot: self.contact[slot] or None,
            "owner/id": lambda slot: self.owner[slot] or None,
            "closedFlag": lambda slot: self.closed[slot] == 1,
            "_info/lastUpdated": self.updated.__getitem__,
            "_info/dateEntered": self.entered.__getitem__,
            "summary": self.summary,
        }

    def record(self, slot: int) -> Json:
        """The ticket as nobody changed it."""
        dice = self.seed.dice("details", slot)
        board = self._boards[self.board[slot]]
        type_, subtype, item = board.filing[self.problem[slot]]
        place = self.company[slot] - FIRST_COMPANY
        owner = self.people.references.get(self.owner[slot])
        source = dice.pick(_SOURCES)
        return {
            "id": self.ids[slot],
            "summary": self.summary(slot),
            "recordType": "ServiceTicket",
            "board": board.reference,
            "status": self.boards.status_references[self.status[slot]],
            "company": self.clients.reference(self.company[slot]),
            **self._where(place),
            **self._contact_fields(slot, place),
            "type": type_,
            "subType": subtype,
            "item": item,
            "team": board.teams[dice.below(len(board.teams))],
            "owner": owner,
            "priority": self._priorities[dice.pick(_PRIORITIES)],
            "serviceLocation": reference("location", "service/locations", 2, name="Remote"),
            "source": reference("source", "service/sources", source[0], name=source[1]),
            "requiredDate": written((self.entered[slot] // DAY + 5) * DAY) if dice.chance(20) else None,
            "budgetHours": float(1 + dice.below(8)) if dice.chance(10) else None,
            "severity": dice.pick(("Low", "Medium", "Medium", "High")),
            "impact": dice.pick(("Low", "Medium", "Medium", "High")),
            **FLAGS,
            **self._times(slot, dice),
            "resources": owner["identifier"] if owner else None,
            "hasMergedChildTicketFlag": slot in self.merged_from,
            "mobileGuid": self.seed.guid("ticket", slot),
            "mergedParentTicket": self._merged_parent(slot),
            "customFields": custom_fields.values("sr100", dice, self.seed.now),
            "_info": self._info(slot),
        }

    def _where(self, place: int) -> Json:
        street, town = self.clients.address(place)
        return {
            "site": reference(
                "site",
                f"company/companies/{FIRST_COMPANY + place}/sites",
                self.clients.site_id(place),
                name="Main",
            ),
            "siteName": "Main",
            "addressLine1": street,
            "city": town[0],
            "stateIdentifier": town[1],
            "zip": town[3],
        }

    def _contact_fields(self, slot: int, place: int) -> Json:
        contact_id = self.contact[slot]
        if not contact_id:
            return {"contact": {}}
        found = self.clients.contact_reference(contact_id)
        return {
            "contact": found,
            "contactName": found["name"],
            "contactPhoneNumber": self.clients.phone(contact_id),
            "contactEmailAddress": self.clients.mail(contact_id, place),
        }

    def _times(self, slot: int, dice: Dice) -> Json:
        entered, updated = self.entered[slot], self.updated[slot]
        closed = bool(self.closed[slot])
        responded = min(entered + 60 * dice.below(400), updated)
        return {
            "closedFlag": closed,
            # Tickets that came from an older system were closed without a date.
            "closedDate": written(updated) if closed and slot % 97 else None,
            "closedBy": "zadmin" if closed else None,
            "actualHours": self.hours(slot) or None,
            "dateResponded": written(responded) if closed else None,
            "dateResolved": written(updated) if closed else None,
            "respondMinutes": (responded - entered) // 60 if closed else 0,
            "resPlanMinutes": 0,
            "resolveMinutes": (updated - entered) // 60 if closed else 0,
            "respondByGoalUTC": written(entered + 4 * 3600),
            "resolutionGoalUTC": written(entered + 48 * 3600),
            "isInSla": updated <= entered + 48 * 3600,
            "slaStatus": "Resolved" if closed else "Respond by goal",
        }

    def _merged_parent(self, slot: int) -> Json | None:
        parent = self.merged_into.get(slot)
        if parent is None:
            return None
        return reference("ticket", "service/tickets", self.ids[parent], summary=self.summary(parent))

    def _info(self, slot: int) -> Json:
        return ticket_info(self.ids[slot], written(self.updated[slot]), "zadmin", written(self.entered[slot]))


FLAGS = {
    "allowAllClientsPortalView": False,
    "customerUpdatedFlag": False,
    "automaticEmailContactFlag": False,
    "automaticEmailResourceFlag": False,
    "automaticEmailCcFlag": False,
    "approved": True,
    "hasChildTicket": False,
    "billTime": "NoDefault",
    "billExpenses": "NoDefault",
    "billProducts": "NoDefault",
    "location": LOCATION,
    "department": DEPARTMENT,
    "sla": SLA,
    "currency": CURRENCY,
    "requestForChangeFlag": False,
    "estimatedExpenseCost": 0.0,
    "estimatedTimeCost": 0.0,
    "integratorTags": [],
}


def ticket_info(ticket_id: int, updated: str, by: str, entered: str) -> Json:
    """``_info`` of a ticket, with its links."""
    base = f"{HREF}/service/tickets/{ticket_id}"
    return {
        "lastUpdated": updated,
        "updatedBy": by,
        "dateEntered": entered,
        "enteredBy": "zadmin",
        "activities_href": f"{HREF}/sales/activities?conditions=ticket/id={ticket_id}",
        "timeentries_href": f"{HREF}/time/entries?conditions=chargeToType='ServiceTicket' AND chargeToId={ticket_id}",
        "notes_href": f"{base}/notes",
        "tasks_href": f"{base}/tasks",
        "configurations_href": f"{base}/configurations",
    }


def _working_hours(moment: int) -> int:
    """Moves most of a day's moments between seven and eighteen, and keeps their order."""
    day, rest = divmod(moment, DAY)
    share = rest / DAY
    if share < 0.08:
        hours = share / 0.08 * 7
    elif share < 0.92:
        hours = 7 + (share - 0.08) / 0.84 * 11
    else:
        hours = 18 + (share - 0.92) / 0.08 * 6
    return day * DAY + int(hours * 3600)
