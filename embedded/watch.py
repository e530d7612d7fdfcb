"""Embedded servers that end while somebody uses them are started anew."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from embedded.postgres import Postgres
from embedded.restarts import Restarts
from embedded.servers import Servers
from embedded.valkey import Valkey

LOOK_SECONDS = 0.5
REPEAT_SECONDS = 60.0
"""The same reason why a server can't be started is said again after so long."""

Say = Callable[[str], None]


@dataclass(slots=True)
class Watched:
    """One server, and what is known of its ends. Moments are of the monotonic clock."""

    name: str
    server: Postgres | Valkey
    restarts: Restarts = field(default_factory=Restarts)
    began: float = field(default_factory=time.monotonic)
    missed: float | None = None
    next_try: float = 0
    said: str = ""
    said_at: float = 0


class Watch:
    """A thread that looks after the servers of an attached process. Whoever finds one ended first starts it, for all."""

    def __init__(self, servers: Servers, say: Say) -> None:
        self.servers = servers
        self.say = say
        self._watched = (Watched("PostgreSQL", servers.postgres), Watched("Valkey", servers.valkey))
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="embedded servers", daemon=True)

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def stop(self) -> None:
        """Returns when it looks no more; a start that is under way is waited for."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(LOOK_SECONDS):
            for one in self._watched:
                try:
                    self._look(one)
                except Exception as err:  # whatever it is: the next look may find the way
                    self._failed(one, str(err))

    def _look(self, one: Watched) -> None:
        if one.server.runs():
            self._found(one)
            return
        if one.missed is None:
            self._miss(one)
        if time.monotonic() < one.next_try:
            return
        with self.servers.starting_again() as may:
            if may and not one.server.runs():
                one.server.launch()
        if one.server.runs():
            self._found(one)

    def _found(self, one: Watched) -> None:
        if one.missed is None:
            return
        now = time.monotonic()
        self.say(f"{one.name} serves again, {now - one.missed:.1f} s after its end was noticed")
        one.began, one.missed, one.said = now, None, ""

    def _miss(self, one: Watched) -> None:
        if self.servers.stopped_by_hand():
            self._tell(one, f"{one.name} was stopped by hand; the next bin/manage command starts it again")
            return
        now = time.monotonic()
        pause = one.restarts.pause_after(now - one.began)
        one.missed, one.next_try = now, now + pause
        when = f"in {pause:.0f} s" if pause else "now"
        often = f", {one.restarts.in_row} times in a row now" if pause else ""
        self.say(
            f"{one.name} has ended (killed, or the machine's memory or disk is full){often}; it is started again {when}"
        )

    def _failed(self, one: Watched, reason: str) -> None:
        now = time.monotonic()
        pause = one.restarts.pause_after(0)
        one.next_try = now + pause
        self._tell(one, f"{one.name} could not be started, which is tried again until it works: {reason}")

    def _tell(self, one: Watched, sentence: str) -> None:
        now, without_times = time.monotonic(), re.sub(r"\d+", "", sentence)
        if without_times != one.said or now - one.said_at > REPEAT_SECONDS:
            self.say(" ".join(sentence.split()))
            one.said, one.said_at = without_times, now


@contextmanager
def watching(servers: Servers | None, say: Say) -> Iterator[None]:
    """Keeps the servers up while inside; does nothing where they are none of ours (None)."""
    if servers is None:
        yield
        return
    watch = Watch(servers, say)
    watch.start()
    try:
        yield
    finally:
        watch.stop()
