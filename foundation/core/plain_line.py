"""Names as people type them."""

from __future__ import annotations

import unicodedata

_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u200b")


def plain_line(text: str) -> str:
    """``text`` on one line: blanks and line ends become one blank, what nobody sees or can type is left out.

    Control characters and marks of direction go, so that a name shows as it is and can be typed again where a dialog asks
    for it. Letters of all scripts and joined emoji stay.
    """
    line = " ".join(text.split())
    return "".join(sign for sign in line if sign not in _DIRECTION and unicodedata.category(sign) != "Cc").strip()
