"""Walks over a collection: nothing is missed and nothing loops, whatever the server does with paging."""

from __future__ import annotations

import datetime as dt

import hypothesis
import hypothesis.strategies as st
import msgspec
import pytest

from integrations.adapters.connectwise.payloads import Contact
from integrations.adapters.connectwise.reading import context_of, mapping_of
from integrations.adapters.connectwise.streams import SOURCES
from integrations.boundary import bounded
from integrations.errors import NotFound, ProtocolError, UnsupportedFeature
from integrations.field_origins import sources_of
from integrations.port import ReadRequest, Scope
from integrations.records import CategoryRecord, ContactRecord, NoteRecord, TicketRecord
from tests.integrations.adapters.connectwise.collection import Collection, ServiceOnly, adapter_on, rows, walked
from tests.loopback import Answer, Received, json_reply, reply, routes

TICKETS = ReadRequest(stream="tickets", page_size=2)
SHUFFLED = (8, 3, 5, 1, 9, 4, 2)
SINCE = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


@pytest.mark.parametrize("obeys", ["forward-only", "numbers", "stripped"])
@pytest.mark.parametrize("newest_first", [False, True])
def test_a_walk_sees_each_record_once_in_order(obeys: str, newest_first: bool) -> None:
    with ServiceOnly(Collection(rows(*SHUFFLED), obeys)) as server:
        request = ReadRequest(stream="tickets", page_size=2, newest_first=newest_first)
        ids = [int(number) for number in walked(adapter_on(server), request)]
    assert ids == sorted(SHUFFLED, reverse=newest_first)


@pytest.mark.parametrize("obeys", ["forward-only", "numbers", "stripped"])
def test_an_empty_collection_ends_at_once(obeys: str) -> None:
    with ServiceOnly(Collection([], obeys)) as server:
        page = adapter_on(server).read_page(TICKETS)
    assert (list(page.records), page.next, page.rows) == ([], None, 0)
    assert len(server.received) == 1


@pytest.mark.parametrize("obeys", ["forward-only", "numbers"])
def test_records_that_go_and_come_during_the_walk_hide_no_other(obeys: str) -> None:
    collection = Collection(rows(*range(1, 10)), obeys)

    def change(page: int) -> None:
        if page == 2:
            collection.rows = [row for row in collection.rows if row["id"] not in (1, 2)] + rows(20)

    collection.change = change
    with ServiceOnly(collection) as server:
        ids = walked(adapter_on(server), TICKETS)
    assert set(ids) >= {str(number) for number in (*range(3, 10), 20)}


def test_a_forward_request_carries_the_header_and_no_order() -> None:
    with ServiceOnly(Collection(rows(1, 2, 3))) as server:
        adapter = adapter_on(server)
        first = adapter.read_page(TICKETS)
        adapter.read_page(TICKETS, first.next)
    assert first.next == {"page_id": "2", "after": "2"}
    assert first.server_time == dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
    assert [request.query for request in server.received] == [{"pageSize": "2"}, {"pageSize": "2", "pageId": "2"}]
    assert all(request.headers["pagination-type"] == "forward-only" for request in server.received)
    assert all(request.path == "/v4_6_release/apis/3.0/service/tickets" for request in server.received)


def test_the_links_host_is_never_called() -> None:
    with ServiceOnly(Collection(rows(1, 2, 3))) as server:
        assert walked(adapter_on(server), TICKETS) == ["1", "2", "3"]
    assert len(server.received) == 2


def test_a_short_page_with_a_next_link_is_not_the_end() -> None:
    pages = [
        json_reply(rows(1, 2), Link='<https://x/?pageId=2>; rel="next"'),
        json_reply([], Link='<https://x/?pageId=5>; rel="next"'),
        json_reply(rows(6), Link=""),
    ]
    with ServiceOnly(lambda request: pages[len(server.received) - 1]) as server:
        assert walked(adapter_on(server), TICKETS) == ["1", "2", "6"]


def test_paging_that_does_not_advance_is_an_error_not_a_loop() -> None:
    stuck = json_reply(rows(3, 4), Link='<https://x/?pageId=2>; rel="next"')
    with ServiceOnly(lambda request: stuck) as server, pytest.raises(ProtocolError, match="advance"):
        adapter_on(server).read_page(TICKETS, {"page_id": "2", "after": "2"})
    same = json_reply(rows(1, 2))
    with ServiceOnly(lambda request: same) as server, pytest.raises(ProtocolError, match="advance"):
        adapter_on(server).read_page(TICKETS, {"after": "2"})


def test_of_two_rows_with_one_id_the_later_counts() -> None:
    twice = [{"id": 1, "summary": "old"}, {"id": 2, "summary": "b"}, {"id": 1, "summary": "new"}]
    with ServiceOnly(lambda request: json_reply(sorted(twice, key=lambda row: int(str(row["id"]))), Link="")) as server:
        page = bounded(adapter_on(server)).read_page(TICKETS)
    assert [(record.remote_id, getattr(record, "summary", "")) for record in page.records] == [("1", "new"), ("2", "b")]
    assert page.rows == 3


def test_an_odd_row_costs_itself_and_not_its_page() -> None:
    odd = [
        {"id": 1, "summary": "fine"},
        {"id": 2, "summary": {"not": "text"}, "contactEmailAddress": "jo@example.com"},
        {"id": "3", "summary": "number as text", "closedDate": ""},
        {"summary": "no id"},
    ]
    with ServiceOnly(lambda request: json_reply(odd, Link="")) as server:
        page = adapter_on(server).read_page(TICKETS)
    assert [record.remote_id for record in page.records] == ["1", "2", "3"]
    assert [(entry.remote_id, entry.message) for entry in page.rejected] == [("", "It has no id.")]
    assert [(entry.remote_id, entry.field, entry.understood) for entry in page.remarks] == [
        ("2", "summary", False),
        ("3", "id", True),
    ]
    assert page.rows == 4
    assert "jo@example.com" not in page.remarks[0].sample


def test_a_time_that_cannot_be_utc_is_none_and_costs_nothing() -> None:
    odd = [{"id": 1, "closedDate": "0001-01-01T00:00:00+02:00"}, {"id": 2}]
    with ServiceOnly(lambda request: json_reply(odd, Link="")) as server:
        page = adapter_on(server).read_page(TICKETS)
    assert [(record.remote_id, getattr(record, "closed_at", "")) for record in page.records] == [
        ("1", None),
        ("2", None),
    ]
    assert page.rejected == []


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "value", "_info"]), inner)
    ),
    max_leaves=6,
)
FIELDS = (
    "id",
    "summary",
    "board",
    "closedDate",
    "customFields",
    "budgetHours",
    "closedFlag",
    "_info",
    "parentTicketId",
)


@hypothesis.given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON) | JSON, max_size=4))
def test_whatever_rows_come_each_is_a_record_or_is_rejected(odd: list[object]) -> None:
    with ServiceOnly(lambda request: json_reply(odd, Link="")) as server:
        adapter = adapter_on(server)
        page = bounded(adapter).read_page(ReadRequest(stream="tickets", newest_first=False))
        adapter.close()
    assert page.rows == len(odd)
    assert len({record.remote_id for record in page.records}) == len(page.records)


def test_a_page_of_nothing_but_odd_rows_is_an_error_where_the_next_cannot_be_known() -> None:
    with ServiceOnly(lambda request: json_reply([{"summary": "no id"}])) as server:
        adapter = adapter_on(server)
        with pytest.raises(ProtocolError):
            adapter.read_page(ReadRequest(stream="tickets", page_size=1), {"after": "0"})
        last = adapter.read_page(TICKETS, {"after": "0"})
    assert (last.records, len(last.rejected), last.next) == ([], 1, None)


def test_a_row_that_says_no_more_than_its_id_is_walked_past() -> None:
    sent = [{"id": 1}, b'{"id": 2, "summary": tru}', {"id": 3}]
    body = b",".join(row if isinstance(row, bytes) else msgspec.json.encode(row) for row in sent)

    def answer(request: Received) -> Answer:
        return reply(b"[" + body + b"]" if "id > 3" not in request.query.get("conditions", "") else b"[]")

    with ServiceOnly(answer) as server:
        page = adapter_on(server).read_page(TICKETS, {"after": "0"})
    assert [record.remote_id for record in page.records] == ["1", "3"]
    assert [entry.remote_id for entry in page.rejected] == ["2"]
    assert page.next == {"after": "3"}


def test_an_incremental_read_asks_by_the_stamp_alone() -> None:
    scope = Scope(board_ids=("3",), excluded_status_ids=("9",), changed_after=SINCE)
    with ServiceOnly(Collection(rows(1))) as server:
        adapter_on(server).read_page(ReadRequest(stream="tickets", scope=scope, since=SINCE))
    assert server.received[0].query == {"pageSize": "1000", "conditions": "lastUpdated >= [2026-01-02T00:00:00Z]"}


def test_a_long_filter_goes_in_a_body() -> None:
    scope = Scope(board_ids=tuple(str(number) for number in range(10_000, 10_400)))
    collection = Collection(rows(3, 1, 2))
    with ServiceOnly(collection) as server:
        adapter = adapter_on(server)
        request = ReadRequest(stream="tickets", scope=scope, page_size=2)
        assert walked(adapter, request) == ["1", "2", "3"]
        halves = 2  # each answered with 3 by a collection that does not look at boards
        assert adapter.count(request) == 3 * halves
    searches = [request for request in server.received if request.method == "POST"]
    assert searches[0].path.endswith("/service/tickets/search")
    assert searches[0].query == {"page": "1", "pageSize": "2"}
    assert all(len(request.target) < 3000 for request in server.received)


def test_no_board_in_scope_asks_nothing() -> None:
    with ServiceOnly(Collection(rows(1))) as server:
        adapter = adapter_on(server)
        request = ReadRequest(stream="tickets", scope=Scope(board_ids=()))
        assert (list(adapter.read_page(request).records), adapter.count(request)) == ([], 0)
    assert server.received == []


def test_count_asks_with_the_same_filter_as_the_walk() -> None:
    with ServiceOnly(Collection(rows(1, 2))) as server:
        adapter = adapter_on(server)
        dated = Scope(board_ids=("3",), changed_after=SINCE)
        for stream in ("tickets", "companies", "contacts", "time_entries", "members"):
            request = ReadRequest(stream=stream, scope=Scope() if stream == "time_entries" else dated)
            assert adapter.count(request) == 2
            adapter.read_page(request)
    filters = [request.query.get("conditions") for request in server.received]
    assert filters[0::2] == filters[1::2]
    assert [request.path.endswith("/count") for request in server.received] == [True, False] * 5


def test_children_are_complete_in_one_request() -> None:
    notes = [{"id": 5, "text": "a"}, {"id": 6, "text": "b"}]
    with ServiceOnly(lambda request: json_reply(notes, Link="")) as server:
        page = adapter_on(server).read_children("notes", "4711")
    assert [record.remote_id for record in page.records] == ["5", "6"]
    assert page.next is None
    assert [request.path for request in server.received] == ["/v4_6_release/apis/3.0/service/tickets/4711/notes"]


def test_the_first_note_of_the_discussion_is_the_tickets_description() -> None:
    flags = {"detailDescriptionFlag": True, "resolutionFlag": False}
    notes = [
        {"id": 9, "text": "later", **flags},
        {"id": 4, "text": "internal", "detailDescriptionFlag": False, "internalAnalysisFlag": True},
        {"id": 5, "text": "solved", "detailDescriptionFlag": True, "resolutionFlag": True},
        {"id": 6, "text": "it is broken", **flags},
    ]
    with ServiceOnly(lambda request: json_reply(notes)) as server:
        page = adapter_on(server).read_children("notes", "4711")
    kinds = {record.remote_id: record.kind for record in page.records if isinstance(record, NoteRecord)}
    assert kinds == {"9": "discussion", "4": "internal", "5": "resolution", "6": "description"}


def test_children_beyond_one_page_are_read_too() -> None:
    collection = Collection([{"id": number, "name": f"S{number}"} for number in range(1, 2501)], "stripped")
    with ServiceOnly(collection) as server:
        page = adapter_on(server).read_children("sites", "250")
    assert (len(page.records), page.rows) == (2500, 2500)


def test_items_learn_their_subtypes_from_the_allowed_combinations() -> None:
    table = {
        "/items": json_reply([{"id": 7, "name": "Outbox"}, {"id": 8, "name": "Inbox"}]),
        "/typeSubTypeItemAssociations": json_reply(
            [
                {"id": 1, "type": {"id": 5}, "subType": {"id": 60}, "item": {"id": 7}},
                {"id": 2, "type": {"id": 5}, "subType": {"id": 6}, "item": {"id": 7}},
                {"id": 3, "type": {"id": 5}, "subType": {"id": 6}, "item": {}},
            ]
        ),
    }
    with ServiceOnly(routes(table)) as server:
        page = adapter_on(server).read_children("items", "3")
    assert list(page.records) == [
        CategoryRecord(remote_id="7", board_id="3", name="Outbox", parent_ids=["6", "60"]),
        CategoryRecord(remote_id="8", board_id="3", name="Inbox"),
    ]


def test_one_record_is_read_by_its_id() -> None:
    with ServiceOnly(lambda request: json_reply({"id": 4711, "summary": "Mail"})) as server:
        assert adapter_on(server).read_one("tickets", "4711") == TicketRecord(remote_id="4711", summary="Mail")
        with pytest.raises(ProtocolError, match="another record"):
            adapter_on(server).read_one("tickets", "4712")
        with pytest.raises(NotFound):
            adapter_on(server).read_one("tickets", "../members/1")
    assert server.received[0].path.endswith("/service/tickets/4711")


def test_a_stream_is_read_in_its_own_way_only() -> None:
    with ServiceOnly(lambda request: reply()) as server:
        adapter = adapter_on(server)
        with pytest.raises(UnsupportedFeature):
            adapter.read_page(ReadRequest(stream="notes"))
        with pytest.raises(UnsupportedFeature):
            adapter.read_children("tickets", "1")
        with pytest.raises(UnsupportedFeature):
            adapter.read_one("notes", "1")
        with pytest.raises(UnsupportedFeature):
            adapter.read_page(ReadRequest(stream="time_machines"))
    assert server.received == []


@pytest.mark.parametrize(
    ("ticket", "wanted"),
    [
        (TicketRecord(remote_id="1", summary="", board_id="3", status_id="1"), True),
        (TicketRecord(remote_id="1", summary="", board_id="4", status_id="1"), False),
        (TicketRecord(remote_id="1", summary="", board_id="3", status_id="9"), False),
        (TicketRecord(remote_id="1", summary="", board_id="3", is_closed=True, remote_updated_at=SINCE), True),
        (TicketRecord(remote_id="1", summary="", board_id="3", is_closed=True, remote_updated_at=SINCE - dt.timedelta(seconds=1)), False),
        (TicketRecord(remote_id="1", summary="", board_id="3", remote_updated_at=SINCE - dt.timedelta(days=900)), True),
    ],
)  # fmt: skip
def test_the_scope_says_which_tickets_are_wanted(ticket: TicketRecord, wanted: bool) -> None:
    scope = Scope(board_ids=("3",), excluded_status_ids=("9",), changed_after=SINCE)
    with ServiceOnly(lambda request: reply()) as server:
        assert adapter_on(server).in_scope(ticket, scope) is wanted


def test_addresses_of_contacts_come_from_their_communication_items() -> None:
    mapping = mapping_of(SOURCES["contacts"], context_of(Scope()))
    sources = sources_of(Contact, ContactRecord, mapping.mapped, mapping.lookups)
    assert sources["email"] == sources["emails"] == {"communication_items"}
    assert not mapping.omits("communication_items")
