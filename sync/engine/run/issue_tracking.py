"""Keeping track of what is broken across runs: a run that ends books what failed, and clears what works again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection as database
from django.db.models.functions import Now

from integrations.models import Connection
from integrations.port import Reach, Rejected, Remark
from sync.engine.run.run_log import CAUSE, LONGEST_SAMPLE, WITHHELD_CODE, odd_of, storable
from sync.engine.run.work import Work
from sync.models import Issue, RunStream
from sync.streams import TARGETS

NOTE = f"""
INSERT INTO sync_issue (organization_id, connection_id, stream, parent_remote_id, remote_id, code, cause, message, sample, first_at, last_at,
    first_run, last_run, times, dismiss_reason)
SELECT DISTINCT ON (stream, parent_remote_id, remote_id) organization_id, %(connection)s, stream, parent_remote_id, remote_id, code,
    {CAUSE.format(message="message")}, message, sample, at, at, run_id, run_id, 1, ''
FROM sync_runissue WHERE organization_id = %(organization)s AND run_id = %(run)s ORDER BY stream, parent_remote_id, remote_id, id DESC
ON CONFLICT (connection_id, stream, parent_remote_id, remote_id) WHERE cleared_at IS NULL DO UPDATE SET
    code = EXCLUDED.code, cause = EXCLUDED.cause, message = EXCLUDED.message, sample = EXCLUDED.sample, retry_at = NULL,
    last_at = EXCLUDED.last_at, last_run = EXCLUDED.last_run, times = sync_issue.times + 1,
    dismissed_at = CASE WHEN sync_issue.cause = EXCLUDED.cause THEN sync_issue.dismissed_at END"""
"""What the run could not read or merge. A dismissed issue stays dismissed while its cause is the same."""

WAITING = """EXISTS (SELECT 1 FROM sync_victim v JOIN sync_run r ON r.id = v.run_id WHERE v.organization_id = i.organization_id
    AND v.stream = i.stream AND r.connection_id = i.connection_id AND r.state = 'done')"""
CLEAR = f"""
UPDATE sync_issue i SET cleared_at = clock_timestamp(), cleared_run = %(run)s, retry_at = NULL
WHERE i.organization_id = %(organization)s AND i.connection_id = %(connection)s AND i.cleared_at IS NULL
    AND i.last_run IS DISTINCT FROM %(run)s AND (i.stream = '' OR (i.remote_id = '' AND i.parent_remote_id = '' AND i.stream = ANY(%(done)s)
            AND NOT (i.code = '{WITHHELD_CODE}' AND {WAITING}))
        OR (i.parent_remote_id <> '' AND i.stream = ANY(%(whole)s))
        OR (i.parent_remote_id <> '' AND EXISTS (SELECT 1 FROM sync_parentread r WHERE r.connection_id = i.connection_id
            AND r.stream = i.stream AND r.parent_remote_id = i.parent_remote_id AND r.read_at > i.last_at))
        OR (i.remote_id <> '' AND (i.stream = ANY(%(whole)s) OR EXISTS (SELECT 1 FROM ledger_journalentry j
            WHERE j.organization_id = i.organization_id AND j.run_id = %(run)s AND j.stream = i.stream AND j.remote_id = i.remote_id))))"""
"""What works again: the run itself, streams that ended, parents that were answered since, records that were merged or that a complete
reading did not refuse again. Removals that wait for a person are said until somebody has decided, or none waits any more."""


CLEAR_PARENTLESS = """
UPDATE sync_issue i SET cleared_at = clock_timestamp(), cleared_run = %(run)s, retry_at = NULL
WHERE i.organization_id = %(organization)s AND i.connection_id = %(connection)s AND i.cleared_at IS NULL AND i.stream = %(stream)s
    AND i.parent_remote_id <> '' AND NOT EXISTS (SELECT 1 FROM "{parent}" p WHERE p.organization_id = i.organization_id
        AND p.connection_id = i.connection_id AND p.remote_id = i.parent_remote_id AND p.removed_at IS NULL)"""
"""Parents that are not here any more: nothing is to be read below them."""


def note_failures(organization_id: int, connection_id: int, run_id: int) -> None:
    """Books the run's failures, in the caller's transaction."""
    with database.cursor() as cursor:
        cursor.execute(NOTE, {"organization": organization_id, "connection": connection_id, "run": run_id})


def settle(work: Work) -> None:
    """At the good end of a run: books what failed and clears what works again, in the caller's transaction."""
    run = work.run
    own = {"organization": run.organization_id, "connection": run.connection_id, "run": run.pk}
    note_failures(run.organization_id, run.connection_id, run.pk)
    if not Issue.objects.filter(connection_id=run.connection_id, cleared_at=None).exists():
        return
    ended = RunStream.objects.filter(run_id=run.pk, state=RunStream.State.DONE, incomplete="")
    done = list(ended.values_list("name", flat=True))
    reach = {spec.name: spec.reach for spec in work.adapter.streams}
    whole = [] if work.quick else [name for name in done if reach.get(name) is Reach.GLOBAL]
    with database.cursor() as cursor:
        cursor.execute(CLEAR, own | {"done": done, "whole": whole})
        for spec in work.adapter.streams:
            if spec.reach is Reach.PER_PARENT:
                sql = CLEAR_PARENTLESS.format(parent=TARGETS[spec.parent].table)
                cursor.execute(sql, own | {"stream": spec.name})


SINGLE = f"""
INSERT INTO sync_issue (organization_id, connection_id, stream, parent_remote_id, remote_id, code, cause, message, sample, first_at, last_at,
    times, dismiss_reason)
VALUES (%(organization)s, %(connection)s, %(stream)s, %(parent)s, %(remote_id)s, %(code)s, {CAUSE.format(message="%(message)s")}, %(message)s,
    %(sample)s, clock_timestamp(), clock_timestamp(), 1, '')
ON CONFLICT (connection_id, stream, parent_remote_id, remote_id) WHERE cleared_at IS NULL DO UPDATE SET
    code = EXCLUDED.code, cause = EXCLUDED.cause, message = EXCLUDED.message, sample = EXCLUDED.sample, retry_at = NULL,
    last_at = EXCLUDED.last_at, times = sync_issue.times + 1,
    dismissed_at = CASE WHEN sync_issue.cause = EXCLUDED.cause THEN sync_issue.dismissed_at END"""


def book_single(
    connection: Connection,
    stream: str,
    remote_ids: Sequence[str],
    refused: Sequence[Rejected],
    remarks: Sequence[Remark],
) -> None:
    """Books what was odd about records that were read outside of runs, and clears what works again, in the caller's transaction."""
    own: dict[str, Any] = {"organization": connection.organization_id, "connection": connection.pk, "stream": stream}
    odd = odd_of(refused, remarks)
    well = [remote_id for remote_id in remote_ids if remote_id not in {one["remote_id"] for one in odd}]
    Issue.objects.filter(connection=connection, stream=stream, remote_id__in=well, cleared_at=None).update(
        cleared_at=Now(), retry_at=None
    )
    with database.cursor() as cursor:
        for one in odd:
            cursor.execute(SINGLE, own | {"parent": ""} | one)


def book_unread(
    connection: Connection,
    stream: str,
    code: str,
    message: str,
    *,
    remote_id: str = "",
    parent_id: str = "",
    sample: str = "",
) -> None:
    """Books that one record, or a stream below one parent, could not be read outside of runs, in the caller's transaction. Nothing more
    is booked where the stream as a whole is known to fail in this way: people would have an issue for each record that they open."""
    here = Issue.objects.filter(connection=connection, stream=stream, cleared_at=None)
    known = here.filter(code=code, remote_id="", parent_remote_id="").exists()
    if known and not here.filter(remote_id=remote_id, parent_remote_id=parent_id).exists():
        return
    said = {"code": code, "message": storable(message), "sample": storable(sample, LONGEST_SAMPLE)}
    own: dict[str, Any] = {"organization": connection.organization_id, "connection": connection.pk, "stream": stream}
    with database.cursor() as cursor:
        cursor.execute(SINGLE, own | said | {"parent": parent_id, "remote_id": remote_id})


def clear_unread(connection: Connection, stream: str, parent_id: str) -> None:
    """What lies below the parent was read: clears what is booked of it, in the caller's transaction."""
    below = Issue.objects.filter(connection=connection, stream=stream, parent_remote_id=parent_id, remote_id="")
    below.filter(cleared_at=None).update(cleared_at=Now(), retry_at=None)
