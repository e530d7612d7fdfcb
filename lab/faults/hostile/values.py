"""Odd values of one record among others that are well."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from lab.faults.hostile.kinds import Kind, Loss, Rule
from lab.faults.hostile.spots import Spots

HUNDRED_KB = 100_000


def kinds() -> Iterator[Kind]:
    """All of them."""
    for sort, values in TEXTS.items():
        yield Kind(name=f"a text of {sort}", loss=Loss.VALUE, silent=True, rules=one("text", values))
    for sort, raw in SPOILED_TEXTS.items():
        silent = sort in READABLE
        yield Kind(name=f"a text that is {sort}", loss=Loss.VALUE, silent=silent, rules=one("text", raw))
    for sort, raw in NUMBERS.items():
        silent = sort in READABLE
        yield Kind(name=f"a number that is {sort}", loss=Loss.RECORD, silent=silent, rules=one("number", raw))
    for sort, raw in DATES.items():
        yield Kind(name=f"a date of {sort}", loss=Loss.VALUE, silent=sort in CONVENTIONS, rules=one("date", raw))
        yield Kind(name=f"a moment of {sort}", loss=Loss.VALUE, silent=sort in CONVENTIONS, rules=one("moment", raw))
    for sort, raw in REFERENCES.items():
        yield Kind(name=f"a reference {sort}", loss=Loss.RECORD, silent=True, rules=one("reference", raw))
    for sort, raw in IDS.items():
        silent = sort in OTHER_IDS
        yield Kind(name=f"an id that is {sort}", loss=Loss.PARENT, silent=silent, rules=identified(raw))
    for sort, raw in STAMPS.items():
        yield Kind(name=f"a stamp {sort}", loss=Loss.RECORD, silent=True, rules=one("stamp", raw))
    yield Kind(name="truth in words", loss=Loss.VALUE, silent=True, rules=one("truth", '"yes"'))
    yield Kind(name="truth as a number", loss=Loss.VALUE, silent=True, rules=one("truth", "1"))
    yield Kind(name="a name of 100 kB", loss=Loss.VALUE, silent=True, rules=one("name", json.dumps("N" * HUNDRED_KB)))
    yield Kind(name="an object for a list", loss=Loss.VALUE, rules=one("list", '{"0":{"id":1}}'))
    yield Kind(name="a list that is 500 levels deep", loss=Loss.RECORD, rules=one("list", "[" * 500 + "]" * 500))
    yield Kind(
        name="a list that is 100,000 levels deep", loss=Loss.RECORD, rules=one("list", "[" * 10**5 + "]" * 10**5)
    )
    yield Kind(name="a key twice", loss=Loss.VALUE, silent=True, rules=doubled())
    for sort, raw in ROWS.items():
        yield Kind(name=f"a row that is {sort}", loss=Loss.RECORD, rules=whole(raw))


TEXTS = {
    "100 kB": json.dumps("x" * HUNDRED_KB),
    "two megabytes": json.dumps("y" * 2_000_000),
    "right-to-left signs": json.dumps("\u202eevil\u202d \u05e9\u05dc\u05d5\u05dd"),
    "signs outside the first plane": json.dumps("👩‍👩‍👧‍👦" * 200),
    "blanks": json.dumps(" \t\u00a0\u2003 "),
    "nothing": '""',
    "markup": json.dumps("<script>alert(1)</script>'\"--;DROP TABLE"),
    "backslashes that spell a NUL": json.dumps("six signs: \\u0000"),
    "line ends of all sorts": json.dumps("a\r\nb\u2028c\u0085d\x0be"),
    "a million combining marks": json.dumps("e" + "\u0301" * 50_000),
}
SPOILED_TEXTS = {
    "half of a surrogate pair": '"\\ud83d"',
    "surrogates in the wrong order": '"\\ude00\\ud83d"',
    "full of NULs": '"a\\u0000b\\u0000"',
    "full of control characters": '"\\u0001\\u001b[31m\\u007f"',
    "a number": "4711",
    "an object": '{"text":"summary"}',
    "a list": '["one","two"]',
    "true": "true",
}
NUMBERS = {
    "a text": '"1.5"',
    "a text with blanks": '" 2 "',
    "a word": '"some"',
    "beyond all bounds": "1" + "0" * 400,
    "infinite": "1e999",
    "not a number": "NaN",
    "minus infinity": "-Infinity",
    "negative": "-99999999",
    "a thousand digits": "0." + "3" * 1000,
    "a list": "[1]",
    "a text with a comma": '"1,5"',
    "empty": '""',
}
DATES = {
    "year 0": '"0000-01-01T00:00:00Z"',
    "year 1": '"0001-01-01T00:00:00Z"',
    "1899": '"1899-12-30T00:00:00Z"',
    "1900": '"1900-01-01T00:00:00Z"',
    "year 9999": '"9999-12-31T23:59:59.9999999Z"',
    "year 10000": '"10000-01-01T00:00:00Z"',
    "a 30th of February": '"2026-02-30T10:00:00Z"',
    "no time": '"2026-03-01"',
    "no seconds": '"2026-03-01T10:00"',
    "a blank inside": '"2026-03-01 10:00:00"',
    "blanks around": '" 2026-03-01T10:00:00Z "',
    "another offset": '"2026-03-01T10:00:00+14:00"',
    "an offset of a day": '"2026-03-01T10:00:00+24:00"',
    "a leap second": '"2026-06-30T23:59:60Z"',
    "nine decimals": '"2026-03-01T10:00:00.123456789Z"',
    "an American sort": '"03/01/2026"',
    "seconds since 1970": "1772359200",
    "a word": '"tomorrow"',
    "nothing": '""',
    "a list": "[2026,3,1]",
}
CONVENTIONS = frozenset(
    {
        *("year 1", "1899", "1900", "year 9999", "no time", "no seconds", "a blank inside", "blanks around"),
        *("another offset", "a leap second", "nine decimals", "nothing", "seconds since 1970"),
    }
)
"""These mean no date, or can be read as one: nobody is told."""
READABLE = frozenset(
    {
        *("full of NULs", "full of control characters", "a number"),
        *("a text", "a text with blanks", "negative", "a thousand digits", "empty"),
    }
)
"""What such a text or number says can be told."""
REFERENCES = {
    "to nothing": "987654321",
    "that is null": "null",
    "that is negative": "-5",
    "that is a text": '"12"',
    "that is a word": '"nobody"',
    "beyond 64 bits": "99999999999999999999999",
    "with a point": "12.0",
}
IDS = {
    "null": "null",
    "a word": '"seven"',
    "negative": "-7",
    "zero": "0",
    "beyond 64 bits": "99999999999999999999999",
    "a text of 5 kB": json.dumps("7" * 5000),
    "an object": '{"id":7}',
    "a number with a point": "7.5",
}
OTHER_IDS = frozenset({"negative", "zero", "beyond 64 bits"})
"""With these it is another record, for all that can be told, and nothing lies below the one that is asked for."""
STAMPS = {
    "of year 9999": '"9999-12-31T23:59:59Z"',
    "of year 1": '"0001-01-01T00:00:00Z"',
    "that is null": "null",
    "that is a word": '"now"',
    "of tomorrow": '"2099-01-01T00:00:00Z"',
}
ROWS = {
    "null": "null",
    "a number": "7",
    "a list": "[1,2,3]",
    "an empty object": "{}",
    "of another program": '{"kind":"weather","rain":true}',
    "text": '"a row"',
}


def one(sort: str, raw: str) -> Callable[[Spots, int], list[Rule]]:
    """The one ticket's value of this sort as raw JSON."""

    def rules(spots: Spots, target: int) -> list[Rule]:
        odd = {"ids": [target], "set": {spots.fields[sort]: raw}}
        return [{"kind": "row", "match": spots.tickets, "odd": odd}]

    return rules


def identified(raw: str) -> Callable[[Spots, int], list[Rule]]:
    """The one ticket under another id."""

    def rules(spots: Spots, target: int) -> list[Rule]:
        return [{"kind": "row", "match": spots.tickets, "odd": {"ids": [target], "set": {"id": raw}}}]

    return rules


def doubled() -> Callable[[Spots, int], list[Rule]]:
    """The one ticket's text under the same key twice."""

    def rules(spots: Spots, target: int) -> list[Rule]:
        field = spots.fields["text"]
        raw = f'"first","{field}":"second"'
        return [{"kind": "row", "match": spots.tickets, "odd": {"ids": [target], "set": {field: raw}}}]

    return rules


def whole(raw: str) -> Callable[[Spots, int], list[Rule]]:
    """Something else in the one ticket's place."""

    def rules(spots: Spots, target: int) -> list[Rule]:
        return [{"kind": "row", "match": spots.tickets, "odd": {"ids": [target], "raw": raw}}]

    return rules
