"""A reader that looks all the while, by a connection of its own, as the app role: what it sees must be the old copy or the new one."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from lab.faults.verdict import Verdict

LOOK = """SELECT count(*), count(*) FILTER (WHERE summary = %(new)s) FROM tickets_ticket
WHERE connection_id = %(connection)s AND removed_at IS NULL"""
PAUSE = 0.02


@dataclass(slots=True)
class Sights:
    """(tickets, those of the new copy) as often as somebody looked; ``away``: looks that no database answered."""

    seen: dict[tuple[int, int], int] = field(default_factory=dict)
    away: int = 0

    def judge(self, verdict: Verdict, before: int, after: int) -> None:
        """Requires that each look saw all of the old copy or all of the new one."""
        allowed = {(before, 0), (after, after)}
        verdict.add("reads", sum(self.seen.values()))
        for sight, times in self.seen.items():
            words = f"{times} reads saw {sight[0]} tickets, {sight[1]} of them new ({before} before, {after} after)"
            verdict.require(sight in allowed, words)
        verdict.require(bool(self.seen), "the reader saw nothing")


@contextmanager
def watching(organization_id: int, connection_id: int, new: str) -> Iterator[Sights]:
    """Looks until the block ends; ``new`` is the summary that all tickets of the new copy have."""
    sights, over = Sights(), threading.Event()

    def look() -> None:
        while not over.is_set():
            try:
                with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as line:
                    line.execute("SELECT set_config('portal.organization', %s, false)", [str(organization_id)])
                    while not over.wait(PAUSE):
                        row = line.execute(LOOK, {"new": new, "connection": connection_id}).fetchone() or (0, 0)
                        sights.seen[(row[0], row[1])] = sights.seen.get((row[0], row[1]), 0) + 1
            except psycopg.OperationalError:
                sights.away += 1
                over.wait(PAUSE)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        yield sights
    finally:
        over.set()
        reader.join()
