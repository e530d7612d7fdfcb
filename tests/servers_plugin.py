"""Gives each test process a database and a broker of its own, before pytest-django reads the settings.

Loaded by ``-p tests.servers_plugin``: a conftest would come too late. By default on throw-away embedded servers; with
TEST_SUPERUSER_URL and TEST_REDIS_URL on real ones, where the roles are made and the database is dropped afterwards.
DATABASE_URL and REDIS_URL of the caller are never touched.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest
import redis
from psycopg import sql

from embedded.locations import client_programs
from embedded.postgres import prepare
from embedded.servers import LOOPBACK, Servers
from tests.database_template import copy_migrated

CLAIM = "portal:test:claim"
CLAIM_SECONDS = 4 * 3600
opened = ExitStack()
skipped: list[str] = []


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    """Runs before pytest-django's hook of this name, because wrappers come first."""
    atexit.register(opened.close)
    opened.enter_context(test_servers())
    os.environ.update(opened.enter_context(own_database()))
    return (yield)


def pytest_unconfigure() -> None:
    opened.close()


@contextmanager
def test_servers() -> Iterator[None]:
    """TEST_SUPERUSER_URL and TEST_REDIS_URL hold inside: the caller's, else those of throw-away servers."""
    if os.environ.get("TEST_SUPERUSER_URL"):
        yield
        return
    state = Path(tempfile.mkdtemp(prefix="portal-test-"))
    try:
        with Servers(state, fsync=False) as servers:
            os.environ["TEST_SUPERUSER_URL"] = servers.postgres.url("postgres", "postgres")
            os.environ["TEST_REDIS_URL"] = servers.valkey.url
            yield
    finally:
        for name in ("TEST_SUPERUSER_URL", "TEST_REDIS_URL"):
            os.environ.pop(name, None)
        shutil.rmtree(state)


@contextmanager
def own_database() -> Iterator[dict[str, str]]:
    """The environment of an empty database with the roles, and of an empty broker database; both go afterwards."""
    superuser = os.environ["TEST_SUPERUSER_URL"]
    name = f"portal_test_{os.getpid()}_{secrets.token_hex(3)}"
    prepare(client_programs(), superuser, name, password=os.environ.get("TEST_ROLE_PASSWORD", ""))
    try:
        with own_broker(os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379")) as broker:
            yield {
                "DJANGO_SETTINGS_MODULE": "portal.config.settings",
                "DATABASE_URL": address(superuser, "portal_app", name),
                "DATABASE_OWNER_URL": address(superuser, "portal_owner", name),
                "REDIS_URL": broker,
                "SECRET_KEY": secrets.token_urlsafe(50),
                "CREDENTIAL_KEYS": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
                "OUTBOUND_ALLOWED_NETWORKS": LOOPBACK,
            }
    finally:
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def address(superuser: str, role: str, database: str) -> str:
    """``superuser``'s address with another role and database."""
    parts = urlsplit(superuser)
    host = parts.netloc.rpartition("@")[2]
    password = os.environ.get("TEST_ROLE_PASSWORD", "")
    user = f"{role}:{quote(password, safe='')}" if password else role
    return urlunsplit((parts.scheme, f"{user}@{host}", f"/{database}", parts.query, ""))


@contextmanager
def own_broker(base: str) -> Iterator[str]:
    """The address of an empty numbered database of the Redis at ``base``, claimed and emptied afterwards."""
    parts = urlsplit(base)
    for number in range(1, 16):
        unix = parts.scheme == "unix"
        url = f"unix://{parts.path}?db={number}" if unix else urlunsplit(parts._replace(path=f"/{number}"))
        with redis.Redis.from_url(url) as client:
            if not client.set(CLAIM, os.getpid(), nx=True, ex=CLAIM_SECONDS):
                continue
            if client.dbsize() != 1:
                client.delete(CLAIM)
                continue
            try:
                yield url
            finally:
                client.flushdb()
            return
    raise pytest.UsageError(f"Redis at {base} has no empty database between 1 and 15 for the tests.")


@pytest.fixture(scope="session")
def migrated_database() -> None:
    """This process's database, empty until now, becomes a copy of the migrated one. The owner migrates, in a process of its own: this
    one is the app role throughout."""
    copy_migrated(os.environ["TEST_SUPERUSER_URL"], urlsplit(os.environ["DATABASE_URL"]).path.lstrip("/"))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped:
        skipped.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped or expectedly failing test counts as a failure: nothing may pass unseen."""
    if skipped and os.environ.get("CI") == "true":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if skipped and os.environ.get("CI") == "true":
        terminalreporter.section("skipped tests are failures in CI", red=True)
        for nodeid in skipped:
            terminalreporter.line(nodeid)
