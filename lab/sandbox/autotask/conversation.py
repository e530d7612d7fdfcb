"""What is written and booked on tickets: notes and time entries."""

from __future__ import annotations

from array import array
from bisect import bisect_left

from lab.sandbox.autotask.entity import Entity, written
from lab.sandbox.autotask.people import SYSTEM, technicians
from lab.sandbox.autotask.tickets import Tickets
from lab.sandbox.clock import DAY
from lab.sandbox.collection import Json
from lab.sandbox.problems import CALLS, WORK, filled

PER_TICKET = 8
"""Ids reserved for each ticket, so that an id tells its ticket and its place there."""
FIRST_NOTE, FIRST_TIME = 300_000, 500_000
_TECHNICIANS = technicians()


class Conversation:
    """Notes and time entries by their ids."""

    def __init__(self, tickets: Tickets) -> None:
        self.tickets = tickets

    def notes(self) -> Entity:
        ids = _ids(FIRST_NOTE, self.tickets.notes)
        return Entity(
            ids,
            lambda slot: self._note(ids[slot]),
            stamps=("lastActivityDate",),
            moments=array("q", (self._at(*_place(FIRST_NOTE, note_id)) for note_id in ids)),
            columns={
                "id": ids.__getitem__,
                "ticketID": lambda slot: self.tickets.ids[_place(FIRST_NOTE, ids[slot])[0]],
                "lastActivityDate": lambda slot: self._at(*_place(FIRST_NOTE, ids[slot])),
            },
            parent="ticketID",
            children=lambda ticket_id: self._below(ids, FIRST_NOTE, ticket_id),
        )

    def times(self) -> Entity:
        ids = _ids(FIRST_TIME, self.tickets.times)
        return Entity(
            ids,
            lambda slot: self._time(ids[slot]),
            stamps=("lastModifiedDateTime",),
            moments=array("q", (self._at(*_place(FIRST_TIME, time_id)) for time_id in ids)),
            columns={
                "id": ids.__getitem__,
                "ticketID": lambda slot: self.tickets.ids[_place(FIRST_TIME, ids[slot])[0]],
                "lastModifiedDateTime": lambda slot: self._at(*_place(FIRST_TIME, ids[slot])),
            },
            parent="ticketID",
            children=lambda ticket_id: self._below(ids, FIRST_TIME, ticket_id),
        )

    def _below(self, ids: array[int], first: int, ticket_id: int) -> range:
        slot = self.tickets.slot(ticket_id)
        if slot is None:
            return range(0)
        start = first + slot * PER_TICKET
        return range(bisect_left(ids, start), bisect_left(ids, start + PER_TICKET))

    def _at(self, slot: int, number: int) -> int:
        entered, active = self.tickets.entered[slot], self.tickets.active[slot]
        return entered + (active - entered) * (number + 1) // PER_TICKET

    def _note(self, note_id: int) -> Json:
        slot, number = _place(FIRST_NOTE, note_id)
        dice = self.tickets.seed.dice("autotask note", note_id)
        internal = dice.chance(45)
        by_client = not internal and self.tickets.contact[slot] != 0 and dice.chance(50)
        by_rule = not by_client and dice.chance(8)
        moment = written(self._at(slot, number), note_id)
        return {
            "id": note_id,
            "ticketID": self.tickets.ids[slot],
            "title": "Workflow rule" if by_rule else dice.pick(("", "Update", "RE: your request")),
            "description": filled(dice.pick(CALLS), dice, self.tickets.person(slot)),
            "noteType": 13 if by_rule else 3,
            "publish": dice.pick((2, 4)) if internal else 1,
            "creatorResourceID": None if by_client else SYSTEM if by_rule else dice.pick(_TECHNICIANS),
            "createdByContactID": self.tickets.contact[slot] if by_client else None,
            "impersonatorCreatorResourceID": None,
            "createDateTime": moment,
            "lastActivityDate": moment,
            "userDefinedFields": [],
        }

    def _time(self, time_id: int) -> Json:
        slot, number = _place(FIRST_TIME, time_id)
        dice = self.tickets.seed.dice("autotask time", time_id)
        resource = self.tickets.owner[slot] or dice.pick(_TECHNICIANS)
        ended, hours = self._at(slot, number), (1 + dice.below(8)) / 4
        timed = dice.chance(80)
        return {
            "id": time_id,
            "ticketID": self.tickets.ids[slot],
            "taskID": None,
            "resourceID": resource,
            "roleID": dice.pick((8, 9)),
            "billingCodeID": dice.pick((29683405, 29683406, 29683407)),
            "contractID": None,
            "timeEntryType": 2,
            "dateWorked": written(ended // DAY * DAY),
            "startDateTime": written(ended - int(hours * 3600)) if timed else None,
            "endDateTime": written(ended) if timed else None,
            "hoursWorked": hours,
            "hoursToBill": hours,
            "offsetHours": 0.0,
            "summaryNotes": filled(dice.pick(WORK), dice, self.tickets.person(slot)) or None,
            "internalNotes": "Travel shared with another ticket." if dice.chance(6) else None,
            "isNonBillable": dice.chance(25),
            "showOnInvoice": True,
            "createDateTime": written(ended),
            "creatorUserID": resource,
            "lastModifiedDateTime": written(ended, time_id),
            "lastModifiedUserID": resource,
            "userDefinedFields": [],
        }


def _ids(first: int, counts: array[int]) -> array[int]:
    """The ids of all children, ascending."""
    return array(
        "q", (first + slot * PER_TICKET + number for slot, count in enumerate(counts) for number in range(count))
    )


def _place(first: int, record_id: int) -> tuple[int, int]:
    """The ticket's slot, and the place among its children."""
    return divmod(record_id - first, PER_TICKET)
