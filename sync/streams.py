"""All streams that land in a store, and how a record becomes a staged row."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec
from django.db import connection
from psycopg.types.json import Jsonb

from integrations.records import Record
from portal.clients.streams import TARGETS as CLIENT_TARGETS
from portal.core.merge import META_COLUMNS, MergeContext, Target
from portal.core.staging import staged
from tickets.streams import TARGETS as TICKET_TARGETS

TARGETS: dict[str, Target] = {target.stream: target for target in (*CLIENT_TARGETS, *TICKET_TARGETS)}
NUL = b"\\u0000"
PARENTS, FAILURES = "staging.parents", "staging.failures"
OF_PARENTS = (PARENTS, FAILURES)
"""What a run notes of the parents that it asks about: who was answered, and who was not."""


def stream_words(stream: str) -> str:
    """ "time_entries" → "time entries"."""
    return stream.replace("_", " ")


@cache
def parent_stream(stream: str) -> str:
    """The stream of what its records belong to: "notes" → "tickets"; "" for records that belong to nothing."""
    target = TARGETS.get(stream)
    tables = {known.table: name for name, known in TARGETS.items()}
    of = target.references if target is not None and target.parent_column else ()
    return next((tables[r.table] for r in of if target and r.remote_column == target.parent_column), "")


def field_of(column: str) -> str:
    """The record's field behind a store's column: references are ``x_id`` there and ``x_remote_id`` here."""
    return re.sub("_remote_(ids?)$", r"_\1", column)


@cache
def _reader(target: Target) -> tuple[Any, tuple[int, ...]]:
    """(getter of all content values, positions of the JSON ones)."""
    json_positions = tuple(i for i, (_, kind) in enumerate(target.columns) if kind == "jsonb")
    return attrgetter(*(field_of(name) for name in target.names)), json_positions


HEAD = (("run_id", "bigint"), ("organization_id", "bigint"), ("connection_id", "bigint"), ("page", "integer"))
META_TYPES = ("text", "timestamptz", "timestamptz", "bytea", "boolean", "text[]")


@cache
def _copy_of(target: Target) -> tuple[str, tuple[str, ...]]:
    """(the COPY statement, the type of each of its columns). Binary, because making text of every value costs the worker more than all
    the rest of staging; it converts nothing, so each type is named, without its precision."""
    columns = (*HEAD, *zip(META_COLUMNS, META_TYPES, strict=True), *target.columns)
    names = ", ".join(f'"{name}"' for name, _ in columns)
    types = tuple(kind.partition("(")[0] for _, kind in columns)
    return f"COPY {target.staging} ({names}) FROM STDIN (FORMAT BINARY)", types


def staged_row(
    target: Target, record: Record, prefix: tuple[Any, ...], fetched_at: dt.datetime, *, in_scope: bool
) -> tuple[Any, ...]:
    """One row for COPY: prefix (run, organization, connection, page), the common columns, the content.

    The hash is of the whole record as the adapter yielded it; one that was not told in full has none (``portal.core.merge.differs``).
    NUL characters, which PostgreSQL can't store, are dropped.
    """
    encoded = msgspec.json.encode(record)
    if NUL in encoded:
        encoded = encoded.replace(NUL, b"")
        record = msgspec.json.decode(encoded, type=type(record))
    getter, json_positions = _reader(target)
    values = list(getter(record)) if len(target.columns) > 1 else [getter(record)]
    for position in json_positions:
        values[position] = Jsonb(values[position], dumps=msgspec.json.encode)
    unknown = unknown_columns(target, record)
    digest = b"" if record.unknown_fields else hashlib.blake2b(encoded, digest_size=16).digest()
    return (*prefix, record.remote_id, record.remote_updated_at, fetched_at, digest, in_scope, unknown, *values)


def unknown_columns(target: Target, record: Record) -> list[str]:
    """The store's columns behind the fields that the PSA did not tell of this record."""
    if not record.unknown_fields:
        return []
    return [name for name in target.names if field_of(name) in record.unknown_fields]


def stage(
    target: Target, context: MergeContext, page: int, records: Iterable[tuple[Record, bool]], fetched_at: dt.datetime
) -> int:
    """COPYs (record, in scope) pairs into the stream's staging table, in the caller's transaction. Returns how many."""
    statement, types = _copy_of(target)
    prefix = (context.run_id, context.organization_id, context.connection_id, page)
    count = 0
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(types)
        for record, in_scope in records:
            copy.write_row(staged_row(target, record, prefix, fetched_at, in_scope=in_scope))
            count += 1
    return count


def stage_parents(context: MergeContext, stream: str, parents: Sequence[str], fetched_at: dt.datetime) -> None:
    """Notes which parents' children were read completely."""
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY staging.parents (run_id, organization_id, connection_id, stream, parent_remote_id, fetched_at) FROM STDIN"
        ) as copy,
    ):
        for parent in parents:
            copy.write_row((context.run_id, context.organization_id, context.connection_id, stream, parent, fetched_at))


def unstage(context: MergeContext, streams: Iterable[str] | None = None, *, page: int | None = None) -> None:
    """Deletes the run's staged rows, of one page where given."""
    tables = (
        [TARGETS[name].staging for name in streams] if streams is not None else [t.staging for t in TARGETS.values()]
    )
    if page is None:
        tables += OF_PARENTS
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE {staged(table, 's', page=page is not None)}", context.parameters() | {"page": page})
