"""One embedded PostgreSQL: made, started, given its roles, stopped."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from embedded.errors import ServersError, explained, full_disk
from embedded.locations import Locations
from embedded.processes import first_number, works_in

PORT = 5432
"""The name of the socket file, nothing else: nothing listens on TCP."""
START_SECONDS = 300
"""Crash recovery of a large database takes its time."""
DYING = ("pre-existing shared memory block", 'lock file "postmaster.pid" already exists')
DYING_SECONDS = 20
"""What a new server says while a killed one and its backends are not quite gone, and how long to go on trying."""
DATABASE = "portal"
ROLES = Path(__file__).parent / "roles.sql"


def buffers_mb() -> int:
    """PostgreSQL's own memory for pages: an eighth of the machine's, from 128 MB to 1 GB. With less, a merge of 100,000 tickets
    evicts pages that it needs again; memory is taken as it is touched."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
    return min(max(machine // 8, 128), 1024)


def answers(path: Path) -> bool:
    """Whether something accepts connections on the unix socket ``path``, be it with a long queue in front."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(path))
        except (TimeoutError, BlockingIOError):
            return True
        except OSError:
            return False
        return True


def client(program: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs a client program, deaf to the PG… variables of the caller. Raises ServersError with what it said."""
    done = subprocess.run(
        [str(program), *arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("PG")},
        **{"stdout": subprocess.DEVNULL, **options},
    )
    if done.returncode:
        if "No space left on device" in done.stderr:
            raise ServersError("A disk is full: " + done.stderr.strip())
        raise ServersError(f"{program.name} failed: {done.stderr.strip()}")
    return done


def prepare(programs: Path, superuser_url: str, database: str, *, password: str = "") -> None:
    """Makes roles, ``database`` and extensions where they are missing; ``password`` is given to both log-in roles."""
    variables = {"database": database}
    if password:
        variables |= {"owner_password": password, "app_password": password}
    settings = [word for name, value in variables.items() for word in ("-v", f"{name}={value}")]
    client(programs / "psql", "-X", "-q", *settings, "-f", str(ROLES), superuser_url)


@dataclass(frozen=True, slots=True)
class Postgres:
    """``fsync`` off is for tests only: a crash of the machine may then lose the data."""

    places: Locations
    fsync: bool = True

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.places.home / "pgdata"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.places.state / "postgres.log"

    @property
    def socket(self) -> Path:
        """The unix socket."""
        return self.places.sockets / f".s.PGSQL.{PORT}"

    def url(self, role: str, database: str = DATABASE) -> str:
        """The address that ``role`` connects by."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.places.sockets), safe='/')}&port={PORT}"

    def start(self) -> None:
        """Starts the server when it is down, and brings roles, database and extensions up to date."""
        if not answers(self.socket):
            self._make()
            self._require_same_major()
            self.launch()
        self.prepare(DATABASE)

    def runs(self) -> bool:
        """Whether its process is there, at whatever it is: it also mends itself after one of its own processes was killed."""
        return works_in(first_number(self.data / "postmaster.pid"), self.data)

    def prepare(self, database: str) -> None:
        """Makes ``database`` and the roles, where they are missing."""
        prepare(self.places.postgres_bin, self.url("postgres", "postgres"), database)

    def run(self, program: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Runs one of PostgreSQL's client programs as the calling user. Raises ServersError with what it said."""
        return client(self.places.postgres_bin / program, *arguments, **options)

    def stop(self) -> None:
        """Ends the server, cutting off whoever is still connected."""
        if (self.data / "postmaster.pid").exists():
            with suppress(subprocess.CalledProcessError):
                self._control("-m", "fast", "-w", "-t", "60", "stop")

    def binary_major(self) -> str:
        """The major version of the binaries, such as "18"."""
        said = subprocess.run(
            [str(self.places.postgres_bin / "pg_ctl"), "--version"], check=True, capture_output=True, text=True
        ).stdout
        found = re.search(r"(\d+)", said)
        return found.group(1) if found else said.strip()

    def data_major(self) -> str | None:
        """The major version that the data directory was made by; None when there is none yet."""
        try:
            return (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return None

    def _require_same_major(self) -> None:
        data, binary = self.data_major(), self.binary_major()
        if data == binary:
            return
        raise ServersError(
            f"{self.data} was made by PostgreSQL {data}, and this MSPortal brings PostgreSQL {binary}, which cannot open "
            f"it. The way out: 1. PORTAL_POSTGRES_BIN=<directory of PostgreSQL {data}'s programs> bin/manage embedded "
            f"backup portal.dump  2. move {self.data} away  3. bin/manage embedded restore portal.dump"
        )

    def _make(self) -> None:
        """initdb beside, then rename: a data directory is complete or not there, also after kill -9."""
        if self.data.exists():
            return
        self.places.require_room()
        building = self.data.with_name("pgdata.new")
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(mode=0o700)
        self.places.give(building, 0o700)
        builtin = int(self.binary_major()) >= 17
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"] if builtin else ["--locale=C.UTF-8"]
        )
        done = self._as_server("initdb", "-D", str(building), "-U", "postgres", "-A", "trust", "-E", "UTF8", *locale)
        if done.returncode:
            shutil.rmtree(building, ignore_errors=True)
            if "No space left on device" in done.stderr:
                raise ServersError(full_disk(self.data))
            raise ServersError(f"PostgreSQL's data directory could not be made: {done.stderr.strip()}")
        building.rename(self.data)

    def _as_server(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        identity: dict[str, Any] = self.places.identity()
        return subprocess.run(
            [str(self.places.postgres_bin / program), *arguments],
            check=False,
            cwd="/",
            capture_output=True,
            text=True,
            **identity,
        )

    def _control(self, *arguments: str, output: int = subprocess.DEVNULL) -> None:
        identity: dict[str, Any] = self.places.identity()
        subprocess.run(
            [str(self.places.postgres_bin / "pg_ctl"), "-D", str(self.data), *arguments],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            check=True,
            **identity,
        )

    def launch(self) -> None:
        """Starts the server on the data that are there. Raises ServersError.

        By pg_ctl, whose child outlives it: as our own child a killed server would stay a zombie that owns its pid file.
        """
        settings = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": str(self.places.sockets),
            "max_connections": "200",
            "shared_buffers": f"{buffers_mb()}MB",
            "max_wal_size": "4GB",
            "timezone": "UTC",
            "fsync": "on" if self.fsync else "off",
            "full_page_writes": "on" if self.fsync else "off",
            "synchronous_commit": "on" if self.fsync else "off",
        }
        options = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in settings.items())
        deadline = time.monotonic() + DYING_SECONDS
        with explained(self.log), self.log.open("ab") as log:
            self.log.chmod(0o600)
            while said := self._refused(options, log):
                if not any(sign in said for sign in DYING) or time.monotonic() > deadline:
                    raise ServersError(self._failure(said))

    def _refused(self, options: str, log: BinaryIO) -> str:
        """Starts the server; "" when it serves, else what it said."""
        self._bury()
        begins = self.log.stat().st_size
        try:
            self._control("-o", options, "-w", "-t", str(START_SECONDS), "start", output=log.fileno())
        except subprocess.CalledProcessError as err:
            return self.log.read_bytes()[begins:].decode(errors="replace") or str(err)
        return ""

    def _failure(self, said: str) -> str:
        if "No space left on device" in said or self.places.is_full():
            return full_disk(self.data)
        tail = [line for line in said.splitlines() if "LOG:" not in line][-5:]
        return f"PostgreSQL did not start; {self.log} says:\n" + "\n".join(f"  {line}" for line in tail)

    def _bury(self) -> None:
        """Clears the pid file of a killed server that nobody has reaped.

        PID 1 may be slow, or be no init at all, as in many containers; the zombie's pid then looks alive for ever. The file
        goes only when no process works in the data directory any more (it is the working directory of every backend).
        """
        pidfile = self.data / "postmaster.pid"
        for _ in range(60):
            try:
                pid = int(pidfile.read_text().split()[0])
                state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            except (OSError, ValueError, IndexError):
                return
            if state != "Z":
                return
            time.sleep(0.05)
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if os.readlink(process / "cwd") == str(self.data):
                    raise ServersError(
                        f"An earlier PostgreSQL was killed, but its process {process.name} still works in {self.data}. "
                        f"End it (kill {process.name}) and start again."
                    )
        pidfile.unlink(missing_ok=True)
