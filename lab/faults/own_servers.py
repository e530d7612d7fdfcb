"""Servers of the harness's own: made for one performance in a temporary directory, gone afterwards. No data are ever near."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from embedded.locations import ROOT
from embedded.servers import LOOPBACK, NAMED, Servers

MARK = "FAULTS_ARENA"
"""The environment variable that names the arena's state directory to the play, and to nothing else."""
TIMES = {"SYNC_LEASE_SECONDS": "4", "SYNC_SLICE_SECONDS": "20", "SYNC_SWEEP_SECONDS": "1"}
"""Shorter than in a portal, so that a kill costs seconds; what is proven does not depend on them."""


def perform(arguments: Sequence[str]) -> int:
    """Makes the servers and their database, plays the scenarios in a process of its own, and removes everything. Returns its exit code."""
    state = Path(tempfile.mkdtemp(prefix="portal-faults-"))
    try:
        with Servers(state) as servers:
            environment = surroundings(servers, state)
            migrate = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"]
            subprocess.run(migrate, cwd=ROOT, env=environment | {"PORTAL_DATABASE_ROLE": "owner"}, check=True)
            return run_scenarios(environment, arguments)
    finally:
        home = Servers(state).places.home
        shutil.rmtree(state, ignore_errors=True)
        if home != state:
            shutil.rmtree(home, ignore_errors=True)


def surroundings(servers: Servers, state: Path) -> dict[str, str]:
    """The environment of everything in the arena; what the caller's names of servers say is left out."""
    outside = {name: value for name, value in os.environ.items() if name not in NAMED}
    own = {
        "DJANGO_SETTINGS_MODULE": "portal.config.settings",
        "OUTBOUND_ALLOWED_NETWORKS": LOOPBACK,
        "DEBUG": "0",
        "ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
        "BASE_URL": "http://127.0.0.1",
        "PYTHONWARNINGS": "ignore",
        MARK: str(state),
    }
    return outside | servers.environment() | own | TIMES


def run_scenarios(environment: dict[str, str], arguments: Sequence[str]) -> int:
    """The scenarios, in a process group of their own that ends as a whole."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lab.faults.run_scenarios", *arguments],
        cwd=ROOT,
        env=environment,
        start_new_session=True,
    )
    try:
        return process.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
