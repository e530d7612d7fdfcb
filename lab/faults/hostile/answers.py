"""Odd answers as a whole: headers, encodings, forms, statuses. They come from proxies, gateways and upgrades more often than from a PSA."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lab.faults.hostile.kinds import Kind, Loss, Rule
from lab.faults.hostile.spots import Spots

LOG_IN = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>Sign in</form></body></html>"
HTML = "text/html; charset=utf-8"


def kinds() -> Iterator[Kind]:
    """All of them."""
    yield from headers()
    yield from bodies()
    yield from statuses()


def odd(kind: str, times: int | None = None, after: int = 0, **oddity: Any) -> Callable[[Spots, int], list[Rule]]:
    """One rule that strikes all requests for tickets."""

    def rules(spots: Spots, target: int) -> list[Rule]:
        return [{"kind": kind, "match": spots.tickets, "times": times, "after": after, "odd": oddity}]

    return rules


def headers() -> Iterator[Kind]:
    """The bodies are well."""
    dates = {
        "beyond year 9999": "Fri, 31 Dec 99999 23:59:59 GMT",
        "in year 0": "Sat, 01 Jan 0000 00:00:00 GMT",
        "no date": "yesterday",
        "empty": "",
        "of a 30th of February": "Mon, 30 Feb 2026 10:00:00 GMT",
        "of 300 kB": "Mon, " + "0" * 30_000,
    }
    for name, text in dates.items():
        yield Kind(name=f"Date header {name}", loss=Loss.NOTHING, rules=odd("headers", headers={"Date": text}))
    yield Kind(name="no Date header", loss=Loss.NOTHING, rules=odd("headers", headers={"Date": None}))
    lengths = {"negative": "-1", "huge": "9" * 30, "a word": "long", "too large": "99999999"}
    for name, text in lengths.items():
        yield Kind(name=f"Content-Length {name}", loss=Loss.RUN, rules=odd("headers", headers={"Content-Length": text}))
    yield Kind(
        name="Link header of nonsense", loss=Loss.RUN, rules=odd("headers", headers={"Link": "<>; rel=next, <:/x"})
    )
    yield Kind(
        name="Link header to somebody else",
        loss=Loss.RUN,
        rules=odd("headers", headers={"Link": '<https://elsewhere.example/steal?page=2>; rel="next"'}),
        only=frozenset({"connectwise"}),
    )
    yield Kind(
        name="headers of other alphabets", loss=Loss.NOTHING, rules=odd("headers", headers={"X-Server": "\xe9\xff\x80"})
    )
    yield Kind(
        name="Content-Type of an image", loss=Loss.NOTHING, rules=odd("headers", headers={"Content-Type": "image/png"})
    )
    yield Kind(
        name="a charset that nobody knows",
        loss=Loss.NOTHING,
        rules=odd("headers", headers={"Content-Type": "application/json; charset=klingon"}),
    )


def bodies() -> Iterator[Kind]:
    """Good answers in another form."""
    harmless = {
        "bom": "a byte order mark",
        "gzip": "gzip that was not asked for",
        "spaces": "200 kB of blanks before it",
    }
    for form, name in harmless.items():
        yield Kind(name=name, loss=Loss.NOTHING, rules=odd("body", form=form))
    spoiled = {
        "utf16": "UTF-16",
        "nul": "NUL bytes behind it",
        "trailing": "a comment behind it",
        "guarded": "a guard before it",
        "gzip_cut": "gzip that breaks off",
        "gzip_not": "gzip that is none",
        "gzip_bomb": "a gzip bomb",
        "object": "an object around the list",
        "list": "a list around the answer",
        "text": "JSON within a text",
        "null": "null",
        "number": "a number",
        "truth": "true",
        "nothing": "nothing with a good status",
        "deep": "100,000 brackets",
        "cut": "half of the answer",
        "many": "a million tiny rows",
        "alien": "rows of another program",
        "error": "an error with a good status",
    }
    for form, name in spoiled.items():
        yield Kind(name=name, loss=Loss.RUN, rules=odd("body", form=form))
    yield Kind(name="bytes that are no UTF-8", loss=Loss.PARENT, rules=odd("body", form="invalid_utf8"))
    yield Kind(name="half of the answer once", loss=Loss.NOTHING, rules=odd("body", form="cut", times=1))


def statuses() -> Iterator[Kind]:
    """Answers of somebody in between, or of a PSA that is not well."""
    answers: dict[str, dict[str, Any]] = {
        "a log-in page with 200": {"status": 200, "body": LOG_IN},
        "a firewall's page with 403": {"status": 403, "body": "<html><h1>Request blocked</h1></html>"},
        "a page with 401": {"status": 401, "body": LOG_IN},
        "maintenance with 503": {
            "status": 503,
            "body": "<html>Back soon</html>",
            "headers": {"Retry-After": "Tuesday"},
        },
        "a gateway's 502": {"status": 502, "body": "<html>Bad gateway</html>"},
        "a redirect to a log-in page": {"status": 302, "headers": {"Location": "https://login.example/"}},
        "a redirect to itself": {"status": 307, "headers": {"Location": "/"}},
        "a redirect to nowhere": {"status": 301},
        "204": {"status": 204, "content_type": "application/json"},
        "206": {"status": 206, "content_type": "application/json", "body": "[]"},
        "304": {"status": 304},
        "404 of a page": {"status": 404, "body": "<html>Not found</html>"},
        "418": {"status": 418, "body": "teapot", "content_type": "text/plain"},
        "status 799": {"status": 799, "body": "{}", "content_type": "application/json"},
        "a traceback with 500": {"status": 500, "body": LOG_IN},
    }
    for name, answer in answers.items():
        yield Kind(name=name, loss=Loss.RUN, rules=odd("answer", **answer))
    for wait in ("-1", "0", "1e9", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "soon", "NaN"):
        yield Kind(
            name=f"429 with Retry-After {wait}",
            loss=Loss.RUN,
            rules=odd("answer", status=429, headers={"Retry-After": wait}, body="{}", content_type="application/json"),
        )
    yield Kind(
        name="429 on every third request",
        loss=Loss.RUN,
        rules=lambda spots, target: [{"kind": "429", "retry_after": 1, "probability": 0.33}],
    )
    yield Kind(
        name="401 once",
        loss=Loss.RUN,
        rules=lambda spots, target: [{"kind": "401", "match": spots.tickets, "times": 1}],
    )
    yield Kind(
        name="connections that break off",
        loss=Loss.RUN,
        rules=lambda spots, target: [{"kind": "truncated", "how": "wire", "match": spots.tickets}],
    )
