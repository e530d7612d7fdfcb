"""Where an act comes from: a page, a command or the clock. Set by the doors, read by the audit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """``kind``: page, cli, api or system. ``actor_id`` and ``actor_label``: the person who asks, where one does."""

    kind: str = "system"
    actor_id: int | None = None
    actor_label: str = ""
    ip_address: str | None = None
    user_agent: str = ""
    request_id: str = ""


SYSTEM = Origin()
_current: ContextVar[Origin] = ContextVar("origin", default=SYSTEM)


def current_origin() -> Origin:
    """The origin of the running code; the system's own where no door said otherwise."""
    return _current.get()


@contextmanager
def acting(origin: Origin) -> Iterator[None]:
    """What is done inside comes from ``origin``."""
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)
