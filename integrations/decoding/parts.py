"""Where the parts of a JSON text begin and end, found without decoding them: the elements of an array, the members of an object.

No recursion, so that no depth is too much; nothing is kept, so that no number is; what is inside of a part may be broken, so that one
that cannot be decoded does not take the others along. A streaming parser (ijson) was weighed: it gives values where typed decoding wants
bytes, and stops for good at the first byte that is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

DEEPEST = 64
"""Levels of objects and arrays in a part; what lies deeper is left out. Vendors' records have five."""
_TOKENS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[][{},"]', re.DOTALL)
_KEY = re.compile(rb'\s*("[^"\\]*+(?:\\.[^"\\]*+)*+")\s*:\s*', re.DOTALL)
_OPENING, _CLOSING, _QUOTE, _COMMA = frozenset(b"[{"), frozenset(b"]}"), ord('"'), ord(",")


class BrokenOff(ValueError):
    """The text ends before what was opened is closed."""


class Part(NamedTuple):
    """From where to where, and which stretches inside lie deeper than is read."""

    begin: int
    end: int
    too_deep: tuple[tuple[int, int], ...] = ()


def parts(text: bytes, opening: int) -> Iterator[Part]:
    """The elements of the array, or the members of the object, whose bracket stands at ``opening``; empty ones are none.

    Raises BrokenOff where the bracket is never closed.
    """
    depth, begin, deep_from = 0, opening + 1, 0
    too_deep: list[tuple[int, int]] = []
    for token in _TOKENS.finditer(text, begin):
        at = token.start()
        sign = text[at]
        if sign == _QUOTE:
            if token.end() == at + 1:
                break
        elif sign in _OPENING:
            depth += 1
            if depth == DEEPEST + 1:
                deep_from = at
        elif sign in _CLOSING and depth:
            if depth == DEEPEST + 1:
                too_deep.append((deep_from, at + 1))
            depth -= 1
        elif not depth:
            if text[begin:at].strip():
                yield Part(begin, at, tuple(too_deep))
            if sign in _CLOSING:
                return
            begin, too_deep = at + 1, []
    raise BrokenOff("the text is not complete")


def cut(text: bytes, part: Part) -> bytes:
    """The part's own bytes, with null for what lies too deep."""
    if not part.too_deep:
        return text[part.begin : part.end].strip()
    pieces, at = [], part.begin
    for begin, end in part.too_deep:
        pieces += [text[at:begin], b"null"]
        at = end
    return b"".join([*pieces, text[at : part.end]]).strip()


def members(text: bytes, opening: int) -> dict[bytes, Part]:
    """The members of the object at ``opening``: {key with its quotes: the value's part}. Of two with one key the later counts.

    Raises BrokenOff.
    """
    found: dict[bytes, Part] = {}
    for part in parts(text, opening):
        if key := _KEY.match(text, part.begin, part.end):
            found[key[1]] = Part(key.end(), part.end, part.too_deep)
    return found
