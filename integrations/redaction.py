"""What of a remote answer may stand in a log or an error: short, and without secrets or people's addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable

SAMPLE_LENGTH = 300
_HIDDEN = "•••"
_NAMED = re.compile(
    r"""(?ix) ( ["']? [\w-]* (?:password|secret|token|private_?key|public_?key|api_?key|signing_?key|authorization|cookie)
        [\w-]* ["']? \s* [:=] \s* ) ( "[^"]*" | '[^']*' | [^\s,;&}<]+ )"""
)
_SCHEMES = re.compile(r"(?i)\b(basic|bearer)\s+[\w+/=.~-]{6,}")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LONG = re.compile(r"\b(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{32,}={0,2}")


def redacted(text: str | bytes, secrets: Iterable[str] = (), *, length: int = SAMPLE_LENGTH) -> str:
    """One line of at most ``length`` characters, with known secrets, credentials by their names, mail addresses and
    long random words blotted out."""
    if isinstance(text, bytes):
        text = text[: length * 8].decode("utf-8", "replace")
    text = text[: length * 8]
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    text = _SCHEMES.sub(rf"\1 {_HIDDEN}", text)
    text = _NAMED.sub(rf"\1{_HIDDEN}", text)
    text = _MAIL.sub(_HIDDEN, text)
    text = _LONG.sub(_HIDDEN, text)
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
