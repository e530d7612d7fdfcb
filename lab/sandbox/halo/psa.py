"""The whole PSA: its records, its clock, who may see what, and which instance it says it is."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from lab.sandbox.clock import Clock
from lab.sandbox.collection import Records
from lab.sandbox.dice import Dice
from lab.sandbox.halo import custom_fields
from lab.sandbox.halo.around import Around
from lab.sandbox.halo.client_records import ClientRecords
from lab.sandbox.halo.clients import Clients
from lab.sandbox.halo.setup import Json, setup
from lab.sandbox.halo.stamps import written
from lab.sandbox.halo.tickets import Tickets
from lab.sandbox.seed import Seed

VERSION = "2.250.32"
TOKEN_SECONDS = 3600


@dataclass(slots=True)
class Credentials:
    """What a caller must sign in with."""

    client_id: str = "00000000-0000-4000-8000-0000000ca110"
    client_secret: str = "-".join(("sandbox", "application", "1"))
    tenant: str = "northwind"


@dataclass(slots=True)
class Identity:
    """What ``InstanceInfo`` says, and how tokens are given out. ``one_token``: a new token voids the one before.
    ``stays_closed``: an open ticket that was closed before still says so."""

    tenant_id: str = "northwind"
    agent_url: str = "https://northwind.halopsa.com"
    token_seconds: int = TOKEN_SECONDS
    one_token: bool = False
    stays_closed: bool = False


@dataclass(slots=True)
class Role:
    """Modules that the application, or its agent, may not read."""

    denied: set[str] = field(default_factory=set)


class Psa:
    """One PSA. ``lock`` guards all reading and writing."""

    def __init__(self, seed: Seed) -> None:
        self.lock = threading.RLock()
        self.largest_page = 1000
        self.seed = seed
        self.clock = Clock()
        self.credentials = Credentials()
        self.identity = Identity()
        self.role = Role()
        self.tokens: dict[str, float] = {}
        self.setup = setup(seed)
        self.clients = Clients(seed)
        self.drawn = Tickets(seed, self.setup, self.clients)
        self.draws = 0
        self._collections: dict[str, Records] = {
            **{name: table(rows) for name, rows in self.setup.rows.items()},
            "custom_fields": table(custom_fields.definition_rows(seed)),
            **self.clients.collections(),
            **ClientRecords(seed, self.setup, self.clients).collections(),
            **Around(self.drawn).collections(),
            "tickets": self.drawn.collection(),
            "actions": self.drawn.action_collection(),
        }

    @property
    def collections(self) -> dict[str, Records]:
        return self._collections

    def __getitem__(self, name: str) -> Records:
        return self._collections[name]

    def replayed(self, name: str, record: Json) -> None:
        """Nothing else shows what a record says of itself."""

    def restore(self) -> None:
        """The role, identity, credentials and tokens of the start."""
        self.role, self.identity, self.credentials = Role(), Identity(), Credentials()
        self.tokens.clear()

    def now(self) -> str:
        return written(self.clock.now())

    def dice(self) -> Dice:
        """Chance for the next thing that is done by hand: the same things in the same order come out the same."""
        self.draws += 1
        return self.seed.dice("by hand", self.draws)


class Table(Records):
    """Rows whose shown id is no number stand under a number of their own, which is not shown."""

    def wire(self, record: Json) -> Json:
        return {name: value for name, value in record.items() if name != "number"}


def table(rows: list[Json]) -> Records:
    """A small table that is there from the start."""
    return Table(
        [int(row["number"] if "number" in row else row["id"]) for row in rows], rows.__getitem__, lambda record: 0
    )
