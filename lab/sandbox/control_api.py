"""The control interface: what tests and demos do to a PSA behind the back of whoever is connected to it.

Here is what all simulated PSAs have in common; each adds its roles, its instance, its records and its deeds.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable
from typing import Any

import msgspec

from lab.sandbox import clock
from lab.sandbox.faults import ErrorBodies, Faults, Rule
from lab.sandbox.reply import Refusal, Reply, json_reply, refusal
from lab.sandbox.request import Request
from lab.sandbox.seed import Seed
from lab.sandbox.traffic import Traffic

DEFAULT_KNOCK = "sandbox-control"


class ClockChange(msgspec.Struct, forbid_unknown_fields=True):
    skew_seconds: float | None = None
    set: str | None = None
    advance: float | None = None
    each_request: float | None = None
    each_page: float | None = None


class Limits(msgspec.Struct, forbid_unknown_fields=True):
    per_minute: int | None = None
    concurrency: int | None = None
    page: int | None = None


class ControlApi:
    """The door, and what it steers. ``address``: where it listens, once it does. ``lock`` guards the records; ``errors`` is the vendor's way to refuse."""

    def __init__(self, seed: Seed, time: clock.Clock, lock: threading.RLock, errors: ErrorBodies, token: str) -> None:
        self.address = ""
        self.clock = time
        self.lock = lock
        self.token = token
        self.traffic = Traffic(errors.too_many)
        self.faults = Faults(seed.dice("faults"), errors)
        self.doors: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "faults"): lambda request: self.faults.rules,
            ("POST", "faults"): self._set_faults,
            ("DELETE", "faults"): lambda request: self._clear_faults(),
            ("GET", "clock"): lambda request: {"now": self.now()},
            ("POST", "clock"): self._set_clock,
            ("POST", "limit"): self._set_limits,
            ("GET", "stats"): lambda request: self.traffic.stats(),
            ("POST", "stats/reset"): self._reset_stats,
            ("POST", "reset"): lambda request: self._reset(),
        }

    def serve(self, request: Request) -> Reply:
        """The vendor's answer to a request of its interface."""
        raise NotImplementedError

    def template(self, request: Request) -> str:
        """The request's path without the ids in it, for statistics."""
        raise NotImplementedError

    def announcement(self) -> dict[str, str]:
        """What a caller needs to connect, beside the address: by the names of the credential form."""
        raise NotImplementedError

    def deed(self, name: str) -> Callable[[Request], Any] | None:
        """What ``POST /_control/NAME`` does to records."""
        raise NotImplementedError

    def deed_names(self) -> list[str]:
        raise NotImplementedError

    def restore(self) -> None:
        """Everything of the vendor's own, but the records, as it was at the start."""
        raise NotImplementedError

    def largest_page(self, rows: int | None) -> None:
        """Lists give so many rows a page at most, whatever is asked for; None: as many as the vendor's."""
        raise NotImplementedError

    def now(self) -> str:
        return clock.written(self.clock.now())

    def answer(self, request: Request, path: str) -> Reply:
        """The answer to a request of the door."""
        if not hmac.compare_digest(request.headers.get("x-control-token", "").encode(), self.token.encode()):
            return json_reply({"message": "X-Control-Token is missing or wrong."}, 401)
        with self.lock:
            try:
                return json_reply(self._done(request, path))
            except Refusal as refused:
                return refused.reply

    def time_passes(self, reply: Reply) -> None:
        """What the clock does by itself once an answer is sent."""
        with self.lock:
            self.clock.passes(page=reply.rows is not None)

    def _done(self, request: Request, path: str) -> Any:
        door = self.doors.get((request.method, path))
        if door is None and request.method == "POST":
            door = self.deed(path)
        if door is None:
            known = sorted(
                {f"{method} {name}" for method, name in self.doors} | {f"POST {name}" for name in self.deed_names()}
            )
            raise refusal(404, "NotFound", f"The control interface knows: {', '.join(known)}.")
        return door(request)

    def _set_faults(self, request: Request) -> list[Rule]:
        rules = typed(request, list[Rule] | Rule)
        self.faults.rules = rules if isinstance(rules, list) else [*self.faults.rules, rules]
        return self.faults.rules

    def _clear_faults(self) -> list[Rule]:
        self.faults.rules = []
        return []

    def _set_clock(self, request: Request) -> dict[str, str]:
        change = typed(request, ClockChange)
        if change.set is not None:
            self.clock.stop(_moment(change.set))
        if change.skew_seconds is not None:
            self.clock.run(change.skew_seconds)
        if change.advance is not None:
            self.clock.advance(change.advance)
        for name in ("each_request", "each_page"):
            if (seconds := getattr(change, name)) is not None:
                setattr(self.clock, name, seconds)
        return {"now": self.now()}

    def _set_limits(self, request: Request) -> Limits:
        limits: Limits = typed(request, Limits)
        self.traffic.limit(limits.per_minute, limits.concurrency)
        self.largest_page(limits.page)
        return limits

    def _reset_stats(self, request: Request) -> dict[str, Any]:
        self.traffic.reset()
        return self.traffic.stats()

    def _reset(self) -> dict[str, str]:
        """Everything but the records as it was at the start."""
        self.faults.rules = []
        self.traffic.limit(None, None)
        self.largest_page(None)
        self.traffic.reset()
        self.clock.run()
        self.clock.each_request = self.clock.each_page = 0.0
        self.restore()
        return {"now": self.now()}


def typed(request: Request, kind: Any) -> Any:
    """The request's body as ``kind``. Raises Refusal."""
    try:
        return msgspec.json.decode(request.body.strip() or b"{}", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as err:
        raise refusal(400, "InvalidRequest", str(err)) from err


def _moment(text: str) -> int:
    try:
        return clock.read(text)
    except ValueError as err:
        raise refusal(400, "InvalidRequest", str(err)) from err
