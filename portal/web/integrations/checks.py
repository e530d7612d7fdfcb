"""A connection test as pages show it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from integrations.decoding import converted
from integrations.port import Check, ProbeReport
from integrations.services.probing import usable


@dataclass(frozen=True, slots=True)
class ShownTest:
    """``checks`` in their order; ``verdict`` in a sentence; ``usable``: whether syncs can work with what is granted."""

    checks: Sequence[Check]
    verdict: str
    tone: str
    usable: bool
    at: dt.datetime | None = None

    @property
    def failed(self) -> list[Check]:
        return [check for check in self.checks if not check.ok]

    @property
    def warned(self) -> list[Check]:
        return [check for check in self.checks if check.ok and check.warning]

    @property
    def passed(self) -> list[Check]:
        return [check for check in self.checks if check.ok and not check.warning]


def shown_test(report: ProbeReport, at: dt.datetime | None = None) -> ShownTest:
    """A report with its verdict."""
    tone, verdict = _verdict(report.checks)
    return ShownTest(report.checks, verdict, tone, usable(report.checks), at)


def stored_test(stored: Mapping[str, Any] | None) -> ShownTest | None:
    """The last test as it is kept with a connection; None when there was none, or it was kept by another release."""
    if not stored:
        return None
    try:
        checks = converted(stored["checks"], list[Check])
        at = converted(stored["at"], dt.datetime)
    except (KeyError, msgspec.ValidationError):
        return None
    return shown_test(ProbeReport(checks=checks), at)


def _verdict(checks: Sequence[Check]) -> tuple[str, str]:
    failed = [check for check in checks if not check.ok]
    if not failed:
        noted = any(check.warning for check in checks)
        return ("warn", "It works, with something to look at.") if noted else ("ok", "Everything works.")
    if usable(checks):
        some = "One right is missing." if len(failed) == 1 else f"{len(failed)} rights are missing."
        return "warn", f"The keys work. {some} What they cover is left out until they are granted."
    return "bad", "It does not work yet. What to do stands with each line."
