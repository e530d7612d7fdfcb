"""What the demo remembers between two starts: its port, its sandbox's port, its passwords, its processes."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from embedded.errors import ServersError, explained
from embedded.keys import kept
from embedded.locations import Locations
from embedded.supervisor import Child

PEOPLE = ("admin", "technician", "readonly")
TICKETS = {"connectwise": 5000, "halo": 1500, "autotask": 1500}
"""The demo's PSAs, by system, and how many tickets each has."""
LEFTOVER_SECONDS = 10


def passwords_file(home: Path) -> Path:
    """Where ``passwords`` keeps them (0600)."""
    return home / "demo-passwords.json"


def email(name: str) -> str:
    """The log-in of one of PEOPLE."""
    return f"{name}@northwind.example"


def passwords(home: Path) -> dict[str, str]:
    """A password for each of PEOPLE, the same at every start."""
    return kept(passwords_file(home), lambda: {name: secrets.token_urlsafe(12) for name in PEOPLE})


def sandbox(home: Path, tickets: int | None, system: str = "connectwise") -> dict[str, str]:
    """How one of the demo's PSAs was started first: ``port``, ``tickets``, ``now``. So it stays, for the connection stores
    its address and the portal its records.

    Raises ServersError when the port is taken, or when another number of ``tickets`` is asked for.
    """
    today = dt.datetime.now(dt.UTC).date().isoformat()
    first = {"port": str(free_port()), "tickets": str(tickets or TICKETS[system]), "now": today}
    name = "demo-sandbox.json" if system == "connectwise" else f"demo-sandbox-{system}.json"
    found = kept(home / name, lambda: first)
    if tickets and str(tickets) != found["tickets"]:
        raise ServersError(
            f"The demo's ConnectWise was made with {found['tickets']} tickets. "
            f"Start anew with bin/demo --fresh --tickets {tickets}, or leave --tickets out."
        )
    if not is_free(int(found["port"])):
        raise ServersError(
            f"Port {found['port']}, where the demo's {system} sandbox listens, is in use by another program. "
            "End that program, or start anew with bin/demo --fresh."
        )
    return found


def sandbox_file(home: Path, system: str) -> Path:
    """Where a running sandbox says its address and credentials."""
    return home / f"demo-{system}.json"


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port of the loopback address that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def alone(state: Path) -> Iterator[None]:
    """One demo a state directory. Raises ServersError when another one runs."""
    state.mkdir(parents=True, exist_ok=True)
    path = state / "demo.lock"
    with explained(path), os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            raise ServersError(
                f"bin/demo runs already on {state} (process {lock.read().strip() or 'unknown'}). End it there with Ctrl-C, "
                "or start another beside it: bin/demo --port 8001 --state DIRECTORY"
            ) from err
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def remember(state: Path, children: list[Child]) -> None:
    """Writes down which processes run, for ``end_leftovers`` of the next start. A full disk keeps what was written before."""
    running = {str(child.process.pid): _started(child.process.pid) for child in children}
    writing = state / "demo-processes.new"
    with suppress(OSError):
        writing.write_text(json.dumps(running))
        writing.rename(state / "demo-processes.json")


def end_leftovers(state: Path, *, seconds: float = LEFTOVER_SECONDS) -> int:
    """Ends the processes of an earlier start that was killed; returns how many there were.

    A process is one of them when it has both the number and the starting time that were written down.
    """
    path = state / "demo-processes.json"
    try:
        remembered = json.loads(path.read_text())
    except (OSError, ValueError):
        return 0
    left = [int(pid) for pid, started in remembered.items() if started and _started(int(pid)) == started]
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while any(_started(pid) for pid in left) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in left:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    path.unlink()
    return len(left)


def _started(pid: int) -> str:
    """When the process began, in the kernel's ticks; "" when there is none or it is dead already."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def erase(places: Locations) -> None:
    """Removes the embedded servers' data and all that the demo remembers."""
    for path in (places.home / "pgdata", places.home / "valkey"):
        shutil.rmtree(path, ignore_errors=True)
    for path in [places.home / "secrets.json", *places.home.glob("demo-*")]:
        path.unlink(missing_ok=True)
