"""The whole PSA: its records, its clock, who may see what, and which customer of which zone it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b

from lab.sandbox.autotask import people
from lab.sandbox.autotask.client_records import ClientRecords
from lab.sandbox.autotask.clients import Clients
from lab.sandbox.autotask.conversation import Conversation
from lab.sandbox.autotask.entity import Entity, table, written
from lab.sandbox.autotask.tickets import Tickets
from lab.sandbox.clock import Clock
from lab.sandbox.collection import Json
from lab.sandbox.dice import Dice
from lab.sandbox.seed import Seed

ENTITIES = {
    "tickets": "Tickets",
    "notes": "TicketNotes",
    "time_entries": "TimeEntries",
    "secondary_resources": "TicketSecondaryResources",
    "companies": "Companies",
    "sites": "CompanyLocations",
    "contacts": "Contacts",
    "members": "Resources",
    "roles": "Roles",
    "work_types": "BillingCodes",
    "countries": "Countries",
    "contracts": "Contracts",
    "assets": "ConfigurationItems",
    "products": "Products",
    "services": "Services",
    "contract_services": "ContractServices",
    "contract_units": "ContractServiceUnits",
    "invoices": "Invoices",
    "billing_items": "BillingItems",
    "opportunities": "Opportunities",
    "deleted_tickets": "DeletedTicketLogs",
    "deleted_activities": "DeletedTicketActivityLogs",
}
"""Collections by the names of the control interface, and the vendor's."""
NAMES = {entity: name for name, entity in ENTITIES.items()}


@dataclass(slots=True)
class Credentials:
    """What a caller must send."""

    username: str = "api-user@northwind.example"
    secret: str = "sandboxSecret1"  # noqa: S105 - it opens nothing but this simulation
    integration_code: str = "SANDBOXCODE1"


@dataclass(slots=True)
class Role:
    """What the security level leaves out: entities that it may not query, and queues whose tickets it does not show."""

    denied: set[str] = field(default_factory=set)
    hidden_boards: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Identity:
    """What the zone directory tells. ``zone`` is part of every address: a customer who is moved gets another."""

    name: str = "northwind"
    zone: int = 5

    @property
    def instance(self) -> int:
        return int.from_bytes(blake2b(self.name.encode(), digest_size=3).digest(), "big") + 1


@dataclass(slots=True)
class Threshold:
    """The requests of all integrations in the running hour: ``used`` before this program's own ones."""

    used: int = 0
    limit: int = 10_000
    own: int = 0

    @property
    def count(self) -> int:
        return self.used + self.own


class Psa:
    """One PSA. ``lock`` guards all reading and writing."""

    def __init__(self, seed: Seed) -> None:
        self.lock = threading.RLock()
        self.largest_page = 500
        self.seed = seed
        self.clock = Clock()
        self.credentials, self.role, self.identity, self.threshold = Credentials(), Role(), Identity(), Threshold()
        self.clients = Clients(seed)
        drawn = Tickets(seed, self.clients)
        talk = Conversation(drawn)
        self.collections: dict[str, Entity] = {
            "tickets": drawn.entity(),
            "notes": talk.notes(),
            "time_entries": talk.times(),
            "secondary_resources": drawn.helpers(),
            "companies": self.clients.companies(),
            "sites": self.clients.locations(),
            "contacts": self.clients.contacts(),
            "members": table(people.resources(seed)),
            "roles": table(people.roles()),
            "work_types": table(people.billing_codes()),
            "countries": table(people.countries()),
            **ClientRecords(seed, self.clients).collections(),
            "deleted_tickets": table([]),
            "deleted_activities": table([]),
        }
        self.draws = 0

    def __getitem__(self, name: str) -> Entity:
        return self.collections[name]

    def replayed(self, name: str, record: Json) -> None:
        """Records hold numbers only, so that nothing else has to follow a change."""

    def restore(self) -> None:
        """Everything but the records as it was at the start."""
        self.credentials, self.role, self.identity, self.threshold = Credentials(), Role(), Identity(), Threshold()

    def now(self) -> str:
        return written(self.clock.now())

    def dice(self) -> Dice:
        """Chance for the next thing that is done by hand: the same things in the same order come out the same."""
        self.draws += 1
        return self.seed.dice("autotask by hand", self.draws)

    def hidden(self, name: str) -> Callable[[int], bool] | None:
        """Whether a slot of the collection is not shown; None where nothing is hidden. In silence, as the vendor does it."""
        queues = self.role.hidden_boards
        if not queues or name not in ("tickets", "notes", "time_entries"):
            return None
        queue = self["tickets"].getter("queueID", is_time=False)
        if name == "tickets":
            return lambda slot: queue(slot) in queues
        ticket = self[name].getter("ticketID", is_time=False)

        def of_hidden_ticket(slot: int) -> bool:
            place = self["tickets"].slot(ticket(slot))
            return place is not None and queue(place) in queues

        return of_hidden_ticket
