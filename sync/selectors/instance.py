"""A change of the PSA instance, as it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection as database

from foundation.ledger.merge import Target
from integrations.models import Connection
from sync.models import InstanceChange
from sync.streams import TARGETS


def change_of(connection: Connection) -> InstanceChange | None:
    """The open change of the connection; None when there is none."""
    return (
        InstanceChange.objects.filter(connection_id=connection.pk, finished_at=None)
        .select_related("connection")
        .first()
    )


def stored_streams() -> Sequence[Target]:
    """All streams that land in a store, for a file each."""
    return tuple(TARGETS.values())


def stored_columns(target: Target) -> list[str]:
    """The columns of a stream's file: the local id first."""
    return ["id", "remote_id", "remote_updated_at", *target.names]


def stored_rows(connection: Connection, target: Target, size: int = 2000) -> Iterator[list[tuple[Any, ...]]]:
    """All live records of a stream in batches, in the order of ``stored_columns``. In the caller's tenant transaction."""
    columns = ", ".join(f'"{name}"' for name in stored_columns(target))
    sql = f"""SELECT {columns} FROM "{target.table}" WHERE organization_id = %s AND connection_id = %s AND removed_at IS NULL
        AND id > %s ORDER BY id LIMIT %s"""
    after = 0
    with database.cursor() as cursor:
        while True:
            cursor.execute(sql, [connection.organization_id, connection.pk, after, size])
            rows = cursor.fetchall()
            if not rows:
                return
            yield rows
            after = rows[-1][0]
