"""A night of a thousand connections on two workers, on servers of the benchmark's own: nobody else's worker can take part."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from embedded.locations import ROOT
from embedded.servers import Servers
from lab.faults.own_servers import TIMES, surroundings


def nightly(connections: int) -> Iterator[dict[str, Any]]:
    """One result. The portal's own times hold here, not the fault harness's shorter ones."""
    state = Path(tempfile.mkdtemp(prefix="portal-nights-"))
    home = state
    try:
        with Servers(state) as servers:
            home = servers.places.home
            environment = surroundings(servers, state)
            for name in TIMES:
                environment.pop(name)
            migrate = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"]
            subprocess.run(migrate, cwd=ROOT, env=environment | {"PORTAL_DATABASE_ROLE": "owner"}, check=True)
            yield lived_through(environment, connections, state)
    finally:
        for place in {state, home}:
            shutil.rmtree(place, ignore_errors=True)


def lived_through(environment: dict[str, str], connections: int, state: Path) -> dict[str, Any]:
    """The night, in a process group that ends as a whole. Returns its figures. Raises RuntimeError with what its workers said."""
    command = [sys.executable, "-m", "lab.benchmark.night_process", str(connections), str(state)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, start_new_session=True, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            said, _ = process.communicate()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        raise RuntimeError((state / "crew.log").read_text(errors="replace")[-2000:])
    figures: dict[str, Any] = json.loads(said.splitlines()[-1])
    return figures
