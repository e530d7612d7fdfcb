"""What a scenario measured, and what it saw that must not be."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

GLANCE = 0.05
"""Seconds between two looks at what is waited for."""


class Stuck(Exception):
    """What had to happen did not; the message says what and within which time."""


@dataclass(slots=True)
class Verdict:
    """One scenario's figures and violations."""

    scenario: str
    figures: dict[str, Any] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    def require(self, holds: bool, sentence: str) -> None:
        """Notes ``sentence`` as a violation unless it holds."""
        if not holds:
            self.violations.append(sentence)

    def add(self, name: str, amount: float = 1) -> None:
        """Counts."""
        self.figures[name] = self.figures.get(name, 0) + amount

    def most(self, name: str, value: float) -> None:
        """Keeps the largest value."""
        self.figures[name] = max(self.figures.get(name, 0), round(value, 3))


def until(condition: Callable[[], bool], seconds: float, what: str) -> float:
    """Waits for ``condition``; returns how many seconds it took. Raises Stuck."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise Stuck(f"{what}: not within {seconds:.0f} s")
        time.sleep(GLANCE)
    return time.monotonic() - began
