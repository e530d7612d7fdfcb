"""Whose turn it is: queued runs are told to workers a few at a time, each organization in its turn, however many it has due."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import connection

from foundation.core import database_clock
from foundation.tenancy.scope import system_transaction

AHEAD = 16
"""Bells of one lane that may be on their way. More than workers have hands, so that none waits; few, since their order is settled:
what becomes due after them has at most so many slices before it, whoever they belong to."""

WAITING = """
SELECT id, rung_at, urgent, lane, organization_id, row_number() OVER (PARTITION BY lane, organization_id
        ORDER BY rung_at IS NULL OR rung_at < %(patience)s, urgent DESC, id)
    + (SELECT count(*) FROM sync_run a WHERE a.organization_id = r.organization_id AND a.lane = r.lane
        AND a.state IN ('running', 'verifying', 'applying')) AS turn,
    count(*) FILTER (WHERE rung_at >= %(patience)s) OVER (PARTITION BY lane) AS told
FROM sync_run r WHERE state = 'queued' AND NOT EXISTS (SELECT FROM sync_run b WHERE b.connection_id = r.connection_id
    AND b.lane = r.lane AND b.state IN ('running', 'waiting', 'verifying', 'applying'))"""
"""Queued runs whose lane is free. ``turn``: the how-manieth of its organization this would be, with those at work and those told before it."""

NEXT = f"""
SELECT id FROM (
    SELECT *, row_number() OVER (PARTITION BY lane ORDER BY urgent DESC, turn, id) AS place FROM ({WAITING}) w
    WHERE rung_at IS NULL OR rung_at < %(patience)s) p
WHERE urgent OR place <= %(ahead)s - told ORDER BY urgent DESC, turn, id"""

TELL = f"""
UPDATE sync_run SET rung_at = clock_timestamp() FROM (SELECT id, row_number() OVER () AS place FROM ({NEXT}) n) chosen
WHERE sync_run.id = chosen.id AND state = 'queued' AND (rung_at IS NULL OR rung_at < %(patience)s)
RETURNING chosen.place, organization_id, sync_run.id, lane, urgent"""


def next_in_turn(ahead: int = AHEAD) -> list[tuple[int, int, str, bool]]:
    """(organization, run, lane, urgent) of the queued runs to tell workers of now, marked as told; urgent ones always.

    One that was told and is still queued after the length of a lease is told again: its message was lost, or its worker.
    """
    with system_transaction(), connection.cursor() as cursor:
        patience = database_clock.now() - dt.timedelta(seconds=settings.SYNC_LEASE_SECONDS)
        cursor.execute(TELL, {"patience": patience, "ahead": ahead})
        rows = sorted(cursor.fetchall())
    return [row[1:] for row in rows]
