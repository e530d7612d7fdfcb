"""Three requests at once for one kind of record, and so many an hour: a fourth, or one too many, is refused."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lab.sandbox.autotask.error_bodies import ErrorBodies, too_many_threads
from lab.sandbox.autotask.psa import Psa
from lab.sandbox.autotask.routes import entity_of
from lab.sandbox.faults import Faults
from lab.sandbox.reply import Reply
from lab.sandbox.request import Request

MOST_THREADS = 3


class Threads(Faults):
    """The rules in force, behind the vendor's own limits."""

    def __init__(self, psa: Psa, errors: ErrorBodies) -> None:
        super().__init__(psa.seed.dice("faults"), errors)
        self._psa = psa
        self._vendor = errors
        self._counting = threading.Lock()
        self._active: Counter[str] = Counter()

    def answered(self, request: Request, answer: Callable[[], Reply]) -> Reply:
        with self._running(entity_of(request.path)) as refused:
            return refused or super().answered(request, answer)

    @contextmanager
    def _running(self, entity: str) -> Iterator[Reply | None]:
        with self._counting:
            self._active[entity] += 1
            refused = self._refused(entity)
        try:
            yield refused
        finally:
            with self._counting:
                self._active[entity] -= 1

    def _refused(self, entity: str) -> Reply | None:
        if entity == "zoneinformation":
            return None
        threshold = self._psa.threshold
        threshold.own += 1
        if threshold.count > threshold.limit:
            return self._vendor.too_many(None)
        return too_many_threads() if self._active[entity] > MOST_THREADS else None
