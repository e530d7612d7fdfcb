"""Which databases this release can go on with: those whose tables began with the migrations that it brings along."""

from __future__ import annotations

import psycopg

from embedded.errors import ServersError

FIRST_MIGRATION = ("tenancy", "0001_schema")
"""Every database that this release and later ones use began with it."""


def is_older(database: psycopg.Connection) -> bool:
    """Whether the database was made by a version before the first release, whose migrations are gone."""
    there = database.execute("SELECT to_regclass('public.django_migrations')").fetchone()
    if not there or there[0] is None:
        return False
    names = database.execute("SELECT name FROM django_migrations WHERE app = %s", [FIRST_MIGRATION[0]]).fetchall()
    return bool(names) and (FIRST_MIGRATION[1],) not in names


def require_own(database: psycopg.Connection, remedy: str) -> None:
    """Raises ServersError with ``remedy`` for a database that this release can't go on with."""
    if is_older(database):
        raise ServersError(
            "These data were made by a version of MSPortal from before its first release, and this one can't go on with them. "
            + remedy
        )
