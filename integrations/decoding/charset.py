"""The characters of an answer. JSON is UTF-8 (RFC 8259, 8.1); some servers write something else, and some say so."""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""UTF-32's marks first, for UTF-16's is how one of them begins."""
_NAMED = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_TEXTS = re.compile(
    r"(us-?ascii|iso-?8859-?\d{1,2}|latin-?1|windows-?125\d|cp-?125\d|utf-?(8|16|32)([bl]e)?)", re.IGNORECASE
)
"""What is taken for an encoding of text: of all that Python calls a codec, some unpack and some never end."""


_NO_CHARACTER = b"\xff"
"""What stands for bytes that are no character. It is none in UTF-8 either, so that whoever reads the row finds it and says so."""


def as_utf8(body: bytes, content_type: str) -> bytes:
    """The body as UTF-8, without a byte order mark. What is UTF-8 already stays as it is, whatever the header says; bytes that no
    encoding explains stay too."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :] if name == "utf-8" else _recoded(body, name)
    if body[:2].count(0) == 1:
        return _recoded(body, "utf-16-be" if body[0] == 0 else "utf-16-le")
    named = _NAMED.search(content_type)
    if named is None or _TEXTS.fullmatch(named[1]) is None or _is_utf8(body):
        return body
    return _recoded(body, named[1])


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _recoded(body: bytes, name: str) -> bytes:
    try:
        return body.decode(name, _MARKED).encode("utf-8", "surrogateescape")
    except LookupError:
        return body


def _marked(error: UnicodeError) -> tuple[str, int]:
    """Goes on behind bytes that are no character, with a mark in their place."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _NO_CHARACTER.decode("ascii", "surrogateescape"), error.end


_MARKED = "msportal.no_character"
codecs.register_error(_MARKED, _marked)
