"""Embedded servers that end while somebody uses them are started anew, and what can't be started is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from embedded.locations import ROOT
from embedded.postgres import answers
from embedded.processes import first_number
from embedded.restarts import Restarts
from embedded.servers import NAMED, Servers
from embedded.watch import watching

PATIENCE = 60
LONG_COMMAND = """
from django.db import connection, OperationalError
def ask():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 7")
        return cursor.fetchone()
print(ask(), flush=True)
input()
for _ in range(20):
    try:
        print(ask(), flush=True)
        break
    except OperationalError:
        connection.close()
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def watched(state: Path, said: list[str]) -> Iterator[Servers]:
    """With ``fsync``, since without it PostgreSQL forgets what it committed last."""
    with Servers(state) as servers, watching(servers, said.append):
        yield servers


def until(ready: Callable[[], bool], what: object) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def pids(servers: Servers) -> dict[str, int]:
    files = {"PostgreSQL": servers.postgres.data / "postmaster.pid", "Valkey": servers.places.sockets / "valkey.pid"}
    found = {name: first_number(file) for name, file in files.items()}
    return {name: number for name, number in found.items() if number is not None}


def back(name: str, said: list[str]) -> Callable[[], bool]:
    return lambda: any(line.startswith(f"{name} serves again") for line in said)


def test_a_killed_postgres_is_started_again_with_what_was_committed(watched: Servers, said: list[str]) -> None:
    with psycopg.connect(watched.postgres.url("portal_owner")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    os.kill(pids(watched)["PostgreSQL"], signal.SIGKILL)
    until(back("PostgreSQL", said), said)
    with psycopg.connect(watched.postgres.url("portal_owner")) as connection:
        assert connection.execute("SELECT number FROM kept").fetchall() == [(7,)]
    assert said[0] == "PostgreSQL has ended (killed, or the machine's memory or disk is full); it is started again now"
    assert len(said) == 2


def test_a_killed_valkey_is_started_again_with_what_was_queued(watched: Servers, said: list[str]) -> None:
    with redis.Redis.from_url(watched.valkey.url) as client:
        client.config_set("appendfsync", "always")
        client.rpush("bulk", "bell")
    os.kill(pids(watched)["Valkey"], signal.SIGKILL)
    until(back("Valkey", said), said)
    with redis.Redis.from_url(watched.valkey.url) as client:
        assert client.lrange("bulk", 0, -1) == [b"bell"]
    assert [line.split()[0] for line in said] == ["Valkey", "Valkey"]


def test_a_server_that_goes_on_ending_is_started_ever_more_rarely(watched: Servers, said: list[str]) -> None:
    for times in (1, 2, 3):
        os.kill(pids(watched)["Valkey"], signal.SIGKILL)
        until(lambda times=times: len(said) == 2 * times, said)
    again = "it is started again"
    assert [line.partition("full)")[2] for line in said[::2]] == [
        f"; {again} now",
        f"; {again} now",
        f", 3 times in a row now; {again} in 1 s",
    ]


def test_servers_that_were_stopped_by_hand_stay_down_until_the_next_command(watched: Servers, said: list[str]) -> None:
    Servers(watched.places.state).stop_by_hand()
    until(lambda: len(said) == 2, said)
    assert not answers(watched.postgres.socket)
    assert [line.partition(" was ")[2][:15] for line in said] == ["stopped by hand"] * 2
    with Servers(watched.places.state):
        assert answers(watched.postgres.socket)
        os.kill(pids(watched)["Valkey"], signal.SIGKILL)
        until(back("Valkey", said), said)


def test_what_can_not_be_started_is_said_once_and_tried_until_it_works(watched: Servers, said: list[str]) -> None:
    configuration = watched.postgres.data / "postgresql.conf"
    good = configuration.read_text()
    configuration.write_text(good + "\nno_such_setting = 1\n")
    os.kill(pids(watched)["PostgreSQL"], signal.SIGKILL)
    log = watched.postgres.log
    until(lambda: log.read_text(errors="replace").count("no_such_setting") >= 3, said)
    assert [line for line in said if "could not be started" in line] == said[1:]
    assert "contains errors" in said[1]
    assert len(said) == 2
    configuration.write_text(good)
    until(back("PostgreSQL", said), said)


def test_a_command_that_runs_long_keeps_its_servers_up(state: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in NAMED} | {
        "PORTAL_STATE": str(state)
    }
    with subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "shell", "--verbosity", "0", "--command", LONG_COMMAND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        assert command.stdout.readline() == "(7,)\n"
        os.kill(first_number(state / "pgdata" / "postmaster.pid") or 0, signal.SIGKILL)
        while "PostgreSQL serves again" not in (line := command.stderr.readline()):
            assert line
        assert command.communicate("\n", timeout=PATIENCE)[0] == "(7,)\n"


def test_ends_in_a_row_are_answered_ever_more_rarely_and_never_given_up() -> None:
    restarts = Restarts()
    assert [restarts.pause_after(lived=1) for _ in range(9)] == [0, 0, 1, 2, 4, 8, 16, 30, 30]
    assert [restarts.pause_after(lived=1) for _ in range(2000)][-1] == 30
    assert restarts.pause_after(lived=60) == 0
    assert restarts.in_row == 1
