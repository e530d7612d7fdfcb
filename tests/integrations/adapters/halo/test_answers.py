"""Sign-in, tokens, and what Halo's answers mean, against a server whose answers are written by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from integrations.adapters.halo.adapter import HaloAdapter
from integrations.adapters.halo.provider import HaloProvider
from integrations.errors import (
    AuthenticationFailed,
    IntegrationError,
    NotFound,
    PermissionMissing,
    ProtocolError,
    RateLimited,
    TransientError,
    UnsupportedFeature,
)
from integrations.port import ReadRequest, Scope
from integrations.records import CompanyRecord
from tests.loopback import Answer, Loopback, Received, json_reply, reply

TOKEN = {"access_token": "first", "expires_in": 3600, "token_type": "Bearer"}


SECRET = "hush"


def adapter_on(server: Loopback, **changes: str) -> HaloAdapter:
    given = {
        "address": f"{server.address}/api",
        "auth_address": f"{server.address}/auth",
        "tenant": "acme",
        "client_id": "an-application",
        "client_secret": SECRET,
    }
    return HaloProvider().open({**given, **changes}, allowed_networks=["127.0.0.0/8"])


def served(answer: Callable[[Received], Answer], *, tokens: list[Answer] | None = None) -> Loopback:
    """Sign-ins get ``tokens`` in turn, the last one for ever; all else gets ``answer``."""
    left = list(tokens or [json_reply(TOKEN)])

    def both(request: Received) -> Answer:
        if request.path.endswith("/token"):
            return left.pop(0) if len(left) > 1 else left[0]
        return answer(request)

    return Loopback(both)


def clients(*rows: object) -> bytes:
    return json_reply({"record_count": len(rows), "clients": list(rows)})


def read(adapter: HaloAdapter) -> list[CompanyRecord]:
    found = adapter.read_page(ReadRequest(stream="companies")).records
    return [record for record in found if isinstance(record, CompanyRecord)]


def test_signing_in_sends_a_form_with_the_tenant_in_the_query_and_is_done_once() -> None:
    with served(lambda request: clients({"id": 12, "name": "Acme"})) as server:
        adapter = adapter_on(server)
        assert [record.name for record in read(adapter) + read(adapter)] == ["Acme", "Acme"]
        signed, *asked = server.received
    assert (signed.method, signed.target) == ("POST", "/auth/token?tenant=acme")
    assert signed.headers["content-type"] == "application/x-www-form-urlencoded"
    assert signed.body == b"grant_type=client_credentials&client_id=an-application&client_secret=hush&scope=all"
    assert [request.headers["authorization"] for request in asked] == ["Bearer first"] * 2


def test_a_halo_of_ones_own_gets_no_tenant() -> None:
    with served(lambda request: clients()) as server:
        read(adapter_on(server, tenant=""))
        assert server.received[0].target == "/auth/token"


def test_a_token_that_ends_in_mid_run_is_replaced_once() -> None:
    def answer(request: Received) -> Answer:
        fresh = request.headers["authorization"] == "Bearer second"
        return clients({"id": 12, "name": "Acme"}) if fresh else reply(status=401)

    tokens: list[Answer] = [json_reply(TOKEN), json_reply({**TOKEN, "access_token": "second"})]
    with served(answer, tokens=tokens) as server:
        adapter = adapter_on(server)
        assert [record.name for record in read(adapter) + read(adapter)] == ["Acme", "Acme"]
        paths = [request.path for request in server.received]
    assert paths == ["/auth/token", "/api/Client", "/auth/token", "/api/Client", "/api/Client"]


def test_a_fresh_token_that_is_refused_too_means_a_missing_right() -> None:
    with served(lambda request: reply(status=401)) as server:
        with pytest.raises(PermissionMissing) as caught:
            read(adapter_on(server))
        assert caught.value.which == "read:customers"
        assert len(server.received) == 4


def test_a_token_about_to_end_is_not_used() -> None:
    short = json_reply({**TOKEN, "expires_in": 0})
    with served(lambda request: clients(), tokens=[short]) as server:
        adapter = adapter_on(server)
        read(adapter)
        read(adapter)
        assert [request.path for request in server.received].count("/auth/token") == 2


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"error": "invalid_client"}, 400, AuthenticationFailed),
        ({"error": "invalid_client"}, 401, AuthenticationFailed),
        ({"error": "unauthorized_client"}, 400, AuthenticationFailed),
        ({"error": "invalid_scope"}, 400, PermissionMissing),
        ({}, 404, ProtocolError),
        ({}, 502, TransientError),
    ],
)
def test_a_refused_sign_in_says_why(body: object, status: int, kind: type[IntegrationError]) -> None:
    with served(lambda request: clients(), tokens=[json_reply(body, status)]) as server:
        with pytest.raises(kind):
            read(adapter_on(server))
        assert len(server.received) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (reply(status=403), PermissionMissing, ""),
        (reply(status=404), UnsupportedFeature, ""),
        (json_reply("Rate Limit Reached - 300 Requests per rolling 5 minute window", 429), RateLimited, "Rate Limit"),
        (json_reply("Parameter client_id must be included", 400), ProtocolError, "Parameter client_id"),
        (json_reply({"id": ["The value 'probe' is not valid."]}, 400), ProtocolError, "is not valid"),
        (json_reply({"ClassName": "System.Exception", "Message": "No"}, 400), ProtocolError, "No"),
        (reply("<html>gateway</html>", 504, Content_Type="text/html"), TransientError, "gateway"),
        (reply(status=500), TransientError, ""),
        (json_reply({"record_count": 3}), ProtocolError, ""),
        (reply(""), ProtocolError, ""),
        (reply('{"record_count": 1, "clients": [{"id":'), ProtocolError, ""),
    ],
)
def test_each_shape_of_refusal_has_its_error(answer: bytes, kind: type[IntegrationError], words: str) -> None:
    with served(lambda request: answer) as server, pytest.raises(IntegrationError) as caught:
        read(adapter_on(server))
    assert type(caught.value) is kind
    assert words in caught.value.remote_message


def test_names_of_tables_and_columns_are_not_passed_on() -> None:
    said = "A database error occurred (515) - Cannot insert the value NULL into column 'TSEeventid', table 'D_X.dbo.T'"
    with served(lambda request: json_reply({"Message": said}, 400)) as server, pytest.raises(ProtocolError) as caught:
        read(adapter_on(server))
    assert caught.value.remote_message == "A database error occurred (515)"


def test_only_a_record_asked_for_by_its_number_can_be_gone() -> None:
    with served(lambda request: reply(status=404)) as server, pytest.raises(NotFound):
        adapter_on(server).read_one("companies", "12")


@pytest.mark.parametrize("body", [{"results": [{"id": 12}]}, [{"id": 12}], {"record_count": 1, "data": [{"id": 12}]}])
def test_rows_are_found_under_whatever_key_they_stand(body: object) -> None:
    with served(lambda request: json_reply(body)) as server:
        assert [record.remote_id for record in read(adapter_on(server))] == ["12"]


def test_choices_that_come_without_their_texts_are_looked_up_once() -> None:
    fields = [{"id": 7, "usage": 1, "values": [{"id": 1, "name": "Mail"}, {"id": 3, "name": "Files"}]}]

    def answer(request: Received) -> Answer:
        if request.path.endswith("/FieldInfo"):
            return json_reply(fields)
        rows = [{"id": n, "customfields": [{"id": 7, "type": 3, "value": "1,3"}]} for n in (1, 2)]
        return json_reply({"record_count": 2, "tickets": rows} if request.path.endswith("/Tickets") else [])

    with served(answer) as server:
        adapter = adapter_on(server)
        scope = Scope(custom_field_ids=("7",))
        page = adapter.read_page(ReadRequest(stream="tickets", scope=scope))
        adapter.read_page(ReadRequest(stream="tickets", scope=scope))
        asked = [request.path for request in server.received].count("/api/FieldInfo")
    values = [getattr(record, "custom_fields", {})["7"]["value"] for record in page.records]
    assert (values, asked) == ([["Mail", "Files"]] * 2, 1)


def test_an_odd_row_costs_itself_only() -> None:
    rows = ({"id": 12.0, "name": "Acme"}, {"id": {"odd": 1}}, {"id": "14", "datecreated": ""})
    with served(lambda request: clients(*rows)) as server:
        page = adapter_on(server).read_page(ReadRequest(stream="companies"))
    assert [record.remote_id for record in page.records] == ["12", "14"]
    assert len(page.rejected) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"record_count": 2, "clients": [{"id": 1, "name": "api_key=hush-hush', "not complete JSON"),
        (b'[{"id": 1, "name": "api_key=hush-hush', "not complete JSON"),
        (b'"api_key=hush-hush"', "another shape"),
    ],
)
def test_an_answer_that_breaks_off_or_is_something_else_says_so_and_keeps_a_redacted_sample(
    body: bytes, words: str
) -> None:
    with served(lambda request: reply(body=body)) as server, pytest.raises(ProtocolError) as caught:
        read(adapter_on(server))
    assert words in str(caught.value)
    assert "api_key" in caught.value.sample
    assert "hush-hush" not in caught.value.sample


def test_a_change_of_the_very_second_is_kept_and_one_of_the_second_before_is_not() -> None:
    rows = [{"id": n, "last_update": f"2026-01-01T12:00:0{n}.5", "hasbeenclosed": None} for n in (4, 5, 6)]

    def answer(request: Received) -> Answer:
        tickets = request.path.endswith("/Tickets")
        return json_reply({"record_count": 3, "tickets": rows} if tickets else [])

    since = dt.datetime(2026, 1, 1, 12, 0, 5, 900_000, dt.UTC)
    with served(answer) as server:
        page = adapter_on(server).read_page(ReadRequest(stream="tickets", since=since))
    assert [record.remote_id for record in page.records] == ["5", "6"]
