"""PostgreSQL and Valkey for a machine that has none, shared by every process that needs them.

Who is attached is a shared lock on a file: the kernel drops it even after kill -9, so the last one out stops the servers
always. A second lock makes starting and stopping one at a time; one lock for both would have each command wait for the
demo's end.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Self

from embedded.errors import ServersError, explained
from embedded.keys import kept_secrets
from embedded.locations import Locations, default_state, settle
from embedded.postgres import Postgres
from embedded.valkey import Valkey

NAMED = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
LOOPBACK = "127.0.0.0/8,::1/128"


class Servers:
    """The embedded servers of one state directory. ``attach`` before use, ``detach`` after; or use it in ``with``."""

    def __init__(self, state: Path | None = None, *, fsync: bool = True) -> None:
        self.places: Locations = settle(state or default_state())
        self.postgres = Postgres(self.places, fsync=fsync)
        self.valkey = Valkey(self.places)
        self._users: TextIOWrapper | None = None
        self._pid = 0

    def attach(self) -> None:
        """Starts what is down and holds the servers until ``detach`` or death. Raises ServersError."""
        with self._starting():
            self._secrets = kept_secrets(self.places.home)
            self._by_hand.unlink(missing_ok=True)
            try:
                self.postgres.start()
                self.valkey.start()
            except BaseException:
                if self._unused():
                    self.stop()
                raise
            self._users = self._opened("users.lock")
            fcntl.flock(self._users, fcntl.LOCK_SH)
        self._pid = os.getpid()

    def detach(self) -> None:
        """Lets go; the last one stops the servers. A forked child of the attached process changes nothing."""
        if self._users is None or self._pid != os.getpid():
            return
        with self._starting():
            self._users.close()
            self._users = None
            if self._unused():
                self.stop()

    def stop(self) -> None:
        """Ends both servers, whoever uses them."""
        self.valkey.stop()
        self.postgres.stop()

    def stop_unused(self) -> bool:
        """Ends both servers unless a process is attached. Returns whether they are down now."""
        with self._starting():
            unused = self._unused()
            if unused:
                self.stop()
            return unused

    def stop_by_hand(self) -> None:
        """Ends both servers, whoever uses them, until somebody attaches: those who do now leave them down."""
        with self._starting():
            with suppress(OSError):  # on a full disk they may come back
                self._by_hand.touch()
            self.stop()

    def stopped_by_hand(self) -> bool:
        """Whether ``stop_by_hand`` ended them."""
        return self._by_hand.exists()

    @contextmanager
    def starting_again(self) -> Iterator[bool]:
        """For starting anew what has ended: nobody else starts or stops the servers meanwhile. False when somebody does, or when they
        were stopped by hand."""
        with self._opened("start.lock") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield not self.stopped_by_hand()

    def in_use(self) -> bool:
        """Whether another process is attached (this one not counted)."""
        if self._users is None:
            return not self._unused()
        with self._starting():
            fcntl.flock(self._users, fcntl.LOCK_UN)
            try:
                return not self._unused()
            finally:
                fcntl.flock(self._users, fcntl.LOCK_SH)

    def environment(self) -> dict[str, str]:
        """The environment variables that point MSPortal to these servers."""
        return {
            "DATABASE_URL": self.postgres.url("portal_app"),
            "DATABASE_OWNER_URL": self.postgres.url("portal_owner"),
            "REDIS_URL": self.valkey.url,
            **self._secrets,
        }

    def __enter__(self) -> Self:
        self.attach()
        return self

    def __exit__(self, *exception: object) -> None:
        self.detach()

    @property
    def _by_hand(self) -> Path:
        return self.places.state / "stopped"

    @contextmanager
    def _starting(self) -> Iterator[None]:
        with self._opened("start.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _unused(self) -> bool:
        with self._opened("users.lock") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    def _opened(self, name: str) -> TextIOWrapper:
        path = self.places.state / name
        with explained(path):
            return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+")


@contextmanager
def serving(environment: MutableMapping[str, str], state: Path | None = None) -> Iterator[Servers | None]:
    """Fills ``environment`` from the embedded servers while inside, when it names no servers of its own.

    Yields None when it does. Naming one of the two and not the other is refused: a forgotten REDIS_URL would otherwise give
    every process a broker of its own, in silence.
    """
    named = [name for name in NAMED if environment.get(name, "").strip()]
    if named:
        missing = [name for name in ("DATABASE_URL", "REDIS_URL") if name not in named]
        if missing:
            raise ServersError(
                f"{named[0]} is set but {' and '.join(missing)} is not. Set DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL "
                "for servers of your own, or none of them for the embedded ones."
            )
        yield None
        return
    with Servers(state) as servers:
        for name, value in servers.environment().items():
            environment.setdefault(name, value)
        environment.setdefault("OUTBOUND_ALLOWED_NETWORKS", LOOPBACK)
        yield servers
