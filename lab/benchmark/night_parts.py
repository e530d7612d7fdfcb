"""What a compressed night is made of: providers of different sizes, two workers, presses, and what became of it."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.utils import timezone

from foundation.tenancy.scope import system_transaction, tenant_transaction
from foundation.tenancy.services.organizations import organization_create
from integrations.models import Connection
from integrations.services.connections import connection_create
from lab.faults.processes import LEAN, Processes
from lab.faults.scenario_context import ENDED, WIDE
from sync.models import Cursor, Nightly, Run, Schedule
from sync.services.nightly_schedule import spread
from sync.services.runs import run_request
from sync.services.schedules import schedule_of, schedule_update

BIGGEST = 0.4
SMALL = 20
"""Connections of each of the other providers."""
HANDS = 2
"""Runs that the bulk worker has in hand at once."""


@dataclass(frozen=True, slots=True)
class Home:
    """A provider and its connections."""

    organization_id: int
    connections: list[int]


@dataclass(frozen=True, slots=True)
class Row:
    """One connection's night."""

    due: dt.datetime
    began: dt.datetime
    ended: dt.datetime
    done: bool

    @property
    def wait(self) -> float:
        return (self.began - self.due).total_seconds()

    @property
    def seconds(self) -> float:
        return (self.ended - self.began).total_seconds()


def homes_of(connections: int, credentials: dict[str, str]) -> list[Home]:
    """One provider with two connections in five, and as many of twenty as it takes."""
    biggest = round(connections * BIGGEST)
    rest = connections - biggest
    sizes = [biggest, *[SMALL] * (rest // SMALL), *([rest % SMALL] if rest % SMALL else [])]
    return [home_of(number, size, credentials) for number, size in enumerate(sizes)]


EVERY_ADDRESS = ""
"""Where the sandbox listens: each connection of a provider leads to an instance of its own, told apart by its host."""


def own_address(address: str, place: int) -> str:
    """The sandbox's address on a loopback host of its own."""
    return f"http://127.0.{1 + place // 250}.{1 + place % 250}:{urlsplit(address).port}"


def home_of(number: int, size: int, credentials: dict[str, str]) -> Home:
    """A provider whose connections have been synced completely before, so that its nights are staged and verified ones."""
    organization = organization_create(slug=f"night-{number}", name=f"Night {number}", time_zone="UTC")
    made: list[int] = []
    with tenant_transaction(organization.pk):
        for place in range(size):
            connection = connection_create(
                organization_id=organization.pk,
                provider="connectwise",
                name=f"Night {place}",
                credentials=credentials | {"address": own_address(credentials["address"], place)},
                settings=WIDE,
            )
            Connection.objects.filter(pk=connection.pk).update(state=Connection.State.CONNECTED)
            Cursor.objects.create(
                organization_id=organization.pk,
                connection=connection,
                stream="tickets",
                updated_at=timezone.now(),
                watermark=timezone.now(),
                full_at=timezone.now(),
            )
            made.append(connection.pk)
    return Home(organization.pk, made)


def set_clock(homes: list[Home], begin: dt.datetime, window_seconds: int) -> None:
    """Each night's moment: the portal's own spread, the window compressed. The biggest provider has none: all of its nights are due at once."""
    for home in homes:
        with tenant_transaction(home.organization_id):
            for pk in home.connections:
                schedule = schedule_of(Connection.objects.get(pk=pk))
                schedule_update(schedule=schedule, actor=None, quick_minutes=0)
                place = spread(pk, 120) / dt.timedelta(minutes=120) * window_seconds if home is not homes[0] else 0
                Schedule.objects.filter(pk=schedule.pk).update(
                    nightly_next_at=begin + dt.timedelta(seconds=place), nightly_next_date=begin.date()
                )


def crew_of(state: Path) -> Processes:
    """The two workers of the operator's manual, and the clock."""
    crew = Processes(state, "")
    celery = ("-m", "celery", "-A", "portal.config", "worker")
    crew.start("fast", *celery, "-Q", "interactive,push,delivery", "-c", "2", "-n", "fast@night", *LEAN)
    crew.start("bulk", *celery, "-Q", "bulk", "-c", str(HANDS), "-n", "bulk@night", *LEAN)
    crew.beat()
    return crew


def open_nights(homes: list[Home]) -> int:
    """How many nights have not ended yet."""
    wanted = sum(len(home.connections) for home in homes)
    with system_transaction():
        return wanted - Run.objects.filter(trigger=Run.Trigger.NIGHTLY, state__in=ENDED).count()


def press(home: Home, number: int) -> tuple[int, int]:
    """Somebody presses "sync now": (organization, run)."""
    with tenant_transaction(home.organization_id):
        connection = Connection.objects.get(pk=home.connections[number % len(home.connections)])
        asked = run_request(connection=connection, kind=Run.Kind.QUICK, trigger=Run.Trigger.PERSON, urgent=True)
    return home.organization_id, asked.run.pk


def started_after(presses: list[tuple[int, int]]) -> list[float]:
    """Seconds from each press to the beginning of its run."""
    found: list[float] = []
    for organization, pk in dict.fromkeys(presses):
        found.append(_begun(organization, pk))
    return found


def _begun(organization: int, pk: int) -> float:
    while True:
        with tenant_transaction(organization):
            run = Run.objects.get(pk=pk)
        if run.started_at is not None:
            return (run.started_at - run.created_at).total_seconds()
        time.sleep(0.1)


def night_of(home: Home) -> list[Row]:
    """What became of the provider's nights."""
    with tenant_transaction(home.organization_id):
        nights = Nightly.objects.select_related("run").all()
        return [
            Row(night.due_at, night.run.started_at, night.run.finished_at, night.run.state == Run.State.DONE)
            for night in nights
            if night.run and night.run.started_at and night.run.finished_at
        ]
