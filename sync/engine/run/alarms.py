"""When a connection gets into trouble, and when it is out of it: what the mails to its people go by."""

from __future__ import annotations

from django.db import connection as database

from integrations.errors import AuthenticationFailed
from sync.engine.run.run_log import CAUSE

RAISE = f"""
INSERT INTO sync_alarm (organization_id, connection_id, code, cause, message, run, runs, began_at)
SELECT organization_id, connection_id, %(code)s, {CAUSE.format(message="%(message)s")}, %(message)s, id, 1, clock_timestamp()
FROM sync_run WHERE id = %(run)s
ON CONFLICT (connection_id) WHERE ended_at IS NULL DO UPDATE SET runs = sync_alarm.runs + 1, code = EXCLUDED.code,
    cause = EXCLUDED.cause, message = EXCLUDED.message,
    run = CASE WHEN sync_alarm.code = EXCLUDED.code AND sync_alarm.cause = EXCLUDED.cause THEN sync_alarm.run ELSE EXCLUDED.run END,
    told_at = CASE WHEN sync_alarm.code = EXCLUDED.code AND sync_alarm.cause = EXCLUDED.cause THEN sync_alarm.told_at END"""
"""The same cause again is counted; another cause is news."""
END = """
UPDATE sync_alarm a SET ended_at = clock_timestamp(), end_run = r.id FROM sync_run r
WHERE r.id = %(run)s AND a.connection_id = r.connection_id AND a.organization_id = r.organization_id AND a.ended_at IS NULL"""

ACCEPTED = """
UPDATE sync_alarm SET ended_at = clock_timestamp() WHERE connection_id = %(connection)s AND code = %(code)s AND ended_at IS NULL"""


def alarm_raise(run_id: int, code: str, message: str) -> None:
    """The run failed, or waits for a person. In the transaction that says so."""
    with database.cursor() as cursor:
        cursor.execute(RAISE, {"run": run_id, "code": code, "message": message})


def alarm_end(run_id: int) -> None:
    """The run came to a good end: the connection is out of trouble. In the transaction that says so."""
    with database.cursor() as cursor:
        cursor.execute(END, {"run": run_id})


def alarm_end_accepted(connection_id: int) -> None:
    """The PSA accepts the credentials again that it had refused, and no run is to follow that would tell."""
    with database.cursor() as cursor:
        cursor.execute(ACCEPTED, {"connection": connection_id, "code": AuthenticationFailed.code})
