"""Secrets at rest: encrypted with the newest key, readable with older ones, bound to one organization."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

VERSION = "v1"
_SEPARATOR = ":"


class DecryptionFailed(Exception):
    """The text can't be read: no key fits, it was altered, or it belongs to another organization."""


def encrypt(organization_id: int, values: Mapping[str, str]) -> str:
    """``v1:`` and a Fernet token. The organization's id is inside, so that a token copied to another tenant is refused."""
    plain = json.dumps({"organization": organization_id, "values": dict(values)}, separators=(",", ":"))
    return f"{VERSION}{_SEPARATOR}{_keys().encrypt(plain.encode()).decode('ascii')}"


def decrypt(organization_id: int, text: str) -> dict[str, str]:
    """The values that ``encrypt`` was given for this organization. Raises DecryptionFailed."""
    try:
        held = json.loads(_keys().decrypt(_token(text)))
    except InvalidToken as err:
        raise DecryptionFailed(
            "The stored secret can't be read with the keys in CREDENTIAL_KEYS. Add the key it was saved with, or enter the secret again."
        ) from err
    if held["organization"] != organization_id:
        raise DecryptionFailed("The stored secret belongs to another organization. Enter the secret again.")
    values: dict[str, str] = held["values"]
    return values


def is_current(text: str) -> bool:
    """Whether the text is encrypted with the newest key."""
    try:
        Fernet(settings.CREDENTIAL_KEYS[0]).decrypt(_token(text))
    except (InvalidToken, DecryptionFailed):
        return False
    return True


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])


def _token(text: str) -> bytes:
    version, found, token = text.partition(_SEPARATOR)
    if not found or version != VERSION:
        raise DecryptionFailed("The stored secret is of a format that this release can't read. Enter the secret again.")
    return token.encode()
