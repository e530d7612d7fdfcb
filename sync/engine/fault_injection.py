"""Named places that the engine passes. Nothing happens there, unless somebody who hurts it on purpose has said what."""

from __future__ import annotations

from collections.abc import Callable

_injected: list[Callable[[str], object]] = []


def crash_point(name: str) -> None:
    """Tells who was injected that the engine is at the place of this name."""
    for tell in _injected:
        tell(name)


def inject(tell: Callable[[str], object]) -> None:
    """From now on ``tell`` is called with the name of each place that is passed in this process."""
    _injected.append(tell)
