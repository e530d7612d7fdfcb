"""What is here of a connection, row by row, and how two copies differ."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection as database

from foundation.ledger.merge import Target
from foundation.tenancy.scope import tenant_transaction
from sync.streams import TARGETS

Key = tuple[str, str]
"""Stream and remote id."""
Copy = dict[Key, tuple[str, ...]]
"""The live rows: all contents, and the PSA's stamp, as text."""


@dataclass(frozen=True, slots=True)
class Difference:
    """``what``: missing, new, or the columns that differ."""

    stream: str
    remote_id: str
    what: str

    def __str__(self) -> str:
        return f"{self.stream} {self.remote_id}: {self.what}"


def columns_of(target: Target) -> tuple[str, ...]:
    return ("remote_updated_at", *target.names)


def copy_of(organization_id: int, connection_id: int) -> Copy:
    """All live rows of a connection."""
    found: Copy = {}
    with tenant_transaction(organization_id), database.cursor() as cursor:
        for stream, target in TARGETS.items():
            columns = ", ".join(f'"{name}"::text' for name in columns_of(target))
            cursor.execute(
                f'SELECT remote_id, {columns} FROM "{target.table}" WHERE connection_id = %s AND removed_at IS NULL',
                [connection_id],
            )
            found |= {(stream, row[0]): tuple(row[1:]) for row in cursor.fetchall()}
    return found


def differences(now: Copy, *expected: Copy) -> list[Difference]:
    """Where ``now`` is none of the copies that it may be."""
    found = []
    for key in sorted({*now, *(key for copy in expected for key in copy)}):
        allowed = [copy.get(key) for copy in expected]
        if now.get(key) not in allowed:
            found.append(Difference(*key, _what(key, now.get(key), allowed)))
    return found


def _what(key: Key, now: tuple[str, ...] | None, allowed: list[tuple[str, ...] | None]) -> str:
    if now is None:
        return "missing"
    there = next((row for row in allowed if row is not None), None)
    if there is None:
        return "new"
    names = columns_of(TARGETS[key[0]])
    return ", ".join(name for name, mine, theirs in zip(names, now, there, strict=True) if mine != theirs)
