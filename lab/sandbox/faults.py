"""Trouble on demand: rules that make chosen requests fail, lie, or take their time."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Protocol

import msgspec

from lab.sandbox import oddities
from lab.sandbox.dice import Dice
from lab.sandbox.oddities import Kept, Oddity
from lab.sandbox.reply import Reply
from lab.sandbox.request import Request

ODD = ("answer", "headers", "body", "row", "pages")
KINDS = (
    *("429", "401", "403", "404", "500", "503html", "truncated", "empty", "reset"),
    *("slow", "drift", "partial", "count"),
    *ODD,
)

_HTML = b"<!DOCTYPE html><html><head><title>Upgrade</title></head><body><h1>Service Unavailable</h1></body></html>"


class Match(msgspec.Struct, forbid_unknown_fields=True):
    """Which requests: by method, and by regular expressions on path and query."""

    method: str | None = None
    path: str = ""
    query: str = ""


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """One rule; ``docs/sandbox.md`` explains the fields."""

    kind: str
    match: Match = msgspec.field(default_factory=Match)
    after: int = 0
    times: int | None = None
    probability: float = 1.0
    retry_after: int | None = None
    seconds: float = 1.0
    mode: str = "drop"
    rows: int = 1
    fraction: float = 0.5
    offset: int = 0
    factor: float = 1.0
    how: str = "json"
    odd: Oddity = msgspec.field(default_factory=Oddity)
    seen: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        try:
            re.compile(self.match.path)
            re.compile(self.match.query)
        except re.error as err:
            raise ValueError(f"not a regular expression: {err}") from err

    def covers(self, request: Request) -> bool:
        """Whether the request is of the kind that the rule is about."""
        method = self.match.method
        return (
            (method is None or method.upper() == request.method)
            and re.search(self.match.path, request.path) is not None
            and re.search(self.match.query, request.raw_query) is not None
        )


class ErrorBodies(Protocol):
    """How a vendor says that something went wrong."""

    def too_many(self, retry_after: int | None) -> Reply: ...

    def unauthorized(self) -> Reply: ...

    def forbidden(self) -> Reply: ...

    def missing(self) -> Reply: ...

    def failed(self) -> Reply: ...

    def miscount(self, reply: Reply, wrong: Callable[[int], int]) -> None:
        """Puts a wrong number where the answer says how many there are; leaves other answers alone."""


class Faults:
    """The rules in force."""

    def __init__(self, dice: Dice, errors: ErrorBodies) -> None:
        self._dice = dice
        self._errors = errors
        self._lock = threading.Lock()
        self.rules: list[Rule] = []
        self._kept: dict[int, tuple[Rule, Kept]] = {}

    def due(self, request: Request) -> list[Rule]:
        """The rules that strike this request; counts them."""
        struck = []
        with self._lock:
            for rule in self.rules:
                if not rule.covers(request):
                    continue
                rule.seen += 1
                spent = rule.times is not None and rule.hits >= rule.times
                if rule.seen <= rule.after or spent or self._dice.below(10_000) >= rule.probability * 10_000:
                    continue
                rule.hits += 1
                struck.append(rule)
        return struck

    def answered(self, request: Request, answer: Callable[[], Reply]) -> Reply:
        """The answer as the rules leave it."""
        rules = self.due(request)
        for rule in rules:
            if rule.kind == "slow":
                time.sleep(rule.seconds)
        for rule in rules:
            if (instead := self._instead(rule)) is not None:
                return instead
        reply = answer()
        for rule in rules:
            if reply.status != 200:
                break
            if rule.kind in ODD:
                _, kept = self._kept.setdefault(id(rule), (rule, Kept()))
                reply = oddities.bend(rule.kind, rule.odd, kept, rule.hits, reply)
            else:
                self._bend(rule, reply)
        return reply

    def _bend(self, rule: Rule, reply: Reply) -> None:
        if rule.kind == "truncated":
            reply.body, reply.rows, cut = reply.payload(), None, rule.how == "json"
            reply.broken_after = None if cut else rule.fraction
            reply.body = reply.body[: int(len(reply.body) * rule.fraction)] if cut else reply.body
        elif rule.kind == "empty":
            _empty(reply, rule.how)
        elif rule.kind == "count":
            self._errors.miscount(reply, lambda number: int(number * rule.factor) + rule.offset)
        elif reply.rows is not None and rule.kind == "partial":
            reply.rows = reply.rows[: int(len(reply.rows) * rule.fraction)]
        elif reply.rows is not None and rule.kind == "drift":
            reply.rows = self._drifted(rule, reply.rows)

    def _drifted(self, rule: Rule, rows: list[bytes]) -> list[bytes]:
        if rule.mode == "shift":
            return rows[rule.rows :]
        for _ in range(min(rule.rows, len(rows))):
            place = self._dice.below(len(rows))
            rows = rows[:place] + ([rows[place]] * 2 if rule.mode == "duplicate" else []) + rows[place + 1 :]
        return rows

    def _instead(self, rule: Rule) -> Reply | None:
        """The answer that takes the place of the real one, if the rule wants one."""
        if rule.kind == "answer":
            return oddities.answer(rule.odd)
        if rule.kind == "429":
            return self._errors.too_many(rule.retry_after)
        if rule.kind == "401":
            return self._errors.unauthorized()
        if rule.kind == "403":
            return self._errors.forbidden()
        if rule.kind == "404":
            return self._errors.missing()
        if rule.kind == "500":
            return self._errors.failed()
        if rule.kind == "503html":
            return Reply(503, _HTML, content_type="text/html; charset=utf-8")
        return Reply(broken_after=0.0) if rule.kind == "reset" else None


def _empty(reply: Reply, how: str) -> None:
    if how == "nothing" or reply.rows is None:
        reply.body, reply.rows = b"" if how == "nothing" else b"[]", None
    else:
        reply.rows = []
