"""What an error of Redis or Valkey is about: the server can't work just now, or what it was asked is wrong."""

from __future__ import annotations

from redis.exceptions import (
    ConnectionError,
    MasterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,
)

DISK = "MISCONF"
"""How an answer begins that refuses to write because the server can't write to its disk
(https://valkey.io/topics/persistence/, https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/)."""
AWAY = (ConnectionError, TimeoutError, OutOfMemoryError, ReadOnlyError, MasterDownError)


def is_away(error: BaseException) -> bool:
    """Whether the server can't work at all just now: not there, or there and taking nothing new."""
    return isinstance(error, AWAY) or has_full_disk(error)


def has_full_disk(error: BaseException) -> bool:
    """Whether the server takes nothing new because it can't write to its disk."""
    return isinstance(error, ResponseError) and str(error).startswith(DISK)


def require_away(error: RedisError) -> None:
    """Raises ``error`` unless it says that the server can't work just now."""
    if not is_away(error):
        raise error
