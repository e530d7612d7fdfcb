"""Rows by the hundred thousand, made inside the database as the owner: what a benchmark reads, without the hours of syncing it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import CommandError
from psycopg import sql

from foundation.tenancy.scope import SETTING

Line = psycopg.Connection[tuple[Any, ...]]
EMPTY = {
    "text": "''",
    "character varying": "''",
    "boolean": "false",
    "jsonb": "'{}'",
    "text[]": "'{}'",
    "integer": "0",
    "double precision": "0",
    "bigint": "0",
    "bytea": "'\\x00'",
    "timestamp with time zone": "now()",
}
"""What a column holds that must hold something and was not named."""

REQUIRED = """SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0
AND NOT attisdropped AND attnotnull AND NOT atthasdef AND attidentity = '' AND attgenerated = ''"""


@contextmanager
def owner_line() -> Iterator[Line]:
    """A connection as the owner, each statement a transaction of its own. Raises CommandError where the owner is not named."""
    if settings.DATABASE_OWNER is None:
        raise CommandError("The data of this benchmark are made by the owner role: set DATABASE_OWNER_URL.")
    named = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    place = {word: settings.DATABASE_OWNER.get(name) or None for name, word in named.items()}
    with psycopg.connect(autocommit=True, **{word: value for word, value in place.items() if value}) as line:
        yield line


def enter(line: Line, organization_id: int) -> None:
    """From here on the line is this organization's: forced row security holds for the owner too."""
    line.execute("SELECT set_config(%s, %s, false)", [SETTING, str(organization_id)])


def fill(line: Line, table: str, source: str, **columns: str) -> int:
    """One INSERT … SELECT: ``columns`` are SQL expressions over ``source``; columns left out are empty. Returns the rows."""
    required = {name: EMPTY[kind] for name, kind in line.execute(REQUIRED, [table]).fetchall() if name not in columns}
    values = required | columns
    statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(map(sql.SQL, values.values())),
        sql.SQL(source),
    )
    return line.execute(statement).rowcount


def tidy(line: Line, tables: tuple[str, ...]) -> None:
    """Statistics and visibility as a portal has them after its first night: autovacuum does it there."""
    for table in tables:
        line.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table)))
