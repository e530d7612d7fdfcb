"""Whatever a client writes into an address, a form, a header or a cookie: no page fails for it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from integrations.models import Connection
from portal.tenancy.models import AuditEvent, User
from portal.tenancy.scope import tenant_transaction
from sync.models import Run
from tests.fixtures.runs import make_entries, make_issue, make_line, make_run, make_stream

ClientFor = Callable[[User], Client]
PARAMETERS = (
    *("q", "client", "page", "after", "before", "company", "board", "status", "priority", "technician", "type", "sort"),
    *("state", "stream", "action", "level", "connection", "person", "result", "kind", "trigger", "since", "until"),
    *("from", "to", "area", "updated_from", "updated_to", "created_from", "created_to", "columns", "ticket", "next"),
    *("tickets", "saved"),
)
FIELDS = (
    *("reason", "confirm_name", "decision", "name", "email", "role", "permissions", "do", "act", "provider", "address"),
    *("company_id", "public_key", "private_key", "client_id", "quick_minutes", "nightly_at", "hold_percent", "boards"),
    *("to:1", "was:1", "typed:1", "name:1", "position:1", "reviewed", "organization", "connection", "ticket", "next"),
    *("login", "password", "password1", "oldpassword", "login", "failures", "all", "resume", "discard", "everywhere"),
)


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
    *("\x00", "a\x00b", "²", "٣", "-1", "1e9", "Infinity", "NaN", str(2**63), "9" * 400, "0", "01", " 1 "),
    *(
        "0001-01-01",
        "9999-12-31",
        "2024-02-30",
        "20240101",
        "2024-W01-1",
        "24:00",
        "[fe80::1%lo]",
        "http://[fe80::1%lo]/",
    ),
    *("'\"><script>alert(1)</script>", "%", "%_\\", "\\", "🙂" * 300, "is:", "is:9999999999999999999", "tickets:²"),
    *(
        "tickets:" + "9" * 40,
        "\x00:1",
        "none",
        "\ufffd\u202e",
        "\x7f\x1b[31m",
        f"{MOMENT}~{'9' * 40}",
        "0001-01-01T00:00:00+23:59~1",
    ),
)
LISTS = (
    *(
        "/tickets/",
        "/tickets/export.csv",
        "/tickets/clients/",
        "/clients/",
        "/clients/companies.csv",
        "/clients/contacts/",
    ),
    *(
        "/clients/assets/",
        "/clients/agreements/",
        "/clients/invoices/",
        "/clients/opportunities/",
        "/clients/assets.csv",
    ),
    *("/sync/history/", "/sync/history.csv", "/sync/issues/", "/sync/missing/", "/sync/runs/{run}/items/"),
    *("/sync/runs/{run}/log/", "/sync/runs/{run}/victims/", "/settings/people/", "/settings/audit/"),
    "/settings/integrations/{connection}/mappings/statuses/",
    "/settings/integrations/{connection}/mappings/companies/history/",
)
UNDECODABLE = "%ED%A0%80%FF%00"
ROWS = (str(2**63 - 1), str(2**63), "9" * 30)


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


def addresses(rows: tuple[str, ...], word: str = "connectwise") -> list[str]:
    """Every address of the product, its parts filled in; not the archive, which takes nothing and is a file."""
    found = {filled.replace("{word}", word) for row in rows for filled in _filled(get_resolver(), "/", row)}
    return sorted(page for page in found if not page.endswith(".zip"))


def _filled(resolver: URLResolver, before: str, row: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern).lstrip("^").rstrip("$")
        if isinstance(pattern, URLResolver):
            yield from _filled(pattern, route, row)
        elif isinstance(pattern, URLPattern):
            for converter in ("pk", "act_id"):
                route = route.replace(f"<id:{converter}>", row)
            for name in (
                "slug:kind",
                "slug:slug",
                "str:token",
                "slug:provider",
                "slug:step",
                "str:provider",
                "str:step",
            ):
                route = route.replace(f"<{name}>", "{word}")
            yield route.replace(r"(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)", "1-{word}")


def failing(browser: Client, asked: Iterator[tuple[str, str, dict[str, Any]]]) -> list[str]:
    """What was answered with a fault of ours."""
    found = []
    for method, address, given in asked:
        answer = getattr(browser, method)(address, given) if given else getattr(browser, method)(address)
        if answer.status_code >= 500:
            found.append(f"{method} {address} {sorted(set(given.values()))[:1]} → {answer.status_code}")
    return found


def test_every_address_is_filled_in() -> None:
    assert [address for address in addresses(("1",)) if "<" in address] == []
    assert len(addresses(("1",))) > 80


@pytest.mark.parametrize("page", LISTS)
def test_no_list_fails_for_what_stands_in_its_address(
    browser: Client, run: Run, connection: Connection, page: str
) -> None:
    address = page.format(run=run.pk, connection=connection.pk)
    asked = [("get", address, dict.fromkeys(PARAMETERS, value)) for value in TEXTS]
    asked += [("get", address, dict.fromkeys(("after", "before", "sort"), value)) for value in CURSORS]
    assert failing(browser, iter(asked)) == []


@pytest.mark.parametrize("value", ["a\x00²", "9" * 40, "🙂" * 300])
def test_no_page_and_no_form_fails_for_what_is_sent(
    browser: Client, run: Run, connection: Connection, value: str
) -> None:
    pages = [page for page in addresses((str(run.pk), str(connection.pk))) if "logout" not in page]
    sent = (("get", dict.fromkeys(PARAMETERS, value)), ("post", dict.fromkeys(FIELDS, value)))
    asked = ((method, page, given) for page in pages for method, given in sent)
    assert failing(browser, asked) == []


@pytest.mark.parametrize("row", ROWS)
def test_no_page_fails_for_a_row_that_can_not_be(browser: Client, run: Run, row: str) -> None:
    asked = ((method, page, {}) for page in addresses((row,)) for method in ("get", "post") if row in page)
    assert failing(browser, asked) == []


@pytest.mark.parametrize("word", ["a%00%ED%A0%80", "²%F0%9F%99%82", "%0d%0aSet-Cookie:x"])
def test_no_page_fails_for_a_word_in_its_path(browser: Client, run: Run, word: str) -> None:
    asked = (
        (method, page, {}) for page in addresses((str(run.pk),), word) for method in ("get", "post") if word in page
    )
    assert failing(browser, asked) == []


def test_no_page_fails_for_bytes_that_are_no_text(browser: Client, run: Run) -> None:
    query = "&".join(f"{name}={UNDECODABLE}" for name in PARAMETERS)
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
