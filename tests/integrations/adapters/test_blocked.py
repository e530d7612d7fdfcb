"""What stands before a PSA refuses: no right is missing then, no credentials are wrong, and nothing is gone. In all systems alike."""

from __future__ import annotations

from contextlib import suppress

import pytest

from integrations.adapters.autotask.errors import judge as autotask_judge
from integrations.adapters.connectwise.errors import judge as connectwise_judge
from integrations.adapters.halo.errors import judge as halo_judge
from integrations.answers import Answer as Answered
from integrations.boundary import bounded
from integrations.errors import (
    AddressRefused,
    AuthenticationFailed,
    IntegrationError,
    NotFound,
    PermissionMissing,
    ProtocolError,
    TransientError,
    UnsupportedFeature,
)
from integrations.port import ReadRequest
from tests.integrations.adapters.autotask import entity as autotask
from tests.integrations.adapters.connectwise import collection as connectwise
from tests.integrations.adapters.halo import test_answers as halo
from tests.integrations.decoding.vendors import VENDORS, Vendor
from tests.loopback import Answer, Loopback, Received, json_reply, reply

PAGE = "<html><title>Web Application Firewall</title>Your request was blocked</html>"
BLOCKS = {
    "page": reply(PAGE, 403, Content_Type="text/html"),
    "text": reply("error code: 1020", 403, Content_Type="text/plain"),
    "text with 401": reply("Blocked by policy", 401, Content_Type="text/plain"),
    "foreign JSON": json_reply({"success": False, "errors": [{"code": 1020, "message": "Access denied"}]}, 403),
    "foreign JSON with 401": json_reply({"error": "blocked by WAF"}, 401),
    "redirect": reply(status=302, Location="https://sso.example.com/login?k=1"),
    "page with 401": reply(PAGE, 401),
    "page with 404": reply(PAGE, 404),
    "page with 200": reply(PAGE),
}
OPENED = {"connectwise": connectwise.adapter_on, "halo": halo.adapter_on, "autotask": autotask.adapter_on}


def served(vendor: Vendor, blocked: bytes, *, at: str) -> Loopback:
    """The system with one place that is blocked: the sign-in, the directory, or everything behind them."""

    def answer(request: Received) -> Answer:
        path = request.path.lower()
        if path.endswith("/token"):
            return blocked if at == "token" else json_reply(halo.TOKEN)
        if path.endswith("/zoneinformation"):
            return blocked if at == "zone" else autotask.zone(request)
        if "/companyinfo/" in path or path.endswith("/instanceinfo"):
            return blocked if at == "instance" else json_reply({"CompanyID": "Acme", "app_name": "Halo"})
        return blocked if at == "rest" else json_reply([])

    return Loopback(answer)


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.key)
def test_a_block_before_the_rest_is_no_missing_right(vendor: Vendor, name: str) -> None:
    with served(vendor, BLOCKS[name], at="rest") as server:
        adapter = bounded(OPENED[vendor.key](server))
        for call in (
            lambda: adapter.read_page(ReadRequest(stream="tickets")),
            lambda: adapter.read_one("tickets", "7"),
            lambda: adapter.read_children("notes", "7"),
            lambda: adapter.count(ReadRequest(stream="tickets")),
            lambda: adapter.custom_fields(),
        ):
            with pytest.raises(IntegrationError) as caught:
                call()
            assert type(caught.value) is ProtocolError, caught.value
        adapter.close()


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize(
    ("key", "at"), [("halo", "token"), ("halo", "instance"), ("autotask", "zone"), ("connectwise", "instance")]
)
def test_a_block_before_the_sign_in_is_no_wrong_credential(key: str, at: str, name: str) -> None:
    vendor = next(vendor for vendor in VENDORS if vendor.key == key)
    with served(vendor, BLOCKS[name], at=at) as server:
        adapter = bounded(OPENED[key](server))
        with pytest.raises(IntegrationError) as caught:
            adapter.read_page(ReadRequest(stream="tickets")) if at in ("token", "zone") else adapter.fingerprint()
        assert type(caught.value) is ProtocolError
        report = adapter.probe()
        adapter.close()
    failed = [check for check in report.checks if not check.ok]
    assert failed
    assert not [check for check in failed if check.error in ("authentication_failed", PermissionMissing.code)]
    assert any(
        "not the system that refuses" in c.message or "redirects to" in c.message or "web page" in c.message
        for c in failed
    )


@pytest.mark.parametrize("name", ["page", "text", "foreign JSON", "text with 401", "redirect"])
@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.key)
def test_a_connection_test_names_no_right_that_is_not_missing(vendor: Vendor, name: str) -> None:
    with served(vendor, BLOCKS[name], at="rest") as server:
        report = bounded(OPENED[vendor.key](server)).probe()
    assert not report.ok
    assert [check.permission for check in report.checks if check.permission] == []


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.key)
@pytest.mark.parametrize("body", [b"[" * 100_000, b"\xff\xfe{", b'{"message": ' + b"[" * 100_000, b"\0"])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_whatever_a_refusal_holds_its_error_is_one_of_the_tree(vendor: Vendor, body: bytes, status: int) -> None:
    for at in ("rest", "token", "zone", "instance"):
        with served(vendor, reply(body, status), at=at) as server:
            adapter = OPENED[vendor.key](server)
            with suppress(IntegrationError):
                adapter.read_page(ReadRequest(stream="tickets"))
            with suppress(IntegrationError):
                adapter.fingerprint()
            adapter.probe()
            adapter.close()


JUDGES = {"connectwise": connectwise_judge, "halo": halo_judge, "autotask": autotask_judge}
RECORDS = {"connectwise": "service/tickets/7", "halo": "Tickets/7", "autotask": "Tickets/7"}
LISTS = {"connectwise": "service/tickets", "halo": "Tickets", "autotask": "Tickets/query"}
FOREIGN = [
    b"Blocked by policy",
    b"error code: 1020",
    b'{"success":false,"errors":[{"code":1020,"message":"Access denied"}]}',
    b'{"error":"blocked by WAF"}',
    b'{"message":"Forbidden"}',
    b'{"code":403,"message":"Forbidden"}',
    b'{"error":{"code":"403","message":"denied"}}',
    b'{"code":"waf_blocked","message":"denied"}',
    b'["denied"]',
    b"{}",
    b"null",
]
"""Refusals of firewalls and proxies."""


def judged(system: str, status: int, body: bytes, path: str, **headers: str) -> IntegrationError:
    """The error that the adapter makes of a refusal of a read."""
    method = "POST" if path.endswith("/query") else "GET"
    right = "the right"
    found = Answered(method=method, path=path, status=status, headers=headers, body=body, permission=right)
    return JUDGES[system](found)


@pytest.mark.parametrize("body", FOREIGN)
@pytest.mark.parametrize("status", [401, 403, 404, 410])
@pytest.mark.parametrize("system", JUDGES)
def test_a_refusal_in_nobodys_own_words_is_no_systems(system: str, status: int, body: bytes) -> None:
    for path in (RECORDS[system], LISTS[system]):
        error = judged(system, status, body, path)
        assert type(error) is ProtocolError, error
        assert "in between" in error.message or "not the system that refuses" in error.message


REFUSED, RIGHT, GONE, ODD = AuthenticationFailed, PermissionMissing, NotFound, ProtocolError
OWN: list[tuple[str, int, bytes, type[IntegrationError]]] = [
    ("connectwise", 401, b'{"code":"Unauthorized","message":"Invalid keys"}', REFUSED),
    ("connectwise", 401, b'{"code":"ConnectWiseApi","message":"UserNotAuthenticated","errors":null}', REFUSED),
    ("connectwise", 403, b'{"code":"Security","message":"You do not have security permission."}', RIGHT),
    ("connectwise", 403, b'{"code":"Security"}', RIGHT),
    ("connectwise", 403, b'{"code":"Security","message":"SSL is required.","errors":null}', AddressRefused),
    ("connectwise", 404, b'{"code":"NotFound","message":"Ticket 7 not found"}', GONE),
    ("connectwise", 404, b'{"code":"NotFound"}', GONE),
    ("connectwise", 404, b'{"code":"ConnectWiseApi","message":"The endpoint does not exist."}', UnsupportedFeature),
    ("connectwise", 404, b"", ODD),
    ("halo", 401, b'{"Message":"Authorization has been denied for this request."}', REFUSED),
    ("halo", 401, b'{"error":"invalid_token"}', REFUSED),
    ("halo", 403, b'"You do not have access to this"', RIGHT),
    ("halo", 403, b'{"ClassName":"System.Exception","Message":"No access","Data":null}', RIGHT),
    ("halo", 403, b'{"resultCode":3,"errorMessage":"No access"}', RIGHT),
    ("halo", 403, b'{"error":"insufficient_scope"}', RIGHT),
    ("halo", 404, b"", GONE),
    ("halo", 404, b'"Ticket not found"', GONE),
    ("halo", 404, b'{"Message":"No HTTP resource was found that matches the request URI."}', UnsupportedFeature),
    ("autotask", 401, b'{"errors":["The secret is wrong."]}', REFUSED),
    ("autotask", 401, b'{"Message":"Authorization has been denied for this request."}', REFUSED),
    ("autotask", 403, b'{"errors":["The logged in Resource does not have the adequate permissions."]}', RIGHT),
    ("autotask", 403, b'{"errors":[]}', RIGHT),
    ("autotask", 404, b'{"errors":["No matching records found."]}', GONE),
    ("autotask", 404, b'{"errors":[]}', ODD),
    ("autotask", 404, b'{"Message":"No HTTP resource was found that matches the request URI."}', ODD),
    ("autotask", 404, b"", ODD),
    ("autotask", 500, b'{"errors":["No message. No matching records found."]}', GONE),
    ("autotask", 500, b"upstream: no matching records found", TransientError),
    *((system, 401, body, REFUSED) for system in JUDGES for body in (b"", b"  ", b"Unauthorized")),
    *((system, 403, b"", RIGHT) for system in JUDGES),
]


@pytest.mark.parametrize(("system", "status", "body", "kind"), OWN)
def test_a_refusal_in_the_systems_own_words_keeps_its_meaning(
    system: str, status: int, body: bytes, kind: type[IntegrationError]
) -> None:
    assert type(judged(system, status, body, RECORDS[system])) is kind


@pytest.mark.parametrize("system", JUDGES)
def test_a_challenge_is_the_systems_whatever_comes_with_it(system: str) -> None:
    challenge = {"www-authenticate": "Basic"}
    assert type(judged(system, 401, b"Access is denied.", LISTS[system], **challenge)) is AuthenticationFailed


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"", NotFound), (b'{"Message":"None"}', NotFound), (b'{"errors":[]}', NotFound), (b"Blocked", ProtocolError)],
)
def test_an_entity_without_user_defined_fields_may_say_so_in_few_words(
    body: bytes, kind: type[IntegrationError]
) -> None:
    assert type(judged("autotask", 404, body, "TimeEntries/entityInformation/userDefinedFields")) is kind
