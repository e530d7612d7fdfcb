"""All streams that land in a store, and how a record becomes a staged row."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec
from django.db import connection
from psycopg.types.json import Jsonb

from clients.streams import TARGETS as CLIENT_TARGETS
from foundation.core.staging import staged
from foundation.ledger.merge import META_COLUMNS, MergeContext, Target
from integrations.decoding import decoder_of
from integrations.port import Rejected, Remark
from integrations.records import Record
from sync.bounds import Unstorable, fit
from sync.columns import field_of, unknown_columns
from tickets.streams import TARGETS as TICKET_TARGETS

TARGETS: dict[str, Target] = {target.stream: target for target in (*CLIENT_TARGETS, *TICKET_TARGETS)}
NUL = b"\\u0000"
NULS = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
"""A NUL in JSON: behind any number of escaped backslashes. The six characters are no NUL when their own backslash is escaped."""
UNFIT = (TypeError, ValueError, ArithmeticError, AttributeError, LookupError, RecursionError, msgspec.MsgspecError)
"""What a value raises that is not of its field's type at all, when a row is made of it."""
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


@dataclass(frozen=True, slots=True)
class Staged:
    """What came of a page: how many rows were staged, which records can't be stored, and which values were cut or left out."""

    rows: int
    rejected: list[Rejected]
    remarks: list[Remark]


def staged_row(
    target: Target,
    record: Record,
    prefix: tuple[Any, ...],
    fetched_at: dt.datetime,
    *,
    in_scope: bool,
    remarks: list[Remark] | None = None,
) -> tuple[Any, ...]:
    """One row for COPY: prefix (run, organization, connection, page), the common columns, the content. ``remarks``: to be added to.

    The hash is of the whole record as the adapter yielded it; one that was not told in full has none (``foundation.ledger.merge.differs``).
    NUL characters, which PostgreSQL can't store, are dropped; what the store's columns don't hold is cut or left out (``sync.bounds``).
    Raises Unstorable, and what is in ``UNFIT`` for a value of another type than its field's.
    """
    encoded = msgspec.json.encode(record)
    if NUL in encoded:
        encoded = NULS.sub(rb"\1", encoded)
        record = decoder_of(type(record)).decode(encoded)
    getter, json_positions = _reader(target)
    values = list(getter(record)) if len(target.columns) > 1 else [getter(record)]
    found = fit(target, record, values, len(encoded))
    if found and remarks is not None:
        remarks += found
    for position in json_positions:
        values[position] = Jsonb(values[position], dumps=msgspec.json.encode)
    unknown = unknown_columns(target, record)
    digest = b"" if record.unknown_fields else hashlib.blake2b(encoded, digest_size=16).digest()
    return (*prefix, record.remote_id, record.remote_updated_at, fetched_at, digest, in_scope, unknown, *values)


def stage(
    target: Target, context: MergeContext, page: int, records: Iterable[tuple[Record, bool]], fetched_at: dt.datetime
) -> Staged:
    """COPYs (record, in scope) pairs into the stream's staging table, in the caller's transaction. A record of which no row can be made is
    left out; what the database itself refuses is raised."""
    statement, types = _copy_of(target)
    prefix = (context.run_id, context.organization_id, context.connection_id, page)
    done = Staged(0, [], [])
    count = 0
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(types)
        for record, in_scope in records:
            try:
                row = staged_row(target, record, prefix, fetched_at, in_scope=in_scope, remarks=done.remarks)
            except UNFIT as err:
                done.rejected.append(unfit(record, err))
                continue
            copy.write_row(row)
            count += 1
    return replace(done, rows=count)


def unfit(record: Record, error: Exception) -> Rejected:
    """A record of which no row can be made, and why."""
    said = (
        str(error)
        if isinstance(error, Unstorable)
        else f"It has a value of another type than its field's ({type(error).__name__})."
    )
    return Rejected(remote_id=str(record.remote_id), message=f"This record can't be stored. {said}")


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
