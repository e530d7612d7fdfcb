"""The HTTP layer of adapters: one request, one typed answer or one typed error."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from foundation.core.outbound import Limits
from integrations.answers import DEFAULT_RETRY_AFTER, LONGEST_RETRY_AFTER, Answer, http_date, retry_after
from integrations.decoding import decoded
from integrations.errors import (
    AddressRefused,
    AuthenticationFailed,
    Conflict,
    IntegrationError,
    NotFound,
    PermissionMissing,
    ProtocolError,
    RateLimited,
    RecordRejected,
    TransientError,
    UnsupportedFeature,
)
from integrations.http import Client
from integrations.redaction import redacted
from tests.loopback import Loopback, Received, json_reply, reply

LOOPBACK = ["127.0.0.0/8"]


class Seen:
    """An observer that keeps what it was told."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def request_made(self, *, method: str, path: str, status: int | None, seconds: float, size: int) -> None:
        self.requests.append({"method": method, "path": path, "status": status, "size": size})
        assert seconds >= 0


def client(server: Loopback, **options: Any) -> Client:
    return Client(server.address + "/base/", headers={"X-Key": "k"}, allowed_networks=LOOPBACK, **options)


def answer_of(body: bytes = b"", status: int = 200, **headers: str) -> Answer:
    return Answer(method="GET", path="x", status=status, headers=headers, body=body)


def test_a_request_goes_below_the_base_with_its_parameters_escaped() -> None:
    seen = Seen()
    with Loopback(lambda request: json_reply({"a": 1})) as server:
        api = client(server, observer=seen)
        answer = api.send("GET", "/things", params={"q": 'a & b = "c" + [d]'}, headers={"X-More": "m"})
    request = server.received[0]
    assert request.path == "/base/things"
    assert request.query == {"q": 'a & b = "c" + [d]'}
    assert (request.headers["x-key"], request.headers["x-more"]) == ("k", "m")
    assert decoded(answer, dict[str, int]) == {"a": 1}
    assert seen.requests == [{"method": "GET", "path": "/things", "status": 200, "size": 8}]


def test_a_payload_is_sent_as_json() -> None:
    with Loopback(lambda request: json_reply([])) as server:
        client(server).send("POST", "search", payload={"conditions": "id > 1"})
    assert server.received[0].body == b'{"conditions":"id > 1"}'
    assert server.received[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RecordRejected),
        (401, AuthenticationFailed),
        (403, PermissionMissing),
        (404, NotFound),
        (405, UnsupportedFeature),
        (408, TransientError),
        (409, Conflict),
        (422, RecordRejected),
        (429, RateLimited),
        (500, TransientError),
        (501, UnsupportedFeature),
        (503, TransientError),
        (301, ProtocolError),
        (418, ProtocolError),
    ],
)
def test_a_status_has_its_error(status: int, kind: type[IntegrationError]) -> None:
    with (
        Loopback(lambda request: reply(status=status, Location="http://elsewhere/")) as server,
        pytest.raises(IntegrationError) as caught,
    ):
        client(server).send("GET", "x", permission="Read things")
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert len(server.received) == 1
    if isinstance(caught.value, PermissionMissing):
        assert caught.value.which == "Read things"


def test_retry_after_is_read_in_both_forms_and_has_a_ceiling() -> None:
    date = "Sun, 22 Nov 2026 10:00:00 GMT"
    assert retry_after({"retry-after": "17"}) == 17
    assert retry_after({"retry-after": "Sun, 22 Nov 2026 10:00:40 GMT", "date": date}) == 40
    assert retry_after({"retry-after": "Sun, 22 Nov 2026 09:00:00 GMT", "date": date}) == 0
    assert retry_after({"retry-after": "99999999"}) == LONGEST_RETRY_AFTER
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None


ABSURD = (
    "9" * 5000,
    "-5",
    "1e999",
    "\xb2",
    "NaN",
    "Fri, 31 Dec 99999 23:59:59 GMT",
    "0",
    "\xff\xfe" * 99,
)


@pytest.mark.parametrize("said", ABSURD)
def test_headers_out_of_range_are_no_headers(said: str) -> None:
    told = {"Retry_After": said, "Date": said, "Link": said, "X_More": said}
    with Loopback(lambda request: reply("{}", **told)) as server:
        assert client(server).send("GET", "x").server_time is None
    for status, kind in ((429, RateLimited), (503, TransientError)):
        with Loopback(lambda request, status=status: reply("{}", status, **told)) as server:
            with pytest.raises(kind) as caught:
                client(server).send("GET", "x")
            wait = caught.value.retry_after
            assert wait is None or 0 <= wait <= LONGEST_RETRY_AFTER


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Sun, 22 Nov 1926 10:00:00 GMT",
        "Sun, 22 Nov 2026 99:00:00 GMT",
        "Sun, 22 Nov 2026 10:00:00 +99999999999999999999",
        "\u0661\u0662",
    ],
)
def test_a_clock_that_no_clock_shows_is_none(date: str) -> None:
    assert http_date(date) is None
    assert answer_of(date=date).server_time is None


HOSTILE = {
    "length beyond counting": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n{}",
    "length too large": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 7\r\n\r\n{}",
    "status of letters": b"HTTP/1.1 abc OK\r\n\r\n",
    "status too large": b"HTTP/1.1 99999 OK\r\n\r\n",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a line without end": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    "headers without end": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    "chunks of letters": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "chunks cut": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{}",
    "no gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    "odd coding": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, gzip, gzip, gzip, gzip, gzip\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_answer_that_is_no_http_is_a_typed_error(name: str) -> None:
    def once(request: Received) -> list[bytes]:
        return [HOSTILE[name]]

    with Loopback(once) as server, pytest.raises((TransientError, ProtocolError)) as caught:
        client(server, limits=Limits(connect=2, read=1, total=2)).send("GET", "x")
    assert type(caught.value) in (TransientError, ProtocolError)


@pytest.mark.parametrize("text", ["ключ", "a\r\nX-More: b", "a\0b", "\ud83d"])
def test_credentials_that_no_header_can_hold_are_not_accepted(text: str) -> None:
    with Loopback(lambda request: json_reply({})) as server, pytest.raises(AuthenticationFailed, match="characters"):
        client(server).send("GET", "x", headers={"X-Key": text})
    assert server.received == []


def sent(status: int, body: str = "", **headers: str) -> IntegrationError:
    with Loopback(lambda request: reply(body, status, **headers)) as server, pytest.raises(IntegrationError) as caught:
        client(server).send("GET", "x", permission="Read things")
    return caught.value


PAGE = "<!DOCTYPE html><title>Blocked</title>token=hush-hush"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_says_where_it_leads_without_what_stands_behind(status: int) -> None:
    err = sent(status, Location="https://login.example.com/adfs/ls?token=abcdef&wa=1")
    assert type(err) is ProtocolError
    assert "redirects to https://login.example.com/adfs/ls:" in err.message
    assert "abcdef" not in err.message
    assert "redirects to /login:" in sent(status, Location="/login?next=x").message
    assert "redirects to nowhere:" in sent(status, Location="http://[").message


@pytest.mark.parametrize("status", [400, 401, 403, 405, 406, 409, 410, 418, 422, 423, 451])
def test_a_web_page_is_no_refusal_of_the_systems_own_whatever_its_status(status: int) -> None:
    for headers in ({}, {"Content_Type": "text/html; charset=utf-8"}):
        err = sent(status, PAGE if not headers else "Access denied", **headers)
        assert type(err) is ProtocolError
        assert "web page" in err.message
        assert "It is not the system that refuses" in err.message
        assert "hush-hush" not in err.sample


def test_a_web_page_in_the_place_of_a_record_is_no_missing_record() -> None:
    err = sent(404, PAGE)
    assert type(err) is ProtocolError
    assert "does not lead to the system's interface" in err.message


@pytest.mark.parametrize(
    ("status", "kind"), [(408, TransientError), (429, RateLimited), (500, TransientError), (503, TransientError)]
)
def test_a_web_page_that_says_later_means_later(status: int, kind: type[IntegrationError]) -> None:
    assert type(sent(status, PAGE)) is kind


def test_a_web_page_that_challenges_is_the_systems_sign_in() -> None:
    assert type(sent(401, PAGE, WWW_Authenticate='Basic realm="api"')) is AuthenticationFailed


def test_json_that_calls_itself_a_web_page_is_json() -> None:
    assert type(sent(403, '{"message": "No."}', Content_Type="text/html")) is PermissionMissing


def test_a_limit_without_a_time_gets_a_default_with_jitter() -> None:
    waits = set()
    with Loopback(lambda request: reply(status=429)) as server:
        for _ in range(5):
            with pytest.raises(RateLimited) as caught:
                client(server).send("GET", "x")
            waits.add(caught.value.retry_after)
    assert len(waits) > 1
    assert all(DEFAULT_RETRY_AFTER * 0.8 <= wait <= DEFAULT_RETRY_AFTER * 1.4 for wait in waits)


@pytest.mark.parametrize(
    ("told", "wait"),
    [
        ({"Retry_After": "90"}, 90),
        ({"Retry_After": "0"}, 0),
        ({"Retry_After": "99999999"}, LONGEST_RETRY_AFTER),
        ({"Retry_After": "Sun, 22 Nov 2026 10:00:40 GMT"}, 40),
        ({"Retry_After": "Sun, 22 Nov 2026 09:00:00 GMT"}, 0),
        ({"Retry_After": "Mon, 22 Nov 2027 10:00:00 GMT"}, LONGEST_RETRY_AFTER),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "-5"}, None),
        ({}, None),
    ],
    ids=str,
)
@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (503, TransientError)])
def test_a_server_may_say_for_how_long_it_is_busy_or_away(
    status: int, kind: type[TransientError], told: dict[str, str], wait: float | None
) -> None:
    said = {"Date": "Sun, 22 Nov 2026 10:00:00 GMT", **told}
    with (
        Loopback(lambda request: reply("<html>upgrade", status, **said)) as server,
        pytest.raises(kind) as caught,
    ):
        client(server).send("GET", "x")
    found = caught.value.retry_after
    if wait is None and status == 429:
        assert found is not None
        assert DEFAULT_RETRY_AFTER * 0.8 <= found <= DEFAULT_RETRY_AFTER * 1.4
    else:
        assert found == wait


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"[1, 2, ", "not complete"),
        (b"<!DOCTYPE html><p>hi", "web page"),
        (b'{"a": 1}', "shape"),
    ],
)
def test_a_body_of_another_kind_is_a_protocol_error(body: bytes, said: str) -> None:
    with pytest.raises(ProtocolError, match=said):
        decoded(answer_of(body), list[int])


def test_the_remotes_clock_is_its_date_header() -> None:
    assert answer_of(date="Sun, 22 Nov 2026 10:00:00 GMT").server_time == dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
    assert http_date("yesterday") is None
    assert answer_of().server_time is None


@pytest.mark.parametrize(("method", "asked"), [("GET", 3), ("POST", 2)])
def test_only_a_get_on_a_dead_kept_connection_is_sent_again(method: str, asked: int) -> None:
    def answer(request: Received) -> bytes | None:
        return None if len(server.received) == 2 else json_reply(len(server.received))

    with Loopback(answer) as server:
        api = client(server)
        api.send("GET", "x")
        if method == "GET":
            assert api.send(method, "x").body == b"3"
        else:
            with pytest.raises(TransientError):
                api.send(method, "x", payload={})
    assert len(server.received) == asked


def test_a_fresh_connection_that_is_reset_is_not_tried_again() -> None:
    with Loopback(lambda request: None) as server, pytest.raises(TransientError):
        client(server).send("GET", "x")
    assert len(server.received) == 1


def test_an_address_that_may_not_be_called_is_refused() -> None:
    with pytest.raises(AddressRefused):
        Client("http://127.0.0.1:9", headers={}).send("GET", "x")


def test_a_failed_request_is_observed_without_a_status() -> None:
    seen = Seen()
    with Loopback(lambda request: None) as server, pytest.raises(TransientError):
        client(server, observer=seen, limits=Limits(total=2)).send("GET", "x")
    assert seen.requests == [{"method": "GET", "path": "x", "status": None, "size": 0}]


@pytest.mark.parametrize(
    "secret",
    [
        "Authorization: Basic YWNtZStwdWI6cHJpdg==",
        '{"privateKey": "hunter2hunter2"}',
        "mail to jane.doe@example.com",
        "token=abcdef",
        "key 0f8fad5bd9cb469fa16570867728950e0f8fad5b",
    ],
)
def test_samples_hold_no_secret_and_no_address(secret: str) -> None:
    shown = redacted(f"before {secret} after")
    for word in ("YWNt", "hunter2", "jane.doe", "abcdef", "0f8fad5b"):
        assert word not in shown
    assert shown.startswith("before")


def test_samples_are_short_and_one_line_and_known_secrets_vanish() -> None:
    assert len(redacted("x y\n" * 10_000)) == 300
    assert "s3cr3t" not in redacted("the s3cr3t word", ["s3cr3t"])
