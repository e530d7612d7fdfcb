"""The simulated Halo by itself: sign-in, paging, filters, refusals, and what its control interface does."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from lab.sandbox.clock import read
from lab.sandbox.halo.control import Control
from lab.sandbox.halo.psa import Psa
from lab.sandbox.seed import Seed
from lab.sandbox.server import Server

NOW = read("2026-03-02")
TICKETS = 300


class Caller:
    """One caller, signed in."""

    def __init__(self, server: Server) -> None:
        self.control_token = server.control.token
        self.given = server.control.announcement()
        self._connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
        self.token = self.sign_in()[1]["access_token"]

    def send(self, method: str, target: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        """(status, decoded body, None for an empty one)."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, target, body=body, headers=named)
        answer = self._connection.getresponse()
        content = answer.read()
        return answer.status, msgspec.json.decode(content) if content else None

    def sign_in(self, **changes: str) -> tuple[int, Any]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.given["client_id"],
            "client_secret": self.given["client_secret"],
            "scope": "all",
        } | changes
        return self.send("POST", "/auth/token?tenant=northwind", urlencode(form).encode())

    def get(self, path: str, **query: object) -> tuple[int, Any]:
        return self.send("GET", f"/api/{path}?{urlencode(query)}", Authorization=f"Bearer {self.token}")

    def tickets(self, **query: object) -> Any:
        status, body = self.get("Tickets", **query)
        assert status == 200
        return body

    def control(self, path: str, payload: object = None) -> Any:
        method = "GET" if payload is None else "POST"
        body = None if payload is None else msgspec.json.encode(payload)
        status, found = self.send(method, f"/_control/{path}", body, X_Control_Token=self.control_token)
        assert status == 200, found
        return found


@pytest.fixture
def caller() -> Iterator[Caller]:
    server = Server(("127.0.0.1", 0), Control(Psa(Seed(7, TICKETS, NOW))))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    found = Caller(server)
    try:
        yield found
    finally:
        found._connection.close()
        server.shutdown()
        thread.join()
        server.server_close()


def paged(number: int, size: int = 100, **query: object) -> dict[str, object]:
    return {"pageinate": "true", "page_no": number, "page_size": size, "order": "id", "orderdesc": "false", **query}


def test_the_same_seed_makes_the_same_msp() -> None:
    first, second = (Psa(Seed(7, 50, NOW)) for _ in range(2))
    for name in first.collections:
        rows = [[psa[name].encoded(slot) for slot in psa[name].slots()] for psa in (first, second)]
        assert rows[0] == rows[1] != []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "wrong"}, "invalid_client"),
        ({"scope": "read:users"}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_sign_in_refuses_in_the_words_of_oauth(caller: Caller, changes: dict[str, str], error: str) -> None:
    assert caller.sign_in(**changes) == (400, {"error": error})


def test_a_token_ends_and_may_void_the_one_before(caller: Caller) -> None:
    assert caller.get("Tickets")[0] == 200
    caller.control("clock", {"advance": 3601})
    assert caller.get("Tickets") == (401, None)
    caller.control("instance", {"one_token": True})
    first, second = (caller.sign_in()[1]["access_token"] for _ in range(2))
    caller.token = first
    assert caller.get("Tickets")[0] == 401
    caller.token = second
    assert caller.get("Tickets")[0] == 200


def test_pages_need_the_word_and_are_cut_at_a_hundred(caller: Caller) -> None:
    page = caller.tickets(**paged(2, 1000))
    assert (page["page_size"], len(page["tickets"]), page["record_count"]) == (100, 100, TICKETS)
    ids = [row["id"] for number in (1, 2, 3) for row in caller.tickets(**paged(number))["tickets"]]
    assert ids == sorted(ids)
    assert ids == caller.control("truth")["ids"]
    newest = caller.tickets(page_no=2, page_size=10)["tickets"]
    assert (len(newest), newest[0]["id"]) == (50, ids[-1])


def test_one_is_not_true_and_an_unknown_word_is_ignored(caller: Caller) -> None:
    first = caller.tickets(**paged(1))["tickets"][0]["id"]
    assert caller.tickets(**paged(1) | {"orderdesc": "1"})["tickets"][0]["id"] == first
    assert caller.tickets(**paged(1) | {"orderdesc": "true"})["tickets"][0]["id"] != first
    assert caller.tickets(**paged(1, requestype=1))["record_count"] == TICKETS


def test_filters_part_the_tickets(caller: Caller) -> None:
    parts = [caller.tickets(**paged(1, **{name: "true"}))["record_count"] for name in ("open_only", "closed_only")]
    assert sum(parts) == TICKETS
    assert min(parts) > 0
    of_types = [caller.tickets(**paged(1, requesttype=kinds))["record_count"] for kinds in ("1", "3", "1,3")]
    assert of_types[0] + of_types[1] == of_types[2]
    row = caller.tickets(**paged(1))["tickets"][0]
    since = caller.tickets(**paged(1, lastupdatefromdate=row["last_update"] + "Z"))["tickets"]
    assert row["id"] in [ticket["id"] for ticket in since]
    assert all(ticket["last_update"] >= row["last_update"] for ticket in since)


def test_custom_fields_are_on_lists_only_where_they_are_asked_for(caller: Caller) -> None:
    bare, asked = caller.tickets(**paged(1)), caller.tickets(**paged(1, include_custom_fields="210,214"))
    assert not any("customfields" in row for row in bare["tickets"])
    assert {field["id"] for row in asked["tickets"] for field in row["customfields"]} == {210, 214}


def test_envelopes_and_bare_lists_are_those_of_each_path(caller: Caller) -> None:
    keys = {"Client": "clients", "Site": "sites", "Users": "users", "Agent": "results"}
    for path, key in keys.items():
        assert caller.get(path)[1][key]
    for path in ("Status", "Priority", "TicketType", "Team", "Category", "FieldInfo"):
        assert isinstance(caller.get(path)[1], list)


def test_actions_are_numbered_within_their_ticket(caller: Caller) -> None:
    ticket = caller.control("truth")["ids"][0]
    before = caller.get("Actions", ticket_id=ticket)[1]
    made = caller.control("time", {"ticket": ticket})["ids"]
    after = caller.get("Actions", ticket_id=ticket)[1]
    number = before["record_count"] + 1
    assert made == [f"{ticket}-{number}"]
    assert after["actions"][0]["id"] == number
    timed = caller.get("Actions", ticket_id=ticket, timeentriesonly="true")[1]["actions"]
    assert all(row["timetaken"] > 0 for row in timed)
    assert caller.get(f"Actions/{number}", ticket_id=ticket)[1]["timetaken"] == 0.25
    assert caller.get(f"Actions/{number}")[0] == 400


def test_refusals_have_the_shapes_of_the_vendor(caller: Caller) -> None:
    assert caller.get("Tickets/probe") == (400, {"id": ["The value 'probe' is not valid."]})
    assert caller.get("Tickets/1") == (404, None)
    assert caller.get("Contract") == (404, None)
    caller.control("role", {"denied": ["tickets"]})
    assert caller.get("Tickets") == (403, None)
    caller.control("faults", {"kind": "429"})
    assert caller.get("Client") == (429, "Rate Limit Reached - 700 Requests per rolling 5 minute window")


def test_a_wrong_count_stands_in_the_envelope(caller: Caller) -> None:
    caller.control("faults", {"kind": "count", "offset": -9})
    assert caller.tickets(**paged(1))["record_count"] == TICKETS - 9


def test_what_is_deleted_is_gone_and_what_is_merged_says_where_to(caller: Caller) -> None:
    first, second, third = caller.control("truth")["ids"][:3]
    caller.control("delete", {"ids": [first]})
    assert caller.get(f"Tickets/{first}")[0] == 404
    caller.control("merge", {"parent": third, "ids": [second]})
    merged = caller.get(f"Tickets/{second}")[1]
    assert (merged["merged_into_id"], merged["status_id"], merged["hasbeenclosed"]) == (third, 9, True)


@pytest.mark.parametrize("collection", ["tickets", "companies", "contacts"])
def test_records_come_change_and_go(caller: Caller, collection: str) -> None:
    def ids() -> list[int]:
        return list(caller.control(f"truth?collection={collection}")["ids"])

    before = ids()
    made = caller.control("create", {"collection": collection, "n": 3})["ids"]
    caller.control("change", {"collection": collection, "ids": made})
    caller.control("delete", {"collection": collection, "ids": made[:1]})
    assert ids() == before + made[1:]


def test_the_disabled_and_the_inactive_are_shown_when_they_are_asked_for(caller: Caller) -> None:
    few, all_ = caller.get("Agent")[1]["results"], caller.get("Agent", includedisabled="true")[1]["results"]
    assert not any(row["isdisabled"] for row in few)
    assert len(all_) > len(few)
    assert len(caller.get("Users", includeinactive="true")[1]["users"]) > len(caller.get("Users")[1]["users"])
    closing = {row["id"] for row in caller.get("Status")[1]} - {
        row["id"] for row in caller.get("Status", excludeclosed="true")[1]
    }
    assert {8, 9, 24} <= closing
