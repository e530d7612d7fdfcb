"""Commands that are started together bring the database up to date once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.apps import apps

from embedded.errors import ServersError
from embedded.releases import FIRST_MIGRATION
from embedded.schema import ONE_AT_A_TIME, bring_up_to_date
from foundation.tenancy import older_database
from manage import migrations
from tests.fixtures.interleaving import until_it_waits
from tests.source_files import ROOT


@pytest.fixture
def empty_database() -> Iterator[str]:
    """The address of a database in which there is nothing."""
    name = f"portal_test_schema_{os.getpid()}"
    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], autocommit=True) as superuser:
        superuser.execute(f"CREATE DATABASE {name}")
        yield urlunsplit(urlsplit(os.environ["TEST_SUPERUSER_URL"])._replace(path=f"/{name}"))
        superuser.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_command_waits_for_the_one_that_migrates_and_does_not_migrate_again(
    empty_database: str, migrated_database: None
) -> None:
    with ThreadPoolExecutor(1) as hands, psycopg.connect(empty_database, autocommit=True) as first:
        first.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        second = hands.submit(bring_up_to_date, {"DATABASE_OWNER_URL": empty_database}, migrations(), "")
        try:
            assert until_it_waits(first, second)
            first.execute("CREATE TABLE django_migrations (app text, name text)")
            with first.cursor() as cursor:
                cursor.executemany("INSERT INTO django_migrations VALUES (%s, %s)", sorted(migrations()))
        finally:
            first.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])
        second.result(30)
        tables = first.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert tables == [("django_migrations",)]


def test_every_app_that_has_migrations_is_looked_at() -> None:
    """Ours, and those of the libraries: a new release of one may bring a migration as well."""
    assert {app for app, _ in migrations()} == {
        app.label for app in apps.get_app_configs() if (Path(app.path) / "migrations").is_dir()
    }
    assert {"tenancy", "ledger", "clients", "integrations", "tickets", "mappings", "sync", "auth"} <= {
        app for app, _ in migrations()
    }


def test_with_servers_of_its_own_an_installation_needs_nothing_of_the_embedded_ones() -> None:
    code = "import sys, manage; manage.main(['check']); print(sorted(name for name in sys.modules if name.startswith('embedded')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[]"), done.stderr


OLD = """CREATE TABLE django_migrations (id bigserial, app text, name text, applied timestamptz DEFAULT now());
INSERT INTO django_migrations (app, name) VALUES ('tenancy', '0001_initial'), ('tenancy', '0002_walls')"""


def test_embedded_data_from_before_the_first_release_are_refused_as_they_are(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as database:
        database.execute(OLD)
        with pytest.raises(ServersError, match=r"before its first release.*Move it aside\.$"):
            bring_up_to_date({"DATABASE_OWNER_URL": empty_database}, migrations(), "Move it aside.")
        assert database.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (1,)


@pytest.mark.parametrize("role", ["owner", "app"])
def test_a_database_from_before_the_first_release_is_refused_by_who_migrates_and_by_who_serves(
    empty_database: str, role: str
) -> None:
    with psycopg.connect(empty_database, autocommit=True) as database:
        database.execute(f"{OLD}; GRANT SELECT ON django_migrations TO portal_owner, portal_app")
    name = urlsplit(empty_database).path.lstrip("/")
    urls = {
        variable: urlunsplit(urlsplit(os.environ[variable])._replace(path=f"/{name}"))
        for variable in ("DATABASE_URL", "DATABASE_OWNER_URL")
    }
    command = ["migrate"] if role == "owner" else ["organization", "list"]
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={**os.environ, **urls},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {1, 2}
    assert "Traceback" not in done.stderr
    assert done.stderr.rstrip().endswith("what was synced comes back with the first sync."), done.stderr[-2000:]


def test_the_first_migration_is_there() -> None:
    assert FIRST_MIGRATION in migrations()
    assert FIRST_MIGRATION == ("tenancy", older_database.FIRST_MIGRATION)
