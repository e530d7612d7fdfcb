"""Whatever a client writes into an address, a form, a header or a cookie: no page fails for it."""

from __future__ import annotations

import base64
import html
import json
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from foundation.tenancy.models import AuditEvent, Organization, User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import Run
from tests.fixtures.people import MakePerson
from tests.fixtures.runs import make_entries, make_issue, make_line, make_run, make_stream

ClientFor = Callable[[User], Client]


def cursor(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


MOMENT = "2024-01-01T00:00:00+00:00"
CURSORS = (
    cursor({"t": MOMENT}, float("inf"), 1),
    cursor({"t": MOMENT}, 1, float("inf")),
    cursor({"t": MOMENT}, float("nan"), 1),
    cursor({"s": "\x00"}, 1, 1),
    cursor({"s": "\ud800"}, 1, 1),
    cursor({"s": ["x"]}, 1, 1),
    cursor({"s": "x"}, 1, 1),
    cursor({"d": "2024-01-01"}, 1, 1),
    cursor({"d": 20240101}, 1, 1),
    cursor({"t": "0001-01-01T00:00:00+14:00"}, 1, 1),
    cursor({"t": "9999-12-31T23:59:59-14:00"}, 1, 1),
    cursor({"t": "2024-01-01T00:00:00"}, 1, 1),
    cursor({"t": MOMENT}, 2**63, 1),
    cursor({"t": MOMENT}, 10**300, 10**300),
    cursor({"t": MOMENT}, "1", "1"),
    cursor({"t": MOMENT}, True, None),
    cursor("t", 1, 1),
    cursor(["t"], 1, 1),
    cursor({"s": "x" * 5000}, 1, 1),
    base64.urlsafe_b64encode(b"[" * 3000).decode(),
    "é" * 8,
    "A",
)
TEXTS = (
    *("a\x00b²", "٣", "-1", "1e400", "Infinity", "NaN", str(2**63), "9" * 400, "0", " 1 "),
    *("0001-01-01", "9999-12-31", "2024-02-30", "24:00", "[fe80::1%lo]", "http://[fe80::1%lo]/"),
    *("'\"><script>alert(1)</script>{{ 7 }}", "%_\\", "🙂" * 100, "is:9999999999999999999", "tickets:" + "9" * 40),
    *("none", "\ufffd\u202eسلام\x7f\x1b[31m", "a\r\nSet-Cookie: x=1", '{"a": [1]}', f"{MOMENT}~{'9' * 40}"),
    *("0001-01-01T00:00:00+23:59~1", "x" * 100_000),
)
CURSOR_NAMES = ("after", "before")
UNDECODABLE = "%ED%A0%80%FF%00"
ROWS = (str(2**63 - 1), str(2**63), "9" * 30)
BETRAYED = (b"Traceback (most recent call last)", b"Umbrella")
"""What no answer may show: a fault's own words, and another organization's name."""
MOST_SECONDS = 5
"""Of the machine's time, for one answer."""


@pytest.fixture
def browser(client_for: ClientFor, admin: User) -> Client:
    client = client_for(admin)
    client.raise_request_exception = False
    return client


@pytest.fixture
def run(connection: Connection) -> Run:
    with tenant_transaction(connection.organization_id):
        run = make_run(connection, "full", result="warning")
        make_stream(run)
        make_entries(run, 60)
        make_issue(run)
        make_line(run, "Finished", "info")
    return run


WORDS = {"kind": "quick", "slug": "statuses", "step": "test", "provider": "connectwise", "token": "a-token"}
"""A word that each part of an address takes."""
PART = re.compile(r"<(?P<kind>\w+):(?P<name>\w+)>")


def templates() -> list[str]:
    """Every address of the product, with ``{row}`` and ``{word:name}`` for its parts; not the archive, which takes nothing and is a file."""
    return sorted(page for page in set(_templates(get_resolver(), "/")) if not page.endswith(".zip"))


def _templates(resolver: URLResolver, before: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern).lstrip("^").rstrip("$")
        if isinstance(pattern, URLResolver):
            yield from _templates(pattern, route)
        elif isinstance(pattern, URLPattern):
            route = route.replace(r"(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)", "1-<str:token>")
            yield PART.sub(lambda part: "{row}" if part["kind"] == "id" else f"{{word:{part['name']}}}", route)


def addresses(rows: tuple[str, ...], word: str = "") -> list[str]:
    """The same, filled in with each of the rows, and with ``word``, or a word that the part takes."""
    found = {template.replace("{row}", row) for template in templates() for row in rows}
    return sorted(re.sub(r"{word:(\w+)}", lambda part: word or WORDS[part[1]], page) for page in found)


def failing(browser: Client, asked: Iterable[tuple[str, str, dict[str, Any]]]) -> list[str]:
    """What was answered with a fault of ours, with words of one, with what is another organization's, or too late."""
    found = []
    for method, address, given in asked:
        began = time.process_time()
        answer = getattr(browser, method)(address, given) if given else getattr(browser, method)(address)
        content = whole(answer)
        seconds = time.process_time() - began
        said = [word for word in BETRAYED if word in content]
        if answer.status_code >= 500 or said or seconds > MOST_SECONDS:
            sent = {name: str(value)[:40] for name, value in given.items()}
            found.append(f"{method} {address} {sent} → {answer.status_code} {said} {seconds:.1f} s")
    return found


def whole(answer: Any) -> bytes:
    """All that is answered, which makes files come to their end."""
    if not answer.streaming:
        return bytes(answer.content)
    if not answer.is_async:
        return b"".join(answer.streaming_content)

    async def parts() -> list[bytes]:
        return [part async for part in answer.streaming_content]

    return b"".join(async_to_sync(parts)())


class Names:
    """The names that views read of what is sent, as they read them, and those of the forms that pages show."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read: set[str] = set()
        for name in ("get", "getlist", "__getitem__", "__contains__"):
            monkeypatch.setattr(QueryDict, name, self._noting(getattr(QueryDict, name)))
        noted = self.read

        class Noting(dict[str, str]):
            def get(self, name: str, otherwise: Any = None) -> Any:
                noted.add(name)
                return super().get(name, otherwise)

        plain = QueryDict.dict
        monkeypatch.setattr(QueryDict, "dict", lambda sent: Noting(plain(sent)))

    def _noting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def noting(sent: QueryDict, name: str, *more: Any) -> Any:
            self.read.add(name)
            return original(sent, name, *more)

        return noting


FORM = re.compile(rb"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
ACTION = re.compile(rb"\b(?:action|hx-post)=\"([^\"]*)\"")
INPUT = re.compile(rb"<(?:input|select|textarea|button)\b[^>]*\bname=\"([^\"]+)\"[^>]*>")
POST = re.compile(rb"\bmethod=\"post\"|hx-post", re.IGNORECASE)
VALUE = re.compile(rb"\bvalue=\"([^\"]*)\"")


def forms_of(page: str, content: bytes) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(how a form of the page is sent, where, the values that it has)."""
    for form in FORM.finditer(content):
        action = ACTION.search(form[1])
        fields = {}
        for one in INPUT.finditer(form[2]):
            value = VALUE.search(one[0])
            fields[html.unescape(one[1].decode())] = html.unescape(value[1].decode()) if value else ""
        where = html.unescape(action[1].decode()).partition("?")[0] if action and action[1] else page
        yield "post" if POST.search(form[1]) else "get", where, fields


@dataclass
class Sent:
    """What a page takes: by name what it shows itself, where that is known."""

    get: dict[str, dict[str, str]]
    post: dict[str, dict[str, str]]


def opened(
    browser: Client, rows: tuple[str, ...], before: Callable[[], None] = lambda: None
) -> Iterator[tuple[str, Any]]:
    """Each address once, with a row that it finds where there is one, and its answer. ``before``: what is done before each request."""
    chosen = dict[str, str]()
    for template in sorted(templates(), key=len):
        start, is_of_row, _ = template.partition("{row}")
        candidates = rows if is_of_row and start not in chosen else (chosen.get(start, ""),)
        for row in candidates:
            page = re.sub(r"{word:(\w+)}", lambda part: WORDS[part[1]], template.replace("{row}", row))
            before()
            answer = browser.get(page)
            if answer.status_code == 200:
                chosen[start] = row
                break
        yield page, answer


def taken(browser: Client, names: Names, rows: tuple[str, ...]) -> Sent:
    """What each address takes."""
    found = Sent({}, {})
    for page, answer in opened(browser, rows, names.read.clear):
        found.get.setdefault(page, {}).update(dict.fromkeys(names.read, ""))
        found.post.setdefault(page, {})
        if not answer.streaming:
            for method, action, fields in forms_of(page, answer.content):
                getattr(found, method).setdefault(action, {}).update(fields)
    return found


def mixed(page: str, own: Mapping[str, str], names: Iterable[str], others: Sequence[str]) -> list[dict[str, Any]]:
    """Requests in which each name has each hostile value once, and now and then what the page has itself: so that what comes before it, or
    is wrong beside it, hides none. Some come twice, and some as a list."""
    chance = random.Random(page)
    columns = {}
    for name in sorted(names):
        values = [*TEXTS, *others] if name not in CURSOR_NAMES else [*CURSORS, *TEXTS[:8]]
        values += [own.get(name, "")] * (len(values) // 4)
        columns[name] = chance.sample(values, len(values))
    found = []
    for place in range(max(map(len, columns.values()), default=0)):
        given: dict[str, Any] = {name: values[place % len(values)] for name, values in columns.items()}
        twice = chance.choice(sorted(given))
        given |= {twice: [given[twice], "again"]} if place % 5 == 0 else {f"{twice}[]": given[twice]}
        found.append(given)
    return found


def test_every_address_is_filled_in() -> None:
    assert [address for address in addresses(("1",)) if "<" in address or "{" in address] == []
    assert len(addresses(("1",))) > 80


OF_DJANGO = {"csrfmiddlewaretoken"}
LEAVES = ("/account/logout/", "/account/password/")
"""Where the session ends, or a password is hashed each time."""


@pytest.mark.parametrize("method", ["get", "post"])
def test_no_page_fails_for_what_stands_in_its_parameters(
    browser: Client,
    rows: tuple[str, ...],
    other_run: Run,
    other_connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
) -> None:
    names = Names(monkeypatch)
    sent = taken(browser, names, rows)
    others = (str(other_run.pk), str(other_connection.pk))
    found: list[str] = []
    asked = 0
    for page, own in (sent.get if method == "get" else sent.post).items():
        if page.startswith(LEAVES) or not page.startswith("/"):
            continue
        names.read.clear()
        with undone():
            found += failing(browser, [(method, page, {})])
        requests = mixed(page, own, (names.read | own.keys()) - OF_DJANGO, others)
        asked += len(requests)
        for given in requests:
            with undone():
                found += failing(browser, [(method, page, given)])
    assert found == []
    assert asked > 500, "names are read and forms are shown"


@pytest.mark.parametrize("role", ["technician", "readonly", "nobody"])
def test_no_page_fails_for_what_others_than_an_admin_send(
    role: str,
    browser: Client,
    rows: tuple[str, ...],
    make_person: MakePerson,
    organization: Organization,
    client_for: ClientFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = Names(monkeypatch)
    sent = taken(browser, names, rows)
    other = Client() if role == "nobody" else client_for(make_person(organization, role, "other@acme.test"))
    other.raise_request_exception = False
    found: list[str] = []
    for place, method in enumerate(("get", "post")):
        for page, own in getattr(sent, method).items():
            if page.startswith(LEAVES) or not page.startswith("/"):
                continue
            given = {name: TEXTS[(place + len(name)) % len(TEXTS)] for name in own}
            with undone():
                found += failing(other, [(method, page, given)])
    assert found == []


@contextmanager
def undone() -> Iterator[None]:
    """What is done in the block is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("row", ROWS)
def test_no_page_fails_for_a_row_that_can_not_be(browser: Client, run: Run, row: str) -> None:
    asked: Iterator[tuple[str, str, dict[str, Any]]] = (
        (method, page, {}) for page in addresses((row,)) for method in ("get", "post") if row in page
    )
    assert failing(browser, asked) == []


@pytest.mark.parametrize("word", ["a%00%ED%A0%80", "²%F0%9F%99%82", "%0d%0aSet-Cookie:x"])
def test_no_page_fails_for_a_word_in_its_path(browser: Client, run: Run, word: str) -> None:
    asked = (
        (method, page, {}) for page in addresses((str(run.pk),), word) for method in ("get", "post") if word in page
    )
    assert failing(browser, asked) == []


def test_no_page_fails_for_bytes_that_are_no_text(browser: Client, run: Run) -> None:
    query = "&".join(f"{name}={UNDECODABLE}" for name in ("q", "page", "after", "sort", "from", UNDECODABLE))
    asked = (("get", f"{page}?{query}", {}) for page in addresses((str(run.pk),)))
    assert failing(browser, asked) == []


@pytest.mark.parametrize(
    "encoding", ["undefined", "base64", "rot13", "utf-16", "unicode_escape", "idna", "no-such-thing"]
)
def test_a_form_in_an_encoding_that_no_browser_sends_is_refused(browser: Client, encoding: str) -> None:
    kind = f"application/x-www-form-urlencoded; charset={encoding}"
    for address in ("/account/login/", "/settings/roles/new/"):
        assert browser.generic("POST", address, b"name=\xff\xfe%00x", kind).status_code == 400


def test_headers_and_cookies_that_can_not_be_stored_are_cleaned(
    admin: User, client_for: ClientFor, connection: Connection
) -> None:
    browser = client_for(admin)
    said = {"HTTP_USER_AGENT": "a\x00b\x1b\ud800" + "c" * 9000, "HTTP_X_REQUEST_ID": "\x00" * 90, "HTTP_ACCEPT": "\x00"}
    browser.cookies["other"] = "a\x00b"
    address = f"/settings/integrations/{connection.pk}/rename/"
    assert browser.post(address, {"name": "Renamed"}, **said).status_code == 302
    with tenant_transaction(connection.organization_id):
        event = AuditEvent.objects.get(action="connection.renamed")
    assert (event.user_agent[:4], "\x00" in event.request_id) == ("abcc", False)


@pytest.mark.parametrize("cookie", ["\x00", "a\x00b", "\xff", "x" * 5000])
def test_a_session_that_can_not_be_is_none(database: None, cookie: str) -> None:
    browser = Client(raise_request_exception=False)
    browser.cookies["sessionid"] = cookie
    browser.cookies["csrftoken"] = cookie
    assert browser.get("/tickets/").status_code == 302


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example/", "NaN", "javascript:alert(1)", "/\\evil.example"]
)
def test_a_form_sends_nobody_elsewhere(browser: Client, connection: Connection, wanted: str) -> None:
    answer = browser.post(f"/sync/connections/{connection.pk}/start/quick/", {"next": wanted})
    assert answer.headers["Location"] == f"/sync/connections/{connection.pk}/"
