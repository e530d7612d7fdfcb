"""Set-based merge of staged rows into a store's table: insert new, update what differs and is not older, leave the rest untouched.

Knows tables and columns, no app. The statements write the journal in the same breath, so that what a run did and what it says it did
cannot differ. ``INSERT … ON CONFLICT`` in key order rather than MERGE, which fails between two lanes on the same key.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

from django.db import connection

from foundation.core.staging import staged

META_COLUMNS = ("remote_id", "remote_updated_at", "fetched_at", "content_hash", "in_scope", "unknown_columns")
"""What every staged row has besides run, organization, connection, page and its content. ``unknown_columns``: of its content, those that
the PSA did not tell this time; what is stored of them stays."""


@dataclass(frozen=True, slots=True)
class Reference:
    """``column`` of the store is found by joining ``remote_column`` with the remote ids of ``table``.

    ``name_column``: where the row keeps the name of what it refers to, "" where it keeps none; ``name_parts``: the columns of ``table``
    that make up the name.
    """

    column: str
    remote_column: str
    table: str
    name_column: str = ""
    name_parts: tuple[str, ...] = ()

    def name(self, part: str) -> str:
        """The name in SQL. ``part``: a column of it, as "r.{}"."""
        return "btrim(" + " || ' ' || ".join(part.format(column) for column in self.name_parts) + ")"


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One stream's table, of which there is one each: known by itself, since what is remembered of it is looked up for every record.

    ``columns``: (name, SQL type) of the content, equal in the staging table and the store.
    ``derived``: (store column, SQL expression over the staged row ``s``). ``label``: SQL over a row for people to know it by.
    ``parent_column``: the remote id of the parent, for streams that some system gives parent by parent. ``identifiers``: columns of a length
    of their own, which are never cut; ``indexed``: columns that an index of the store holds as they are.
    """

    stream: str
    table: str
    columns: tuple[tuple[str, str], ...]
    references: tuple[Reference, ...] = ()
    derived: tuple[tuple[str, str], ...] = ()
    label: str = "remote_id"
    parent_column: str = ""
    identifiers: tuple[str, ...] = ()
    indexed: tuple[str, ...] = ()

    @property
    def staging(self) -> str:
        return f'staging."{self.stream}"'

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.columns)


@dataclass(frozen=True, slots=True)
class MergeContext:
    """Whose rows, of which run. ``page`` limits a merge to one staged page; ``full`` compares every column instead of the hash.

    ``run_id`` keys the staged rows; ``journal_run_id`` is the run that the journal names (None: no run, a single read).
    """

    organization_id: int
    connection_id: int
    run_id: int
    page: int | None = None
    full: bool = False
    origin: str = "run"
    journal_run_id: int | None = None

    def parameters(self, **more: Any) -> dict[str, Any]:
        """The statements' named parameters."""
        values = {
            "organization": self.organization_id,
            "connection": self.connection_id,
            "run": self.run_id,
            "page": self.page,
        }
        return values | {"origin": self.origin, "journal_run": self.journal_run_id} | more


@dataclass(frozen=True, slots=True)
class MergeCounts:
    """Rows by outcome."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0

    @property
    def written(self) -> int:
        return self.created + self.updated + self.removed


NEWER = """(coalesce(s.remote_updated_at > t.remote_updated_at, false) OR s.fetched_at > t.synced_at
    OR (coalesce(s.remote_updated_at = t.remote_updated_at, true) AND s.fetched_at >= t.fetched_at))
    AND (t.removed_at IS NULL OR s.fetched_at > t.removed_at)"""
"""The PSA's version is not older; equal stamps, or one without: the later fetch wins; a tombstone with a later time wins. What was asked
for after the row had been written is newer whatever its stamp says: the PSA's clock may have been set back. Reads that overlap go by
their stamps."""

FRESH = """fresh AS MATERIALIZED (
    SELECT DISTINCT ON (remote_id) f.* {staged} AND in_scope
    ORDER BY remote_id, remote_updated_at DESC NULLS LAST, fetched_at DESC)"""

_THOUSAND = "SELECT f.* FROM fresh f, string_to_table('1', ',') one"
MANY = f"({_THOUSAND})"
"""A whole stream's staged rows, each once, taken for many: staging has no statistics, so the planner expects a single row of it,
and would hash the wide staged rows instead of the narrow ones that they are joined with, again for each reference. Of a function's
result, here one row, it expects a thousand."""

PAGE = f"({_THOUSAND} OFFSET 0)"
"""The same for one page, with the thousand as the first thing that the planner sees. Of a new organization, which no statistics name yet, it
takes everything for a single row too: for each row of the page it would walk all that the organization has."""

BEFORE_AND_AFTER = """(
        SELECT jsonb_object_agg(key, c.old -> key) AS before, jsonb_object_agg(key, value) AS after
        FROM jsonb_each(c.new)
        WHERE key = ANY(%(names)s) AND key <> ALL(c.unknown_columns) AND value IS DISTINCT FROM c.old -> key)"""
"""The columns of a row ``c`` of ``changed`` that differ."""

JOURNAL = (
    "INSERT INTO ledger_journalentry (organization_id, connection_id, run_id, at, stream, record_id, remote_id, label, action, "
    "reason, before, after, origin)"
)


def read_whole_tables() -> None:
    """For the rest of the transaction, joins are planned for whole tables. A table that has just been filled has no statistics yet:
    the planner then takes it for empty, and would compare every row with every row."""
    with connection.cursor() as cursor:
        # The first switch counts as a huge cost, which would start the compiler.
        cursor.execute("SELECT set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true)")


def merge(target: Target, context: MergeContext) -> MergeCounts:
    """Merges the staged rows of ``context`` into the store, in the caller's transaction. One statement, whatever the number of rows."""
    with connection.cursor() as cursor:
        cursor.execute(merge_sql(target, context), context.parameters(stream=target.stream, names=list(target.names)))
        fresh, created, updated = cursor.fetchone()
    return MergeCounts(created=created, updated=updated, unchanged=fresh - created - updated)


def written_columns(target: Target) -> list[str]:
    """The columns of a store that a merge writes, besides those that every synced row has."""
    return [*target.names, *(r.column for r in target.references), *(name for name, _ in target.derived)]


def news(target: Target, *, full: bool, complete: bool = False) -> str:
    """Whether the staged row ``s`` changes the stored row ``t``: it differs, and is not older."""
    return f"(t.removed_at IS NOT NULL OR {differs(target, full=full, complete=complete)}) AND {NEWER}"


def changed_sql(target: Target, context: MergeContext) -> str:
    """The comparison: relations ``fresh`` (what was staged, each record once) and ``changed`` (what of it is new or news here), to go
    behind WITH. A merge writes what it finds, a preview only says it."""
    store = written_columns(target)
    named = {r.name_column: named_value(r, f"r{i}") for i, r in enumerate(target.references) if r.name_column}
    values = [
        *(named.get(name) or known(name, f's."{name}"', name) for name in target.names),
        *(known(r.remote_column, f"r{i}.id", r.column) for i, r in enumerate(target.references)),
        *(expression for _, expression in target.derived),
    ]
    joins = "\n".join(
        f'LEFT JOIN "{r.table}" r{i} ON r{i}.connection_id = s.connection_id AND r{i}.remote_id = s."{r.remote_column}"'
        for i, r in enumerate(target.references)
    )
    return f"""{FRESH.format(staged=staged(target.staging, "f", page=context.page is not None))},
changed AS MATERIALIZED (
    SELECT s.remote_id, s.remote_updated_at, s.content_hash, s.fetched_at, s.unknown_columns,
        {", ".join(f'{v} AS "{n}"' for n, v in zip(store, values, strict=True))},
        t.id AS local_id, t.removed_at AS was_removed_at, {target.label} AS label,
        CASE WHEN t.id IS NOT NULL THEN to_jsonb(t) END AS old, CASE WHEN t.id IS NOT NULL THEN to_jsonb(s) END AS new
    FROM {MANY if context.page is None else PAGE} s LEFT JOIN "{target.table}" t ON t.connection_id = s.connection_id AND t.remote_id = s.remote_id
    {joins}
    WHERE t.id IS NULL OR ({news(target, full=context.full)})
)"""


def known(told: str, value: str, column: str) -> str:
    """``value`` of the staged row ``s``, or what is stored in ``column`` where the PSA did not tell the column ``told`` this time."""
    return f"CASE WHEN t.id IS NOT NULL AND '{told}' = ANY(s.unknown_columns) THEN t.\"{column}\" ELSE {value} END"


def named_value(reference: Reference, alias: str) -> str:
    """The name that a row keeps of what it refers to. Where the PSA did not tell it, that is the one stored, as long as the row refers to
    the same; else the name that the other has here. ``alias``: of the other's table."""
    name, link = reference.name_column, reference.remote_column
    same = f"""t.id IS NOT NULL AND ('{link}' = ANY(s.unknown_columns) OR t."{link}" IS NOT DISTINCT FROM s."{link}")"""
    other = f"""coalesce({reference.name(alias + '."{}"')}, s."{name}")"""
    return f"""CASE WHEN NOT ('{name}' = ANY(s.unknown_columns)) THEN s."{name}" WHEN {same} THEN t."{name}" ELSE {other} END"""


def merge_sql(target: Target, context: MergeContext) -> str:
    """The statement of ``merge``; its result row is (staged, created, updated)."""
    written = ["remote_updated_at", "content_hash", "fetched_at", *written_columns(target)]
    assignments = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in written)
    guard = re.sub(r"\bs\.", "EXCLUDED.", re.sub(r"\bt\.", "old.", news(target, full=context.full, complete=True)))
    return f"""
WITH {changed_sql(target, context)}, merged AS (
    INSERT INTO "{target.table}" AS old (organization_id, connection_id, remote_id, first_synced_at, synced_at, {", ".join(f'"{n}"' for n in written)})
    SELECT %(organization)s, %(connection)s, remote_id, clock_timestamp(), clock_timestamp(), {", ".join(f'"{n}"' for n in written)}
    FROM changed ORDER BY remote_id
    ON CONFLICT (connection_id, remote_id) DO UPDATE SET {assignments}, synced_at = clock_timestamp(), removed_at = NULL WHERE {guard}
    RETURNING id, remote_id, xmax = 0 AS inserted
), journal AS (
    {JOURNAL}
    SELECT %(organization)s, %(connection)s, %(journal_run)s, clock_timestamp(), %(stream)s, m.id, m.remote_id, left(c.label, 200),
        CASE WHEN m.inserted THEN 'created' WHEN c.was_removed_at IS NOT NULL THEN 'restored' ELSE 'updated' END, '', d.before, d.after, %(origin)s
    FROM merged m JOIN changed c USING (remote_id) LEFT JOIN LATERAL {BEFORE_AND_AFTER} d ON NOT m.inserted
)
SELECT (SELECT count(*) FROM fresh), (SELECT count(*) FROM merged WHERE inserted), (SELECT count(*) FROM merged WHERE NOT inserted)"""


def differs(target: Target, *, full: bool, complete: bool = False) -> str:
    """Whether the contents of the staged row ``s`` and the stored row ``t`` are different: by hash, or column by column.

    Also column by column, and but for the unknown ones, where either has no hash: the staged row is of a record that was not told in
    full, or the stored one was written from such a record. ``complete``: ``s`` has what is stored in place of what is unknown.
    """
    columns = " OR ".join(differing(name, complete=complete) for name in ("remote_updated_at", *target.names))
    if full:
        return f"({columns})"
    hashed = "t.content_hash <> '' AND s.content_hash <> ''"
    return f"(CASE WHEN {hashed} THEN t.content_hash <> s.content_hash ELSE {columns} END)"


def differing(name: str, *, complete: bool) -> str:
    """Whether a column of ``s`` and ``t`` has different content."""
    differs = f't."{name}" IS DISTINCT FROM s."{name}"'
    return differs if complete else f"({differs} AND '{name}' <> ALL(s.unknown_columns))"


def remove(
    target: Target,
    context: MergeContext,
    condition: str,
    *,
    reason: str,
    removed_at: str = "clock_timestamp()",
    **parameters: Any,
) -> int:
    """Marks live rows ``t`` of the connection that meet ``condition`` as removed, and journals each. Returns how many."""
    sql = f"""
WITH gone AS (
    UPDATE "{target.table}" t SET removed_at = {removed_at}, synced_at = clock_timestamp()
    WHERE t.organization_id = %(organization)s AND t.connection_id = %(connection)s AND t.removed_at IS NULL AND ({condition})
    RETURNING t.*
), journal AS (
    {JOURNAL}
    SELECT %(organization)s, %(connection)s, %(journal_run)s, clock_timestamp(), %(stream)s, s.id, s.remote_id, left({target.label}, 200), 'removed',
        %(reason)s, NULL, NULL, %(origin)s FROM gone s
)
SELECT count(*) FROM gone"""
    with connection.cursor() as cursor:
        cursor.execute(sql, context.parameters(stream=target.stream, reason=reason, **parameters))
        return int(cursor.fetchone()[0])


def relink(target: Target, references: Sequence[Reference], context: MergeContext) -> int:
    """Links rows whose references arrived after them. Returns how many links. Content is unchanged, so nothing is journalled.

    One look over the rows says which references wait at all: mostly none do.
    """
    waits = ", ".join(f'bool_or("{r.column}" IS NULL AND "{r.remote_column}" IS NOT NULL)' for r in references)
    looked = f'SELECT {waits} FROM "{target.table}" WHERE organization_id = %(organization)s AND connection_id = %(connection)s'
    linked = 0
    with connection.cursor() as cursor:
        cursor.execute(looked, context.parameters())
        for reference in compress(references, cursor.fetchone()):
            cursor.execute(relink_sql(target, reference), context.parameters())
            linked += cursor.rowcount
    return linked


def relink_sql(target: Target, reference: Reference) -> str:
    """The statement of ``relink`` for one reference."""
    return f"""
UPDATE "{target.table}" t SET "{reference.column}" = r.id FROM "{reference.table}" r
WHERE t.organization_id = %(organization)s AND t.connection_id = %(connection)s AND t."{reference.column}" IS NULL
    AND t."{reference.remote_column}" IS NOT NULL AND r.connection_id = t.connection_id AND r.remote_id = t."{reference.remote_column}" """
