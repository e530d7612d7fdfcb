"""Sandboxes that cost little to start: one process makes the world of a PSA, and each sandbox is a fork of it.

``python -m tests.sandbox_forks MODULE TICKETS SEED PROJECTS``: for each line on standard input one more, told by a line on standard output.
When the input ends, all of them end.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from lab.sandbox.clock import DAY
from lab.sandbox.control_api import DEFAULT_KNOCK
from lab.sandbox.program import Vendor, details
from lab.sandbox.seed import Seed
from lab.sandbox.server import Server

ROOT = Path(__file__).resolve().parent.parent


class World(NamedTuple):
    """What sandboxes of the same records have in common."""

    module: str
    tickets: int
    seed: int = 7
    projects: bool = False


_origins: dict[World, subprocess.Popen[str]] = {}
_as_at_the_start: dict[str, World] = {}
"""Sandboxes that nobody has changed, by address."""


@contextmanager
def forked(world: World) -> Iterator[dict[str, Any]]:
    """A sandbox of the world, as it is at its start: what it tells of itself, with its ``pid``. It ends with the block."""
    if world not in _origins:
        _origins[world] = _begun(world)
    origin = _origins[world]
    assert origin.stdin is not None
    assert origin.stdout is not None
    origin.stdin.write("\n")
    origin.stdin.flush()
    line = origin.stdout.readline()
    assert line, f"the sandbox of {world.module} did not start"
    told: dict[str, Any] = json.loads(line)
    _as_at_the_start[told["address"]] = world
    try:
        yield told
    finally:
        changed(told["address"])
        with suppress(ProcessLookupError):
            os.kill(told["pid"], signal.SIGKILL)


def changed(address: str) -> None:
    """Notes that the sandbox there is not any more as it was at its start."""
    _as_at_the_start.pop(address, None)


def world_at(address: str) -> World | None:
    """What the sandbox at the address holds; None once something was changed there."""
    return _as_at_the_start.get(address)


def _begun(world: World) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.sandbox_forks", *(str(part) for part in world)]
    origin = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    atexit.register(_ended, origin)
    return origin


def _ended(origin: subprocess.Popen[str]) -> None:
    for stream in (origin.stdin, origin.stdout):
        if stream is not None:
            stream.close()
    origin.wait(15)


def main(module: str, tickets: str, seed: str, projects: str) -> int:
    """Forks a sandbox for each line, until there is none; then ends them all, and itself."""
    found = importlib.import_module(module)
    vendor: Vendor[Any] = (found if hasattr(found, "VENDOR") else importlib.import_module(f"{module}.__main__")).VENDOR
    now = int(time.time()) // DAY * DAY
    world = vendor.world(Seed(int(seed), int(tickets), now, projects == "True"))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that have ended
    # Not by iterating: that would read ahead, and each fork would have what is left.
    while sys.stdin.readline():
        if os.fork() == 0:
            server = Server(("127.0.0.1", 0), vendor.door(world, DEFAULT_KNOCK))
            print(json.dumps({**details(server), "pid": os.getpid()}), flush=True)
            server.serve_forever(poll_interval=0.5)
    os.killpg(0, signal.SIGKILL)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
