"""Where companies, boards or statuses are left out: notes and time of tickets that are left out with them, additions of such agreements.

They do not name their company or board, and PSAs that list them all filter by nothing of their ticket. So they go by whether their parent is
here. One that is younger than the reading of the parents may have a parent that is younger too: what the next quick sync reads again
waits for it, the rest stays until the next complete reading.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from django.db import connection as database

from foundation.core.staging import staged
from foundation.ledger.merge import Target
from integrations.records import Record
from sync.columns import field_of
from sync.engine.run.plan import Mode, since_of
from sync.engine.run.run_log import LEFT_OUT
from sync.engine.run.work import Work
from sync.engine.scope.unread_kinds import is_below_unshown
from sync.models import Cursor, RunStream
from sync.streams import TARGETS

CHILDREN = (
    ("notes", "tickets", "ticket_id"),
    ("time_entries", "tickets", "ticket_id"),
    ("sites", "companies", "company_id"),
    ("agreement_additions", "agreements", "agreement_id"),
)
"""Streams whose rows go with their parent: (stream, the parents' stream, the link)."""
PARENTS = {name: parent for name, parent, _ in CHILDREN}

SERVERS = dt.timedelta(seconds=30)
"""How far the clocks of a PSA's servers may be apart."""

MISSING = f"""
SELECT u.remote_id FROM unnest(%(parents)s::text[]) u(remote_id)
WHERE NOT EXISTS (SELECT 1 {{staged}} AND s.remote_id = u.remote_id AND s.in_scope)
    AND (%(complete)s OR NOT EXISTS (SELECT 1 FROM "{{table}}" t WHERE t.connection_id = %(connection)s
        AND t.remote_id = u.remote_id AND t.removed_at IS NULL))
    AND NOT EXISTS (SELECT 1 FROM sync_runissue i WHERE i.organization_id = %(organization)s AND i.run_id = %(journal_run)s
        AND i.stream = %(parent)s AND i.remote_id = u.remote_id AND i.code <> '{LEFT_OUT}')
    AND NOT EXISTS (SELECT 1 FROM sync_issue i WHERE i.connection_id = %(connection)s AND i.stream = %(parent)s
        AND i.remote_id = u.remote_id AND i.cleared_at IS NULL AND i.code <> '{LEFT_OUT}')
    AND NOT {{unshown}}"""
"""Which of these parents are not here. One that could not be read, or was not shown, is not known to be left out."""


def parent_of(work: Work, target: Target) -> Target | None:
    """The parents by which this reading leaves a stream's rows out; None where it reads them below parents that it wants, or where
    they name their company themselves."""
    parent = PARENTS.get(target.stream, "")
    narrows = work.scope.narrows_companies or (parent == "tickets" and narrows_tickets(work))
    if not narrows or work.by_parent(target.stream) or "company_remote_id" in target.names:
        return None
    return TARGETS.get(parent)


def narrows_tickets(work: Work) -> bool:
    """Whether the settings leave boards or statuses out: no PSA filters notes and time by them."""
    return work.scope.board_ids is not None or bool(work.scope.excluded_status_ids)


def read_of(work: Work, parent: Target) -> dt.datetime | None:
    """Since when, by the PSA's clock, parents may be missing that are wanted: the beginning of their last reading that ended well."""
    stream = stream_of(work, parent)
    if stream is not None and stream.state != RunStream.State.SKIPPED:
        return stream.watermark
    cursors = Cursor.objects.filter(connection_id=work.connection.pk, stream=parent.stream)
    return cursors.values_list("watermark", flat=True).first()


def below_excluded(work: Work, stream: str, records: Sequence[Record], began: dt.datetime | None) -> frozenset[str]:
    """The remote ids of those records whose parent is left out. ``began``: when the reading of the stream began, by the PSA's clock. In the
    caller's transaction."""
    target = TARGETS[stream]
    parent = parent_of(work, target)
    read_at = read_of(work, parent) if parent is not None and records else None
    if parent is None or read_at is None:
        return frozenset()
    key = attrgetter(field_of(target.parent_column))
    missing = missing_parents(work, parent, sorted({key(record) for record in records if key(record)}))
    sure, again = read_at - SERVERS, since_of(began)

    def may_be_wanted(at: dt.datetime | None) -> bool:
        return at is not None and at >= sure and (again is None or at < again)

    return frozenset(
        record.remote_id for record in records if key(record) in missing and not may_be_wanted(record.remote_updated_at)
    )


def missing_parents(work: Work, parent: Target, remote_ids: list[str]) -> frozenset[str]:
    """Those of the ids whose record this reading does not bring, nor, unless it is complete, an earlier one has brought."""
    complete = work.mode is Mode.STAGED and not work.quick and was_read(work, parent)
    unshown = is_below_unshown(parent, "u.remote_id")
    sql = MISSING.format(staged=staged(parent.staging, "s"), table=parent.table, unshown=unshown)
    own: dict[str, Any] = {"parents": remote_ids, "parent": parent.stream, "complete": complete}
    with database.cursor() as cursor:
        cursor.execute(sql, work.context().parameters(**own))
        return frozenset(row[0] for row in cursor.fetchall())


def was_read(work: Work, parent: Target) -> bool:
    """Whether the run itself has read the parents to their end."""
    stream = stream_of(work, parent)
    return stream is not None and stream.state in {RunStream.State.FETCHED, RunStream.State.DONE}


def stream_of(work: Work, parent: Target) -> RunStream | None:
    """The run's reading of the parents, if it reads them."""
    return next((stream for stream in RunStream.objects_of(work.run) if stream.name == parent.stream), None)


def away_with_parent(work: Work, target: Target, alias: str) -> str:
    """Whether a stored or staged row is of a parent that this complete reading does not bring, as SQL; "" where that says nothing."""
    parent = parent_of(work, target)
    return not_brought(work, target, parent, alias) if parent is not None and was_read(work, parent) else ""


def goes_with_parent(work: Work, target: Target) -> str:
    """Whether a stored row ``t`` of a stream that is read in pages is of a parent that this complete reading does not bring, as SQL: the
    guard counts the parents. "" where that says nothing."""
    parent = TARGETS.get(PARENTS.get(target.stream, ""))
    if parent is None or work.quick or work.by_parent(target.stream) or not was_read(work, parent):
        return ""
    return not_brought(work, target, parent, "t")


def not_brought(work: Work, target: Target, parent: Target, alias: str) -> str:
    """Whether the reading does not bring a row's parent, as SQL; "" where it has not brought all of them."""
    stream = stream_of(work, parent)
    if stream is None or stream.incomplete:
        return ""
    brought = f"SELECT p.remote_id {staged(parent.staging, 'p')} AND p.in_scope"
    column = f'{alias}."{target.parent_column}"'
    return f"({column} <> '' AND {column} NOT IN ({brought}) AND NOT {is_below_unshown(parent, column)})"
