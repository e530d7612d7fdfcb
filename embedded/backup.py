"""A copy of the embedded database in one file, and back.

As the cluster's superuser: under forced row security the owner would dump nothing.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg import sql

from embedded.errors import ServersError, explained
from embedded.postgres import DATABASE, Postgres
from embedded.releases import require_own
from embedded.servers import Servers

RESTORING = "portal_restoring"


def backup(servers: Servers, file: Path) -> int:
    """Writes the database to ``file`` (0600) while it is in use; returns the size in bytes.

    The file appears complete or not at all.
    """
    building = file.with_name(f"{file.name}.part")
    with explained(building):
        building.unlink(missing_ok=True)
        building.touch(mode=0o600, exist_ok=False)
        try:
            arguments = ("--format=custom", f"--file={building}", servers.postgres.url("postgres"))
            servers.postgres.run("pg_dump", *arguments)
            building.rename(file)
        finally:
            building.unlink(missing_ok=True)
    return file.stat().st_size


def restore(servers: Servers, file: Path, *, force: bool = False) -> None:
    """Replaces the database by the one in ``file``; on any failure it stays as it was.

    Raises ServersError when others use the servers, or when there is data already and ``force`` is not set.
    """
    if not file.is_file():
        raise ServersError(f"There is no file {file}.")
    if servers.in_use():
        raise ServersError("The servers are in use. End bin/demo and other commands first, then restore.")
    if not force and _has_data(servers.postgres):
        raise ServersError("There is data already, which would be replaced. Back it up, then restore with --force.")
    _drop(servers.postgres, RESTORING)
    servers.postgres.prepare(RESTORING)
    try:
        arguments = (
            "--exit-on-error",
            "--single-transaction",
            f"--dbname={servers.postgres.url('postgres', RESTORING)}",
        )
        servers.postgres.run("pg_restore", *arguments, str(file))
        with psycopg.connect(servers.postgres.url("postgres", RESTORING)) as connection:
            require_own(connection, "Restore it with the version that made it.")
        _analyze(servers.postgres)
    except BaseException:
        _drop(servers.postgres, RESTORING)
        raise
    _drop(servers.postgres, DATABASE)
    _rename(servers.postgres)
    servers.valkey.clear()


def _has_data(postgres: Postgres) -> bool:
    """Whether anything has been migrated: an empty database may be replaced without asking."""
    with psycopg.connect(postgres.url("postgres")) as connection:
        found = connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1").fetchone()
    return found is not None


def _analyze(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url("postgres", RESTORING), autocommit=True) as connection:
        connection.execute("ANALYZE")


def _drop(postgres: Postgres, database: str) -> None:
    with psycopg.connect(postgres.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))


def _rename(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url("postgres", "postgres"), autocommit=True) as connection:
        names = (sql.Identifier(RESTORING), sql.Identifier(DATABASE))
        connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))
