"""What other settings would do to the tickets that are here, as far as stored data tell."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone

from integrations.models import Connection
from integrations.settings_schema import ConnectionSettings, range_start
from tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class Effects:
    """Of ``stored`` tickets, ``leaving`` would be removed here at the next full sync (never in the PSA); the rest says why. A ticket
    may leave for several reasons at once."""

    stored: int
    leaving: int
    other_boards: int
    excluded: int
    too_old: int


def settings_effects(connection: Connection, wanted: ConnectionSettings) -> Effects:
    """Counts the connection's live tickets against ``wanted``."""
    boards = Q(pk__in=[]) if wanted.boards is None else ~Q(board_remote_id__in=wanted.boards)
    statuses = Q(status_remote_id__in=wanted.excluded_statuses)
    old = _too_old(connection, wanted)
    counted = Ticket.objects.filter(connection_id=connection.pk).aggregate(
        stored=Count("pk"),
        leaving=Count("pk", filter=boards | statuses | old),
        other_boards=Count("pk", filter=boards),
        excluded=Count("pk", filter=statuses),
        too_old=Count("pk", filter=old),
    )
    return Effects(**counted)


def _too_old(connection: Connection, wanted: ConnectionSettings) -> Q:
    kept = connection.settings.get("date_range_days", 365) == wanted.date_range_days
    start = connection.range_start if kept else range_start(wanted, timezone.now())
    if wanted.date_range_days is None or start is None:
        return Q(pk__in=[])
    return Q(is_closed=True) & (Q(remote_updated_at__lt=start) | Q(remote_updated_at__isnull=True))
