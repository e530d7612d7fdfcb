"""Leaving requests to people: work in the background goes slowly, and then not at all, while a PSA's budget runs out.

Some vendors count the requests of all of an MSP's programs together and shut everybody out at the limit. Their adapters
tell how much is used (``integrations.port.Metered``). Nobody sleeps here: the run waits as it does when a PSA asks it to.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from integrations.errors import RateLimited
from integrations.port import (
    EVERYTHING,
    Adapter,
    Budget,
    Checkpoint,
    CustomField,
    Metered,
    Page,
    ProbeReport,
    ReadRequest,
    Scope,
    StreamSpec,
    Usage,
)
from integrations.records import Record

ASK_AFTER_SECONDS = 60.0
ASK_AFTER_CALLS = 100
"""How long, and for how many calls of our own, the remote's count is trusted."""
MARGIN = 0.05
"""How far the share must fall below the stop before work goes on, so that it does not stop again at once."""
SHORTEST_WAIT, LONGEST_WAIT = 60.0, 900.0


class MeteredAdapter(Adapter, Metered, Protocol):
    """An adapter whose remote tells how much is used."""


def paced(adapter: Adapter) -> Adapter:
    """The adapter for work in the background: itself where its remote has no budget that is shared."""
    if not isinstance(adapter, Metered) or adapter.budget.stop_above is None:
        return adapter
    return Paced(adapter)


def wait_of(usage: Usage, stop_above: float) -> float:
    """Seconds until enough of the window has rolled on, if what is used lies evenly in it."""
    excess = usage.used - (stop_above - MARGIN) * usage.limit
    seconds = usage.window.total_seconds() * excess / max(usage.used, 1)
    return min(max(seconds, SHORTEST_WAIT), LONGEST_WAIT)


class Paced:
    """See ``integrations.port.Adapter``. Above ``budget.slow_above`` one call at a time; above ``stop_above`` RateLimited."""

    def __init__(self, adapter: MeteredAdapter, clock: Callable[[], float] = time.monotonic) -> None:
        self._adapter = adapter
        self._clock = clock
        self._counting, self._turn = threading.Lock(), threading.Lock()
        self._usage: Usage | None = None
        self._asked_at, self._calls = 0.0, 0
        self.streams: Sequence[StreamSpec] = adapter.streams
        self.budget: Budget = adapter.budget

    def usage(self) -> Usage:
        """The remote's count, and our own calls since. Asks anew after a while."""
        with self._counting:
            now = self._clock()
            stale = now - self._asked_at >= ASK_AFTER_SECONDS or self._calls >= ASK_AFTER_CALLS
            if self._usage is None or stale:
                self._usage, self._asked_at, self._calls = self._adapter.usage(), now, 0
            self._calls += 1
            found = self._usage
            return Usage(used=found.used + self._calls, limit=found.limit, window=found.window)

    @property
    def known(self) -> Usage | None:
        """The remote's count as it was last told, with our own calls since; None where it was not asked."""
        with self._counting:
            found = self._usage
            return found and Usage(used=found.used + self._calls, limit=found.limit, window=found.window)

    @contextmanager
    def _paced(self) -> Iterator[None]:
        usage, budget = self.usage(), self.budget
        if budget.stop_above is not None and usage.share >= budget.stop_above:
            wait = wait_of(usage, budget.stop_above)
            raise RateLimited(
                f"{usage.used:,} of {usage.limit:,} requests of the running hour are used, by all integrations together. "
                f"What is left is kept for people; the sync goes on in about {wait / 60:.0f} min.",
                retry_after=wait,
                status=None,
            )
        if budget.slow_above is not None and usage.share >= budget.slow_above:
            with self._turn:
                yield
        else:
            yield

    def probe(self) -> ProbeReport:
        return self._adapter.probe()

    def fingerprint(self) -> str:
        return self._adapter.fingerprint()

    def count(self, request: ReadRequest) -> int | None:
        with self._paced():
            return self._adapter.count(request)

    def read_page(self, request: ReadRequest, checkpoint: Checkpoint | None = None) -> Page:
        with self._paced():
            return self._adapter.read_page(request, checkpoint)

    def read_children(self, stream: str, parent_id: str, scope: Scope = EVERYTHING) -> Page:
        with self._paced():
            return self._adapter.read_children(stream, parent_id, scope)

    def read_one(self, stream: str, remote_id: str, scope: Scope = EVERYTHING) -> Record:
        with self._paced():
            return self._adapter.read_one(stream, remote_id, scope)

    def in_scope(self, record: Record, scope: Scope) -> bool:
        return self._adapter.in_scope(record, scope)

    def custom_fields(self) -> Sequence[CustomField]:
        with self._paced():
            return self._adapter.custom_fields()

    def page_url(self, stream: str, remote_id: str) -> str:
        return self._adapter.page_url(stream, remote_id)

    def close(self) -> None:
        self._adapter.close()
