"""The verification report of a full run: boards counted, the newest records read again, references without a target, and what the
key does not show.

It proves nothing that ``verify`` has not, and stops no run: it is what a person looks at to trust the copy. At most
``BOARDS`` and the sum of ``NEWEST`` requests, side by side.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from django.db import connection
from django.utils import timezone

from foundation.core.staging import staged
from foundation.ledger.merge import Reference, Target, read_whole_tables
from integrations.errors import AuthenticationFailed, IntegrationError, NotFound
from integrations.port import ReadRequest
from integrations.records import Record
from sync.engine.audit.compare import differing, is_newer
from sync.engine.read.failing_parents import WHOLE
from sync.engine.run.lease import step
from sync.engine.run.plan import Mode
from sync.engine.run.run_log import note
from sync.engine.run.work import Work
from sync.models import Run, RunIssue, RunStream
from sync.streams import TARGETS, staged_row

BOARDS = 8
"""Boards counted one by one: those with most tickets."""
NEWEST = {"tickets": 5, "companies": 3, "contacts": 3}
"""How many records of a stream are read again and compared field by field: those that changed last."""
EXAMPLES = 3
"""Targets that are not here and named by most records, of one kind of reference."""
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
    """One of the newest records. ``verdict``: same, differs (in ``fields``), newer (changed since it was read), gone or unread."""

    stream: str
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
        "newest": [asdict(record) for record in reread],
        "unseen_boards": unseen_boards(work),
        "unseen_streams": unseen_streams(work),
    }
    wrong = [record for record in reread if record.verdict == "differs"]
    with step(work.lease, repeats=True):
        Run.objects.filter(pk=work.run.pk).update(verification=work.run.verification)
        for record in wrong:
            said = f"Record {record.remote_id} differs from the PSA in {', '.join(record.fields)}"
            note(work.run.pk, work.lease.organization_id, "warning", said, stream=record.stream)
        work.bill()


def copy_of(work: Work, target: Target) -> str:
    """A relation of what the run read of a stream: staged, or in the store where pages land at once."""
    if work.mode is Mode.LIVE:
        return f"""(SELECT *, '{{}}'::text[] AS unknown_columns FROM "{target.table}"
            WHERE organization_id = %(organization)s AND connection_id = %(connection)s AND removed_at IS NULL)"""
    return f"""(SELECT DISTINCT ON (remote_id) s.* {staged(target.staging, "s")} AND in_scope
        ORDER BY remote_id, remote_updated_at DESC NULLS LAST, fetched_at DESC)"""


def board_counts(work: Work) -> tuple[list[BoardCount], int]:
    """The biggest boards in scope, each counted by the PSA, and how many boards were not. None where companies are left out: the PSA
    counts their tickets too."""
    if work.scope.narrows_companies:
        return [], 0
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
    """The records that changed last, read once more and compared."""
    read = {stream.name for stream in RunStream.objects_of(work.run) if stream.state != RunStream.State.SKIPPED}
    calls = [call for name, most in NEWEST.items() if name in read for call in reread_calls(work, TARGETS[name], most)]
    return [judged(target, row, work.wait(call)) for target, row, call in calls]


def reread_calls(work: Work, target: Target, most: int) -> list[tuple[Target, dict[str, Any], Future[Record | str]]]:
    """The reads of one stream's newest records, under way, each with what the run read of it."""
    names = ("remote_id", "remote_updated_at", "content_hash", "unknown_columns", *target.names)
    columns = ", ".join(f'"{name}"' for name in names)
    sql = f"""SELECT {columns} FROM {copy_of(work, target)} c
        ORDER BY remote_updated_at DESC NULLS LAST, remote_id DESC LIMIT {most}"""
    mine = [dict(zip(names, row, strict=True)) for row in rows_of(work, sql)]
    return [(target, row, work.submit(read_again, work, target.stream, row["remote_id"])) for row in mine]


def read_again(work: Work, stream: str, remote_id: str) -> Record | str:
    """The record as it is now, or "gone" or "unread"."""
    try:
        return work.adapter.read_one(stream, remote_id, work.scope)
    except NotFound:
        return "gone"
    except AuthenticationFailed:
        raise
    except IntegrationError:
        return "unread"


def judged(target: Target, mine: dict[str, Any], theirs: Record | str) -> Reread:
    """What was read against what the PSA says now."""
    if isinstance(theirs, str):
        return Reread(target.stream, mine["remote_id"], theirs)
    row = staged_row(target, theirs, (), timezone.now(), in_scope=True)
    hashed = bytes(mine["content_hash"]), row[HASH]
    if all(hashed) and hashed[0] == hashed[1]:
        return Reread(target.stream, mine["remote_id"], "same")
    if is_newer(row[STAMP], mine["remote_updated_at"]):
        return Reread(target.stream, mine["remote_id"], "newer")
    fields = tuple(name for name in differing(target, mine, row) if name not in mine["unknown_columns"])
    if not fields and not all(hashed):  # one of the two was not told in full, and they agree in the rest
        return Reread(target.stream, mine["remote_id"], "same")
    return Reread(target.stream, mine["remote_id"], "differs", fields or ("contents",))


def unseen_boards(work: Work) -> list[str]:
    """Boards that the settings name and the PSA does not show to this key: their tickets are left out in silence."""
    if work.scope.board_ids is None:
        return []
    shown = {row[0] for row in rows_of(work, f"SELECT remote_id FROM {copy_of(work, TARGETS['boards'])} b")}
    return [remote_id for remote_id in work.scope.board_ids if remote_id not in shown]


def unseen_streams(work: Work) -> list[dict[str, str]]:
    """Streams that the key may not read at all, and why."""
    skipped = [stream for stream in RunStream.objects_of(work.run) if stream.state == RunStream.State.SKIPPED]
    with step(work.lease, progress=False):
        refused = set(RunIssue.objects.filter(run_id=work.run.pk, code__in=WHOLE).values_list("stream", flat=True))
    return [{"stream": stream.name, "message": stream.message} for stream in skipped if stream.name in refused]


def count_unmapped(work: Work) -> None:
    """Counts references whose target is not here, column by column, once everything is applied, and names the targets that most
    records name: the PSA hides them from the key, or the settings leave them out. In the caller's transaction."""
    found: dict[str, dict[str, int]] = {}
    named: dict[str, dict[str, list[dict[str, Any]]]] = {}
    with connection.cursor() as cursor:
        for target in TARGETS.values():
            if target.references:
                cursor.execute(unmapped_sql(target), work.context().parameters())
                counts = zip(target.references, cursor.fetchone(), strict=True)
                missing = {r: int(rows) for r, rows in counts if rows}
                found[target.stream] = {r.remote_column: rows for r, rows in missing.items()}
                named[target.stream] = {r.remote_column: unmapped_examples(work, target, r) for r in missing}
    work.run.verification |= {"unmapped": {stream: counts for stream, counts in found.items() if counts}}
    work.run.verification |= {"unmapped_examples": {stream: columns for stream, columns in named.items() if columns}}
    Run.objects.filter(pk=work.run.pk).update(verification=work.run.verification)


def unmapped_sql(target: Target) -> str:
    """One pass over the live rows; one number a reference."""
    counts = ", ".join(
        f"""count(*) FILTER (WHERE "{r.remote_column}" <> '' AND "{r.column}" IS NULL)""" for r in target.references
    )
    return f"""SELECT {counts} FROM "{target.table}"
        WHERE organization_id = %(organization)s AND connection_id = %(connection)s AND removed_at IS NULL"""


def unmapped_examples(work: Work, target: Target, reference: Reference) -> list[dict[str, Any]]:
    """The targets of one kind of reference that are not here and that most records name: {"remote_id", "name", "rows"}."""
    named = reference.remote_column.removesuffix("_remote_id") + "_name"
    name = f'max("{named}")' if named in target.names else "''"
    sql = f"""SELECT "{reference.remote_column}", {name}, count(*) FROM "{target.table}"
        WHERE organization_id = %(organization)s AND connection_id = %(connection)s AND removed_at IS NULL
            AND "{reference.remote_column}" <> '' AND "{reference.column}" IS NULL
        GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT {EXAMPLES}"""
    with connection.cursor() as cursor:
        cursor.execute(sql, work.context().parameters())
        return [{"remote_id": row[0], "name": row[1] or "", "rows": row[2]} for row in cursor.fetchall()]


def rows_of(work: Work, sql: str, **more: Any) -> list[tuple[Any, ...]]:
    """The rows of one statement about what was read."""
    with step(work.lease, progress=False), connection.cursor() as cursor:
        read_whole_tables()
        cursor.execute(sql, work.context().parameters(**more))
        return list(cursor.fetchall())
