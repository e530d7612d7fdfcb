"""What other settings would do to what is here, as far as stored data tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection as database
from django.db.models import Count, Q

from foundation.core import database_clock
from integrations.models import Connection
from integrations.settings_schema import ConnectionSettings, range_start, scope_from
from sync.engine.scope.excluded_companies import KNOWN, outside_parameters
from sync.streams import TARGETS
from tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class SettingsImpact:
    """Of ``stored`` tickets, ``leaving`` of ``companies`` companies would be removed here at the next full sync (never in the PSA); the
    rest says why: a ticket may leave for several reasons at once. ``with_companies``: (stream, rows) of what beside tickets would leave
    because its company does. ``outside``: all companies known that the settings would leave out, by their remote ids."""

    stored: int
    leaving: int
    other_boards: int
    excluded: int
    too_old: int
    other_companies: int = 0
    companies: int = 0
    with_companies: tuple[tuple[str, int], ...] = ()
    outside: tuple[str, ...] = ()

    @property
    def staying(self) -> int:
        return self.stored - self.leaving

    @property
    def hides(self) -> bool:
        return bool(self.leaving or self.with_companies)


def settings_effects(connection: Connection, wanted: ConnectionSettings) -> SettingsImpact:
    """Counts what is here of the connection against ``wanted``."""
    outside = outside_companies(connection, wanted)
    boards = Q(pk__in=[]) if wanted.boards is None else ~Q(board_remote_id__in=wanted.boards)
    statuses = Q(status_remote_id__in=wanted.excluded_statuses)
    old = _too_old(connection, wanted)
    companies = Q(company_remote_id__in=outside)
    leaving = boards | statuses | old | companies
    counted = Ticket.objects.filter(connection_id=connection.pk).aggregate(
        stored=Count("pk"),
        leaving=Count("pk", filter=leaving),
        other_boards=Count("pk", filter=boards),
        excluded=Count("pk", filter=statuses),
        too_old=Count("pk", filter=old),
        other_companies=Count("pk", filter=companies),
        companies=Count("company_remote_id", filter=leaving, distinct=True),
    )
    return SettingsImpact(**counted, with_companies=rows_of(connection, outside), outside=tuple(outside))


def outside_companies(connection: Connection, wanted: ConnectionSettings) -> list[str]:
    """The companies known, here or left out before, that ``wanted`` leaves out."""
    scope = scope_from(wanted, None)
    if not scope.narrows_companies:
        return []
    own = {"organization": connection.organization_id, "connection": connection.pk} | outside_parameters(scope)
    with database.cursor() as cursor:
        cursor.execute(f"{KNOWN} ORDER BY 1", own)
        return [row[0] for row in cursor.fetchall()]


def rows_of(connection: Connection, companies: list[str]) -> tuple[tuple[str, int], ...]:
    """(stream, live rows) of what beside tickets is of these companies, of every stream that has any, in one statement."""
    if not companies:
        return ()
    parts = [
        f"""SELECT '{name}', count(*) FROM "{target.table}" WHERE organization_id = %(organization)s AND connection_id = %(connection)s
            AND removed_at IS NULL AND {"remote_id" if name == "companies" else "company_remote_id"} = ANY(%(companies)s)"""
        for name, target in TARGETS.items()
        if name != "tickets" and (name == "companies" or "company_remote_id" in target.names)
    ]
    own: dict[str, Any] = {
        "organization": connection.organization_id,
        "connection": connection.pk,
        "companies": companies,
    }
    with database.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), own)
        return tuple((name, rows) for name, rows in cursor.fetchall() if rows)


def _too_old(connection: Connection, wanted: ConnectionSettings) -> Q:
    kept = connection.settings.get("date_range_days", 365) == wanted.date_range_days
    start = connection.range_start if kept else range_start(wanted, database_clock.now())
    if wanted.date_range_days is None or start is None:
        return Q(pk__in=[])
    return Q(is_closed=True) & (Q(remote_updated_at__lt=start) | Q(remote_updated_at__isnull=True))
