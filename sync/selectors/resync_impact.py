"""What a full clear and resync replaces, what it drops, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection as database

from foundation.ledger.models import PendingChange
from foundation.ledger.selectors import unsent_edits
from integrations.models import Connection
from sync.models import Run
from sync.streams import TARGETS


@dataclass(frozen=True, slots=True)
class Expectation:
    """How long it takes and how many requests, by ``basis``: "clear" (the last one), "full" (the last full sync) or "" (unknown)."""

    basis: str = ""
    run: Run | None = None
    seconds: float | None = None
    requests: int | None = None


@dataclass(frozen=True, slots=True)
class ResyncImpact:
    """``counts``: (stream, live rows) of every stream that has rows. ``unsent``: the first local changes that are not in the PSA yet."""

    counts: list[tuple[str, int]]
    unsent: list[PendingChange]
    unsent_count: int
    expectation: Expectation

    @property
    def rows(self) -> int:
        return sum(count for _, count in self.counts)

    @property
    def unsent_more(self) -> int:
        """How many unsent changes are not listed."""
        return self.unsent_count - len(self.unsent)


def resync_impact(connection: Connection, listed: int = 20) -> ResyncImpact:
    """What a clear and resync of this connection means now."""
    changes = unsent_edits(connection.pk).select_related("actor").order_by("pk")
    return ResyncImpact(live_counts(connection), list(changes[:listed]), changes.count(), expectation(connection))


def live_counts(connection: Connection) -> list[tuple[str, int]]:
    """(stream, rows that people see now), of every stream that has any, in one statement."""
    parts = [
        f"SELECT '{name}', count(*) FROM \"{target.table}\" WHERE organization_id = %(organization)s AND connection_id = %(connection)s AND removed_at IS NULL"
        for name, target in TARGETS.items()
    ]
    with database.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(parts), {"organization": connection.organization_id, "connection": connection.pk}
        )
        found: dict[str, int] = dict(cursor.fetchall())
    return [(name, found[name]) for name in TARGETS if found[name]]


def expectation(connection: Connection) -> Expectation:
    """From the last clear and resync that was applied, else from the last full sync, else unknown."""
    applied = Run.objects.filter(
        connection_id=connection.pk, state=Run.State.DONE, started_at__isnull=False, finished_at__isnull=False
    ).order_by("-pk")
    applied = applied.exclude(scope__has_key="preview")  # what applied a preview read nothing itself
    for basis, kind in (("clear", Run.Kind.CLEAR_RESYNC), ("full", Run.Kind.FULL)):
        run = applied.filter(kind=kind).first()
        if run is not None:
            return Expectation(basis, run, run.seconds, run.requests)
    return Expectation()
