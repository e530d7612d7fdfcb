"""One row by itself: typed where it is as documented, else value by value."""

from __future__ import annotations

import json
import math
import re
from typing import Any, TypeVar

import msgspec

from integrations.decoding.parts import DEEPEST, BrokenOff, Part, cut, members
from integrations.decoding.repair import Odd, Unfit, fitted
from integrations.port import Rejected, Remark
from integrations.redaction import redacted, shortened

UNDECODABLE = (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError, OverflowError)
"""All that msgspec raises for a text, whatever is wrong with it."""
SMALL = 100_000
"""Bytes of a row that cannot hold too much."""
MOST_IN_ROW = 50_000
"""Objects of one row, and ten times as many values."""
LONGEST_NUMBER = 400
"""Digits. What is longer is kept as text, which no number is."""
SAMPLE, MOST_ODD = 80, 20
"""Characters of an odd value that are shown, and odd values of one row that are named."""
_ID = re.compile(rb'"?(-?[0-9A-Za-z][\w.-]{0,63})"?')
_LONE = re.compile("[\ud800-\udfff]")
_NUL = rb"\u0000"
_REPLACED = "\N{REPLACEMENT CHARACTER}"

R = TypeVar("R", bound=msgspec.Struct)


class NoJson(Unfit):
    """The text is no JSON, however tolerantly it is read."""


def read(text: bytes, part: Part, kind: type[R], decoder: msgspec.json.Decoder[R]) -> tuple[R | Rejected, list[Odd]]:
    """The row at ``part``, and what was odd about it; Rejected where it has no usable id or is no JSON at all."""
    if part.end - part.begin > SMALL and is_too_large(text[part.begin : part.end]):
        return _rejected(text, part, f"It holds more than {MOST_IN_ROW:,} objects or {10 * MOST_IN_ROW:,} values."), []
    raw = cut(text, part)
    if not has_nul(raw):
        try:
            return decoder.decode(raw), _depths(part)
        except UNDECODABLE:
            pass
    try:
        found, odd = loosely(text, part, kind)
    except Unfit as err:
        return _rejected(text, part, f"It {err}."), []
    return found, odd


def loosely(text: bytes, part: Part, kind: Any) -> tuple[Any, list[Odd]]:
    """The text at ``part`` as ``kind``, each value made to fit or left out. Raises Unfit."""
    odd = _depths(part)
    return fitted(_plain(cut(text, part), odd), kind, odd), odd


def plainly(text: bytes, part: Part) -> Any:
    """The text at ``part`` as it is; None where it is no JSON."""
    try:
        return _plain(cut(text, part), [])
    except Unfit:
        return None


def has_nul(raw: bytes) -> bool:
    """Whether a text of the JSON may hold the character NUL, which no store keeps: where it is all that a text holds, there is no text."""
    return _NUL in raw


def is_too_large(raw: bytes) -> bool:
    return raw.count(b"{") > MOST_IN_ROW or raw.count(b",") > 10 * MOST_IN_ROW


def id_of(found: Any) -> str:
    """The id of a row's own, as text."""
    number = getattr(found, "id", None)
    return "" if number is None else str(number)


def remarks(remote_id: str, odd: list[Odd]) -> list[Remark]:
    """What was odd about one row, for people; of very much a part."""
    if len(odd) > MOST_ODD:
        more = Odd("", f"and {len(odd) - MOST_ODD:,} more were odd", "")
        odd = [*sorted(odd, key=lambda entry: entry.understood)[:MOST_ODD], more]
    return [
        Remark(
            remote_id=remote_id,
            field=entry.field,
            message=f"{entry.field or 'A value'} {entry.message}",
            sample=redacted(shortened(entry.value), length=SAMPLE),
            understood=entry.understood,
        )
        for entry in odd
    ]


def _rejected(text: bytes, part: Part, message: str) -> Rejected:
    raw = text[part.begin : part.end].strip()
    return Rejected(remote_id=_said_id(raw), message=message, sample=redacted(raw))


def _said_id(raw: bytes) -> str:
    """The id that a row says of itself, whatever else is wrong with it; "" where it says none."""
    try:
        own = members(raw, 0).get(b'"id"') if raw.startswith(b"{") else None
    except BrokenOff:
        return ""
    found = _ID.fullmatch(raw[own.begin : own.end].strip()) if own else None
    return found[1].decode() if found else ""


def _depths(part: Part) -> list[Odd]:
    said = f"lay more than {DEEPEST} levels deep: it was left out"
    return [Odd("", said, f"{end - begin:,} bytes") for begin, end in part.too_deep[:MOST_ODD]]


def _plain(raw: bytes, odd: list[Odd]) -> Any:
    """The JSON as plain values, without NUL. What JSON forbids and others write all the same is read: control characters, halves of
    characters, NaN and what else is no finite number as the text that it is. Raises Unfit."""
    try:
        found = msgspec.json.decode(raw)
        return _without_nul(found) if has_nul(raw) else found
    except UNDECODABLE:
        pass
    try:
        return _whole_characters(_without_nul(_TOLERANT.decode(raw.decode("utf-8", "replace"))), "", odd)
    except (ValueError, RecursionError) as err:
        raise NoJson("is no JSON") from err


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= LONGEST_NUMBER else digits


def _float(digits: str) -> float | str:
    found = float(digits)
    return found if math.isfinite(found) else digits


_TOLERANT = json.JSONDecoder(strict=False, parse_int=_integer, parse_float=_float, parse_constant=str)


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    return value


def _whole_characters(value: Any, path: str, odd: list[Odd]) -> Any:
    """The value with a mark in the place of what is no character, and each text that has one named."""
    if isinstance(value, str):
        text = _LONE.sub(_REPLACED, value)
        if _REPLACED in text:
            odd.append(Odd(path, "held what is no character: a mark stands in its place", text))
        return text
    if isinstance(value, list):
        return [_whole_characters(item, f"{path}[{place}]", odd) for place, item in enumerate(value)]
    if isinstance(value, dict):
        return {
            _LONE.sub(_REPLACED, key): _whole_characters(item, f"{path}.{key}" if path else key, odd)
            for key, item in value.items()
        }
    return value
