"""The demo's programs on the servers that the environment names, until SIGTERM: ``python -m tests.e2e.stack HOME PORT TICKETS``.

A process of its own, since a supervisor owns the signals of its process and has to go on reading what its programs write.
HOME gets ``ready`` when the first sync is done, and ``processes.json`` with the process of each program by name.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from embedded.demo import Demo, Options
from embedded.locations import ROOT
from embedded.supervisor import Child, Interrupted, Supervisor

QUICK = {"SYNC_LEASE_SECONDS": "4", "SYNC_SWEEP_SECONDS": "1", "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore"}
"""A dead worker is noticed within seconds."""


def main(home: Path, port: int, tickets: int) -> int:
    """Returns when it is asked to end; raises ProgramEnded when a program ends by itself."""
    environment = {**os.environ, **QUICK, "BASE_URL": f"http://localhost:{port}"}
    with Supervisor(ROOT, environment) as supervisor:
        supervisor.started = lambda children: remember(home, children)
        try:
            Demo(Options(port, tickets, home, smoke=False, fresh=False, others=False), home, supervisor).start()
            (home / "ready").touch()
            supervisor.watch()
        except Interrupted:
            supervisor.say("ending")
    return 0


def remember(home: Path, children: list[Child]) -> None:
    """Writes down, in one piece, which process runs which program."""
    written = home / "processes.new"
    written.write_text(json.dumps({child.program.name: child.process.pid for child in children}))
    written.replace(home / "processes.json")


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
