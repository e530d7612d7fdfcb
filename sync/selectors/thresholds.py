"""What a connection's thresholds mean for the records that are here."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.models import Connection
from integrations.settings_schema import ConnectionSettings
from sync.engine.run.plan import held_above
from sync.selectors.resync_impact import live_counts


@dataclass(frozen=True, slots=True)
class Threshold:
    """A stream with ``live`` records: up to ``allowed`` removals pass unasked, above ``second`` two people decide (None: one is enough)."""

    stream: str
    live: int
    allowed: int
    second: int | None


def thresholds(connection: Connection, settings: ConnectionSettings) -> list[Threshold]:
    """One line a stream that has records, in one statement. A stream of which nothing is ever held has ``allowed`` = ``live``."""
    found = []
    for stream, live in live_counts(connection):
        allowed = min(live, held_above(live, percent=settings.hold_percent, least=settings.hold_least))
        second = max(allowed, live * settings.hold_second_percent // 100)
        found.append(Threshold(stream, live, allowed, second if second < live else None))
    return found
