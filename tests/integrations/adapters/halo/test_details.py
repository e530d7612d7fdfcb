"""What Halo tells in another place than where it is looked for first: agents' addresses and names, hours, when a ticket is due, and
whether it is closed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.adapters.halo import mapping
from integrations.adapters.halo import payloads as halo
from integrations.adapters.halo.client_mapping import asset
from integrations.adapters.halo.client_payloads import Asset, AssetField
from integrations.adapters.halo.lookups import ASSET_FIELDS, LOOKUPS, told
from integrations.adapters.halo.mapping import Names, agent_name, is_closed
from integrations.adapters.halo.streams import closing
from integrations.client_records import ProductRecord
from integrations.port import Adapter, Page, ReadRequest
from integrations.records import MemberRecord, TicketRecord
from tests.integrations.adapters.halo.test_answers import adapter_on, served
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.integrations.adapters.test_contract import walk
from tests.loopback import Answer, Received, json_reply, reply


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running("halo", tickets=300) as started:
        yield started


@pytest.fixture
def adapter(sandbox: Sandbox) -> Iterator[Adapter]:
    opened = sandbox.open()
    yield opened
    opened.close()
    sandbox.control("POST", "reset")


def members(pages: list[Page]) -> dict[str, MemberRecord]:
    return {r.remote_id: r for page in pages for r in page.records if isinstance(r, MemberRecord)}


def test_every_agent_has_a_name_and_an_address_though_lists_show_neither_of_all(adapter: Adapter) -> None:
    pages = walk(adapter, ReadRequest(stream="members", page_size=7))
    found = members(pages)
    assert len(pages) > 1
    assert len(found) == 24
    assert {one.email for one in found.values()} == {f"agent{number}@northwind-msp.example" for number in range(2, 26)}
    assert "" not in {one.name for one in found.values()}
    assert not any(one.unknown_fields for one in found.values())
    assert all(adapter.read_one("members", number) == one for number, one in found.items())


def test_the_owner_of_a_ticket_is_called_as_the_agent_is(adapter: Adapter) -> None:
    names = {number: one.name for number, one in members(walk(adapter, ReadRequest(stream="members"))).items()}
    owned = [
        (ticket.owner_id, ticket.owner_name)
        for page in walk(adapter, ReadRequest(stream="tickets"))
        for ticket in page.records
        if isinstance(ticket, TicketRecord) and ticket.owner_id
    ]
    assert owned == [(number, names[number]) for number, _ in owned]
    assert {"6", "16"} & {number for number, _ in owned}


@pytest.mark.parametrize("whole", ["Ada Ivanova", None])
def test_an_agent_without_a_whole_name_is_called_by_its_parts(whole: str | None) -> None:
    assert agent_name(halo.Agent(id=2, name=whole, firstname="Ada", surname="Ivanova")) == "Ada Ivanova"
    assert agent_name(halo.Agent(id=2, name=whole, namewithinactive="Ada Ivanova")) == "Ada Ivanova"


@pytest.mark.parametrize(("status", "asked"), [(403, 1), (404, 3), (200, 3)])
def test_an_address_that_cannot_be_read_is_not_known_and_is_said(status: int, asked: int) -> None:
    def answer(request: Received) -> Answer:
        if request.path.count("/") > 2:
            return reply(b"" if status == 403 else b"[1]", status)
        return json_reply({"record_count": 3, "results": [{"id": number, "name": "Ada"} for number in (1, 2, 3, 4)]})

    with served(answer) as server:
        page = adapter_on(server).read_page(ReadRequest(stream="members"))
        assert sum(request.path.startswith("/api/Agent/") for request in server.received) == asked
    assert [(one.remote_id, one.unknown_fields) for one in page.records] == [(n, ("email",)) for n in ("2", "3", "4")]
    assert {remark.field for remark in page.remarks} == {"email"}
    assert len(page.remarks) == asked


def test_an_address_on_the_list_is_not_asked_for_again() -> None:
    row = {"id": 2, "name": "Ada", "email": "ada@msp.example"}
    with served(lambda request: json_reply({"record_count": 1, "results": [row]})) as server:
        found = members([adapter_on(server).read_page(ReadRequest(stream="members"))])
        assert [request.path for request in server.received] == ["/auth/token", "/api/Agent"]
    assert found["2"].email == "ada@msp.example"


@pytest.mark.parametrize("stays_closed", [False, True])
def test_a_reopened_ticket_is_open_whatever_it_says_of_its_past(
    sandbox: Sandbox, adapter: Adapter, stays_closed: bool
) -> None:
    sandbox.control("POST", "instance", {"stays_closed": stays_closed})
    tickets = [r for page in walk(adapter, ReadRequest(stream="tickets")) for r in page.records]
    closed = next(r for r in tickets if isinstance(r, TicketRecord) and r.is_closed and r.closed_at)
    sandbox.control("POST", "change", {"ids": [int(closed.remote_id)], "set": {"status_id": 2}})
    reopened = adapter.read_one("tickets", closed.remote_id)
    assert isinstance(reopened, TicketRecord)
    assert (reopened.is_closed, reopened.closed_at, reopened.status_name) == (False, None, "In Progress")
    sandbox.control("POST", "instance", {"stays_closed": False})


def test_where_statuses_are_not_known_the_ticket_itself_says_whether_it_is_closed() -> None:
    known = Names(statuses={2: "In Progress", 9: "Closed"}, closing=frozenset({9}))
    cases = [(status, said) for status in (2, 9, 77) for said in (True, None)]
    rows = [halo.Ticket(id=1, status_id=status, hasbeenclosed=said) for status, said in cases]
    assert [is_closed(row, known) for row in rows] == [False, False, True, True, True, False]
    assert [is_closed(row, Names()) for row in rows] == [True, False] * 3


def test_hours_and_the_day_a_ticket_is_due_are_the_psas(sandbox: Sandbox, adapter: Adapter) -> None:
    found = [r for page in walk(adapter, ReadRequest(stream="tickets")) for r in page.records]
    tickets = {r.remote_id: r for r in found if isinstance(r, TicketRecord)}
    for number in sorted(tickets)[:40]:
        entries = adapter.read_children("time_entries", number).records
        assert tickets[number].actual_hours == round(sum(getattr(entry, "hours", 0) for entry in entries), 4)
    due = [(ticket.required_at, ticket.remote_created_at) for ticket in tickets.values()]
    assert {(at - began).days for at, began in due if at and began} <= {1, 2}
    assert all(at for at, _ in due)
    assert adapter.read_one("tickets", found[0].remote_id) == found[0]


def test_items_that_are_not_sold_any_more_come_as_inactive_ones(sandbox: Sandbox, adapter: Adapter) -> None:
    request = ReadRequest(stream="products")
    found = [r for page in walk(adapter, request) for r in page.records if isinstance(r, ProductRecord)]
    everything = {str(number) for number in sandbox.control("GET", "truth?collection=items")["ids"]}
    assert {product.remote_id for product in found} == everything
    assert adapter.count(request) == len(everything)
    assert {product.identifier for product in found if not product.is_active} == {"OLD-AV", "OLD-FAX"}
    assert all(adapter.read_one("products", product.remote_id) == product for product in found)


@pytest.mark.parametrize(
    ("left", "expected"),
    [((1, 2), {9}), ((), None), ((1, 2, 9), None), ((1, 2, 9, 50), None)],
    ids=["one closes", "empty", "the same list", "the same list and more"],
)
def test_what_closes_is_known_where_some_statuses_close_and_others_do_not(
    left: tuple[int, ...], expected: set[int] | None
) -> None:
    rows = [halo.Status(id=number, name="Status", type=0) for number in (1, 2, 9)]
    others = [halo.Status(id=50, name="Ordered", type=1)]
    assert closing([*rows, *others], [halo.Status(id=number) for number in left]) == expected


@pytest.mark.parametrize("how", ["empty", "ignored", 403])
def test_where_it_is_not_known_what_closes_nothing_is_closed_or_opened_by_it(how: str | int) -> None:
    statuses = [{"id": 2, "name": "Open", "type": 0}, {"id": 9, "name": "Closed", "type": 0}]

    def answer(request: Received) -> Answer:
        if request.path.endswith("/Tickets"):
            rows = [{"id": 1, "summary": "It burns", "status_id": 2, "hasbeenclosed": True}]
            return json_reply({"record_count": 1, "tickets": rows})
        if request.path.endswith("/Status"):
            if how == 403:
                return reply(b"", 403)
            return json_reply([] if how == "empty" and "excludeclosed" in request.query else statuses)
        return json_reply([])

    with served(answer) as server:
        adapter = adapter_on(server)
        [ticket] = (page := adapter.read_page(ReadRequest(stream="tickets"))).records
        assert {"is_closed", "closed_at"} <= set(ticket.unknown_fields)
        assert any("statuses that close" in remark.message for remark in page.remarks)
        if how != 403:
            for stream in ("statuses", "opportunity_statuses"):
                table = adapter.read_page(ReadRequest(stream=stream))
                assert [one.unknown_fields for one in table.records] == [("is_closed",)] * 2
                assert any("statuses that close" in remark.message for remark in table.remarks)


def test_names_that_are_blank_are_not_known() -> None:
    row = halo.Ticket(id=1, tickettype_id=3, status_id=2, agent_id=5)
    names = Names(types={3: ""}, statuses={2: "Open"}, agents={5: ""}, closing=frozenset({9}))
    record = told(mapping.ticket(row, names), row, LOOKUPS, names, {}, asks_for_fields=False)
    assert record.unknown_fields == ("board_name", "owner_name")


def test_agents_who_come_without_the_field_keep_their_addresses() -> None:
    def answer(request: Received) -> Answer:
        if request.path.count("/") > 2:
            return json_reply({"id": int(request.path.rpartition("/")[2]), "name": "Ada"})
        return json_reply({"record_count": 2, "results": [{"id": number, "name": "Ada"} for number in (2, 3)]})

    with served(answer) as server:
        page = adapter_on(server).read_page(ReadRequest(stream="members"))
    assert [one.unknown_fields for one in page.records] == [("email",)] * 2
    assert [(remark.remote_id, remark.field) for remark in page.remarks] == [("", "email")]


@pytest.mark.parametrize("types", [[], 403])
def test_assets_without_the_fields_of_their_type_keep_their_details(types: list[object] | int) -> None:
    def answer(request: Received) -> Answer:
        if request.path.endswith("/AssetType"):
            return reply(b"", 403) if types == 403 else json_reply(types)
        rows = [{"id": 1, "inventory_number": "PC-1"}, {"id": 2, "inventory_number": "PC-2", "fields": []}]
        return json_reply({"record_count": 2, "assets": rows})

    with served(answer) as server:
        page = adapter_on(server).read_page(ReadRequest(stream="assets"))
    assert {record.remote_id: record.unknown_fields for record in page.records} == {
        "1": tuple(sorted(ASSET_FIELDS)),
        "2": (),
    }
    assert ["details of assets" in remark.message for remark in page.remarks] == [True]


def test_actions_without_a_time_are_neither_notes_nor_time_entries() -> None:
    with served(lambda request: json_reply({"actions": [{"id": 1, "note": "It burns"}]})) as server:
        for stream in ("notes", "time_entries"):
            page = adapter_on(server).read_children(stream, "9")
            assert (list(page.records), page.rows) == ([], 0)
            assert "ticket 9" in page.incomplete


@pytest.mark.parametrize(("most", "asked"), [(19, 1), (20, 2), (25, 2)])
def test_actions_that_a_server_cuts_without_a_word_are_asked_for_once_more(most: int, asked: int) -> None:
    rows = [{"id": number, "note": "It burns", "timetaken": 0} for number in range(1, 41)]

    def answer(request: Received) -> Answer:
        return json_reply(rows if "count" in request.query else rows[:most])

    with served(answer) as server:
        page = adapter_on(server).read_children("notes", "9")
        assert [request.path for request in server.received].count("/api/Actions") == asked
    assert len(page.records) == (most if asked == 1 else 40)


def test_the_field_of_an_asset_that_says_no_date_is_not_kept() -> None:
    values = [
        ("1900-01-01T00:00:00", None),
        ("0001-01-01T00:00:00", "01/01/0001"),
        ("2026-03-01T00:00:00", "01/03/2026"),
    ]
    fields = [
        AssetField(id=n, name=f"Day {n}", value=value, display=shown) for n, (value, shown) in enumerate(values, 1)
    ]
    assert [field["value"] for field in asset(Asset(id=1, fields=fields)).custom_fields.values()] == ["01/03/2026"]
