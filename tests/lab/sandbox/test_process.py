"""The program itself: starting, ending, and remembering."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab.sandbox.caller import Caller

COMMAND = (sys.executable, "-m", "lab.sandbox.connectwise", "--tickets", "50", "--now", "2026-03-02")


@contextmanager
def started(*options: str) -> Iterator[tuple[subprocess.Popen[str], Caller]]:
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        caller = Caller(json.loads(process.stdout.readline()))
        try:
            yield process, caller
        finally:
            caller.close()
            process.terminate()
            process.wait(15)


def failed(*options: str) -> str:
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr.strip()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_ends_when_told(tmp_path: Path, number: signal.Signals) -> None:
    ready = tmp_path / "ready.json"
    with started("--ready-file", str(ready), "--control-token", "hush") as (process, caller):
        assert json.loads(ready.read_text()) == caller.told
        assert caller.told["control"] == caller.told["address"] + "/_control"
        assert caller.told["control_token"] == "hush"
        assert caller.get("service/tickets/count").json == {"count": 50}
        process.send_signal(number)
        assert process.wait(15) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert os.listdir(tmp_path) == ["ready.json"]


def test_a_busy_port_and_a_wrong_host_are_told_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert failed("--port", port) == f"Cannot listen on 127.0.0.1 port {port}: Address already in use."
    assert failed("--host", "192.0.2.1").startswith("Cannot listen on 192.0.2.1 port 0: ")
    assert failed("--port", "99999").startswith("Cannot listen on 127.0.0.1 port 99999: ")


def test_a_ready_file_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    place = tmp_path / "nowhere" / "ready.json"
    assert failed("--ready-file", str(place)) == f"Cannot write {place}: No such file or directory."


def test_changes_survive_a_restart(tmp_path: Path) -> None:
    state = str(tmp_path / "state" / "changes.jsonl")
    with started("--state", state) as (_, caller):
        caller.control("create", {"n": 3})
        caller.control("delete", {"n": 2})
        last = caller.control("create", {"n": 1})["ids"][0]
        caller.control("delete", {"ids": [last]})
        caller.control("note", {"n": 2})
        caller.control("time", {"n": 2})
        company = caller.truth("companies")["ids"][5]
        caller.control("change", {"collection": "companies", "ids": [company], "set": {"name": "Renamed"}})
        before = {name: caller.truth(name) for name in ("tickets", "notes", "time_entries", "companies")}
    with started("--state", state) as (_, caller):
        assert {name: caller.truth(name) for name in before} == before
        assert caller.control("create", {"n": 1})["ids"] == [last + 1]


def test_the_day_of_the_data_stays_across_restarts(tmp_path: Path) -> None:
    state = tmp_path / "changes.jsonl"
    with started("--state", str(state)) as (_, caller):
        digest = caller.truth()["digest"]
    assert json.loads(state.read_text().splitlines()[0]) == {"seed": 7, "tickets": 50, "now": 1772409600}
    command = [part for part in COMMAND if part not in ("--now", "2026-03-02")]
    with subprocess.Popen([*command, "--state", str(state)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        caller = Caller(json.loads(process.stdout.readline()))
        assert caller.truth()["digest"] == digest
        caller.close()
        process.terminate()


def test_a_state_of_another_psa_or_no_state_at_all_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "changes.jsonl"
    with started("--state", str(state)) as (_, caller):
        caller.control("change", {"n": 2})
    assert "--seed 7 --tickets 50" in failed("--state", str(state), "--seed", "8")
    lines = state.read_bytes().splitlines(keepends=True)
    state.write_bytes(b"".join((lines[0], b"{broken\n", *lines[2:])))
    assert "damaged at line 2" in failed("--state", str(state))
    state.write_bytes(b"something else\n")
    assert "no state file" in failed("--state", str(state))
    assert "cannot be read" in failed("--state", str(tmp_path))


def test_a_line_that_a_kill_cut_short_is_passed_over(tmp_path: Path) -> None:
    state = tmp_path / "changes.jsonl"
    with started("--state", str(state)) as (_, caller):
        caller.control("delete", {"n": 1})
        digest = caller.truth()["digest"]
    with state.open("ab") as file:
        file.write(b'{"collection":"tickets","id":1')
    with started("--state", str(state)) as (_, caller):
        assert caller.truth()["digest"] == digest
