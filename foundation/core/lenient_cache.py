"""The cache that pages go on without: while Redis is away nothing is found in it, and nothing fails for it.

What must hold without Redis is kept in PostgreSQL. What is kept here (counters of secondary limits, what was said a moment
ago) is worth less than the page that asks for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

from foundation.core.redis_errors import require_away

PAUSE_SECONDS = 1.0
"""After a failure nobody waits for Redis for so long: one page asks several times."""
OTHERWISE: dict[str, Callable[..., Any]] = {
    "add": lambda *given: True,
    "get": lambda key, default=None: default,
    "set": lambda *given: None,
    "touch": lambda *given: False,
    "delete": lambda *given: False,
    "has_key": lambda *given: False,
    "incr": lambda key, delta=1: delta,
    "get_many": lambda keys: {},
    "set_many": lambda *given: None,
    "delete_many": lambda *given: None,
    "clear": lambda *given: False,
}
"""What each call answers while Redis is away: absent, and written as far as the caller is concerned."""

logger = structlog.get_logger(__name__)


class LenientClient(RedisCacheClient):
    """Django's client; each call of OTHERWISE has an answer also while Redis is away."""

    def __init__(self, *servers: Any, **options: Any) -> None:
        super().__init__(*servers, **options)
        self._asks_again_at = 0.0
        for name in OTHERWISE:
            setattr(self, name, partial(self._tried, name, getattr(self, name)))

    def ping(self) -> None:
        """Raises redis.exceptions.RedisError unless Redis answers: for those who want to know."""
        self.get_client(write=True).ping()

    def _tried(self, name: str, call: Callable[..., Any], *given: Any) -> Any:
        if time.monotonic() >= self._asks_again_at:
            try:
                return call(*given)
            except RedisError as err:
                require_away(err)
                self._asks_again_at = time.monotonic() + PAUSE_SECONDS
                logger.warning("cache_away", error=type(err).__name__)
        return OTHERWISE[name](*given)


class LenientRedisCache(RedisCache):
    """Django's cache on that client."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = LenientClient


def redis_ping() -> None:
    """Raises redis.exceptions.RedisError unless Redis answers."""
    client = getattr(caches["default"], "_cache", None)
    if isinstance(client, LenientClient):
        client.ping()
