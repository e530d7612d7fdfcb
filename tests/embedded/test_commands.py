"""manage.py on the servers that it finds, starts or is given, with the role that each command needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from embedded.locations import ROOT
from embedded.postgres import answers
from embedded.servers import NAMED, Servers

WHO = "from django.db import connection as c; print(c.cursor().execute('select current_user').fetchone()[0])"


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """manage.py in an environment that names no servers but those given."""
    clean = {name: value for name, value in os.environ.items() if name not in NAMED}
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**clean, **environment},
    )


def test_a_command_starts_the_servers_and_stops_them(state: Path) -> None:
    done = manage("check", "--tag", "models", PORTAL_STATE=str(state))
    assert (done.returncode, done.stderr) == (0, "")
    assert not answers(state / "run/.s.PGSQL.5432")


def test_a_command_shares_running_servers_and_leaves_them_up(servers: Servers) -> None:
    done = manage("check", "--tag", "models", PORTAL_STATE=str(servers.places.state))
    assert done.returncode == 0
    assert answers(servers.postgres.socket)
    assert answers(servers.valkey.socket)


def test_migrations_run_as_the_owner_and_the_rest_as_the_app(servers: Servers) -> None:
    environment = {"PORTAL_STATE": str(servers.places.state)}
    assert manage("migrate", "--verbosity", "0", **environment).returncode == 0
    assert manage("shell", "--verbosity", "0", "--command", WHO, **environment).stdout == "portal_app\n"
    with psycopg.connect(servers.postgres.url("postgres")) as connection:
        owners = connection.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert owners == [("portal_owner",)]


MAKE = ("organization", "create", "--name", "Acme MSP", "--time-zone", "UTC", "--json", "--slug")


def test_the_first_command_makes_the_tables_and_says_so_once(state: Path) -> None:
    first = manage(*MAKE, "acme", PORTAL_STATE=str(state))
    assert (first.returncode, json.loads(first.stdout)["slug"]) == (0, "acme")
    assert first.stderr == "msportal | bringing the database up to date\n"
    second = manage(*MAKE, "umbrella", PORTAL_STATE=str(state))
    assert (second.returncode, second.stderr) == (0, "")


def test_first_commands_that_are_started_together_take_turns(servers: Servers) -> None:
    environment = {**os.environ, **servers.environment(), "PORTAL_STATE": str(servers.places.state)}
    for name in NAMED:
        del environment[name]
    started = [
        subprocess.Popen([sys.executable, str(ROOT / "manage.py"), *MAKE, slug], env=environment)
        for slug in ("acme", "umbrella")
    ]
    assert [process.wait() for process in started] == [0, 0]


def test_named_servers_without_tables_are_answered_with_the_command_to_run(servers: Servers) -> None:
    done = manage(*MAKE, "acme", PORTAL_STATE=str(servers.places.state), **servers.environment())
    assert (done.returncode, done.stderr) == (
        2,
        "The database lacks tables of this release. Run `manage.py migrate` first.\n",
    )


@pytest.mark.parametrize("lacking", ["DATABASE_URL", "REDIS_URL"])
def test_half_named_servers_are_refused_with_exit_code_2(lacking: str, state: Path) -> None:
    named = {"DATABASE_URL": "postgresql://portal_app@localhost/portal", "REDIS_URL": "redis://localhost"}
    del named[lacking]
    done = manage("check", PORTAL_STATE=str(state), **named)
    assert done.returncode == 2
    assert f"{lacking} is not" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unusable_state_directory_is_refused_with_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = manage("embedded", "status", PORTAL_STATE=str(tmp_path / "file"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
