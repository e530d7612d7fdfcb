"""What a run made different, in numbers: records by stream, fields, and what the changes have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection as database

from foundation.ledger.models import JournalEntry
from sync.models import Run, RunStream
from sync.selectors.items import changes_of
from sync.selectors.previews import entries_of, table_of
from sync.selectors.readable import Readable, told

MOST = 200_000
"""Entries that the numbers are made of, oldest first; a run with more says so. The file has them all."""
FIELDS = 40
CAUSES = 12
COLUMNS = ("Entry", "Stream", "PSA id", "Record", "Outcome", "Reason", "Field", "Before", "After")


@dataclass(frozen=True, slots=True)
class StreamDiff:
    """One stream's records by outcome."""

    stream: str
    created: int
    updated: int
    removed: int
    restored: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """In how many records of a stream a field changed."""

    stream: str
    field: str
    rows: int


@dataclass(frozen=True, slots=True)
class Cause:
    """What ``rows`` changes have in common: a reason of removals, or a field's step from one value to another."""

    stream: str
    reason: str
    field: str
    before: Any
    after: Any
    rows: int


@dataclass(frozen=True, slots=True)
class RunDiff:
    """``cut``: the run has more than ``MOST`` entries, and fields and causes are counted over the first of them."""

    streams: list[StreamDiff]
    fields: list[FieldDiff]
    causes: list[Cause]
    cut: bool


def run_diff(run: Run, readable: Readable = None) -> RunDiff:
    """The difference that the run made: all of it counted, causes of what may be told. In four statements whatever its size."""
    counted = rows_of(COUNTED, run)
    entries = sum(row[2] for row in counted)
    return RunDiff(
        streams=stream_diffs(run, {(stream, action): rows for stream, action, rows in counted}),
        fields=[FieldDiff(*row) for row in rows_of(CHANGED_FIELDS, run)],
        causes=[Cause(*row) for row in rows_of(TOP_CAUSES, run, readable)],
        cut=entries > MOST,
    )


def stream_diffs(run: Run, counted: dict[tuple[str, str], int]) -> list[StreamDiff]:
    """Every stream of the run with its outcomes; what the journal does not hold was unchanged."""
    streams = RunStream.objects.filter(run_id=run.pk).order_by("position").values_list("name", "unchanged")
    actions = [action.value for action in JournalEntry.Action]
    found = []
    for name, unchanged in streams:
        rows = {action: counted.get((name, action), 0) for action in actions}
        if unchanged or any(rows.values()):
            found.append(StreamDiff(stream=name, unchanged=unchanged, **rows))
    return found


OF_RUN = "organization_id = %(organization)s AND run_id = %(run)s"
FIRST = f"(SELECT * FROM {{table}} WHERE {OF_RUN} ORDER BY stream, id LIMIT %(most)s)"
COUNTED = f"SELECT stream, action, count(*) FROM {{table}} WHERE {OF_RUN} GROUP BY 1, 2"
CHANGED_FIELDS = f"""
SELECT e.stream, f.field, count(*) FROM {FIRST} e CROSS JOIN LATERAL jsonb_object_keys(e.after) AS f(field)
WHERE e.action IN ('updated', 'restored') AND e.after IS NOT NULL GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT {FIELDS}"""
TOP_CAUSES = f"""
SELECT stream, reason, field, before, after, count(*) FROM (
    SELECT e.stream, e.reason, '' AS field, NULL AS before, NULL AS after FROM {FIRST} e WHERE e.action = 'removed'
    UNION ALL
    SELECT e.stream, '', f.key, left(e.before ->> f.key, 120), left(f.value, 120) FROM {FIRST} e CROSS JOIN LATERAL jsonb_each_text(e.after) f
    WHERE e.action IN ('updated', 'restored') AND e.after IS NOT NULL AND (f.key LIKE '%%\\_name' OR f.key LIKE 'is\\_%%')
) changes WHERE %(readable)s::text[] IS NULL OR stream = ANY(%(readable)s) GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1 ORDER BY 6 DESC, 1, 3 LIMIT {CAUSES}"""
"""Steps between named values (status, board, priority …) and yes or no; texts and times differ in every record."""


def rows_of(sql: str, run: Run, readable: Readable = None) -> list[tuple[Any, ...]]:
    """The rows of one of the statements above."""
    of_streams: dict[str, Any] = {"readable": None if readable is None else sorted(readable)}
    with database.cursor() as cursor:
        cursor.execute(
            sql.format(table=table_of(run)),
            {"organization": run.organization_id, "run": run.pk, "most": MOST} | of_streams,
        )
        return list(cursor.fetchall())


def diff_rows(run: Run, after: int, size: int = 1000, *, readable: Readable = None) -> list[tuple[Any, ...]]:
    """The next entries that may be told behind ``after`` in the order of ``COLUMNS``, one row a changed field; the first value is the entry's id."""
    entries = entries_of(run).filter(told(readable), pk__gt=after).order_by("pk")[:size]
    rows: list[tuple[Any, ...]] = []
    for entry in entries:
        named = (entry.pk, entry.stream, entry.remote_id, entry.label, entry.action, entry.reason)
        changes = changes_of(entry)
        rows += [(*named, change.field, change.before, change.after) for change in changes] or [(*named, "", "", "")]
    return rows
