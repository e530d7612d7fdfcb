"""Values that are never written anywhere a person may read them: not in logs, not in the audit, not on error pages."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

from foundation.core.known_secrets import HIDDEN, without_recent

__all__ = ["HIDDEN", "drop_secrets", "is_secret", "without_links", "without_secrets"]
SECRET_WORDS = (
    "password",
    "passwd",
    "secret",
    "token",
    "credential",
    "private_key",
    "public_key",
    "api_key",
    "authorization",
    "cookie",
    "session_key",
    "csrf",
    "fernet",
)
"""A name that contains one of these holds a secret."""


LINKS = re.compile(r"(?i)((?:/|%2F)(?:invitation|password(?:/|%2F)reset(?:/|%2F)key)(?:/|%2F))[^/%\s\"'?]+")
"""Addresses that let in whoever knows them."""


def is_secret(name: str) -> bool:
    """Whether a field or log key of this name holds a secret: "privateKey" and "private-key" as well as "private_key"."""
    bare = name.replace("-", "").replace("_", "").replace(" ", "").lower()
    return any(word.replace("_", "") in bare for word in SECRET_WORDS)


def without_links(text: str) -> str:
    """The text with the secret part of invitation and password links replaced."""
    return LINKS.sub(rf"\1{HIDDEN}", text)


def without_secrets(value: Any) -> Any:
    """The same value with everything under a secret's name replaced, however deep."""
    if isinstance(value, Mapping):
        return {key: HIDDEN if is_secret(str(key)) and item else without_secrets(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [without_secrets(item) for item in value]
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    return without_recent(without_links(value)) if isinstance(value, str) else value


def drop_secrets(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: the event without secrets."""
    for key, value in event.items():
        if is_secret(key) and value:
            event[key] = HIDDEN
        elif (
            isinstance(value, Mapping | list | tuple | set | frozenset | str | bytes)
            and key != "exc_info"
            and not key.startswith("_")
        ):
            event[key] = without_secrets(value)
    return event
