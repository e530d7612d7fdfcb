"""What stands before a PSA refuses: no right is missing then, no credentials are wrong, and nothing is gone. In all systems alike."""

from __future__ import annotations

from contextlib import suppress

import pytest

from integrations.boundary import bounded
from integrations.errors import IntegrationError, PermissionMissing, ProtocolError
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


@pytest.mark.parametrize("name", ["page", "text", "redirect"])
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
