"""Odd answers on demand: what servers, proxies and other programs' bugs make of a good one.

Four kinds of rules, which ``faults`` counts and matches like all others. ``answer``: another answer in its place. ``headers``: the
real one under other headers. ``body``: its bytes in another form. ``row``: single values of its records, as raw JSON, which may be none.
``pages``: its rows as a list that does not page as it should.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from typing import Any

import msgspec

from lab.sandbox.reply import Reply

MANY = 1_000_000
BOMB_BYTES = 256 << 20
DEPTH = 100_000
ENDLESS = 10**12
"""Ids of rows that an endless list makes up lie above this."""
_encode = msgspec.json.Encoder().encode


def _utf16(body: bytes) -> bytes:
    return body.decode().encode("utf-16")


def _bomb(body: bytes) -> bytes:
    """Little on the wire, a quarter of a gigabyte in memory."""
    return gzip.compress(b" " * BOMB_BYTES + body, 1)


BODIES: dict[str, Callable[[bytes], bytes]] = {
    "bom": lambda body: b"\xef\xbb\xbf" + body,
    "utf16": _utf16,
    "latin1": lambda body: body.decode().encode("latin-1", "replace"),
    "invalid_utf8": lambda body: re.sub(rb'": ?"', b'":"\xff\xfe', body, count=1),
    "gzip": gzip.compress,
    "gzip_cut": lambda body: gzip.compress(body)[:-20],
    "gzip_not": lambda body: body,
    "gzip_bomb": _bomb,
    "nul": lambda body: body + b"\0" * 16,
    "trailing": lambda body: body + b"<!-- served by cache 7 -->",
    "guarded": lambda body: b")]}',\n" + body,
    "spaces": lambda body: b" \n" * 100_000 + body,
    "object": lambda body: b'{"0":' + body + b"}",
    "list": lambda body: b"[" + body + b"]",
    "text": lambda body: _encode(body.decode("utf-8", "replace")),
    "null": lambda body: b"null",
    "number": lambda body: b"200",
    "truth": lambda body: b"true",
    "nothing": lambda body: b"",
    "deep": lambda body: b"[" * DEPTH + b"]" * DEPTH,
    "cut": lambda body: body[: len(body) // 2],
    "many": lambda body: b"[" + b",".join(b'{"id":%d}' % number for number in range(1, MANY + 1)) + b"]",
    "alien": lambda body: b'[{"kind":"weather","rain":true}]',
    "error": lambda body: b'{"error":{"code":"E1","message":"Something went wrong"}}',
}
_GZIPPED = ("gzip", "gzip_cut", "gzip_not", "gzip_bomb")
PAGES = ("repeat", "reverse", "shrink", "gap", "endless", "foreign")


class Oddity(msgspec.Struct, forbid_unknown_fields=True):
    """What the kinds above take beside ``match``; ``docs/sandbox.md`` explains it. A header of None is left out."""

    status: int = 200
    headers: dict[str, str | None] = {}
    content_type: str | None = None
    body: str = ""
    form: str = ""
    pattern: str = ""
    ids: list[int] | None = None
    set: dict[str, str] = {}
    without: list[str] = []
    raw: str | None = None

    def __post_init__(self) -> None:
        if self.form and self.form not in (*BODIES, *PAGES):
            raise ValueError(f"form must be one of {', '.join((*BODIES, *PAGES))}")
        try:
            re.compile(self.pattern)
        except re.error as err:
            raise ValueError(f"not a regular expression: {err}") from err


class Kept(msgspec.Struct):
    """What a rule remembers from one request to the next: the first page, and how many rows it made up."""

    first: Reply | None = None
    made: int = 0


def answer(oddity: Oddity) -> Reply:
    """The answer that takes the real one's place."""
    reply = Reply(oddity.status, oddity.body.encode("utf-8", "surrogateescape"))
    reply.content_type = oddity.content_type or "text/html; charset=utf-8"
    reply.overrides |= oddity.headers
    return reply


def bend(kind: str, oddity: Oddity, kept: Kept, hits: int, reply: Reply) -> Reply:
    """The real answer, bent."""
    if kind == "headers":
        reply.overrides |= oddity.headers
    elif kind == "body":
        _bend_body(oddity, reply)
    elif kind == "row":
        _bend_rows(oddity, reply)
    else:
        return _bend_pages(oddity.form, kept, hits, reply)
    return reply


def _bend_body(oddity: Oddity, reply: Reply) -> None:
    body = reply.payload()
    if oddity.pattern:
        body = re.sub(
            oddity.pattern.encode(), oddity.body.encode("utf-8", "surrogateescape").replace(b"\\", b"\\\\"), body
        )
    if oddity.form:
        body = BODIES[oddity.form](body)
    if oddity.form in _GZIPPED:
        reply.overrides["Content-Encoding"] = "gzip"
    if oddity.content_type is not None:
        reply.content_type = oddity.content_type
    reply.body, reply.rows = body, None
    reply.overrides |= oddity.headers


def _bend_rows(oddity: Oddity, reply: Reply) -> None:
    if reply.rows is not None and oddity.without:
        # Of all rows: a list that shows less.
        reply.rows = [_without(oddity, row) for row in reply.rows]
        return
    if reply.rows is not None:
        reply.rows = [
            _bent(oddity, row) if _is_meant(oddity, row, place) else row for place, row in enumerate(reply.rows)
        ]
        return
    inside = re.fullmatch(rb'\{"item":(\{.*\})\}', reply.body, re.DOTALL)
    row = inside[1] if inside else reply.body
    if row[:1] == b"{" and _is_meant(oddity, row, 0):
        bent = _bent(oddity, row)
        reply.body = b'{"item":' + bent + b"}" if inside else bent


def _is_meant(oddity: Oddity, row: bytes, place: int) -> bool:
    if oddity.ids is None:
        return place == 0
    found = msgspec.json.decode(row)
    return isinstance(found, dict) and found.get("id") in oddity.ids


def _bent(oddity: Oddity, row: bytes) -> bytes:
    """The row with some values as raw JSON. Only values that are there are changed, a nested one by its path with slashes."""
    if oddity.raw is not None:
        return oddity.raw.encode("utf-8", "surrogateescape")
    if oddity.without:
        return _without(oddity, row)
    record = msgspec.json.decode(row)
    marks: dict[bytes, bytes] = {}
    for number, (path, raw) in enumerate(oddity.set.items()):
        mark = f"\ufdd0{number}\ufdd0"
        if _put(record, path.split("/"), mark):
            marks[_encode(mark)] = raw.encode("utf-8", "surrogateescape")
    bent = _encode(record)
    for mark_bytes, raw_bytes in marks.items():
        bent = bent.replace(mark_bytes, raw_bytes)
    return bent


def _without(oddity: Oddity, row: bytes) -> bytes:
    record = msgspec.json.decode(row)
    return _encode({name: value for name, value in record.items() if name not in oddity.without})


def _put(record: Any, steps: list[str], value: str) -> bool:
    for step in steps[:-1]:
        record = record.get(step) if isinstance(record, dict) else None
    if not isinstance(record, dict):
        return False
    record[steps[-1]] = value
    return True


def _bend_pages(form: str, kept: Kept, hits: int, reply: Reply) -> Reply:
    if reply.rows is None:
        return reply
    if form == "repeat":
        kept.first = kept.first or reply
        return Reply(rows=kept.first.rows, headers=kept.first.headers, before=kept.first.before, after=kept.first.after)
    if form == "reverse":
        reply.rows = reply.rows[::-1]
    elif form == "shrink":
        reply.rows = reply.rows[: max(0, len(reply.rows) - hits)]
    elif form == "gap" and hits == 2:
        reply.rows = []
    elif form == "endless":
        kept.first = kept.first or reply
        reply.rows = [_renumbered(kept, row) for row in kept.first.rows or ()]
    elif form == "foreign" and reply.rows:
        reply.rows = [*reply.rows, b'{"kind":"weather","rain":true}', b"7", b"null", b'"a row"', b"[1,2]"]
    return reply


def _renumbered(kept: Kept, row: bytes) -> bytes:
    kept.made += 1
    return re.sub(rb'"id":-?\d+', b'"id":%d' % (ENDLESS + kept.made), row, count=1)
