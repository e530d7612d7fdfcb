"""The verification report of a full run: boards counted, the newest tickets read again, references without a target.

It proves nothing that ``verify`` has not, and stops no run: it is what a person looks at to trust the copy. At most
``BOARDS + NEWEST`` requests, side by side.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from django.db import connection
from django.utils import timezone

from integrations.errors import AuthenticationFailed, IntegrationError, NotFound
from integrations.port import ReadRequest
from integrations.records import Record
from portal.core.merge import Target, read_whole_tables
from sync.engine.compare import differing, is_newer
from sync.engine.journal import note
from sync.engine.lease import step
from sync.engine.plan import Mode
from sync.engine.work import Work
from sync.models import Run
from sync.streams import TARGETS, staged_row

BOARDS = 8
"""Boards counted one by one: those with most tickets."""
NEWEST = 5
"""Tickets read again and compared field by field."""
HASH, STAMP = 3, 1
"""Places in a staged row: remote id, stamp, fetched, hash, in scope, then the content."""


@dataclass(frozen=True, slots=True)
class BoardCount:
    """One board: the PSA's count now and what was read. ``remote`` is None where the PSA could not say."""

    remote_id: str
    name: str
    remote: int | None
    ours: int


@dataclass(frozen=True, slots=True)
class Reread:
    """One of the newest tickets. ``verdict``: same, differs (in ``fields``), newer (changed since it was read), gone or unread."""

    remote_id: str
    verdict: str
    fields: tuple[str, ...] = ()


def report_on(work: Work) -> None:
    """Counts, compares, and keeps the figures with the run."""
    boards, more = board_counts(work)
    reread = newest_compared(work)
    work.run.verification |= {
        "boards": [asdict(board) for board in boards],
        "boards_more": more,
        "newest": [asdict(ticket) for ticket in reread],
        "unseen_boards": unseen_boards(work),
    }
    wrong = [ticket for ticket in reread if ticket.verdict == "differs"]
    with step(work.lease):
        Run.objects.filter(pk=work.run.pk).update(verification=work.run.verification)
        for ticket in wrong:
            said = f"Ticket {ticket.remote_id} differs from the PSA in {', '.join(ticket.fields)}"
            note(work.run.pk, work.lease.organization_id, "warning", said, stream="tickets")
        work.bill()


def copy_of(work: Work, target: Target) -> str:
    """A relation of what the run read of a stream: staged, or in the store where pages land at once."""
    if work.mode is Mode.LIVE:
        return f"""(SELECT * FROM "{target.table}" WHERE organization_id = %(organization)s AND connection_id = %(connection)s
            AND removed_at IS NULL)"""
    return f"""(SELECT DISTINCT ON (remote_id) * FROM {target.staging}
        WHERE run_id = %(run)s AND organization_id = %(organization)s AND in_scope
        ORDER BY remote_id, remote_updated_at DESC NULLS LAST, fetched_at DESC)"""


def board_counts(work: Work) -> tuple[list[BoardCount], int]:
    """The biggest boards in scope, each counted by the PSA, and how many boards were not."""
    wanted = "true" if work.scope.board_ids is None else "b.remote_id = ANY(%(boards)s)"
    sql = f"""SELECT b.remote_id, b.name, coalesce(t.rows, 0) FROM {copy_of(work, TARGETS["boards"])} b
        LEFT JOIN (SELECT board_remote_id, count(*) AS rows FROM {copy_of(work, TARGETS["tickets"])} c GROUP BY 1) t
            ON t.board_remote_id = b.remote_id
        WHERE {wanted} ORDER BY 3 DESC, 1"""
    found = rows_of(work, sql, boards=list(work.scope.board_ids or ()))
    calls = [
        (remote_id, name, ours, work.submit(count_board, work, remote_id)) for remote_id, name, ours in found[:BOARDS]
    ]
    counted = [BoardCount(remote_id, name or "", work.wait(call), ours) for remote_id, name, ours, call in calls]
    return counted, len(found) - len(counted)


def count_board(work: Work, remote_id: str) -> int | None:
    """How many tickets in scope the PSA counts on one board; None where it could not say."""
    scope = msgspec.structs.replace(work.scope, board_ids=(remote_id,))
    try:
        return work.adapter.count(ReadRequest(stream="tickets", scope=scope))
    except AuthenticationFailed:
        raise
    except IntegrationError:
        return None


def newest_compared(work: Work) -> list[Reread]:
    """The tickets that changed last, read once more and compared."""
    target = TARGETS["tickets"]
    names = ("remote_id", "remote_updated_at", "content_hash", *target.names)
    columns = ", ".join(f'"{name}"' for name in names)
    sql = f"""SELECT {columns} FROM {copy_of(work, target)} c
        ORDER BY remote_updated_at DESC NULLS LAST, remote_id DESC LIMIT {NEWEST}"""
    mine = [dict(zip(names, row, strict=True)) for row in rows_of(work, sql)]
    calls = [(row, work.submit(read_again, work, row["remote_id"])) for row in mine]
    return [judged(target, row, work.wait(call)) for row, call in calls]


def read_again(work: Work, remote_id: str) -> Record | str:
    """The ticket as it is now, or "gone" or "unread"."""
    try:
        return work.adapter.read_one("tickets", remote_id, work.scope)
    except NotFound:
        return "gone"
    except AuthenticationFailed:
        raise
    except IntegrationError:
        return "unread"


def judged(target: Target, mine: dict[str, Any], theirs: Record | str) -> Reread:
    """What was read against what the PSA says now."""
    if isinstance(theirs, str):
        return Reread(mine["remote_id"], theirs)
    row = staged_row(target, theirs, (), timezone.now(), in_scope=True)
    if bytes(mine["content_hash"]) == row[HASH]:
        return Reread(mine["remote_id"], "same")
    if is_newer(row[STAMP], mine["remote_updated_at"]):
        return Reread(mine["remote_id"], "newer")
    return Reread(mine["remote_id"], "differs", differing(target, mine, row) or ("contents",))


def unseen_boards(work: Work) -> list[str]:
    """Boards that the settings name and the PSA does not show to this key: their tickets are left out in silence."""
    if work.scope.board_ids is None:
        return []
    shown = {row[0] for row in rows_of(work, f"SELECT remote_id FROM {copy_of(work, TARGETS['boards'])} b")}
    return [remote_id for remote_id in work.scope.board_ids if remote_id not in shown]


def count_unmapped(work: Work) -> None:
    """Counts references whose target is not here, column by column, once everything is applied. In the caller's transaction."""
    found: dict[str, dict[str, int]] = {}
    with connection.cursor() as cursor:
        for target in TARGETS.values():
            if target.references:
                cursor.execute(unmapped_sql(target), work.context().parameters())
                counts = zip(target.references, cursor.fetchone(), strict=True)
                found[target.stream] = {r.remote_column: int(rows) for r, rows in counts if rows}
    work.run.verification |= {"unmapped": {stream: counts for stream, counts in found.items() if counts}}
    Run.objects.filter(pk=work.run.pk).update(verification=work.run.verification)


def unmapped_sql(target: Target) -> str:
    """One pass over the live rows; one number a reference."""
    counts = ", ".join(
        f"""count(*) FILTER (WHERE "{r.remote_column}" <> '' AND "{r.column}" IS NULL)""" for r in target.references
    )
    return f"""SELECT {counts} FROM "{target.table}"
        WHERE organization_id = %(organization)s AND connection_id = %(connection)s AND removed_at IS NULL"""


def rows_of(work: Work, sql: str, **more: Any) -> list[tuple[Any, ...]]:
    """The rows of one statement about what was read."""
    with step(work.lease, progress=False), connection.cursor() as cursor:
        read_whole_tables()
        cursor.execute(sql, work.context().parameters(**more))
        return list(cursor.fetchall())
