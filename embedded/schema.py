"""The schema of an embedded database, brought up to this release before a command needs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence, Set

import psycopg

from embedded.errors import ServersError
from embedded.locations import ROOT
from embedded.releases import require_own

NEEDS_NONE = frozenset({"check", "collectstatic", "diffsettings", "findstatic", "help", "version"})
"""Commands that read no table."""
ONE_AT_A_TIME = 0x4D535053


def is_needed(arguments: Sequence[str]) -> bool:
    """Whether the command reads tables: not when it only shows its help."""
    asks_for_help = not arguments or {"-h", "--help", "--version"} & set(arguments)
    return not asks_for_help and arguments[0] not in NEEDS_NONE


def bring_up_to_date(environment: Mapping[str, str], migrations: Set[tuple[str, str]], remedy: str) -> None:
    """Migrates the database of ``DATABASE_OWNER_URL`` unless it has all of these migrations, (app, name) each.

    Commands that are started together wait for the one that migrates. Raises ServersError with what the migration said, and with ``remedy``
    for a database that this release can't go on with.
    """
    with psycopg.connect(environment["DATABASE_OWNER_URL"], autocommit=True) as database:
        if migrations <= _applied(database):
            return
        require_own(database, remedy)
        database.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        if not migrations <= _applied(database):
            _migrate(environment)


def _applied(database: psycopg.Connection) -> set[tuple[str, str]]:
    there = database.execute("SELECT to_regclass('django_migrations')").fetchone()
    applied = database.execute("SELECT app, name FROM django_migrations").fetchall() if there and there[0] else []
    return {(str(app), str(name)) for app, name in applied}


def _migrate(environment: Mapping[str, str]) -> None:
    print("msportal | bringing the database up to date", file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"],
        check=False,
        env={**os.environ, **environment, "PORTAL_DATABASE_ROLE": "owner"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise ServersError(f"The database could not be brought up to date (manage.py migrate):\n{done.stdout.strip()}")
