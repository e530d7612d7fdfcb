"""What of a remote answer may stand in a log or an error: short, and without secrets or people's addresses."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterable
from functools import lru_cache

from foundation.core.known_secrets import HIDDEN as _HIDDEN
from foundation.core.known_secrets import KnownSecrets, current_secrets

SAMPLE_LENGTH = 300
# Names begin where words begin: tried at each letter of one long word, a sample would take a tenth of a second.
_NAMED = re.compile(
    r"""(?ix) ( (?<![\w-]) ["']? [\w-]* (?:password|secret|token|private_?key|public_?key|api_?key|signing_?key|authorization|cookie)
        [\w-]* ["']? \s* [:=] \s* ) ( "[^"]*" | '[^']*' | [^\s,;&}<]+ )"""
)
_SCHEMES = re.compile(r"(?i)\b(basic|bearer)\s+[\w+/=.~-]{6,}")
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_UNPRINTABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LONG = re.compile(r"\b(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{32,}={0,2}")


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 2 * SAMPLE_LENGTH


def shortened(value: object) -> str:
    """A value as text that is not long, however much it holds; a text as it is."""
    return value[: 8 * SAMPLE_LENGTH] if isinstance(value, str) else _SHORT.repr(value)


def printable(text: str) -> str:
    """The text without what neither a database nor a page can hold: NUL, halves of characters, and what moves a cursor."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def redacted(text: str | bytes, secrets: Iterable[str] = (), *, length: int = SAMPLE_LENGTH) -> str:
    """One line of at most ``length`` characters, with known secrets, credentials by their names, mail addresses and
    long random words blotted out. Known are ``secrets``, and those of the connection whose call is under way
    (``integrations.confidential``), however they are written."""
    if isinstance(text, bytes):
        text = text[: length * 64].decode("utf-8", "replace")
    text = _without(text[: length * 64], tuple(secrets), length * 8)
    text = _SCHEMES.sub(rf"\1 {_HIDDEN}", text)
    text = _NAMED.sub(rf"\1{_HIDDEN}", text)
    text = _MAIL.sub(_HIDDEN, text)
    text = _LONG.sub(_HIDDEN, text)
    line = " ".join(printable(text).split())
    return line if len(line) <= length else line[: length - 1] + "…"


def _without(text: str, secrets: tuple[str, ...], limit: int) -> str:
    """Before anything else is cut or replaced: half a secret would not be known any more."""
    current = current_secrets()
    known = [*([current] if current else []), *([_known(secrets)] if secrets else [])]
    for one in known:
        text = one.blotted(text, limit)
    return text[:limit]


@lru_cache(maxsize=64)
def _known(secrets: tuple[str, ...]) -> KnownSecrets:
    return KnownSecrets(secrets)
