"""The demo lives on: its servers and programs are killed, and its disk fills and is freed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import requests

from embedded import installation
from embedded.locations import ROOT
from embedded.processes import first_number
from embedded.servers import NAMED
from embedded.smoke import TOKEN, direct_session
from tests.e2e.running import until
from tests.e2e.stack import QUICK

TICKETS = 1000
CONNECTION = "/sync/connections/1/"
MEGABYTES = 1000
SWITCH = "SELECT pg_logical_emit_message(false, 'test', repeat('x', 1000)), pg_switch_wal()"
START_SECONDS = 300
BACK_SECONDS = 120


@dataclass
class Demo:
    """``home``: its disk, as it is seen from here."""

    process: subprocess.Popen[str]
    home: Path
    address: str
    lines: list[str] = field(default_factory=list)
    session: requests.Session = field(default_factory=direct_session)

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def says(self, words: str, seconds: float = BACK_SECONDS, since: int = 0) -> str:
        """The first line with these words."""
        found = until(
            lambda: [line for line in self.lines[since:] if words in line], seconds, f"{words!r}: {self.tail}"
        )
        return str(found[0])

    @property
    def tail(self) -> str:
        return "\n".join(self.lines[-30:])

    def url(self, role: str) -> str:
        return f"postgresql://{role}@/portal?host={quote(str(self.home / 'run'), safe='/')}&port=5432"

    def ask(self, query: str, role: str = "postgres") -> Any:
        """The first row; nothing while PostgreSQL is away."""
        try:
            with psycopg.connect(self.url(role), autocommit=True, connect_timeout=5) as connection:
                return connection.execute(query).fetchone()
        except psycopg.OperationalError:
            return None

    def sync(self) -> int:
        """Presses for a full sync; the number of its run."""
        assert self.post(CONNECTION, f"{CONNECTION}start/full/").status_code == 200
        return int(self.ask("SELECT max(id) FROM sync_run")[0])

    def run(self, number: int, columns: str = "state, result") -> Any:
        return self.ask(f"SELECT {columns} FROM sync_run WHERE id = {number}")

    def ends_well(self, number: int) -> None:
        over = ("done", "failed", "cancelled", "held")
        until(lambda: (self.run(number) or ("",))[0] in over, BACK_SECONDS, f"the end of run {number}: {self.tail}")
        assert self.run(number, "state, result, message")[:2] in {("done", "success"), ("done", "no_change")}, self.run(
            number, "message, error_code"
        )

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.address + path, timeout=60)

    def log_in(self) -> None:
        email, password = installation.email("admin"), installation.passwords(self.home)["admin"]
        assert self.post("/account/login/", login=email, password=password).status_code == 200

    def post(self, path: str, at: str = "", **fields: str) -> requests.Response:
        """Sends the form of the page ``path``, to ``at`` where it goes elsewhere. A page that can't be had is what comes back."""
        page = self.get(path)
        token = TOKEN.search(page.text)
        if token is None:
            return page
        sent = {"csrfmiddlewaretoken": token.group(1), **fields}
        return self.session.post(
            self.address + (at or path), sent, headers={"Referer": self.address + path}, timeout=60
        )

    def is_ready(self) -> bool:
        try:
            return self.get("/readyz").status_code == 200
        except requests.RequestException:
            return False

    def pid_of(self, program: str) -> int:
        """The demo's program whose command line has this word."""
        written = json.loads((self.home / "demo-processes.json").read_text())
        for pid in map(int, written):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            if program in words or any(word.startswith(program) for word in words):
                return pid
        raise AssertionError(f"there is no {program}")


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """One demo for all; it must be there at the end of each of them."""
    state = Path(tempfile.mkdtemp(prefix="pe-"))
    state.chmod(0o711)
    port = installation.free_port()
    clean = {name: value for name, value in os.environ.items() if name not in (*NAMED, "SECRET_KEY", "CREDENTIAL_KEYS")}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.embedded.small_disk", str(state), str(port), str(TICKETS), str(MEGABYTES)],
        cwd=ROOT,
        env=clean | QUICK,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    started = Demo(process, Path(f"/proc/{process.pid}/root{state}"), f"http://localhost:{port}")
    listener = threading.Thread(target=started.listen, daemon=True)
    listener.start()
    try:
        until(
            lambda: any("MSPortal is ready" in line for line in started.lines) or process.poll() is not None,
            START_SECONDS,
            "the start",
        )
        assert process.poll() is None, started.tail
        started.log_in()
        yield started
        assert process.poll() is None, started.tail
    finally:
        process.terminate()
        process.wait(120)
        listener.join()
        started.session.close()
        if process.stdout is not None:
            process.stdout.close()
        shutil.rmtree(state)


def test_a_killed_postgres_comes_back_and_the_run_ends_well(demo: Demo) -> None:
    run, since = demo.sync(), len(demo.lines)
    until(lambda: (demo.run(run) or ("",))[0] not in {"", "queued"}, BACK_SECONDS, "its beginning")
    os.kill(first_number(demo.home / "pgdata" / "postmaster.pid") or 0, signal.SIGKILL)
    demo.says("PostgreSQL has ended", since=since)
    demo.says("PostgreSQL serves again", since=since)
    demo.ends_well(run)
    until(demo.is_ready, BACK_SECONDS, demo.tail)


def test_a_killed_valkey_comes_back_and_the_run_ends_well(demo: Demo) -> None:
    run, since = demo.sync(), len(demo.lines)
    until(lambda: (demo.run(run) or ("",))[0] not in {"", "queued"}, BACK_SECONDS, "its beginning")
    os.kill(first_number(demo.home / "run" / "valkey.pid") or 0, signal.SIGKILL)
    demo.says("Valkey serves again", since=since)
    demo.ends_well(run)
    until(demo.is_ready, BACK_SECONDS, demo.tail)


def test_programs_that_end_are_started_again(demo: Demo) -> None:
    since = len(demo.lines)
    programs = {"web": "gunicorn", "beat": "beat", "bulk": "bulk@%h", "psa": "lab.sandbox.connectwise"}
    for pid in [demo.pid_of(word) for word in programs.values()]:
        os.kill(pid, signal.SIGTERM)
    for name in programs:
        assert demo.says(f"{name} ended with", since=since).endswith("and is started again")
    until(demo.is_ready, BACK_SECONDS, demo.tail)
    demo.ends_well(demo.sync())


def fill(demo: Demo) -> Path:
    """Leaves no byte on the disk."""
    ballast = demo.home / "ballast"
    with ballast.open("wb", buffering=0) as out:
        for size in (1 << 20, 1 << 12):
            try:
                while out.write(b"\0" * size):
                    pass
            except OSError:
                continue
    return ballast


def exhaust_log(demo: Demo) -> None:
    """Writes until PostgreSQL has no room for its write-ahead log, which ends all its sessions at once."""
    with pytest.raises(psycopg.OperationalError), psycopg.connect(demo.url("postgres"), autocommit=True) as connection:
        [connection.execute(SWITCH) for _ in range(MEGABYTES)]


def test_a_full_disk_ends_nothing_for_good(demo: Demo) -> None:
    run, since = demo.sync(), len(demo.lines)
    ballast = fill(demo)
    try:
        until(lambda: not demo.is_ready(), BACK_SECONDS, "a page that notices it")
        answer = demo.get("/readyz")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "is full" in answer.text
        assert demo.post(CONNECTION, f"{CONNECTION}start/quick/").status_code in {200, 503}
        assert {demo.get(path).status_code for path in ("/", "/tickets/", "/sync/history/")} <= {200, 503}
        exhaust_log(demo)
        assert "is full. Free some space on it" in demo.says("PostgreSQL could not be started", since=since)
        assert {demo.get(path).status_code for path in ("/", "/readyz")} <= {200, 503}
    finally:
        ballast.unlink()
    demo.says("PostgreSQL serves again", since=since)
    until(demo.is_ready, BACK_SECONDS, demo.tail)
    demo.ends_well(run)
    demo.ends_well(demo.sync())
