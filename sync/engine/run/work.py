"""What the phases of a run share while one slice of it is worked on."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from dataclasses import dataclass, field
from typing import TypeVar

from django.conf import settings
from django.db.models import F

from foundation.ledger.merge import MergeContext
from integrations.models import Connection
from integrations.port import Adapter, Reach, Scope, StreamSpec
from integrations.settings_schema import ConnectionSettings
from sync.engine.run.lease import Lease, step
from sync.engine.run.plan import Mode, mode_of
from sync.engine.run.stored_plan import Plan
from sync.models import Cursor, Run, RunStream

T = TypeVar("T")
HEARTBEAT_SECONDS = 4.0
"""How often a worker that waits for the PSA looks whether it may go on, at least."""


@dataclass
class Meter:
    """Counts what the adapter's requests cost, from several threads at once. Satisfies ``integrations.port.Observer``."""

    requests: int = 0
    seconds: float = 0.0
    size: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def request_made(self, *, method: str, path: str, status: int | None, seconds: float, size: int) -> None:
        with self._lock:
            self.requests += 1
            self.seconds += seconds
            self.size += size

    def take(self) -> tuple[int, float, int]:
        """What came together since the last call: (requests, seconds, bytes)."""
        with self._lock:
            taken = (self.requests, self.seconds, self.size)
            self.requests, self.seconds, self.size = 0, 0.0, 0
        return taken


@dataclass(slots=True)
class Place:
    """What a slice is at: the stream, its page, and the parent whose children are read, as far as there are any."""

    stream: str = ""
    page: int | None = None
    parent: str = ""

    def enter(self, stream: str = "", page: int | None = None, parent: str = "") -> None:
        """From now on it is at this."""
        self.stream, self.page, self.parent = stream, page, parent

    def __str__(self) -> str:
        parts = [self.stream.replace("_", " ")]
        if self.page is not None:
            parts.append(f"page {self.page:,}")
        if self.parent:
            parts.append(f"below {self.parent}")
        return ", ".join(part for part in parts if part)


@dataclass
class Work:
    """One worker's slice of one run. ``settings``: the plan's, and those of now that count at once. ``place``: what it is at, for whoever
    has to say where it stopped. ``outside``: the companies that it leaves out, as known so far (``sync.engine.scope.excluded_companies``).
    ``has_withheld``: whether removals of earlier runs wait for a person, once that was asked."""

    lease: Lease
    run: Run
    connection: Connection
    adapter: Adapter
    plan: Plan
    settings: ConnectionSettings
    scope: Scope
    meter: Meter
    pool: ThreadPoolExecutor
    ends_at: float
    place: Place = field(default_factory=Place)
    outside: frozenset[str] | None = None
    has_withheld: bool | None = None
    _moved_at: dict[str, dt.datetime] | None = None

    def cursor_moved_at(self, stream: str) -> dt.datetime | None:
        """When the stream's cursor was last stored, by our clock; asks once a slice, in the caller's transaction."""
        if self._moved_at is None:
            cursors = Cursor.objects.filter(connection_id=self.connection.pk)
            self._moved_at = dict(cursors.values_list("stream", "updated_at"))
        return self._moved_at.get(stream)

    @property
    def mode(self) -> Mode:
        return mode_of(self.run.kind, lands_live=self.run.lands_live, stages=self.run.stages)

    @property
    def quick(self) -> bool:
        return self.run.reads_as == Run.Kind.QUICK

    @property
    def specs(self) -> list[StreamSpec]:
        """The streams that it reads, in order."""
        return self.plan.known(self.adapter.streams)

    def by_parent(self, stream: str) -> bool:
        """Whether this system gives the stream parent by parent: what is swept, and by what, hangs on it."""
        return any(spec.name == stream and spec.reach is Reach.PER_PARENT for spec in self.adapter.streams)

    @property
    def time_is_up(self) -> bool:
        return time.monotonic() > self.ends_at

    def context(self, page: int | None = None) -> MergeContext:
        """Whose rows a merge is about."""
        full = self.run.reads_as == Run.Kind.CLEAR_RESYNC
        return MergeContext(
            self.lease.organization_id,
            self.lease.connection_id,
            self.run.staging_id,
            page,
            full,
            journal_run_id=self.lease.run_id,
        )

    def submit(self, call: Callable[..., T], *args: object) -> Future[T]:
        """Starts a remote call on the slice's threads."""
        return self.pool.submit(call, *args)

    def wait(self, future: Future[T]) -> T:
        """The call's answer. Keeps the lease alive meanwhile: the call itself is bounded by the adapter's deadline."""
        while True:
            try:
                return future.result(timeout=min(settings.SYNC_LEASE_SECONDS / 4, HEARTBEAT_SECONDS))
            except StillRunning:
                with step(self.lease, progress=False):
                    pass

    def call(self, function: Callable[..., T], *args: object) -> T:
        """``submit`` and ``wait`` in one."""
        return self.wait(self.submit(function, *args))

    def bill(self, stream: RunStream | None = None) -> None:
        """Books what the requests cost on the run, in the caller's transaction, and on the stream, which the caller saves."""
        requests, seconds, size = self.meter.take()
        if not requests:
            return
        Run.objects.filter(pk=self.run.pk).update(
            requests=F("requests") + requests,
            remote_seconds=F("remote_seconds") + seconds,
            remote_bytes=F("remote_bytes") + size,
        )
        if stream is not None:
            stream.requests += requests
