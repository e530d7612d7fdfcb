"""Fetching one record now, with what it refers to, and merging it: what was here before, and what is here after."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db import connection as database

from foundation.ledger.merge import Target
from foundation.tenancy.scope import tenant_transaction
from integrations.errors import IntegrationError
from integrations.models import Connection
from integrations.port import Adapter, Reach, Scope
from integrations.records import Record
from sync.columns import field_of
from sync.engine.read.failing_parents import RUNS_OWN
from sync.engine.scope.excluded_parents import PARENTS
from sync.services.single import OutOfScope, land_reading, opened, read
from sync.streams import TARGETS

ALONE = ("tickets", "companies", "contacts", "assets", "agreements", "products", "opportunities", "invoices")
"""Streams whose records can be fetched one by one."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """``record_id``: the local id. ``changes``: (field, before, after) of the record's content; all of it when it is new here.
    ``brought``: (stream, remote id) of what it refers to and was missing here. ``written``: rows written in all.
    ``unread``: a sentence for each stream below the record that could not be read, by its name; what is here of it stays."""

    stream: str
    remote_id: str
    record_id: int
    is_new: bool
    changes: tuple[tuple[str, Any, Any], ...]
    brought: tuple[tuple[str, str], ...]
    written: int
    unread: dict[str, str]


def record_replay(*, connection: Connection, stream: str, remote_id: str) -> Replayed:
    """Reads one record from the PSA and merges it. In a tenant scope, outside a transaction: it waits on the network.

    Raises the errors of ``integrations.errors``, and Refused where the settings do not want it.
    """
    with opened(connection, stream, remote_id) as (adapter, scope):
        return _replay(adapter, connection, stream, remote_id, scope)


def _replay(adapter: Adapter, connection: Connection, stream: str, remote_id: str, scope: Scope) -> Replayed:
    target, reading = TARGETS[stream], read(connection, adapter, scope, stream, remote_id)
    record = reading.record
    with tenant_transaction(connection.organization_id):
        before = content(connection, target, record.remote_id)
        absent = missing_references(connection, target, record)
    found = [(name, referred) for name, key in absent if (referred := _referred(adapter, name, key, scope))]
    parent = PARENTS.get(stream)
    if scope.narrows_companies and parent in dict(absent) and parent not in dict(found):
        raise OutOfScope(f"The settings of this connection leave out what this is of, one of its {parent}.")
    with tenant_transaction(connection.organization_id):
        landed = land_reading(connection, adapter, scope, stream, reading, found)
        after = content(connection, target, record.remote_id)
    return Replayed(
        stream,
        record.remote_id,
        after["id"],
        is_new=not before or before["removed_at"] is not None,
        changes=changes_of(target, before, after),
        brought=tuple((name, referred.remote_id) for name, referred in found),
        written=landed.written,
        unread=landed.unread,
    )


def content(connection: Connection, target: Target, remote_id: str) -> dict[str, Any]:
    """The stored row as it stands, removed ones too; {} when there is none."""
    sql = f'SELECT to_jsonb(t) FROM "{target.table}" t WHERE t.organization_id = %s AND t.connection_id = %s AND t.remote_id = %s'
    with database.cursor() as cursor:
        cursor.execute(sql, [connection.organization_id, connection.pk, remote_id])
        row = cursor.fetchone()
    return json.loads(row[0]) if row else {}


def changes_of(target: Target, before: dict[str, Any], after: dict[str, Any]) -> tuple[tuple[str, Any, Any], ...]:
    """The content's columns that differ."""
    known = before if before and before["removed_at"] is None else {}
    pairs = [(name, known.get(name), after.get(name)) for name in target.names]
    return tuple(
        (name, was, now) for name, was, now in pairs if was != now and not (was is None and now in ("", {}, []))
    )


def missing_references(connection: Connection, target: Target, record: Record) -> list[tuple[str, str]]:
    """(stream, remote id) of what the record refers to and that is not here."""
    tables = {known.table: name for name, known in TARGETS.items()}
    absent = []
    for reference in target.references:
        remote_id = getattr(record, field_of(reference.remote_column), None)
        if remote_id:
            here = content(connection, TARGETS[tables[reference.table]], remote_id)
            if not here or here["removed_at"] is not None:
                absent.append((tables[reference.table], remote_id))
    return absent


def _referred(adapter: Adapter, stream: str, remote_id: str, scope: Scope) -> Record | None:
    """What a record refers to; nothing where it can't be read by itself or is not wanted: the record comes without it then."""
    if not any(spec.name == stream and spec.reach is Reach.GLOBAL for spec in adapter.streams):
        return None
    try:
        record = adapter.read_one(stream, remote_id, scope)
    except RUNS_OWN:
        raise
    except IntegrationError:
        return None
    return record if adapter.in_scope(record, scope) else None
