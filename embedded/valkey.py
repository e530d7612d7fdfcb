"""One embedded Valkey on a unix socket: Celery's broker and the cache."""

from __future__ import annotations

import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from embedded.errors import ServersError, full_disk
from embedded.locations import Locations
from embedded.postgres import answers
from embedded.processes import first_number, is_alive, listener, works_in

START_SECONDS = 60
STOP_SECONDS = 15
FORK_SECONDS = 5
"""After so long a server that is not there any more has failed; one that reads a long file goes on until START_SECONDS."""


@dataclass(frozen=True, slots=True)
class Valkey:
    """What was queued survives a crash (append-only file)."""

    places: Locations

    @property
    def socket(self) -> Path:
        """The unix socket."""
        return self.places.sockets / "valkey.sock"

    @property
    def data(self) -> Path:
        """The directory of the append-only file and the log."""
        return self.places.home / "valkey"

    @property
    def url(self) -> str:
        """The address for REDIS_URL."""
        return f"unix://{quote(str(self.socket), safe='/')}?db=0"

    def start(self) -> None:
        """Starts the server when it is down."""
        if not answers(self.socket):
            self.launch()

    def runs(self) -> bool:
        """Whether its process is there, at whatever it is."""
        return works_in(first_number(self._pid_file), self.data) or answers(self.socket)

    def launch(self) -> None:
        """Starts the server. Raises ServersError."""
        self.data.mkdir(exist_ok=True)
        self.places.give(self.data, 0o700)
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "pidfile": str(self._pid_file),
            "logfile": str(self.data / "valkey.log"),
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "yes",
        }
        identity: dict[str, Any] = self.places.identity()
        arguments = [word for name, value in settings.items() for word in (f"--{name}", value)]
        done = subprocess.run(
            [str(self.places.valkey_server), *arguments],
            check=False,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,
            **identity,
        )
        if done.returncode:
            raise ServersError(f"Valkey did not start: {(done.stderr or done.stdout).strip()}")
        self._await()

    def clear(self) -> None:
        """Forgets every queued task message and cached value: what is due is found again in the database."""
        self._say(b"FLUSHALL\r\n")

    def stop(self) -> None:
        """Ends the server after it wrote its file."""
        if not answers(self.socket):
            return
        pid = self._pid()
        self._say(b"SHUTDOWN NOSAVE\r\n")
        deadline = time.monotonic() + STOP_SECONDS
        while answers(self.socket) or (pid and is_alive(pid)):
            if time.monotonic() > deadline:
                raise ServersError(f"Valkey (process {pid}) does not end. End it (kill {pid}) and start again.")
            time.sleep(0.01)

    def _await(self) -> None:
        began = time.monotonic()
        while not self._say(b"PING\r\n").startswith(b"+PONG"):
            waited = time.monotonic() - began
            if waited > START_SECONDS or (waited > FORK_SECONDS and not self.runs()):
                log = self.data / "valkey.log"
                tail = log.read_text(errors="replace").splitlines()[-5:] if log.exists() else []
                if any("No space left on device" in line for line in tail) or self.places.is_full():
                    raise ServersError(full_disk(self.data))
                raise ServersError(
                    f"Valkey did not start. The end of {log}:\n" + "\n".join(f"  {line}" for line in tail)
                )
            time.sleep(0.01)

    @property
    def _pid_file(self) -> Path:
        return self.places.sockets / "valkey.pid"

    def _pid(self) -> int | None:
        """By the socket where the pid file is empty, as one that was written to a full disk."""
        return first_number(self._pid_file) or listener(self.socket)

    def _say(self, command: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(10)
            try:
                line.connect(str(self.socket))
                line.sendall(command)
                return line.recv(4096)
            except OSError:
                return b""
