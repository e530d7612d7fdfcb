"""What people type into a search box, as patterns for the search doors."""

from __future__ import annotations

import re

MOST_WORDS = 8
RUN_OF_THREE = re.compile(r"\w{3}")


def patterns_of(text: str) -> list[str]:
    """One ILIKE pattern a word; a row has to meet all. Words of punctuation alone are left out: no index could find them.

    Short words match at the beginning of a word, where the index can find them; scripts beyond ASCII write words of two signs.
    """
    words = [word.lstrip("#") or word for word in text.split()[:MOST_WORDS]]
    return [_pattern(word) for word in words if any(sign.isalnum() for sign in word)]


def _pattern(word: str) -> str:
    escaped = word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    anywhere = RUN_OF_THREE.search(word) or not word.isascii()
    return f"%{escaped}%" if anywhere else f"% {escaped}%"
