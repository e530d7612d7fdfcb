"""The whole PSA: its records, its clock, who may see what, and which instance it says it is."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lab.sandbox.clock import Clock, written
from lab.sandbox.collection import Json
from lab.sandbox.connectwise import custom_fields, tables
from lab.sandbox.connectwise.attached import Attached
from lab.sandbox.connectwise.boards import Board, boards
from lab.sandbox.connectwise.client_records import ClientRecords
from lab.sandbox.connectwise.clients import Clients
from lab.sandbox.connectwise.collection import Collection, fixed
from lab.sandbox.connectwise.conversation import Conversation
from lab.sandbox.connectwise.matching import Test
from lab.sandbox.connectwise.projects import Projects
from lab.sandbox.connectwise.shapes import SHAPES
from lab.sandbox.connectwise.tickets import Tickets
from lab.sandbox.dice import Dice
from lab.sandbox.seed import Seed

VERSION = "2026.4"
OF_COMPANIES = (
    *("sites", "contacts", "tickets", "time_entries"),
    *("configurations", "agreements", "invoices", "opportunities", "projects", "project_tickets"),
)
"""Collections whose records show their company's name."""


@dataclass(slots=True)
class Credentials:
    """What a caller must send."""

    company_id: str = "training"
    public_key: str = "sandboxPublicKey1"
    private_key: str = "sandboxPrivateKey1"
    client_id: str = "00000000-0000-4000-8000-00000000cafe"


@dataclass(slots=True)
class Role:
    """The API member's security role: modules that it may not inquire, and boards that it is not shown."""

    denied: set[str] = field(default_factory=set)
    hidden_boards: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Identity:
    """What ``companyinfo`` and ``system/info`` say of the instance."""

    company_name: str = "Northwind MSP"
    company_id: str = "nwmsp"
    site_url: str = "sandbox-na.myconnectwise.net"
    codebase: str = "v2026_4/"
    region: str = "NA"
    touch_ticket_on_note: bool = False
    """Whether a note or time entry counts as a change of its ticket; the vendor does not say."""


class Psa:
    """One PSA. ``lock`` guards all reading and writing."""

    def __init__(self, seed: Seed) -> None:
        self.lock = threading.RLock()
        self.largest_page = 1000
        self.seed = seed
        self.clock = Clock()
        self.credentials = Credentials()
        self.role = Role()
        self.identity = Identity()
        self.people = tables.people(seed)
        self.boards = boards(seed, self.people)
        self.clients = Clients(seed)
        priorities = tables.priorities(seed)
        drawn = Tickets(seed, self.boards, self.people, self.clients, priorities)
        talk = Conversation(drawn, self.clients)
        self.collections: dict[str, Collection] = {
            **{name: fixed(SHAPES[noun], rows, parent) for name, noun, rows, parent in self._tables(priorities)},
            **self.clients.collections(),
            **ClientRecords(seed, self.clients, self.people).collections(),
            "tickets": drawn.collection(),
            "notes": talk.notes(),
            "time_entries": talk.times(),
            "callbacks": fixed(SHAPES["callbackEntry"], []),
        }
        self._add_projects(Projects(drawn))
        self.collections |= Attached(drawn, self["configurations"]).collections()
        self.counts: dict[Any, int] = {}
        self.draws = 0

    def __getitem__(self, name: str) -> Collection:
        return self.collections[name]

    def next_ticket_id(self) -> int:
        """Service tickets and project tickets take their ids from one sequence."""
        return max(self[name].next_id() for name in ("tickets", "project_tickets"))

    def beside(self, collections: dict[str, Collection]) -> Psa:
        """This PSA with other collections: lists that are put together for one answer."""
        other = copy.copy(self)
        other.collections, other.counts = collections, {}
        return other

    def unrestricted(self) -> Psa:
        """This PSA as somebody sees it who may see everything."""
        other = copy.copy(self)
        other.role = Role()
        return other

    def restore(self) -> None:
        """The role, identity and credentials of the start."""
        self.role, self.identity, self.credentials = Role(), Identity(), Credentials()

    def now(self) -> str:
        return written(self.clock.now())

    def dice(self) -> Dice:
        """Chance for the next thing that is done by hand: the same things in the same order come out the same."""
        self.draws += 1
        return self.seed.dice("by hand", self.draws)

    def board(self, board_id: int) -> Board | None:
        return self.boards.by_id.get(board_id)

    def hidden_test(self, name: str) -> Test | None:
        """Whether the role is not shown a slot of the collection; None where nothing can be hidden."""
        hidden = self.role.hidden_boards
        if not hidden or name not in ("boards", "tickets", "notes", "time_entries"):
            return None
        field_name = {"boards": "id", "tickets": "board/id", "notes": "ticketId", "time_entries": "chargeToId"}[name]
        _, get = self[name].resolve(field_name)
        if name in ("boards", "tickets"):
            return lambda slot: get(slot) in hidden
        hidden_ticket, tickets = self.hidden_test("tickets"), self["tickets"]
        return lambda slot: bool(
            hidden_ticket and (ticket := tickets.slot(get(slot))) is not None and hidden_ticket(ticket)
        )

    def is_hidden(self, name: str, slot: int) -> bool:
        """Whether the role is not shown this record."""
        test = self.hidden_test(name)
        return test is not None and test(slot)

    def replayed(self, name: str, record: Json) -> None:
        if name == "companies":
            self.company_changed(record)

    def company_changed(self, company: Json) -> None:
        """Lets all that refers to the company show its present name."""
        self.clients.rename(company)
        fresh = self.clients.reference(company["id"])
        for name in OF_COMPANIES:
            collection = self[name]
            for record in collection.changed.values():
                if (record.get("company") or {}).get("id") == company["id"]:
                    record["company"] = fresh
            collection.forget()

    def _add_projects(self, projects: Projects) -> None:
        self.collections |= projects.collections()
        for name, rows in (("notes", projects.notes()), ("time_entries", projects.times())):
            for row in rows:
                self[name].put(row)

    def _tables(self, priorities: list[Json]) -> Iterator[tuple[str, str, list[Json], str | None]]:
        seed, rows = self.seed, self.boards.rows
        yield "boards", "board", rows["boards"], None
        yield "statuses", "boardStatus", rows["statuses"], "board"
        yield "types", "boardType", sorted(rows["types"], key=_by_id), "board"
        yield "subtypes", "boardSubType", sorted(rows["subtypes"], key=_by_id), "board"
        yield "items", "boardItem", sorted(rows["items"], key=_by_id), "board"
        yield "teams", "boardTeam", rows["teams"], "boardId"
        yield "associations", "boardTypeSubTypeItemAssociation", rows["associations"], "board"
        yield "priorities", "priority", priorities, None
        yield "sources", "source", tables.sources(seed), None
        yield "locations", "serviceLocation", tables.service_locations(seed), None
        yield "members", "member", self.people.rows, None
        yield "company_statuses", "companyStatus", tables.company_statuses(seed), None
        yield "company_types", "companyType", tables.company_types(seed), None
        yield "communication_types", "communicationType", tables.communication_types(seed), None
        yield "work_types", "workType", tables.work_types(seed), None
        yield "work_roles", "workRole", tables.work_roles(seed), None
        yield "user_defined_fields", "userDefinedField", custom_fields.definition_rows(seed), None


def _by_id(row: Json) -> int:
    return int(row["id"])
