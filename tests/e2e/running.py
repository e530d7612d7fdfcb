"""What the tests know of the running product: its address, its people, its PSA, its processes, its command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from embedded import installation
from embedded.locations import ROOT
from tests.fixtures.systems import KEYS, Sandbox

TICKETS = 400
START_SECONDS = 120
END_SECONDS = 60
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Running:
    """``organization`` is connected (``connection``) and synced once. ``psa``: the sandbox behind it."""

    home: Path
    address: str
    environment: dict[str, str]
    psa: Sandbox
    connection: int
    organization: str = "northwind"

    def login(self, role: str) -> tuple[str, str]:
        """Email address and password of the organization's ``admin``, ``technician`` or ``readonly``."""
        return installation.email(role), installation.passwords(self.home)[role]

    def manage(self, *arguments: str, given: str | None = None) -> Any:
        """What the operator's command says as JSON. Raises CalledProcessError when it fails."""
        command = [sys.executable, "manage.py", *arguments, "--json"]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, input=given, check=True, text=True, stdout=subprocess.PIPE
        )
        return json.loads(done.stdout.splitlines()[-1])

    def kill(self, program: str) -> int:
        """Kills a program and its children at once, as a machine out of memory would; returns the process it was."""
        pid = self.process(program)
        os.killpg(pid, signal.SIGKILL)
        return pid

    def process(self, program: str) -> int:
        """The process that runs ``program`` now."""
        return int(json.loads((self.home / "processes.json").read_text())[program])


def until(true: Callable[[], Any], seconds: float, what: str) -> Any:
    """The first true answer. Raises AssertionError, saying ``what`` was awaited, after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(LOOK_SECONDS)
    return found


@contextmanager
def running(home: Path) -> Iterator[Running]:
    """The product on the servers of the test process. Raises AssertionError with its last words when it does not start."""
    port = installation.free_port()
    log = home / "log"
    with log.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.stack", str(home), str(port), str(TICKETS)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            ready = home / "ready"
            until(lambda: ready.exists() or process.poll() is not None, START_SECONDS, "the start")
            assert ready.exists(), log.read_text()[-4000:]
            yield described(home, port)
            assert process.poll() is None, f"it ended while it was in use:\n{log.read_text()[-4000:]}"
        finally:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise
    assert process.returncode == 0, log.read_text()[-4000:]


def described(home: Path, port: int) -> Running:
    """What was started."""
    facts = json.loads((home / "demo-connectwise.json").read_text())
    credentials = {"address": facts["address"], **{name: facts[name] for name in KEYS}}
    psa = Sandbox(facts["address"], credentials, facts["control"], facts["control_token"])
    address = f"http://localhost:{port}"
    started = Running(home, address, {**os.environ, "BASE_URL": address}, psa, connection=0)
    # The database's numbers go on from those that earlier tests have used up.
    connections = started.manage("connection", "list", "--organization", started.organization)
    return replace(started, connection=connections[0]["id"])
