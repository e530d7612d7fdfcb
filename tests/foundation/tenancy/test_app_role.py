"""Nothing starts as a role that row security does not hold."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from foundation.tenancy.app_role import QUERY, WrongRole, faults_of, refuse

ROOT = Path(__file__).resolve().parents[3]
RIGHT = ("portal_app", False, False, False, 0, "", "", True)


def superuser_url() -> str:
    name = conninfo.conninfo_to_dict(os.environ["DATABASE_URL"])["dbname"]
    head, _, query = os.environ["TEST_SUPERUSER_URL"].partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


def start(url: str, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        check=False,
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.committed
@pytest.mark.parametrize("wrong", ["superuser", "owner"])
def test_commands_web_and_worker_refuse_a_strong_role(wrong: str) -> None:
    url = superuser_url() if wrong == "superuser" else os.environ["DATABASE_OWNER_URL"]
    command = start(url, "manage.py", "organization", "list")
    assert command.returncode == 2
    web = start(url, "-c", "import portal.config.asgi")
    worker = start(url, "-m", "celery", "-A", "portal.config", "worker", "--pool", "solo", "--concurrency", "1")
    for process in (command, web, worker):
        assert process.returncode != 0
        assert ("is a superuser" if wrong == "superuser" else "owns") in process.stderr
        assert "embedded/roles.sql" in process.stderr


@pytest.mark.committed
def test_the_app_role_is_right(owner: psycopg.Connection) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert faults_of(connection.execute(QUERY).fetchone() or ()) == []
    assert start(os.environ["DATABASE_URL"], "-c", "import portal.config.asgi").returncode == 0


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (1, True, "is a superuser"),
        (2, True, "has BYPASSRLS"),
        (3, True, "has CREATEROLE"),
        (4, 3, "owns 3 tables"),
        (5, "portal_system", "inherits the rights of portal_system"),
        (6, "portal_owner", "is a member of portal_owner"),
        (7, False, "is not a member of portal_system"),
    ],
)
def test_each_fault_is_refused_with_the_remedy(place: int, value: object, words: str) -> None:
    row = (*RIGHT[:place], value, *RIGHT[place + 1 :])
    with pytest.raises(WrongRole, match=words) as caught:
        refuse(row)
    assert "roles.sql" in str(caught.value)
    refuse(RIGHT)
