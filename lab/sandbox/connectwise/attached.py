"""What hangs on service tickets: visits in the calendar, configurations, documents. Most tickets have none of them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence

from lab.sandbox.clock import written
from lab.sandbox.collection import Json
from lab.sandbox.connectwise.client_records import FIRST as FIRST_OF
from lab.sandbox.connectwise.collection import Collection, fixed, without_nulls
from lab.sandbox.connectwise.shapes import SHAPES
from lab.sandbox.connectwise.tables import info, reference
from lab.sandbox.connectwise.tickets import Tickets
from lab.sandbox.dice import Dice
from lab.sandbox.seed import Seed

FIRST_ENTRY, FIRST_LINK, FIRST_DOCUMENT = 20_001, 1, 800
SCHEDULE_TYPES = ((1, "Sales", "C"), (4, "Service", "S"))
HIDDEN = frozenset(("recordType", "recordId", "content"))
"""What a document's row does not show."""


class Documents(Collection):
    """Documents. A row says neither what it hangs on nor what is in it."""

    def wire(self, record: Json) -> Json:
        return without_nulls({name: value for name, value in record.items() if name not in HIDDEN})


class Attached:
    """By slot of a ticket: the seed gives some of them one of each kind."""

    def __init__(self, tickets: Tickets, configurations: Collection) -> None:
        self.tickets, self.seed = tickets, tickets.seed
        self._configurations = configurations
        every = range(len(tickets.ids))
        self._visited = array("i", (slot for slot in every if slot % 4 == 1))
        self._linked = array("i", (slot for slot in every if slot % 5 == 2))
        self._documented = array("i", (slot for slot in every if slot % 17 == 3))

    def collections(self) -> dict[str, Collection]:
        types = [_schedule_type(self.seed, *row) for row in SCHEDULE_TYPES]
        return {
            "schedule_types": fixed(SHAPES["scheduleType"], types),
            "schedule_entries": self._below(
                Collection, "scheduleEntry", self._visited, FIRST_ENTRY, self._entry, "objectId"
            ),
            "ticket_configurations": self._below(
                Collection, "ticketConfiguration", self._linked, FIRST_LINK, self._link, "ticketId"
            ),
            "documents": self._below(
                Documents, "document", self._documented, FIRST_DOCUMENT, self._document, "recordId"
            ),
        }

    def _below(
        self,
        kind: type[Collection],
        noun: str,
        slots: Sequence[int],
        first: int,
        make: Callable[[int], Json],
        parent: str,
    ) -> Collection:
        """One record for each of these tickets."""

        def of_ticket(ticket_id: int) -> range:
            ids = self.tickets.ids
            slot = bisect_left(ids, ticket_id)
            place = bisect_left(slots, slot)
            found = slot < len(ids) and ids[slot] == ticket_id and place < len(slots) and slots[place] == slot
            return range(place, place + 1) if found else range(0)

        ids = range(first, first + len(slots))
        return kind(SHAPES[noun], ids, make, parent=parent, children=of_ticket)

    def _entry(self, place: int) -> Json:
        slot, dice = self._visited[place], self._dice("visit", place)
        began = self.tickets.entered[slot] // 3600 * 3600 + 7200
        hours = 1 + dice.below(4)
        member = self.tickets.owner[slot] or dice.pick(self.tickets.people.technicians)
        done = bool(self.tickets.closed[slot])
        return {
            "id": FIRST_ENTRY + place,
            "objectId": self.tickets.ids[slot],
            "name": self.tickets.summary(slot),
            "member": self.tickets.people.references[member],
            "where": reference("where", "service/locations", 1, name="On-Site"),
            "dateStart": written(began),
            "dateEnd": written(began + hours * 3600),
            "status": reference("status", "schedule/statuses", 2, name="Firm"),
            "type": reference("type", "schedule/types", 4, identifier="S"),
            "doneFlag": done,
            "acknowledgedFlag": dice.chance(70),
            "ownerFlag": False,
            "meetingFlag": False,
            "closeDate": written(self.tickets.updated[slot]) if done else None,
            "hours": float(hours),
            "mobileGuid": self.seed.guid("visit", place),
            "_info": {"lastUpdated": written(self.tickets.updated[slot]), "updatedBy": "zadmin"},
        }

    def _link(self, place: int) -> Json:
        slot = self._linked[place]
        number = self._dice("link", place).below(max(1, len(self._configurations.ids)))
        return {
            "id": FIRST_LINK + place,
            "ticketId": self.tickets.ids[slot],
            "configurationId": FIRST_OF["configurations"] + number,
            "_info": {"lastUpdated": written(self.tickets.updated[slot]), "updatedBy": "zadmin"},
        }

    def _document(self, place: int) -> Json:
        slot = self._documented[place]
        content = f"Log of ticket {self.tickets.ids[slot]}\n{self.tickets.summary(slot)}\n"
        return {
            "id": FIRST_DOCUMENT + place,
            "title": f"Log {place + 1}",
            "fileName": f"log-{place + 1}.txt",
            "serverFileName": f"{self.seed.guid('document', place)}.txt",
            "owner": "zadmin",
            "linkFlag": False,
            "imageFlag": False,
            "publicFlag": False,
            "htmlTemplateFlag": False,
            "readOnlyFlag": False,
            "size": len(content.encode()),
            "urlFlag": False,
            "guid": self.seed.guid("document", place),
            "recordType": "Ticket",
            "recordId": self.tickets.ids[slot],
            "content": content,
            "_info": {"lastUpdated": written(self.tickets.updated[slot]), "updatedBy": "zadmin"},
        }

    def _dice(self, *purpose: object) -> Dice:
        return self.seed.dice("attached", *purpose)


def _schedule_type(seed: Seed, row_id: int, name: str, identifier: str) -> Json:
    where = reference("where", "service/locations", 1, name="On-Site")
    return {
        "id": row_id,
        "name": name,
        "identifier": identifier,
        "where": where,
        "systemFlag": False,
        "_info": info(seed, "schedule type", row_id),
    }
