"""Reads the environment, and refuses bad or missing values with a sentence."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

env = environ.Env()


def required(name: str, purpose: str) -> str:
    """The value of ``name``. Raises ImproperlyConfigured with a sentence that says what it is for."""
    value = os.environ.get(name, "").strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. It is needed for {purpose}; README.md shows an example.")
    return value


def boolean(name: str, default: bool) -> bool:
    """True for 1/true/yes/on, False for 0/false/no/off, in any case."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; write 1 or 0.")


def integer(name: str, default: int, *, least: int = 0) -> int:
    """A whole number of at least ``least``."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    if not value.isdigit() or int(value) < least:
        raise ImproperlyConfigured(f"{name} is {value!r}; write a whole number of {least} or more.")
    return int(value)


def listed(name: str, default: str = "") -> list[str]:
    """A comma-separated list without blanks."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def database(name: str, purpose: str) -> dict[str, Any]:
    """Django's connection settings of the PostgreSQL URL in ``name``, parsed by libpq's own rules."""
    url = required(name, purpose)
    if not url.startswith(("postgresql://", "postgres://")):
        raise ImproperlyConfigured(f"{name} must begin with postgresql:// (MSPortal runs on PostgreSQL only).")
    try:
        parts = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    except ProgrammingError as err:
        raise ImproperlyConfigured(f"{name} is not a PostgreSQL address: {err}".strip()) from err
    if not parts.get("dbname") or not parts.get("user"):
        raise ImproperlyConfigured(f"{name} must name a role and a database: postgresql://role@host/database.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname"),
        "USER": parts.pop("user"),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_MAX_AGE": 0,
        "OPTIONS": dict(parts),
    }


@dataclass(frozen=True, slots=True)
class RedisServer:
    """One server by one setting: ``broker``, its address for Celery; ``cache``, its address for redis-py; ``tls``: how both verify it,
    by redis-py's names; {} where it is not called over TLS."""

    broker: str
    cache: str
    tls: dict[str, Any]


def redis_server(name: str = "REDIS_URL", ca_file: str = "REDIS_CA_FILE") -> RedisServer:
    """The server of REDIS_URL, over TCP, TLS or a unix socket. Over TLS its certificate is verified by whoever calls it, against the
    machine's authorities and those of REDIS_CA_FILE; there is no way not to."""
    url = required(name, "Celery's broker and the cache")
    parts = urlsplit(url)
    if "ssl_" in parts.query:
        raise ImproperlyConfigured(
            f"{name} must not say how TLS is done: its certificate is always verified. For an authority of your own, write the path "
            f"of its certificate to {ca_file} and leave ssl_… out of the address."
        )
    if parts.scheme in {"redis", "rediss"} and parts.hostname:
        return RedisServer(url, url, _verified(ca_file) if parts.scheme == "rediss" else {})
    if parts.scheme in {"unix", "redis+socket"} and parts.path:
        number = next((p.split("=")[1] for p in parts.query.split("&") if p.startswith(("db=", "virtual_host="))), "0")
        path = quote(parts.path)
        return RedisServer(f"redis+socket://{path}?virtual_host={number}", f"unix://{path}?db={number}", {})
    raise ImproperlyConfigured(f"{name} must look like redis://host:6379/0, rediss://… or unix:///path/to/socket?db=0.")


def _verified(ca_file: str) -> dict[str, Any]:
    """By name, for Celery's default is to accept any certificate."""
    options: dict[str, Any] = {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
    path = os.environ.get(ca_file, "").strip()
    if not path:
        return options
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as err:
        raise ImproperlyConfigured(
            f"{ca_file} is {path!r}, which can't be read as certificates in PEM: {err}."
        ) from err
    return options | {"ssl_ca_certs": path}


def fernet_keys(name: str) -> list[str]:
    """The encryption keys, newest first. Raises when one of them is not a Fernet key."""
    from cryptography.fernet import Fernet

    required(name, "encrypting the PSA credentials at rest")
    keys = listed(name)
    for key in keys:
        try:
            Fernet(key)
        except ValueError as err:
            raise ImproperlyConfigured(
                f"{name} holds a value that is not a Fernet key (32 bytes in URL-safe base64). Make one with: "
                'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
            ) from err
    return keys
