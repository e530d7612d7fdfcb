"""Access tokens by OAuth 2.0 client credentials, one for an application and process.

Halo may void a token when the application gets its next one, so threads share one, and a refused token is replaced once,
whoever notices first. Tokens are kept in memory only.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

EARLY = 60.0
"""Seconds before its end at which a token is not used any more."""


@dataclass(slots=True)
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    text: str = ""
    ends_at: float = 0.0


class Tokens:
    """The tokens of this process. ``fetch`` returns a new token and its life in seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def get(self, owner: str, fetch: Callable[[], tuple[str, float]]) -> str:
        """The token in use, fetched when there is none or it is about to end."""
        kept = self._of(owner)
        with kept.lock:
            if not kept.text or time.monotonic() >= kept.ends_at:
                self._renew(kept, fetch)
            return kept.text

    def replaced(self, owner: str, refused: str, fetch: Callable[[], tuple[str, float]]) -> str:
        """Another token than the refused one: what somebody else fetched meanwhile, or a new one."""
        kept = self._of(owner)
        with kept.lock:
            if kept.text == refused:
                self._renew(kept, fetch)
            return kept.text

    def _of(self, owner: str) -> _Kept:
        with self._lock:
            return self._kept.setdefault(owner, _Kept())

    def _renew(self, kept: _Kept, fetch: Callable[[], tuple[str, float]]) -> None:
        kept.text = ""
        text, life = fetch()
        kept.text, kept.ends_at = text, time.monotonic() + max(life - EARLY, life / 2)


def owner_of(*parts: str) -> str:
    """A name for an application, made of what it signs in with; the secret cannot be read from it."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
