"""Walks by id, what they ask for, and what they make of odd answers."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from integrations.adapters.autotask.adapter import AutotaskAdapter
from integrations.adapters.autotask.deletions import DeletedTicket
from integrations.errors import ProtocolError, UnsupportedFeature
from integrations.port import ReadRequest, Scope
from tests.integrations.adapters.autotask.entity import Entity, adapter_on, failure, in_zone, page, zone
from tests.loopback import Answer, Loopback, Received, json_reply

SINCE = dt.datetime(2026, 11, 1, 10, 0, 0, 700_000, dt.UTC)
STAMPED = [
    {"op": "gte", "field": "lastTrackedModificationDateTime", "value": "2026-11-01T10:00:00Z"},
    {"op": "gte", "field": "lastActivityDate", "value": "2026-11-01T10:00:00Z"},
]


def rows(*ids: int) -> list[dict[str, Any]]:
    return [{"id": number, "title": f"Ticket {number}", "status": 1} for number in ids]


def walked(adapter: AutotaskAdapter, request: ReadRequest, *, most: int = 50) -> list[str]:
    """The ids of a whole walk, in the order they came; fails when it does not end."""
    ids: list[str] = []
    place: dict[str, Any] | None = None
    for _ in range(most):
        found = adapter.read_page(request, place)
        ids += [record.remote_id for record in found.records]
        if found.next is None:
            return ids
        place = msgspec.json.decode(msgspec.json.encode(found.next))
    raise AssertionError("the walk does not end")


def test_a_walk_goes_up_by_id_and_begins_with_zero() -> None:
    with Loopback(entity := Entity(rows(0, 3, 4, 9, 12))) as server:
        assert walked(adapter_on(server), ReadRequest(stream="tickets", page_size=2)) == ["0", "3", "4", "9", "12"]
    bounds = [query["filter"][-1] for query in entity.asked]
    assert bounds == [
        {"op": "gte", "field": "id", "value": 0},
        {"op": "gt", "field": "id", "value": 3},
        {"op": "gt", "field": "id", "value": 9},
    ]


def test_no_page_is_larger_than_autotask_gives() -> None:
    with Loopback(entity := Entity(rows(1))) as server:
        walked(adapter_on(server), ReadRequest(stream="tickets", page_size=1000))
    assert entity.asked[0]["maxRecords"] == 500


def test_rows_that_come_and_go_move_no_page() -> None:
    entity = Entity(rows(*range(1, 9)))

    def meanwhile(number: int) -> None:
        entity.rows = [row for row in entity.rows if row["id"] != number + 1] + rows(100 + number)

    entity.change = meanwhile
    with Loopback(entity) as server:
        found = walked(adapter_on(server), ReadRequest(stream="tickets", page_size=2))
    assert len(found) == len(set(found))
    assert {"5", "6", "7", "8"} <= set(found)


def test_a_walk_that_does_not_advance_is_no_walk() -> None:
    def answer(request: Received) -> Answer:
        return page(rows(1, 2), more=True) if request.method == "POST" else json_reply({"fields": []})

    with Loopback(in_zone(answer)) as server, pytest.raises(ProtocolError, match="advance"):
        walked(adapter_on(server), ReadRequest(stream="tickets", page_size=2))


def test_an_odd_row_is_reported_and_costs_nothing_else() -> None:
    odd = [{"id": 2, "title": {"a": 1}}, {"id": 3, "queueID": "29"}, {"id": 4, "completedDate": ""}]
    with Loopback(Entity(rows(1) + odd)) as server:
        found = adapter_on(server).read_page(ReadRequest(stream="tickets"))
    assert [record.remote_id for record in found.records] == ["1", "2", "3", "4"]
    assert [(entry.remote_id, entry.field, entry.understood) for entry in found.remarks] == [
        ("2", "title", False),
        ("3", "queueID", True),
        ("", "labels of pick lists", False),
    ]
    assert (found.rows, found.rejected) == (4, [])


def test_a_scope_becomes_clauses_and_changes_are_asked_for_without_it() -> None:
    scope = Scope(board_ids=("8", "29"), excluded_status_ids=("7",), changed_after=SINCE)
    with Loopback(entity := Entity([])) as server:
        adapter = adapter_on(server)
        adapter.read_page(ReadRequest(stream="tickets", scope=scope))
        adapter.read_page(ReadRequest(stream="tickets", scope=scope, since=SINCE))
    everything = {"op": "gte", "field": "id", "value": 0}
    assert [query["filter"] for query in entity.asked] == [
        [
            {"op": "in", "field": "queueID", "value": [8, 29]},
            {"op": "notIn", "field": "status", "value": [7]},
            {"op": "or", "items": [{"op": "noteq", "field": "status", "value": 5}, *STAMPED]},
            everything,
        ],
        [{"op": "or", "items": STAMPED}, everything],
    ]


def test_an_empty_scope_asks_nothing_and_a_huge_one_is_refused() -> None:
    with Loopback(entity := Entity([])) as server:
        adapter = adapter_on(server)
        assert adapter.count(ReadRequest(stream="tickets", scope=Scope(board_ids=()))) == 0
        assert not adapter.read_page(ReadRequest(stream="tickets", scope=Scope(board_ids=()))).records
        huge = Scope(board_ids=tuple(map(str, range(401))))
        with pytest.raises(UnsupportedFeature, match="400"):
            adapter.read_page(ReadRequest(stream="tickets", scope=huge))
    assert not entity.asked


def test_a_read_of_changes_ends_with_what_was_deleted() -> None:
    gone = {"id": 5, "ticketID": 7, "ticketTitle": "Duplicate", "deletedDateTime": "2026-11-02T08:00:00.5Z"}
    nameless = {"id": 6, "ticketID": "none", "ticketTitle": "Nobody knows"}

    def answer(request: Received) -> Answer:
        return page([gone, nameless] if "DeletedTicketLogs" in request.path else [])

    with Loopback(in_zone(answer)) as server:
        adapter = adapter_on(server)
        request = ReadRequest(stream="tickets", since=SINCE)
        first = adapter.read_page(request)
        last = adapter.read_page(request, first.next)
    assert (first.next, last.next) == ({"deleted_after": ""}, None)
    [record] = last.records
    assert isinstance(record, DeletedTicket)
    assert (record.remote_id, record.summary) == ("7", "Duplicate")
    assert [entry.message for entry in last.rejected] == ["It names no ticket."]
    assert [remark.field for remark in last.remarks] == ["ticketID"]
    assert not adapter.in_scope(record, Scope())


def test_a_log_of_deletions_that_may_not_be_read_stops_nothing() -> None:
    def answer(request: Received) -> Answer:
        denied = failure(500, "The logged in Resource does not have the adequate permissions")
        return denied if "DeletedTicketLogs" in request.path else page([])

    with Loopback(in_zone(answer)) as server:
        assert walked(adapter_on(server), ReadRequest(stream="tickets", since=SINCE)) == []


def test_names_are_looked_up_once_however_many_pages_need_them() -> None:
    def answer(request: Received) -> Answer:
        if request.path.endswith("/zoneInformation"):
            return zone(request)
        if request.path.endswith("/Companies/query"):
            wanted = msgspec.json.decode(request.body)["filter"][0]["value"]
            return page([{"id": number, "companyName": f"Company {number}"} for number in wanted if number != 2])
        if request.path.endswith("/Tickets/query"):
            after = msgspec.json.decode(request.body)["filter"][-1]["value"]
            return page([{"id": after + 1, "companyID": after % 3}] if after < 7 else [])
        return page([]) if request.method == "POST" else json_reply({"fields": []})

    with Loopback(answer) as server:
        adapter, names, place = adapter_on(server), [], None
        for _ in range(8):
            found = adapter.read_page(ReadRequest(stream="tickets", page_size=1), place)
            names += [getattr(record, "company_name", None) for record in found.records]
            place = found.next
    assert place is None
    assert names == ["Company 0", "Company 1", "", "Company 0", "Company 1", "", "Company 0"]
    asked = [request for request in server.received if request.path.endswith("/Companies/query")]
    assert len(asked) == 3


def test_children_are_all_those_of_their_parent_whatever_the_date_range() -> None:
    asked: list[Any] = []

    def answer(request: Received) -> Answer:
        if request.path.endswith("/TicketNotes/query"):
            asked.append(msgspec.json.decode(request.body)["filter"])
            return page([{"id": 9, "ticketID": 7}])
        return page([])

    with Loopback(in_zone(answer)) as server:
        found = adapter_on(server).read_children("notes", "7", Scope(changed_after=SINCE))
    assert [record.remote_id for record in found.records] == ["9"]
    assert asked == [[{"op": "eq", "field": "ticketID", "value": 7}, {"op": "gte", "field": "id", "value": 0}]]


def test_what_has_no_parent_has_no_children() -> None:
    with Loopback(Entity([])) as server, pytest.raises(UnsupportedFeature):
        adapter_on(server).read_children("statuses", "7")


@pytest.mark.parametrize(("many", "unknown"), [(4, ()), (5, ("agreement_id", "lines"))])
def test_that_many_invoices_all_have_no_lines_is_no_answer(many: int, unknown: tuple[str, ...]) -> None:
    def answer(request: Received) -> Answer:
        return page([{"id": number} for number in range(1, many + 1)] if "/Invoices/" in request.path else [])

    with Loopback(in_zone(answer)) as server:
        found = adapter_on(server).read_page(ReadRequest(stream="invoices"))
    assert [record.unknown_fields for record in found.records] == [unknown] * many
    assert ["lines of invoices" in remark.message for remark in found.remarks] == [True] * bool(unknown)


@pytest.mark.parametrize(
    ("others", "unknown"), [([{"id": 1, "contractServiceID": 1}], ()), ([], ("quantity", "total"))]
)
def test_that_no_service_has_units_now_is_true_where_some_have_units_of_another_time(
    others: list[dict[str, Any]], unknown: tuple[str, ...]
) -> None:
    def answer(request: Received) -> Answer:
        if "/ContractServices/" in request.path:
            return page([{"id": number} for number in range(1, 6)])
        dated = any(clause.get("field") == "startDate" for clause in msgspec.json.decode(request.body)["filter"])
        return page(others if "/ContractServiceUnits/" in request.path and not dated else [])

    with Loopback(in_zone(answer)) as server:
        found = adapter_on(server).read_page(ReadRequest(stream="agreement_additions"))
    assert [record.unknown_fields for record in found.records] == [unknown] * 5


PICK = {"name": "queueID", "isPickList": True}
USER = {"name": "Site", "isPickList": True}
LABELLED = [{"value": "5", "label": "Field"}]


@pytest.mark.parametrize(
    ("queues", "sites", "owner", "unknown"),
    [
        (LABELLED, LABELLED, {"firstName": "Ada"}, set()),
        ([{"value": "5"}], LABELLED, {"firstName": "Ada"}, {"board_name"}),
        ([{"value": "6", "label": "Desk"}], LABELLED, {"firstName": "Ada"}, {"board_name"}),
        ([], LABELLED, {"firstName": "Ada"}, {"board_name"}),
        (LABELLED, [], {"firstName": "Ada"}, {"custom_fields"}),
        (LABELLED, [{"value": "5"}], {"firstName": "Ada"}, {"custom_fields"}),
        (LABELLED, LABELLED, {"firstName": None, "lastName": " "}, {"owner_name"}),
    ],
)
def test_what_a_look_up_calls_nothing_is_not_known(
    queues: list[dict[str, Any]], sites: list[dict[str, Any]], owner: dict[str, Any], unknown: set[str]
) -> None:
    row = {"id": 1, "queueID": 5, "assignedResourceID": 7, "userDefinedFields": [{"name": "Site", "value": "5"}]}

    def answer(request: Received) -> Answer:
        if request.path.endswith("/fields"):
            return json_reply({"fields": [PICK | {"picklistValues": queues}]})
        if request.path.endswith("/userDefinedFields"):
            return json_reply({"fields": [USER | {"picklistValues": sites}]})
        if "/Resources/" in request.path:
            return page([{"id": 7} | owner])
        return page([row] if "/Tickets/" in request.path else [])

    with Loopback(in_zone(answer)) as server:
        found = adapter_on(server).read_page(ReadRequest(stream="tickets"))
        boards = adapter_on(server).read_page(ReadRequest(stream="boards"))
    assert set(found.records[0].unknown_fields) == unknown
    is_said = unknown and queues != [{"value": "6", "label": "Desk"}]
    assert bool([remark for remark in found.remarks if "could not be looked up" in remark.message]) == bool(is_said)
    assert list(boards.untold) == (["name"] if queues == [{"value": "5"}] else [])
