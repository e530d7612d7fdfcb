"""The simulated Autotask: its wire format, its limits, its control interface."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from lab.sandbox.autotask.control import Control
from lab.sandbox.autotask.entity import read, written
from lab.sandbox.autotask.psa import Psa
from lab.sandbox.clock import read as moment
from lab.sandbox.seed import Seed
from lab.sandbox.server import Server

NOW = moment("2026-03-02")
EVERY = {"op": "gte", "field": "id", "value": 0}


class Caller:
    """Calls one PSA as an integration would."""

    def __init__(self, server: Server) -> None:
        self.port, self.psa = server.server_port, server.control
        given = server.control.announcement()
        self.headers = {
            "UserName": given["username"],
            "Secret": given["secret"],
            "ApiIntegrationCode": given["integration_code"],
        }

    def send(self, method: str, path: str, payload: Any = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        body = None if payload is None else msgspec.json.encode(payload)
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        decodable = content[:1] in (b"{", b"[")
        return answer.status, msgspec.json.decode(content) if decodable else content

    def call(self, method: str, path: str, payload: Any = None, zone: int = 5, **headers: str) -> tuple[int, Any]:
        return self.send(method, f"/zone{zone}/atservicesrest/v1.0/{path}", payload, **{**self.headers, **headers})

    def query(self, entity: str, *clauses: Any, **more: Any) -> Any:
        status, found = self.call("POST", f"{entity}/query", {"filter": list(clauses) or [EVERY], **more})
        assert status == 200, found
        return found

    def ids(self, entity: str, *clauses: Any, **more: Any) -> list[int]:
        return [row["id"] for row in self.query(entity, *clauses, **more)["items"]]

    def error(self, entity: str, payload: Any) -> tuple[int, str]:
        status, found = self.call("POST", f"{entity}/query", payload)
        return status, found["errors"][0]

    def control(self, path: str, payload: Any = None, method: str = "POST") -> Any:
        status, found = self.send(
            method, f"/_control/{path}", payload if method == "POST" else None, **{"X-Control-Token": self.psa.token}
        )
        assert status == 200, found
        return found


@pytest.fixture
def caller() -> Iterator[Caller]:
    server = Server(("127.0.0.1", 0), Control(Psa(Seed(7, 300, NOW))))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Caller(server)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_same_seed_makes_the_same_bytes_and_another_one_others(caller: Caller) -> None:
    def digest(number: int) -> list[bytes]:
        psa = Psa(Seed(number, 60, NOW))
        return [psa[name].encoded(slot) for name in psa.collections for slot in psa[name].slots()]

    assert digest(7) == digest(7) != digest(8)


def test_ids_ascend_and_each_reference_leads_somewhere() -> None:
    psa = Psa(Seed(7, 300, NOW))
    for records in psa.collections.values():
        ids = list(records.ids)
        assert ids == sorted(set(ids))
    known = {name: set(records.ids) for name, records in psa.collections.items()}
    for slot in psa["tickets"].slots():
        ticket = psa["tickets"].record(slot)
        assert ticket["companyID"] in known["companies"]
        assert ticket["companyLocationID"] in known["sites"]
        assert ticket["contactID"] is None or ticket["contactID"] in known["contacts"]
        assert (ticket["status"] == 5) == (ticket["completedDate"] is not None)
    for name in ("notes", "time_entries"):
        for slot in psa[name].slots():
            assert psa[name].record(slot)["ticketID"] in known["tickets"]


def test_quick_columns_say_what_the_records_say() -> None:
    psa = Psa(Seed(7, 120, NOW))
    for name, fields in (
        ("tickets", ("id", "status", "queueID", "lastTrackedModificationDateTime", "lastActivityDate")),
        ("notes", ("id", "ticketID", "lastActivityDate")),
        ("time_entries", ("id", "ticketID", "lastModifiedDateTime")),
    ):
        for field in fields:
            get = psa[name].getter(field, is_time="Date" in field)
            for slot in psa[name].slots():
                value = psa[name].record(slot)[field]
                assert get(slot) == (read(value) if "Date" in field else value), (name, field)


def test_the_directory_needs_no_secret_and_all_else_does(caller: Caller) -> None:
    status, zone = caller.send("GET", "/atservicesrest/v1.0/zoneInformation?user=api-user%40northwind.example")
    assert (status, zone["url"].endswith("/zone5/atservicesrest/")) == (200, True)
    assert caller.send("GET", "/atservicesrest/v1.0/zoneInformation?user=nobody")[0] == 500
    assert caller.call("GET", "ThresholdInformation", Secret="wrong")[0] == 401
    assert caller.call("GET", "ThresholdInformation", zone=6)[0] == 401
    status, found = caller.call("GET", "ThresholdInformation", ApiIntegrationCode="wrong")
    assert (status, found) == (500, {"errors": ["IntegrationCode is invalid."]})


def test_pages_go_up_by_id_and_name_the_next(caller: Caller) -> None:
    first = caller.query("Tickets", EVERY, maxRecords=100)
    assert first["pageDetails"]["count"] == 100
    target = first["pageDetails"]["nextPageUrl"].split("/atservicesrest/v1.0/")[1]
    status, second = caller.call("POST", target, {"filter": [EVERY], "maxRecords": 100})
    assert status == 200
    last = first["items"][-1]["id"]
    assert [row["id"] for row in second["items"]] == caller.ids(
        "Tickets", {"op": "gt", "field": "ID", "value": last}, maxRecords=100
    )
    assert caller.query("Tickets", maxRecords=500)["pageDetails"]["nextPageUrl"] is None
    assert caller.call("POST", "Tickets/query/count", {"filter": [EVERY]}) == (200, {"queryCount": 300})


def test_operators_say_what_they_are_named_for(caller: Caller) -> None:
    rows = {row["id"]: row for row in caller.query("Tickets")["items"]}

    def expect(clause: Any, test: Any) -> None:
        assert caller.ids("Tickets", clause) == [number for number, row in rows.items() if test(row)], clause

    stamp = sorted(row["lastActivityDate"] for row in rows.values())[150]
    expect({"op": "noteq", "field": "status", "value": 5}, lambda row: row["status"] != 5)
    expect({"op": "in", "field": "queueID", "value": [8, 5]}, lambda row: row["queueID"] in (8, 5))
    expect({"op": "notIn", "field": "source", "value": [-1]}, lambda row: row["source"] != -1)
    expect({"op": "exist", "field": "contractID"}, lambda row: row["contractID"] is not None)
    expect({"op": "notExist", "field": "contractID"}, lambda row: row["contractID"] is None)
    expect({"op": "contains", "field": "title", "value": "EXCEL"}, lambda row: "excel" in row["title"].lower())
    expect(
        {"op": "gte", "field": "lastActivityDate", "value": stamp},
        lambda row: read(row["lastActivityDate"]) >= read(stamp),
    )
    both = [{"op": "eq", "field": "status", "value": 1}, {"op": "eq", "field": "priority", "value": 4}]
    expect({"op": "or", "items": both}, lambda row: row["status"] == 1 or row["priority"] == 4)
    expect({"op": "and", "items": both}, lambda row: row["status"] == 1 and row["priority"] == 4)
    owned = {"op": "eq", "field": "Asset owner", "value": "IT", "udf": True}
    expect(owned, lambda row: {"name": "Asset owner", "value": "IT"} in row["userDefinedFields"])


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"filter": []}, "filter"),
        ({}, "filter"),
        ({"filter": [{"op": "between", "field": "id"}]}, "operator"),
        ({"filter": [{"op": "eq", "field": "nonsense", "value": 1}]}, "Unable to find nonsense in the Ticket Entity."),
        ({"filter": [{"op": "eq", "field": "creatorType", "value": 1}]}, "Unable to find"),
        ({"filter": [{"op": "eq", "field": "status", "value": "New"}]}, "Conversion failed"),
        ({"filter": [{"op": "gte", "field": "createDate", "value": "yesterday"}]}, "Conversion failed"),
        ({"filter": [{"op": "in", "field": "id", "value": list(range(501))}]}, "500 or fewer"),
        ({"filter": [EVERY], "maxRecords": 501}, "between 1 and 500"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_question_is_a_500_with_a_sentence(caller: Caller, payload: Any, said: str) -> None:
    status, sentence = caller.error("Tickets", payload)
    assert (status, said in sentence) == (500, True), sentence


def test_a_misspelt_keyword_or_path_does_not_pass_unseen(caller: Caller) -> None:
    assert caller.call("POST", "Tickets/query", {"filter": [EVERY], "maxrecords": 1})[0] == 400
    assert caller.call("POST", "Ticket/query", {"filter": [EVERY]})[0] == 404
    assert caller.call("PATCH", "Tickets", {"id": 1})[0] == 405


def test_single_records_chosen_fields_and_field_information(caller: Caller) -> None:
    first = caller.ids("Tickets", maxRecords=1)[0]
    assert caller.call("GET", f"tickets/{first}")[1]["item"]["id"] == first
    assert caller.call("GET", "Tickets/1") == (200, {"item": None})
    [row] = caller.query("Tickets", maxRecords=1, includeFields=["id", "Title"])["items"]
    assert sorted(row) == ["id", "title", "userDefinedFields"]
    fields = {field["name"]: field for field in caller.call("GET", "Tickets/entityInformation/fields")[1]["fields"]}
    assert {value["value"] for value in fields["status"]["picklistValues"]} >= {"1", "5"}
    assert caller.call("GET", "Resources/entityInformation/userDefinedFields")[0] == 404


def test_deleted_tickets_take_their_children_along_and_are_logged(caller: Caller) -> None:
    ticket = (
        caller.ids("TicketNotes", maxRecords=1) and caller.query("TicketNotes", maxRecords=1)["items"][0]["ticketID"]
    )
    caller.control("delete", {"ids": [ticket]})
    [logged] = caller.query("DeletedTicketLogs")["items"]
    assert logged["ticketID"] == ticket
    for entity in ("TicketNotes", "TimeEntries"):
        assert caller.ids(entity, {"op": "eq", "field": "ticketID", "value": ticket}) == []


def test_a_note_moves_the_activity_and_a_change_moves_both(caller: Caller) -> None:
    ticket = caller.ids("Tickets", maxRecords=1)[0]
    before = caller.call("GET", f"Tickets/{ticket}")[1]["item"]
    caller.control("note", {"ticket": ticket})
    noted = caller.call("GET", f"Tickets/{ticket}")[1]["item"]
    assert noted["lastTrackedModificationDateTime"] == before["lastTrackedModificationDateTime"]
    assert read(noted["lastActivityDate"]) > read(before["lastActivityDate"])
    caller.control("change", {"ids": [ticket], "set": {"title": "x"}, "stamp": "2026-03-01T10:00:00Z"})
    changed = caller.call("GET", f"Tickets/{ticket}")[1]["item"]
    assert (
        read(changed["lastTrackedModificationDateTime"])
        == read(changed["lastActivityDate"])
        == moment("2026-03-01T10:00:00Z")
    )


def test_a_role_hides_in_silence_and_denies_in_words(caller: Caller) -> None:
    caller.control("role", {"hidden_boards": [8], "denied": ["contacts"]})
    assert not caller.ids("Tickets", {"op": "eq", "field": "queueID", "value": 8})
    status, sentence = caller.error("Contacts", {"filter": [EVERY]})
    assert (status, "adequate permissions" in sentence) == (500, True)
    assert len(caller.control("truth?collection=tickets", method="GET")["ids"]) == 300


def test_the_fourth_thread_of_an_entity_and_one_request_too_many_are_refused(caller: Caller) -> None:
    caller.control("faults", {"kind": "slow", "seconds": 1.5, "match": {"path": "Tickets/query"}})
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda number: caller.call("POST", "Tickets/query", {"filter": [EVERY]}), range(6)))
    assert {status for status, _ in answers} == {200, 429}
    assert {found["errors"][0] for status, found in answers if status == 429} == {
        "Thread Threshold Exceeded. Error code: Itgenatr005."
    }
    caller.control("faults", method="DELETE")
    caller.control("usage", {"used": 99, "limit": 100})
    assert [caller.call("GET", "ThresholdInformation")[0] for _ in range(2)] == [200, 429]


def test_times_are_written_with_fractions_of_all_lengths() -> None:
    texts = {written(moment("2026-01-02T03:04:05Z"), number) for number in range(3)}
    assert texts == {"2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05.0000000Z"}
    assert {read(text) for text in texts} == {moment("2026-01-02T03:04:05Z")}


def test_numbers_may_be_written_as_text_in_every_kind_of_clause(caller: Caller) -> None:
    first, second, *_ = caller.ids("Tickets", maxRecords=4)
    for clauses in (
        [{"op": "eq", "field": "id", "value": str(first)}],
        [{"op": "in", "field": "id", "value": [str(first)]}],
        [{"op": "gt", "field": "id", "value": str(first - 1)}, {"op": "lt", "field": "id", "value": str(second)}],
        [{"op": "or", "items": [{"op": "eq", "field": "id", "value": f" {first} "}]}],
    ):
        assert caller.ids("Tickets", *clauses) == [first], clauses
    hours = caller.ids("TimeEntries", {"op": "gte", "field": "hoursWorked", "value": "1.25"})
    assert hours == caller.ids("TimeEntries", {"op": "gte", "field": "hoursWorked", "value": 1.25})
    for text in ("seven", "7.5", ""):
        status, words = caller.error("Tickets", {"filter": [{"op": "eq", "field": "id", "value": text}]})
        assert (status, words.startswith("Conversion failed")) == (500, True), text
