"""The migrated database that all test processes copy theirs from.

Migrating takes several seconds, copying a database a fraction of one. The copy's source is named by what the schema is made
of, so that a changed migration or model makes a new one; it stays on a server that outlives the tests, and an older one goes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from embedded.locations import client_programs
from embedded.postgres import prepare
from tests.source_files import PRODUCT, ROOT

PREFIX = "portal_template_"
ONE_AT_A_TIME = 0x54454D50
SCHEMA = (
    "**/migrations/*.py",
    "**/models/**/*.py",
    "**/models.py",
    "**/streams.py",
    "foundation/tenancy/*.py",
    "foundation/ledger/*.py",
)
"""Files that the schema hangs on, below the folders of the product."""
KEPT = 12
"""Sources of other branches that stay on a server."""


def copy_migrated(superuser: str, database: str) -> None:
    """Makes ``database`` anew as a copy of the migrated one, which is made first where it is missing."""
    with psycopg.connect(superuser, autocommit=True) as connection, _alone(connection):
        source = PREFIX + schema_digest()
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [source]).fetchone():
            _drop_older(connection)
            _migrate(connection, superuser, source)
        name = sql.Identifier(database)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER portal_owner").format(name, sql.Identifier(source))
        )
    # What belongs to the database and not to its contents is not copied.
    prepare(client_programs(), superuser, database, password=os.environ.get("TEST_ROLE_PASSWORD", ""))


def schema_digest() -> str:
    """The same while the files that the schema is made of are the same."""
    digest = hashlib.blake2b(digest_size=8)
    files = {file for folder in PRODUCT for pattern in SCHEMA for file in (ROOT / folder).glob(_below(folder, pattern))}
    for file in sorted(files | {ROOT / "requirements.lock", *(ROOT / "embedded").glob("*.sql")}):
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _below(folder: str, pattern: str) -> str:
    return pattern.removeprefix(f"{folder}/")


@contextmanager
def _alone(connection: psycopg.Connection) -> Iterator[None]:
    """Nobody else copies or migrates meanwhile: a source that somebody is connected to can't be copied."""
    connection.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])


def _drop_older(connection: psycopg.Connection) -> None:
    """By age: the number of a database only grows."""
    query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid DESC OFFSET %s"
    for (name,) in connection.execute(query, [PREFIX, KEPT]).fetchall():
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _migrate(connection: psycopg.Connection, superuser: str, source: str) -> None:
    """Under another name until it is complete, so that a killed migration leaves nothing that looks like one."""
    unfinished = f"{source}_unfinished"
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(unfinished)))
    prepare(client_programs(), superuser, unfinished, password=os.environ.get("TEST_ROLE_PASSWORD", ""))
    environment = os.environ | {
        name: urlunsplit(urlsplit(os.environ[name])._replace(path=f"/{unfinished}"))
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL")
    }
    subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=environment | {"PORTAL_DATABASE_ROLE": "owner"},
        check=True,
    )
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    connection.execute(rename.format(sql.Identifier(unfinished), sql.Identifier(source)))
