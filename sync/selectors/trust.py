"""Whether the data can be trusted: which lists are complete, and what the last good sync of each connection brought."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Subquery

from integrations.models import Connection
from sync.models import Run, RunStream
from sync.selectors.overview import ConnectionCard, connection_cards

COMPLETE = (Run.Kind.FULL, Run.Kind.CLEAR_RESYNC)
SHOWN = ("companies", "contacts", "tickets", "notes", "time_entries")


@dataclass(frozen=True, slots=True)
class Trust:
    """One connection. ``complete``: everything in scope was read at least once. ``streams``: of its last good run, the ones people know."""

    card: ConnectionCard
    complete: bool
    streams: tuple[RunStream, ...]

    @property
    def written(self) -> int:
        """Rows that the last good run wrote."""
        return sum(stream.created + stream.updated + stream.removed for stream in self.streams)


@dataclass(frozen=True, slots=True)
class FirstSync:
    """A connection whose copy was never complete. ``run``: the open first run; ``landed`` of ``expected`` tickets are here."""

    connection_id: int
    name: str
    run: int | None
    landed: int
    expected: int | None


def connections_trust(now: dt.datetime) -> list[Trust]:
    """All connections, by name; the number of queries does not grow with theirs."""
    cards = connection_cards(now)
    runs = [card.last_good.pk for card in cards if card.last_good]
    streams = list(RunStream.objects.filter(run_id__in=runs, name__in=SHOWN).order_by("position"))
    complete = set(Connection.objects.filter(_was_complete()).values_list("pk", flat=True))
    return [
        Trust(
            card=card,
            complete=card.connection.pk in complete,
            streams=tuple(stream for stream in streams if card.last_good and stream.run_id == card.last_good.pk),
        )
        for card in cards
    ]


def first_syncs() -> list[FirstSync]:
    """The connections whose lists are not complete yet, in one query; none on an ordinary day."""
    running = Run.objects.filter(connection_id=OuterRef("pk"), state__in=Run.OPEN, kind__in=COMPLETE).order_by("-pk")
    tickets = RunStream.objects.filter(run_id=OuterRef("run"), name="tickets")
    rows = (
        Connection.objects.filter(~_was_complete(), setup_step="")
        .annotate(run=Subquery(running.values("pk")[:1]))
        .annotate(landed=Subquery(tickets.values("fetched")[:1]), expected=Subquery(tickets.values("expected")[:1]))
        .order_by("name")
        .values_list("pk", "name", "run", "landed", "expected")
    )
    return [FirstSync(pk, name, run, landed or 0, expected) for pk, name, run, landed, expected in rows]


def _was_complete() -> Exists:
    return Exists(Run.objects.filter(connection_id=OuterRef("pk"), kind__in=COMPLETE, state=Run.State.DONE))
