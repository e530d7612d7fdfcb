"""What a Halo has around its tickets: projects, appointments, quotations, suppliers.

Fields: the vendor's OpenAPI document of March 2025, and rows of a live Halo where they were seen (appointments, quotations).
"""

from __future__ import annotations

from lab.sandbox.clock import DAY, HOUR
from lab.sandbox.collection import Json, Records
from lab.sandbox.dice import Dice
from lab.sandbox.halo.clients import FIRST_CLIENT
from lab.sandbox.halo.setup import CLOSED, OPEN, TEAMS, UNASSIGNED
from lab.sandbox.halo.stamps import NO_DATE, read, written
from lab.sandbox.halo.tickets import Tickets

PROJECT = 5
"""The ticket type of projects."""
FIRST = {"projects": 5_000_000, "appointments": 60_000, "quotations": 900, "suppliers": 3}
PROJECTS = ("Office move", "Microsoft 365 migration", "Server replacement", "Wi-Fi renewal", "Telephony to the cloud")
SUPPLIERS = ("Copper Lane Distribution", "Northern Cloud B.V.", "Paper & Toner Ltd", "Müller Netzwerktechnik GmbH")
EVERY_VISITED = 4
OPEN_VISIT, DONE_VISIT = -1, 0
STATUSES = ("Draft", "Sent", "Accepted", "Rejected")


class Around:
    """One project for 25 tickets, one quotation for 20, an appointment for every fourth ticket."""

    def __init__(self, tickets: Tickets) -> None:
        self.tickets, self.seed, self.clients = tickets, tickets.seed, tickets.clients
        self._agents = list(tickets.setup.agents)
        self._visited = range(1, tickets.seed.tickets, EVERY_VISITED)

    def collections(self) -> dict[str, Records]:
        count = self.seed.tickets
        projects, quotations = range(max(2, count // 25)), range(max(2, count // 20))
        return {
            "projects": Records([FIRST["projects"] + number for number in projects], self._project, stamp_of),
            "appointments": Records(
                [FIRST["appointments"] + place for place in range(len(self._visited))], self._appointment, no_stamp
            ),
            "quotations": Records([FIRST["quotations"] + number for number in quotations], self._quotation, no_stamp),
            "suppliers": Records(
                [FIRST["suppliers"] + number for number in range(len(SUPPLIERS))], self._supplier, no_stamp
            ),
        }

    def _project(self, number: int) -> Json:
        dice = self._dice("project", number)
        entered = (self.seed.now // DAY - 20 - dice.below(500)) * DAY
        updated = written(min(entered + dice.below(19 * DAY), self.seed.now - HOUR), number % 1000)
        is_open = dice.chance(60)
        return {
            "id": FIRST["projects"] + number,
            "guid": self.seed.guid("halo project", number),
            "summary": f"{PROJECTS[number % len(PROJECTS)]} {number + 1}",
            "details": "Agreed with the client.",
            "tickettype_id": PROJECT,
            "status_id": dice.pick(OPEN) if is_open else CLOSED,
            **self._client(dice),
            "team": TEAMS[4],
            "agent_id": dice.pick(self._agents),
            "estimate": float(10 + dice.below(90)),
            "projecttimebudget": float(20 + dice.below(90)),
            "projectcompletionpercentage": float(dice.below(100)) if is_open else 100.0,
            "startdate": written(entered),
            "targetdate": written(entered + 60 * DAY),
            "dateoccurred": written(entered),
            "dateclosed": NO_DATE if is_open else updated,
            "hasbeenclosed": None if is_open else True,
            "child_count": dice.below(6),
            "inactive": False,
            "last_update": updated,
            "lastactiondate": updated,
        }

    def _appointment(self, place: int) -> Json:
        slot = self._visited[place]
        dice, tickets = self._dice("appointment", place), self.tickets
        began = tickets.entered[slot] // HOUR * HOUR + 2 * HOUR
        agent = tickets.agent[slot] if tickets.agent[slot] != UNASSIGNED else dice.pick(self._agents)
        client = FIRST_CLIENT + tickets.place[slot]
        return {
            "id": FIRST["appointments"] + place,
            "subject": f"Visit: {tickets.summary(slot)}"[:100],
            "agent_id": agent,
            "agent_name": tickets.setup.agents.get(agent, ""),
            "ticket_id": tickets.ids[slot],
            "client_id": client,
            "client_name": self.clients.names[client],
            "site_id": self.clients.site_id(tickets.place[slot]),
            "site_name": "Main",
            "user_id": tickets.user[slot],
            "start_date": written(began),
            "end_date": written(began + (1 + dice.below(4)) * HOUR),
            "allday": False,
            "is_private": False,
            "is_task": dice.chance(20),
            "appointment_type_name": "On-site visit",
            "complete_status": OPEN_VISIT if tickets.status[slot] in OPEN else DONE_VISIT,
            "last_modified": written(tickets.updated[slot], place % 1000),
        }

    def _quotation(self, number: int) -> Json:
        dice = self._dice("quotation", number)
        status = dice.below(len(STATUSES))
        return {
            "id": FIRST["quotations"] + number,
            "title": f"Quote for {PROJECTS[number % len(PROJECTS)].lower()}",
            **self._client(dice),
            "status": 1 + status,
            "status_name": STATUSES[status],
            "date": written((self.seed.now // DAY - dice.below(400)) * DAY),
            "expiry_date": written((self.seed.now // DAY + 30) * DAY),
            "total": 250.0 * (1 + dice.below(40)),
        }

    def _supplier(self, number: int) -> Json:
        return {
            "id": FIRST["suppliers"] + number,
            "name": SUPPLIERS[number],
            "contact_name": " ".join(self.clients.person(number)),
            "emailaddress": f"orders@supplier{number}.example",
            "phone_number": f"+1 813 555 {9000 + number}",
            "inactive": number == 2,
        }

    def _client(self, dice: Dice) -> Json:
        place = dice.below(self.clients.count)
        client = FIRST_CLIENT + place
        return {
            "client_id": float(client),
            "client_name": self.clients.names[client],
            "site_id": self.clients.site_id(place),
            "site_name": "Main",
        }

    def _dice(self, *purpose: object) -> Dice:
        return self.seed.dice("halo around", *purpose)


def stamp_of(record: Json) -> int:
    """When a project last changed, in whole seconds."""
    return int(read(record["last_update"]))


def no_stamp(record: Json) -> int:
    """These lists can't be asked for by the time of change."""
    return 0
