"""What the engine may rely on, of every system: each adapter is run against its own sandbox in a process of its own."""

from __future__ import annotations

import datetime as dt
import os
import socket
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from integrations.errors import (
    AddressRefused,
    AuthenticationFailed,
    IntegrationError,
    NotFound,
    PermissionMissing,
    ProtocolError,
    RateLimited,
    TransientError,
)
from integrations.port import Adapter, Page, Reach, ReadRequest, Scope, StreamSpec
from integrations.records import CompanyRecord, NoteRecord, Record, TicketRecord
from integrations.registry import provider, providers
from integrations.settings_schema import RECORD_FIELDS
from tests.integrations.adapters.facts import facts_of
from tests.integrations.adapters.sandboxes import Sandbox, running

TICKETS = 1200


class Counted:
    """An observer that counts."""

    def __init__(self) -> None:
        self.requests = 0

    def request_made(self, *, method: str, path: str, status: int | None, seconds: float, size: int) -> None:
        self.requests += 1


@pytest.fixture(scope="module", params=[entry.key for entry in providers()])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with running(str(request.param), tickets=TICKETS) as started:
        yield started


@pytest.fixture(autouse=True)
def calm(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.control("POST", "reset")


@pytest.fixture
def adapter(sandbox: Sandbox) -> Iterator[Adapter]:
    opened = sandbox.open()
    yield opened
    opened.close()


def walk(adapter: Adapter, request: ReadRequest) -> list[Page]:
    """All pages, each checkpoint taken through JSON as the engine stores it."""
    pages: list[Page] = []
    place: dict[str, Any] | None = None
    for _ in range(500):
        pages.append(adapter.read_page(request, place))
        if pages[-1].next is None:
            return pages
        place = msgspec.json.decode(msgspec.json.encode(pages[-1].next))
        assert len(msgspec.json.encode(place)) < 200
    raise AssertionError("the walk does not end")


def records(pages: list[Page]) -> dict[str, Record]:
    return {record.remote_id: record for page in pages for record in page.records}


def ids(pages: list[Page]) -> set[str]:
    return set(records(pages))


def truth(sandbox: Sandbox, collection: str) -> set[str]:
    return {str(number) for number in sandbox.control("GET", f"truth?collection={collection}")["ids"]}


def global_streams(adapter: Adapter) -> list[StreamSpec]:
    return [spec for spec in adapter.streams if spec.reach is Reach.GLOBAL]


def test_every_global_stream_is_complete_and_counts_what_it_gives(adapter: Adapter) -> None:
    for spec in global_streams(adapter):
        request = ReadRequest(stream=spec.name, page_size=100)
        pages = walk(adapter, request)
        found = [record for page in pages for record in page.records]
        assert not [entry for page in pages for entry in page.rejected]
        assert len(found) == len(records(pages)) == sum(page.rows for page in pages)
        assert {type(record) for record in found} == {spec.record}
        if spec.counts:
            assert adapter.count(request) == len(found)
        assert all(page.server_time is not None for page in pages)


def test_every_child_is_reached_through_its_parent(adapter: Adapter) -> None:
    parents: dict[str, list[str]] = {}
    for spec in adapter.streams:
        if spec.reach is Reach.GLOBAL:
            parents[spec.name] = sorted(ids(walk(adapter, ReadRequest(stream=spec.name))))[:40]
            continue
        pages = [adapter.read_children(spec.name, parent) for parent in parents[spec.parent]]
        assert all(page.next is None for page in pages)
        assert {type(record) for page in pages for record in page.records} == {spec.record}


def test_tickets_are_those_of_the_psa_in_both_directions(sandbox: Sandbox, adapter: Adapter) -> None:
    expected = truth(sandbox, "tickets")
    upwards = [int(r.remote_id) for p in walk(adapter, ReadRequest(stream="tickets", page_size=250)) for r in p.records]
    downwards = [
        int(record.remote_id)
        for page in walk(adapter, ReadRequest(stream="tickets", page_size=250, newest_first=True))
        for record in page.records
    ]
    assert {str(number) for number in upwards} == expected
    assert downwards == sorted(upwards, reverse=not facts_of(sandbox.key).upwards_only)


def test_page_size_changes_nothing(adapter: Adapter) -> None:
    assert ids(walk(adapter, ReadRequest(stream="contacts", page_size=7))) == ids(
        walk(adapter, ReadRequest(stream="contacts"))
    )


def test_a_scope_narrows_on_the_remote_as_in_scope_does_here(adapter: Adapter) -> None:
    everything = records(walk(adapter, ReadRequest(stream="tickets")))
    tickets = [record for record in everything.values() if isinstance(record, TicketRecord)]
    boards = sorted({ticket.board_id for ticket in tickets if ticket.board_id})[:3]
    status = next(ticket.status_id for ticket in tickets if ticket.board_id == boards[0])
    moment = sorted(ticket.remote_updated_at for ticket in tickets if ticket.remote_updated_at)[len(tickets) // 2]
    scope = Scope(board_ids=tuple(boards), excluded_status_ids=(str(status),), changed_after=moment)
    request = ReadRequest(stream="tickets", scope=scope)
    expected = {ticket.remote_id for ticket in tickets if adapter.in_scope(ticket, scope)}
    assert 0 < len(expected) < len(tickets)
    assert ids(walk(adapter, request)) == expected
    assert adapter.count(request) == len(expected)
    assert adapter.count(ReadRequest(stream="tickets", scope=Scope(board_ids=()))) == 0


def test_what_belongs_to_tickets_that_a_date_range_keeps_is_kept_whatever_its_age(adapter: Adapter) -> None:
    tickets = [r for r in records(walk(adapter, ReadRequest(stream="tickets"))).values() if isinstance(r, TicketRecord)]
    stamps = sorted(ticket.remote_updated_at for ticket in tickets if ticket.remote_updated_at)
    scope = Scope(changed_after=stamps[len(stamps) * 3 // 4])
    kept = {ticket.remote_id for ticket in tickets if adapter.in_scope(ticket, scope)}
    assert 0 < len(kept) < len(tickets)
    for spec in adapter.streams:
        if spec.name not in ("notes", "time_entries"):
            continue
        if spec.reach is Reach.PER_PARENT:
            for number in sorted(kept)[:20]:
                whole = adapter.read_children(spec.name, number)
                assert ids([adapter.read_children(spec.name, number, scope)]) == ids([whole])
            continue
        everything = records(walk(adapter, ReadRequest(stream=spec.name))).values()
        expected = {r.remote_id: r for r in everything if getattr(r, "ticket_id", "") in kept}
        request = ReadRequest(stream=spec.name, scope=scope, page_size=50)
        found = [record for page in walk(adapter, request) for record in page.records]
        assert sorted(record.remote_id for record in found) == sorted(expected)
        assert adapter.count(request) == len(expected)
        assert all(adapter.in_scope(record, scope) for record in found)
        assert any(
            r.remote_updated_at and scope.changed_after and r.remote_updated_at < scope.changed_after for r in found
        )


def test_what_is_of_a_company_outside_of_the_scope_is_outside_too(adapter: Adapter) -> None:
    for stream in ("tickets", "contacts"):
        found = [
            r for r in records(walk(adapter, ReadRequest(stream=stream))).values() if getattr(r, "company_id", None)
        ]
        outside = getattr(found[0], "company_id", "")
        scope = Scope(outside_company_ids=frozenset({outside}))
        left = {r.remote_id for r in found if not adapter.in_scope(r, scope) and adapter.in_scope(r, Scope())}
        assert left == {r.remote_id for r in found if getattr(r, "company_id", "") == outside}


def test_custom_fields_are_defined_chosen_and_readable(adapter: Adapter) -> None:
    defined = {field.remote_id: field for field in adapter.custom_fields() if field.record == "tickets"}
    tickets = [r for r in records(walk(adapter, ReadRequest(stream="tickets"))).values() if isinstance(r, TicketRecord)]
    used = {key for ticket in tickets for key in ticket.custom_fields}
    assert used
    assert used <= set(defined)
    for field in defined.values():
        assert field.caption.isprintable()
        assert "\u200b" not in field.caption
    chosen = sorted(used)[0]
    narrowed = records(walk(adapter, ReadRequest(stream="tickets", scope=Scope(custom_field_ids=(chosen,)))))
    kept = {key for ticket in narrowed.values() if isinstance(ticket, TicketRecord) for key in ticket.custom_fields}
    assert kept == {chosen}


def fields_of(found: Iterable[Record]) -> set[str]:
    return {key for record in found for key in getattr(record, "custom_fields", None) or {}}


def test_of_other_records_the_chosen_custom_fields_alone_are_read(adapter: Adapter) -> None:
    """Page by page and one by one, of every kind of record that comes with such fields; those that can be chosen are used."""
    chosen_of: dict[str, str] = {}
    for stream in sorted({"companies", *RECORD_FIELDS} & {spec.name for spec in adapter.streams}):
        found = records(walk(adapter, ReadRequest(stream=stream)))
        if used := fields_of(found.values()):
            chosen_of[stream] = chosen = sorted(used)[0]
            scope = Scope(field_ids={stream: (chosen,)})
            assert fields_of(records(walk(adapter, ReadRequest(stream=stream, scope=scope))).values()) == {chosen}
            one = max(found, key=lambda remote_id: len(fields_of([found[remote_id]])))
            assert fields_of([adapter.read_one(stream, one, scope)]) <= {chosen}
            assert fields_of([adapter.read_one(stream, one, Scope(field_ids={stream: ()}))]) == set()
    defined = {field.record for field in adapter.custom_fields()}
    assert defined & RECORD_FIELDS.keys() <= chosen_of.keys()


def test_what_changes_from_a_moment_on_is_read_with_that_very_second(sandbox: Sandbox, adapter: Adapter) -> None:
    done = sandbox.control("POST", "change", {"n": 5})
    changed = {str(number) for number in done["ids"]}
    stamps = [adapter.read_one("tickets", number).remote_updated_at for number in changed]
    earliest = min(stamp for stamp in stamps if stamp)
    latest = max(stamp for stamp in stamps if stamp)
    assert ids(walk(adapter, ReadRequest(stream="tickets", since=earliest))) >= changed
    after = ids(walk(adapter, ReadRequest(stream="tickets", since=latest + dt.timedelta(seconds=1))))
    assert after.isdisjoint(changed)
    fraction = earliest + dt.timedelta(microseconds=900_000)
    assert ids(walk(adapter, ReadRequest(stream="tickets", since=fraction))) >= changed


def test_a_ticket_that_left_the_scope_is_still_seen(sandbox: Sandbox, adapter: Adapter) -> None:
    tickets = records(walk(adapter, ReadRequest(stream="tickets"))).values()
    ticket = next(r for r in tickets if isinstance(r, TicketRecord) and not r.is_closed)
    boards = sorted(
        {r.board_id for r in tickets if isinstance(r, TicketRecord) and r.board_id and r.board_id != ticket.board_id}
    )
    scope = Scope(board_ids=(str(ticket.board_id),))
    sandbox.control("POST", "move", {"ids": [int(ticket.remote_id)], "board": int(boards[0])})
    moved = adapter.read_one("tickets", ticket.remote_id)
    assert isinstance(moved, TicketRecord)
    assert moved.remote_updated_at is not None
    seen = records(walk(adapter, ReadRequest(stream="tickets", scope=scope, since=moved.remote_updated_at)))
    assert ticket.remote_id in seen
    assert not adapter.in_scope(seen[ticket.remote_id], scope)
    assert ticket.remote_id not in ids(walk(adapter, ReadRequest(stream="tickets", scope=scope)))


def test_created_and_deleted_records_are_found_and_gone(sandbox: Sandbox, adapter: Adapter) -> None:
    before = ids(walk(adapter, ReadRequest(stream="tickets")))
    made = {str(number) for number in sandbox.control("POST", "create", {"n": 3})["ids"]}
    gone = sorted(before, key=int)[5]
    sandbox.control("POST", "delete", {"ids": [int(gone)]})
    after = ids(walk(adapter, ReadRequest(stream="tickets")))
    assert (after - before, before - after) == (made, {gone})
    with pytest.raises(NotFound):
        adapter.read_one("tickets", gone)


def test_a_deletion_is_told_where_the_system_knows_it_and_never_as_a_ticket_in_scope(
    sandbox: Sandbox, adapter: Adapter
) -> None:
    gone = sorted(truth(sandbox, "tickets"), key=int)[7]
    before = adapter.read_page(ReadRequest(stream="tickets", page_size=1)).server_time
    assert before is not None
    sandbox.control("POST", "delete", {"ids": [int(gone)]})
    changes = records(walk(adapter, ReadRequest(stream="tickets", since=before)))
    assert (gone in changes) == facts_of(sandbox.key).tells_deletions
    assert gone not in changes or not adapter.in_scope(changes[gone], Scope())


def test_every_time_is_utc_and_the_very_moment(sandbox: Sandbox, adapter: Adapter) -> None:
    done = sandbox.control("POST", "change", {"n": 1, "stamp": "2026-03-01T22:30:00Z"})
    stamped = adapter.read_one("tickets", str(done["ids"][0]))
    assert stamped.remote_updated_at == dt.datetime(2026, 3, 1, 22, 30, tzinfo=dt.UTC)
    for spec in global_streams(adapter):
        for record in adapter.read_page(ReadRequest(stream=spec.name, page_size=50)).records:
            values = [value for value in msgspec.structs.astuple(record) if isinstance(value, dt.datetime)]
            assert {value.tzinfo for value in values} <= {dt.UTC}, spec.name


def test_a_walk_that_was_cut_off_goes_on_elsewhere_from_its_checkpoint(sandbox: Sandbox) -> None:
    request, found = ReadRequest(stream="tickets", page_size=300), set[str]()
    place: dict[str, Any] | None = None
    for _ in range(100):
        adapter = sandbox.open()
        page = adapter.read_page(request, place)
        adapter.close()
        found |= {record.remote_id for record in page.records}
        if page.next is None:
            break
        place = msgspec.json.decode(msgspec.json.encode(page.next))
    assert found == truth(sandbox, "tickets")


def test_notes_and_time_come_back_as_written_and_never_twice(sandbox: Sandbox, adapter: Adapter) -> None:
    ticket, facts = min(truth(sandbox, "tickets"), key=int), facts_of(sandbox.key)
    noted = sandbox.control("POST", "note", {"ticket": int(ticket), "set": {facts.note: "A note of the test."}})["ids"]
    booked = sandbox.control("POST", "time", {"ticket": int(ticket), "set": {facts.time: "Time of the test."}})["ids"]
    notes = {record.remote_id: record for record in adapter.read_children("notes", ticket).records}
    assert str(noted[0]) in notes
    assert not [note for note in notes.values() if getattr(note, "text", "") == "Time of the test."]
    entry = adapter.read_one("time_entries", str(booked[0]))
    assert (getattr(entry, "ticket_id", ""), getattr(entry, "notes", "")) == (ticket, "Time of the test.")


def test_what_a_ticket_was_opened_with_stands_on_it_or_is_one_of_its_notes(adapter: Adapter) -> None:
    told, tickets = 0, list(records(walk(adapter, ReadRequest(stream="tickets"))).values())[:40]
    for ticket in tickets:
        assert isinstance(ticket, TicketRecord)
        assert "" not in (ticket.description, ticket.resolution)
        notes = adapter.read_children("notes", ticket.remote_id).records
        described = [note for note in notes if isinstance(note, NoteRecord) and note.kind == "description"]
        assert len(described) <= (1 if ticket.description is None else 0)
        told += bool(described or ticket.description)
    assert told > len(tickets) // 2


def test_a_merged_ticket_says_into_which(sandbox: Sandbox, adapter: Adapter) -> None:
    parent, child = sorted(truth(sandbox, "tickets"), key=int)[-2:]
    sandbox.control("POST", "merge", {"parent": int(parent), "ids": [int(child)]})
    merged = adapter.read_one("tickets", child)
    assert isinstance(merged, TicketRecord)
    assert merged.merged_into_id == (None if facts_of(sandbox.key).silent_merges else parent)


def test_deleted_companies_are_no_part_of_a_full_read(adapter: Adapter) -> None:
    companies = [
        r for r in records(walk(adapter, ReadRequest(stream="companies"))).values() if isinstance(r, CompanyRecord)
    ]
    assert all(adapter.in_scope(company, Scope()) for company in companies)
    assert not any(company.is_deleted for company in companies)


def test_a_walk_while_records_change_misses_none_that_stayed(sandbox: Sandbox, adapter: Adapter) -> None:
    request = ReadRequest(stream="tickets", page_size=100)
    before = truth(sandbox, "tickets")
    found: set[str] = set()
    place: dict[str, Any] | None = None
    while True:
        page = adapter.read_page(request, place)
        found |= {record.remote_id for record in page.records}
        sandbox.control("POST", "change", {"n": 20})
        sandbox.control("POST", "delete", {"n": 5})
        sandbox.control("POST", "create", {"n": 3})
        if page.next is None:
            break
        place = page.next
    assert found >= before & truth(sandbox, "tickets")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "401"}, AuthenticationFailed),
        ({"kind": "403"}, PermissionMissing),
        ({"kind": "429", "retry_after": 7}, RateLimited),
        ({"kind": "429"}, RateLimited),
        ({"kind": "500"}, TransientError),
        ({"kind": "503html"}, TransientError),
        ({"kind": "reset"}, TransientError),
        ({"kind": "truncated", "how": "json"}, ProtocolError),
        ({"kind": "truncated", "how": "wire"}, TransientError),
        ({"kind": "empty", "how": "nothing"}, ProtocolError),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else None,
)
def test_a_fault_has_its_error_and_the_checkpoint_goes_on(
    sandbox: Sandbox, adapter: Adapter, fault: dict[str, Any], kind: type[IntegrationError]
) -> None:
    request = ReadRequest(stream="tickets", page_size=400)
    first = adapter.read_page(request)
    with (
        sandbox.fault(match={"path": facts_of(sandbox.key).tickets}, **fault),
        pytest.raises(IntegrationError) as caught,
    ):
        adapter.read_page(request, first.next)
    expected = facts_of(sandbox.key).refused.get(fault["kind"], kind)
    assert type(caught.value) is expected
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after == 7 or 20 <= caught.value.retry_after <= 60
    if isinstance(caught.value, PermissionMissing):
        assert caught.value.which
    rest = walk_from(adapter, request, first)
    assert ids([first, *rest]) == truth(sandbox, "tickets")


def walk_from(adapter: Adapter, request: ReadRequest, page: Page) -> list[Page]:
    pages: list[Page] = []
    while page.next is not None:
        page = adapter.read_page(request, page.next)
        pages.append(page)
    return pages


@pytest.mark.parametrize(
    "fault",
    [{"kind": "empty"}, {"kind": "partial"}, {"kind": "drift", "mode": "drop"}, {"kind": "drift", "mode": "shift"}],
)
def test_a_page_that_lies_is_betrayed_by_the_count(sandbox: Sandbox, adapter: Adapter, fault: dict[str, Any]) -> None:
    request = ReadRequest(stream="tickets", page_size=400)
    with sandbox.fault(match={"path": facts_of(sandbox.key).tickets}, after=1, times=1, **fault):
        found = ids(walk(adapter, request))
    counted = adapter.count(request)
    assert counted is not None
    assert len(found) < counted or found == truth(sandbox, "tickets")


def test_a_row_sent_twice_is_one_record(sandbox: Sandbox, adapter: Adapter) -> None:
    fault = {"kind": "drift", "mode": "duplicate", "rows": 30}
    with sandbox.fault(match={"path": facts_of(sandbox.key).tickets}, **fault):
        pages = walk(adapter, ReadRequest(stream="tickets", page_size=400))
    for page in pages:
        assert len({record.remote_id for record in page.records}) == len(page.records)


def test_a_slow_answer_is_waited_for(sandbox: Sandbox, adapter: Adapter) -> None:
    with sandbox.fault(kind="slow", seconds=0.3, times=1, match={"path": facts_of(sandbox.key).tickets}):
        began = time.monotonic()
        adapter.read_page(ReadRequest(stream="tickets", page_size=1))
    assert time.monotonic() - began >= 0.3


def test_pages_are_read_side_by_side(sandbox: Sandbox) -> None:
    counted = Counted()
    adapter = sandbox.open(counted)
    numbers = sorted(truth(sandbox, "tickets"), key=int)[:60]
    adapter.read_one("tickets", numbers[0])
    counted.requests = 0
    with ThreadPoolExecutor(adapter.budget.concurrency) as pool:
        found = list(pool.map(lambda number: adapter.read_one("tickets", number).remote_id, numbers))
    assert found == numbers
    assert counted.requests >= len(numbers)
    adapter.close()


def test_the_probe_names_every_missing_right(sandbox: Sandbox, adapter: Adapter) -> None:
    fine = adapter.probe()
    assert fine.ok
    assert fine.fingerprint == adapter.fingerprint()
    assert fine.version
    denied = facts_of(sandbox.key).hides
    sandbox.control("POST", "role", {"denied": sorted(denied.values())})
    report = adapter.probe()
    missing = {check.permission for check in report.checks if check.error == PermissionMissing.code}
    assert not report.ok
    assert missing >= {spec.permission for spec in adapter.streams if spec.name in denied}


def test_wrong_keys_fail_the_probe_and_the_read(sandbox: Sandbox) -> None:
    secret = next(field.name for field in provider(sandbox.key).credential_fields if field.kind == "secret")
    adapter = sandbox.open(changed={secret: "wrong"})
    assert [check.error for check in adapter.probe().checks if not check.ok] == [AuthenticationFailed.code]
    with pytest.raises(AuthenticationFailed):
        adapter.read_page(ReadRequest(stream="tickets"))
    adapter.close()


def test_another_instance_has_another_fingerprint(sandbox: Sandbox, adapter: Adapter) -> None:
    before = adapter.fingerprint()
    assert adapter.fingerprint() == before
    sandbox.control("POST", "instance", {"identity": "somebody-else"})
    assert adapter.fingerprint() != before


def test_the_remotes_clock_is_told_whatever_ours_says(sandbox: Sandbox, adapter: Adapter) -> None:
    sandbox.control("POST", "clock", {"skew_seconds": 7200})
    page = adapter.read_page(ReadRequest(stream="tickets", page_size=1))
    assert page.server_time is not None
    ahead = page.server_time - dt.datetime.now(dt.UTC)
    assert dt.timedelta(minutes=118) < ahead < dt.timedelta(minutes=122)
    assert any(check.warning for check in adapter.probe().checks)


def test_a_dead_host_is_told_in_time(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    adapter = sandbox.open(changed={"address": f"http://127.0.0.1:{port}"})
    began = time.monotonic()
    report = adapter.probe()
    assert not report.ok
    assert time.monotonic() - began < 10
    with pytest.raises(TransientError):
        adapter.read_page(ReadRequest(stream="tickets"))


def test_a_network_that_the_operator_did_not_allow_is_refused(sandbox: Sandbox) -> None:
    adapter = provider(sandbox.key).open(sandbox.credentials)
    with pytest.raises(AddressRefused):
        adapter.read_page(ReadRequest(stream="tickets"))
    assert [check.error for check in adapter.probe().checks if not check.ok] == [AddressRefused.code]


def test_no_proxy_of_the_machine_gets_the_credentials(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert os.environ["http_proxy"]
    assert sandbox.open().read_page(ReadRequest(stream="tickets", page_size=1)).records
