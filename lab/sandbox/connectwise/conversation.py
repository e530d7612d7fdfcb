"""What is written on tickets: notes, and the time entries whose text shows among them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import Any

from lab.sandbox.clock import written
from lab.sandbox.connectwise.clients import Clients
from lab.sandbox.connectwise.collection import Collection
from lab.sandbox.connectwise.shapes import SHAPES
from lab.sandbox.connectwise.tables import DEPARTMENT, LOCATION, Json, reference
from lab.sandbox.connectwise.tickets import Tickets
from lab.sandbox.problems import CALLS, PROBLEMS, WORK, filled

PER_TICKET = 8
"""Ids reserved for each ticket, so that an id tells its ticket and its place there."""
FIRST_NOTE = 40_000
FIRST_TIME = 70_000
_QUARTER = 900


class Conversation:
    """Notes and time entries by their ids."""

    def __init__(self, tickets: Tickets, clients: Clients) -> None:
        self.tickets = tickets
        self.clients = clients

    def notes(self) -> Collection:
        ids = _ids(FIRST_NOTE, self.tickets.notes)
        return Collection(
            SHAPES["serviceNote"],
            ids,
            lambda slot: self._note(ids[slot]),
            parent="ticketId",
            children=lambda ticket_id: self._below(ids, FIRST_NOTE, ticket_id),
        )

    def times(self) -> Collection:
        ids = _ids(FIRST_TIME, self.tickets.times)
        return Collection(
            SHAPES["timeEntry"],
            ids,
            lambda slot: self._time(ids[slot]),
            stamps=array("q", (self._ended(*_place(FIRST_TIME, time_id)) for time_id in ids)),
            columns={
                "id": ids.__getitem__,
                "chargeToId": lambda slot: self.tickets.ids[_place(FIRST_TIME, ids[slot])[0]],
                "chargeToType": lambda slot: "ServiceTicket",
                "_info/lastUpdated": lambda slot: self._ended(*_place(FIRST_TIME, ids[slot])),
            },
            parent="chargeToId",
            children=lambda ticket_id: self._below(ids, FIRST_TIME, ticket_id),
        )

    def _find(self, ticket_id: int) -> int | None:
        place = bisect_left(self.tickets.ids, ticket_id)
        found = place < len(self.tickets.ids) and self.tickets.ids[place] == ticket_id
        return place if found else None

    def _below(self, ids: array[int], first: int, ticket_id: int) -> range:
        slot = self._find(ticket_id)
        if slot is None:
            return range(0)
        start = first + slot * PER_TICKET
        return range(bisect_left(ids, start), bisect_left(ids, start + PER_TICKET))

    def _note(self, note_id: int) -> Json:
        slot, number = _place(FIRST_NOTE, note_id)
        dice = self.tickets.seed.dice("note", note_id)
        last = number == self.tickets.notes[slot] - 1
        resolution = last and number > 0 and bool(self.tickets.closed[slot])
        internal = number > 0 and not resolution and dice.chance(45)
        moment = self._written_at(slot, number)
        by_client = not internal and not resolution and self.tickets.contact[slot] != 0 and dice.chance(60)
        member = None if by_client else self.tickets.people.references[dice.pick(self.tickets.people.technicians)]
        author = self.tickets.person(slot) if member is None else member["identifier"]
        return {
            "id": note_id,
            "ticketId": self.tickets.ids[slot],
            "text": self._text(slot, number, resolution),
            "detailDescriptionFlag": not internal and not resolution,
            "internalAnalysisFlag": internal,
            "resolutionFlag": resolution,
            "issueFlag": number == 0,
            "member": member,
            "contact": self.clients.contact_reference(self.tickets.contact[slot]) if by_client else None,
            "customerUpdatedFlag": by_client,
            "dateCreated": written(moment),
            "createdBy": author,
            "internalFlag": internal,
            "externalFlag": not internal,
            "_info": {"lastUpdated": written(moment), "updatedBy": author},
        }

    def _text(self, slot: int, number: int, resolution: bool) -> str:
        dice = self.tickets.seed.dice("text", slot, number)
        problem = PROBLEMS[self.tickets.problem[slot]]
        text = problem.remedy if resolution else problem.detail if number == 0 else dice.pick(CALLS)
        return filled(text, dice, self.tickets.person(slot))

    def _written_at(self, slot: int, number: int) -> int:
        entered, updated = self.tickets.entered[slot], self.tickets.updated[slot]
        return entered + (updated - entered) * number // max(1, self.tickets.notes[slot])

    def _ended(self, slot: int, number: int) -> int:
        entered, updated = self.tickets.entered[slot], self.tickets.updated[slot]
        moment = entered + (updated - entered) * (number + 1) // (self.tickets.times[slot] + 1)
        return min(moment // _QUARTER * _QUARTER + _QUARTER, max(updated, entered + 1))

    def _time(self, time_id: int) -> Json:
        tickets = self.tickets
        slot, number = _place(FIRST_TIME, time_id)
        dice = tickets.seed.dice("time", time_id)
        member = tickets.people.references[tickets.owner[slot] or dice.pick(tickets.people.technicians)]
        ended, hours = self._ended(slot, number), tickets.hours_of(slot, number)
        billable = dice.pick(("Billable", "Billable", "NoCharge", "DoNotBill"))
        text = filled(dice.pick(WORK), dice, tickets.person(slot))
        return {
            "id": time_id,
            "company": tickets.clients.reference(tickets.company[slot]),
            "chargeToId": tickets.ids[slot],
            "chargeToType": "ServiceTicket",
            "member": member,
            "location": LOCATION,
            "department": DEPARTMENT,
            "workType": reference("workType", "time/workTypes", 1, name="Remote"),
            "workRole": reference("workRole", "time/workRoles", 12, name="System Engineer"),
            "timeStart": written(ended - int(hours * 3600)),
            "timeEnd": written(ended),
            "hoursDeduct": 0.0,
            "actualHours": hours,
            "billableOption": billable,
            "notes": text or None,
            "internalNotes": "Travel shared with another ticket." if dice.chance(6) else None,
            "addToDetailDescriptionFlag": not dice.chance(30),
            "addToInternalAnalysisFlag": False,
            "addToResolutionFlag": False,
            "hoursBilled": hours if billable == "Billable" else 0.0,
            "enteredBy": member["identifier"],
            "dateEntered": written(ended),
            "mobileGuid": tickets.seed.guid("time", time_id),
            "status": "Open",
            "ticket": reference("ticket", "service/tickets", tickets.ids[slot], summary=tickets.summary(slot)),
            "invoiceFlag": False,
            "customFields": [],
            "_info": {"lastUpdated": written(ended), "updatedBy": member["identifier"], "dateEntered": written(ended)},
        }


def thread(notes: list[Json], times: list[Json]) -> list[Json]:
    """What ``/allNotes`` lists: the notes and the texts of time entries, in order of time."""
    rows = [(note.get("dateCreated") or "", _from_note(note)) for note in notes]
    rows += [(entry["timeStart"], _from_time(entry)) for entry in times if entry.get("notes")]
    return [row for _, row in sorted(rows, key=lambda pair: (pair[0], pair[1]["id"]))]


def _from_note(note: Json) -> Json:
    names = (
        "text",
        "detailDescriptionFlag",
        "internalAnalysisFlag",
        "resolutionFlag",
        "issueFlag",
        "member",
        "contact",
    )
    return {
        "id": note["id"],
        "noteType": "TicketNote",
        "ticket": {"id": note["ticketId"]},
        **{name: note.get(name) for name in names},
        "isMarkdownFlag": False,
        "bundledFlag": False,
        "mergedFlag": False,
        "originalAuthor": note.get("createdBy"),
        "_info": note["_info"],
    }


def _from_time(entry: Json) -> Json:
    flags: dict[str, Any] = {
        "detailDescriptionFlag": entry.get("addToDetailDescriptionFlag", False),
        "internalAnalysisFlag": entry.get("addToInternalAnalysisFlag", False),
        "resolutionFlag": entry.get("addToResolutionFlag", False),
    }
    return {
        "id": entry["id"],
        "noteType": "TimeEntryNote",
        "ticket": {"id": entry["chargeToId"]},
        "text": entry["notes"],
        **flags,
        "timeStart": entry["timeStart"],
        "timeEnd": entry.get("timeEnd"),
        "isMarkdownFlag": False,
        "bundledFlag": False,
        "mergedFlag": False,
        "issueFlag": False,
        "originalAuthor": entry.get("enteredBy"),
        "member": entry.get("member"),
        "_info": entry["_info"],
    }


def _ids(first: int, counts: array[int]) -> array[int]:
    """The ids of all children, ascending."""
    return array(
        "q", (first + slot * PER_TICKET + number for slot, count in enumerate(counts) for number in range(count))
    )


def _place(first: int, record_id: int) -> tuple[int, int]:
    """The ticket's slot, and the place among its children."""
    return divmod(record_id - first, PER_TICKET)
