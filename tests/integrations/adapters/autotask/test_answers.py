"""Refusals, most of them with status 500, zones that move, limits, and the connection test."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from integrations.errors import (
    AddressRefused,
    AuthenticationFailed,
    IntegrationError,
    NotFound,
    PermissionMissing,
    ProtocolError,
    RateLimited,
    RecordRejected,
    TransientError,
)
from integrations.port import ReadRequest
from tests.integrations.adapters.autotask.entity import CREDENTIALS, adapter_on, failure, in_zone, page, zone
from tests.loopback import Answer, Loopback, Received, json_reply, reply

TICKETS = ReadRequest(stream="members")


def test_each_request_signs_in_and_the_directory_sees_no_secret() -> None:
    with Loopback(in_zone(lambda request: page([]))) as server:
        adapter_on(server).read_page(TICKETS)
    directory, signed = server.received
    assert not {"secret", "username", "apiintegrationcode"} & set(directory.headers)
    assert directory.query == {"user": CREDENTIALS["username"]}
    sent = {name: signed.headers[name] for name in ("username", "secret", "apiintegrationcode")}
    assert list(sent.values()) == list(CREDENTIALS.values())


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (reply(status=401), AuthenticationFailed, "secret"),
        (failure(500, "IntegrationCode is invalid."), AuthenticationFailed, "integration code"),
        (failure(500, "Zone information could not be determined"), AuthenticationFailed, "user"),
        (failure(403, "No."), PermissionMissing, "query access to Resources"),
        (
            failure(500, "The logged in Resource does not have the adequate permissions to query this entity type."),
            PermissionMissing,
            "query access to Resources",
        ),
        (failure(429, "Threshold reached."), RateLimited, "wait"),
        (failure(429, "Thread Threshold Exceeded."), RateLimited, "three requests"),
        (failure(500, "An error occurred. Itgenatr005"), RateLimited, "three requests"),
        (failure(500, "Execution Timeout Expired."), TransientError, "of its own"),
        (failure(500, "Transaction was deadlocked on lock resources"), TransientError, "of its own"),
        (reply("<html>Runtime Error</html>", 500), TransientError, "of its own"),
        (reply("Service Unavailable", 503), TransientError, "503"),
        (failure(500, "Unable to find nonsense in the Ticket Entity."), RecordRejected, "nonsense"),
        (failure(500, "maxCountOfRecordsToReturn must be between 1 and 500"), RecordRejected, "between 1 and 500"),
        (reply("<html>404</html>", 404), ProtocolError, "interface"),
        (failure(404, "Not found."), NotFound, "no such record"),
        (reply("", 200), ProtocolError, "empty"),
        (reply('{"items": [{"id": 1}', 200), ProtocolError, "complete"),
        (reply("[]", 200), ProtocolError, "shape"),
    ],
    ids=str,
)
def test_a_refusal_has_its_error_by_what_it_says(answer: bytes, kind: type[IntegrationError], said: str) -> None:
    with Loopback(in_zone(lambda request: answer)) as server, pytest.raises(IntegrationError) as raised:
        adapter_on(server).read_page(TICKETS)
    assert type(raised.value) is kind
    assert said in raised.value.message
    assert CREDENTIALS["secret"] not in str(raised.value.__dict__)


def test_too_many_threads_wait_for_seconds_and_not_for_the_hour() -> None:
    with (
        Loopback(in_zone(lambda request: failure(429, "Thread Threshold Exceeded."))) as server,
        pytest.raises(RateLimited) as raised,
    ):
        adapter_on(server).read_page(TICKETS)
    assert raised.value.retry_after == 5


def test_a_record_that_is_null_is_not_there() -> None:
    with Loopback(in_zone(lambda request: json_reply({"item": None}))) as server, pytest.raises(NotFound):
        adapter_on(server).read_one("members", "7")


def test_another_record_than_asked_for_is_no_answer() -> None:
    with Loopback(in_zone(lambda request: json_reply({"item": {"id": 8}}))) as server, pytest.raises(ProtocolError):
        adapter_on(server).read_one("members", "7")


def test_a_customer_who_was_moved_is_found_in_the_new_zone() -> None:
    place = ["/zone1"]

    def answer(request: Received) -> Answer:
        if request.path.lower().endswith("/zoneinformation"):
            return zone(request, place[0])
        return page([]) if request.path.startswith(place[0]) else reply(status=401)

    with Loopback(answer) as server:
        adapter = adapter_on(server)
        adapter.read_page(TICKETS)
        place[0] = "/zone2"
        adapter.read_page(TICKETS)
        adapter.read_page(TICKETS)
    paths = [request.path.split("/")[1] for request in server.received if "secret" in request.headers]
    assert paths == ["zone1", "zone1", "zone2", "zone2"]


def test_a_wrong_secret_is_tried_once_and_no_more() -> None:
    with Loopback(in_zone(lambda request: reply(status=401))) as server:
        report = adapter_on(server).probe()
    assert [check.error for check in report.checks if not check.ok] == [AuthenticationFailed.code]
    assert sum("secret" in request.headers for request in server.received) == 1


def test_no_more_than_two_requests_go_to_one_kind_of_record_at_once() -> None:
    lock, running, most = threading.Lock(), [0], [0]
    both = threading.Barrier(2)

    def answer(request: Received) -> Answer:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        both.wait(10)
        with lock:
            running[0] -= 1
        return page([])

    with Loopback(in_zone(answer)) as server, ThreadPoolExecutor(6) as pool:
        adapter = adapter_on(server)
        list(pool.map(lambda number: adapter.read_page(TICKETS), range(6)))
    assert most == [2]


def test_the_probe_warns_of_a_busy_hour_and_names_who_is_unknown() -> None:
    busy = {"externalRequestThreshold": 100, "requestThresholdTimeframe": 60, "currentTimeframeRequestCount": 60}

    def answer(request: Received) -> Answer:
        if request.path.endswith("/ThresholdInformation"):
            return json_reply(busy)
        return page([]) if request.method == "POST" else json_reply({"fields": []})

    with Loopback(in_zone(answer)) as server:
        report = adapter_on(server).probe()
    assert report.ok
    assert [check.name for check in report.checks if check.warning and "requests" in check.message] == ["Requests"]
    with Loopback(lambda request: failure(500, "Zone information could not be determined")) as server:
        unknown = adapter_on(server).probe()
    assert [check.name for check in unknown.checks if not check.ok] == ["API user"]


def test_a_directory_that_names_a_foreign_host_gets_no_credentials() -> None:
    with Loopback(lambda request: zone(request, url="https://evil.example/atservicesrest/")) as server:
        adapter = adapter_on(server)
        with pytest.raises(ProtocolError):
            adapter.read_page(TICKETS)
    assert len(server.received) == 1


def test_a_private_address_is_the_operators_to_allow() -> None:
    with Loopback(in_zone(lambda request: page([]))) as server, pytest.raises(AddressRefused):
        adapter_on(server, allowed_networks=()).read_page(TICKETS)
    assert not server.received
