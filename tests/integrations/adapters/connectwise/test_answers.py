"""Refusals, odd answers, sign-in and the connection test."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from integrations.errors import (
    AddressRefused,
    AuthenticationFailed,
    IntegrationError,
    NotFound,
    PermissionMissing,
    ProtocolError,
    RateLimited,
    TransientError,
    UnsupportedFeature,
)
from integrations.port import ReadRequest
from tests.integrations.adapters.connectwise.collection import DATE, adapter_on, refusal
from tests.loopback import Answer, Loopback, Received, json_reply, reply

COMPANY = {
    "CompanyName": "Acme MSP",
    "Codebase": "v2026_1/",
    "VersionCode": "v2026.1",
    "VersionNumber": "v4.6.9",
    "CompanyID": "Acme",
    "IsCloud": "True",
}
TOO_MANY = {"error": "ConnectWiseAPI", "message": "Too many requests. Please try again in 30 seconds."}


def test_each_request_signs_in_and_names_the_version() -> None:
    with Loopback(lambda request: json_reply([], Link="")) as server:
        adapter_on(server).read_page(ReadRequest(stream="boards"))
    headers = server.received[0].headers
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")) == b"acme+pub:priv"
    assert headers["clientid"] == "4f1d0b0e"
    assert headers["accept"] == "application/vnd.connectwise.com+json; version=2025.16"


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (refusal(401, "ConnectWiseApi", "UserNotAuthenticated"), AuthenticationFailed, "keys"),
        (reply("Unauthorized", 401), AuthenticationFailed, "keys"),
        (refusal(403, "Security", "You do not have security permission to perform this action."), PermissionMissing, "Service Tickets"),
        (refusal(403, "Security", "SSL is required."), AddressRefused, "https"),
        (refusal(404, "NotFound", "Ticket 7 not found"), NotFound, "Ticket 7"),
        (refusal(404, "ConnectWiseApi", "The endpoint does not exist."), UnsupportedFeature, "end point"),
        (reply("<html>404</html>", 404), ProtocolError, "interface"),
        (reply("Cannot route. Codebase/company is invalid", 400), ProtocolError, "route"),
        (refusal(400, "ApiFindCondition", "x/y is not a recognized name."), ProtocolError, "x/y"),
        (reply(status=405), UnsupportedFeature, "offer"),
        (json_reply(TOO_MANY, 429, Retry_After="30"), RateLimited, "30 seconds"),
        (reply("<html>upgrade</html>", 503), TransientError, "503"),
        (refusal(500, "InternalServerError", "Execution Timeout Expired."), TransientError, "500"),
        (reply("", 200), ProtocolError, "empty"),
        (reply("<html>log in</html>", 200), ProtocolError, "web page"),
        (reply('[{"id": 1, "summ', 200), ProtocolError, "complete"),
        (json_reply({"code": "x"}), ProtocolError, "shape"),
        (json_reply(None), ProtocolError, "shape"),
        (None, TransientError, "ended"),
    ],
)  # fmt: skip
def test_an_answer_that_is_no_page_has_its_error(answer: bytes | None, kind: type[IntegrationError], said: str) -> None:
    with Loopback(lambda request: answer) as server, pytest.raises(IntegrationError, match=said) as caught:
        adapter_on(server).read_page(ReadRequest(stream="tickets"))
    assert type(caught.value) is kind
    assert len(server.received) == 1


def test_the_error_holds_the_remotes_own_words_and_no_credentials() -> None:
    def answer(request: Received) -> bytes:
        return refusal(401, "Unauthorized", f"bad {request.headers['authorization']} of jo@example.com")

    with Loopback(answer) as server, pytest.raises(AuthenticationFailed) as caught:
        adapter_on(server).read_page(ReadRequest(stream="tickets"))
    assert "bad" in caught.value.remote_message
    for secret in ("YWNt", "jo@example.com"):
        assert secret not in caught.value.remote_message


def test_records_of_a_broken_answer_are_kept_as_a_sample_and_not_quoted_as_the_remotes_words() -> None:
    with (
        Loopback(lambda request: reply('[{"id": 1, "summary": "Pat\'s salary', 200)) as server,
        pytest.raises(ProtocolError) as caught,
    ):
        adapter_on(server).read_page(ReadRequest(stream="tickets"))
    assert "salary" in caught.value.sample
    assert caught.value.remote_message == ""


def test_the_fingerprint_is_the_host_and_the_company_and_survives_an_upgrade() -> None:
    companies = [
        COMPANY,
        {**COMPANY, "Codebase": "v2026_2/", "VersionCode": "v2026.2", "SiteUrl": "na.x"},
        {**COMPANY, "CompanyID": "Other"},
    ]
    with Loopback(lambda request: json_reply(companies[len(server.received) - 1])) as server:
        found = [adapter_on(server).fingerprint() for _ in companies]
    assert found == ["127.0.0.1/acme", "127.0.0.1/acme", "127.0.0.1/other"]
    assert server.received[0].path == "/login/companyinfo/acme"
    assert "authorization" not in server.received[0].headers


def test_custom_field_definitions_are_listed() -> None:
    rows = [
        {
            "id": 15,
            "caption": "Site\u200b code",
            "screenId": "sr100",
            "fieldTypeIdentifier": "Number",
            "entryTypeIdentifier": "EntryField",
        }
    ]
    with Loopback(lambda request: json_reply(rows)) as server:
        fields = adapter_on(server).custom_fields()
    assert [(field.remote_id, field.caption, field.kind, field.record) for field in fields] == [
        ("15", "Site code", "number", "tickets")
    ]


def working(**changed: Answer | Callable[[Received], Answer]) -> Callable[[Received], Answer]:
    """A ConnectWise with one record of each kind; ``changed`` gives other answers by the last part of the path."""

    def answer(request: Received) -> Answer:
        last = request.path.rsplit("/", 1)[-1]
        if last in changed:
            found = changed[last]
            return found(request) if callable(found) else found
        if "companyinfo" in request.path:
            return json_reply(COMPANY, Date=time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()))
        return json_reply([{"id": 1}])

    return answer


def probed(answer: Callable[[Received], Answer]) -> tuple[Any, dict[str, Any]]:
    with Loopback(answer) as server:
        report = adapter_on(server).probe()
    return report, {check.name: check for check in report.checks}


def test_a_good_connection_passes_every_check() -> None:
    report, checks = probed(working())
    assert report.ok
    assert (report.fingerprint, report.product, report.version) == ("127.0.0.1/acme", "ConnectWise PSA", "2026.1")
    assert not any(check.warning for check in report.checks)
    assert {"Address", "Company", "Keys", "Tickets", "Ticket notes", "Board statuses", "Sites", "Clock"} <= set(checks)


def test_all_missing_rights_are_named_at_once() -> None:
    denied = refusal(403, "Security", "You do not have security permission to perform this action.")
    report, checks = probed(working(tickets=denied, members=denied, statuses=denied, userDefinedFields=denied))
    missing = {check.name: check.permission for check in report.checks if check.permission}
    assert missing == {
        "Tickets": "Service Desk › Service Tickets: Inquire All",
        "Project tickets": "Project › Project Tickets: Inquire All",
        "Members": "System › Member Maintenance: Inquire All",
        "Company statuses": "System › Table Setup: Inquire All",
        "Board statuses": "System › Table Setup: Inquire All",
        "Custom fields": "System › Table Setup: Inquire All",
    }
    assert not report.ok
    assert (checks["Keys"].ok, checks["Custom fields"].ok, checks["Custom fields"].warning) == (True, True, True)
    assert "Security Roles" in checks["Tickets"].action


def test_bad_keys_are_told_once() -> None:
    report, checks = probed(lambda request: working()(request) if "companyinfo" in request.path else reply(status=401))
    assert [check.name for check in report.checks if not check.ok] == ["Keys"]
    assert checks["Keys"].error == "authentication_failed"
    assert "Tickets" not in checks


def test_an_unknown_company_is_told_apart_from_bad_keys() -> None:
    report, checks = probed(working(acme=json_reply(None)))
    assert (checks["Address"].ok, checks["Company"].ok) == (True, False)
    assert len(report.checks) == 2


def test_an_address_that_is_no_connectwise_is_told() -> None:
    report, checks = probed(lambda request: reply("<html>welcome</html>"))
    assert [check.name for check in report.checks] == ["Address"]
    assert "myconnectwise" in checks["Address"].action


def test_a_forbidden_network_is_told() -> None:
    with Loopback(working()) as server:
        report = adapter_on(server, allowed_networks=()).probe()
    assert [(check.name, check.ok, check.error) for check in report.checks] == [("Address", False, "address_refused")]


def test_no_visible_board_is_a_warning() -> None:
    report, checks = probed(working(boards=json_reply([])))
    assert report.ok
    assert checks["Service boards"].warning
    assert "Board statuses" not in checks


def test_a_wrong_clock_is_a_warning_with_its_size() -> None:
    report, checks = probed(working(acme=json_reply(COMPANY, Date=DATE.replace("2026", "2020"))))
    assert report.ok
    assert checks["Clock"].warning
    assert "behind" in checks["Clock"].message


def test_a_limited_connection_is_told_to_wait() -> None:
    _, checks = probed(working(tickets=json_reply(TOO_MANY, 429, Retry_After="30")))
    assert (checks["Tickets"].ok, checks["Tickets"].error) == (False, "rate_limited")
    assert "Wait" in checks["Tickets"].action


@pytest.mark.parametrize("silent", ["companyinfo", "apis"])
def test_a_silent_host_is_told_within_ten_seconds(silent: str) -> None:
    stop = threading.Event()

    def answer(request: Received) -> Answer:
        if silent in request.path:
            stop.wait(15)
            return None
        return working()(request)

    began = time.monotonic()
    with Loopback(answer) as server:
        report = adapter_on(server).probe()
        stop.set()
    assert time.monotonic() - began < 10
    assert not report.ok
