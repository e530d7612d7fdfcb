"""Whether the data can be trusted: which lists are complete, and what the last good sync of each connection brought."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Subquery

from integrations.models import Connection
from sync.models import Cursor, InstanceChange, Run, RunStream
from sync.selectors.overview import ConnectionCard, connection_cards

COMPLETE = (Run.Kind.FULL, Run.Kind.CLEAR_RESYNC)
LEAVING = {
    "finished_at": None,
    "step__in": [step for step in InstanceChange.Step if step != InstanceChange.Step.DISCONNECTED],
}
"""An open change of the instance, from its purge on."""
SHOWN = ("companies", "contacts", "tickets", "notes", "time_entries")


@dataclass(frozen=True, slots=True)
class Freshness:
    """One connection. ``complete``: everything in scope was read at least once, of the instance that it leads to now. ``changing``: what
    came from its old instance is going or gone. ``streams``: of its last good run, the ones people know."""

    card: ConnectionCard
    complete: bool
    changing: bool
    streams: tuple[RunStream, ...]

    @property
    def written(self) -> int:
        """Rows that the last good run wrote."""
        return sum(stream.created + stream.updated + stream.removed for stream in self.streams)


@dataclass(frozen=True, slots=True)
class FirstSync:
    """A connection whose copy was never complete. ``run``: the open first run; ``landed`` of ``expected`` tickets are here.
    ``changing``: its instance is being changed, so that the next step is there."""

    connection_id: int
    name: str
    run: int | None
    landed: int
    expected: int | None
    changing: bool


def connections_trust(now: dt.datetime) -> list[Freshness]:
    """All connections, by name; the number of queries does not grow with theirs."""
    cards = connection_cards(now)
    runs = [card.last_good.pk for card in cards if card.last_good]
    streams = list(RunStream.objects.filter(run_id__in=runs, name__in=SHOWN).order_by("position"))
    changing = set(InstanceChange.objects.filter(**LEAVING).values_list("connection_id", flat=True))
    return [
        Freshness(
            card=card,
            complete=not card.unread,
            changing=card.connection.pk in changing,
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
        .annotate(changing=Exists(InstanceChange.objects.filter(connection_id=OuterRef("pk"), **LEAVING)))
        .annotate(run=Subquery(running.values("pk")[:1]))
        .annotate(landed=Subquery(tickets.values("fetched")[:1]), expected=Subquery(tickets.values("expected")[:1]))
        .order_by("name")
        .values_list("pk", "name", "run", "landed", "expected", "changing")
    )
    return [FirstSync(pk, name, run, landed or 0, expected, new) for pk, name, run, landed, expected, new in rows]


def _was_complete() -> Exists:
    # By the cursor, not by a run: what a run read of an old instance says nothing about the one that came after it.
    return Exists(Cursor.objects.filter(connection_id=OuterRef("pk"), stream="tickets", full_at__isnull=False))
