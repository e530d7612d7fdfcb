"""Project tickets stand apart from service tickets and are read as tickets of a kind: in lists, changes, counts, alone, and below."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.errors import NotFound, PermissionMissing
from integrations.port import Adapter, ReadRequest, Scope
from integrations.records import TicketRecord, TimeEntryRecord
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.integrations.adapters.test_contract import ids, records, truth, walk

TICKETS = ReadRequest(stream="tickets")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running("connectwise", tickets=200, projects=True) as started:
        yield started


@pytest.fixture
def adapter(sandbox: Sandbox) -> Iterator[Adapter]:
    opened = sandbox.open()
    yield opened
    opened.close()
    sandbox.control("POST", "role", {})
    sandbox.control("POST", "reset")


def tickets(adapter: Adapter, request: ReadRequest = TICKETS) -> dict[str, TicketRecord]:
    return {k: r for k, r in records(walk(adapter, request)).items() if isinstance(r, TicketRecord)}


@pytest.mark.parametrize("page_size", [1000, 25])
@pytest.mark.parametrize("newest_first", [False, True])
def test_both_kinds_are_read_once_each_and_counted(
    sandbox: Sandbox, adapter: Adapter, page_size: int, newest_first: bool
) -> None:
    request = ReadRequest(stream="tickets", page_size=page_size, newest_first=newest_first)
    found = [record for page in walk(adapter, request) for record in page.records]
    service, projects = truth(sandbox, "tickets"), truth(sandbox, "project_tickets")
    assert len(projects) > 10
    assert len(found) == len(service) + len(projects) == adapter.count(request)
    kinds: dict[str, set[str]] = {}
    for record in found:
        assert isinstance(record, TicketRecord)
        kinds.setdefault(record.record_type, set()).add(record.remote_id)
    assert kinds.pop("ServiceTicket") == service
    assert set(kinds) <= {"ProjectTicket", "ProjectIssue"}
    assert set().union(*kinds.values()) == projects


def test_one_is_read_alone_with_its_notes_and_time_as_a_service_ticket_is(sandbox: Sandbox, adapter: Adapter) -> None:
    everything = tickets(adapter)
    for number in sorted(truth(sandbox, "project_tickets"))[:6]:
        assert adapter.read_one("tickets", number) == everything[number]
        notes = adapter.read_children("notes", number).records
        assert [getattr(note, "ticket_id", "") for note in notes] == [number]
    worked = {
        r.ticket_id
        for r in records(walk(adapter, ReadRequest(stream="time_entries"))).values()
        if isinstance(r, TimeEntryRecord)
    }
    assert worked & truth(sandbox, "project_tickets")
    with pytest.raises(NotFound):
        adapter.read_one("tickets", "99999999")
    with pytest.raises(NotFound):
        adapter.read_children("notes", "99999999")


def test_changes_of_both_kinds_are_seen(sandbox: Sandbox, adapter: Adapter) -> None:
    began = adapter.read_page(ReadRequest(stream="tickets", page_size=1)).server_time
    changed = set()
    for collection in ("tickets", "project_tickets"):
        done = sandbox.control("POST", "change", {"collection": collection, "n": 2, "set": {"summary": "Another one"}})
        changed |= {str(number) for number in done["ids"]}
    found = tickets(adapter, ReadRequest(stream="tickets", since=began))
    assert {number for number, ticket in found.items() if ticket.summary == "Another one"} == changed


def test_the_scope_narrows_both_kinds_alike(adapter: Adapter) -> None:
    everything = tickets(adapter)
    moment = sorted(t.remote_updated_at for t in everything.values() if t.remote_updated_at)[len(everything) // 2]
    boards = tuple(sorted({t.board_id for t in everything.values() if t.board_id and t.record_type != "ServiceTicket"}))
    for scope in (Scope(changed_after=moment), Scope(board_ids=boards), Scope(board_ids=boards, changed_after=moment)):
        expected = {number for number, ticket in everything.items() if adapter.in_scope(ticket, scope)}
        request = ReadRequest(stream="tickets", scope=scope)
        assert 0 < len(expected) < len(everything)
        assert ids(walk(adapter, request)) == expected
        assert adapter.count(request) == len(expected)


def test_time_in_a_date_range_is_that_of_the_tickets_of_both_kinds(adapter: Adapter) -> None:
    everything = tickets(adapter)
    moment = sorted(t.remote_updated_at for t in everything.values() if t.remote_updated_at)[len(everything) * 3 // 4]
    scope = Scope(changed_after=moment)
    kept = {number for number, ticket in everything.items() if adapter.in_scope(ticket, scope)}
    worked = records(walk(adapter, ReadRequest(stream="time_entries"))).values()
    expected = {r.remote_id for r in worked if isinstance(r, TimeEntryRecord) and r.ticket_id in kept}
    request = ReadRequest(stream="time_entries", scope=scope)
    assert ids(walk(adapter, request)) == expected
    assert adapter.count(request) == len(expected)
    assert any(r.remote_updated_at and r.remote_updated_at < moment for r in worked if r.remote_id in expected)


def test_without_the_right_the_others_are_read_and_a_whole_reading_says_so(sandbox: Sandbox, adapter: Adapter) -> None:
    sandbox.control("POST", "role", {"denied": ["projects"]})
    pages = walk(adapter, TICKETS)
    assert ids(pages) == truth(sandbox, "tickets")
    assert adapter.count(TICKETS) == len(truth(sandbox, "tickets"))
    [unshown] = [page.unshown for page in pages if page.unshown is not None]
    assert set(unshown.kinds) == {"ProjectTicket", "ProjectIssue"}
    assert "Project › Project Tickets: Inquire All" in unshown.why
    quick = walk(adapter, ReadRequest(stream="tickets", since=pages[0].server_time))
    assert not [page for page in quick if page.remarks or page.unshown]
    number = min(truth(sandbox, "project_tickets"))
    for read in (adapter.read_one, adapter.read_children):
        with pytest.raises(PermissionMissing):
            read("tickets" if read == adapter.read_one else "notes", number)
    report = adapter.probe()
    assert report.ok
    assert [check.warning for check in report.checks if check.name == "Project tickets"] == [True]
