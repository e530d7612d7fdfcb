"""What pages read about runs: the history, items, logs, and what a clear means."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from foundation.ledger.models import PendingChange
from foundation.tenancy.models import User
from foundation.tenancy.services.audit import audit_record
from integrations.models import Connection
from sync.models import ParentRead, Run
from sync.selectors.history import SCAN, HistoryFilter, history_page
from sync.selectors.items import ItemFilter, items_page
from sync.selectors.logs import LogFilter, log_page
from sync.selectors.resync_impact import resync_impact
from sync.selectors.runs import issue_groups, last_runs, open_runs, run_coverage
from sync.services.notices import notices_take
from tests.fixtures.runs import make_entries, make_issue, make_line, make_run, make_stream
from tickets.models import Ticket

pytestmark = pytest.mark.usefixtures("in_tenant")


def runs_only(wanted: HistoryFilter) -> list[list[int]]:
    """The timeline as run ids: one list a line, changes of settings left out."""
    entries = history_page(wanted).entries
    return [
        [entry.run.pk] if entry.run else [brief.pk for brief in entry.quiet] for entry in entries if not entry.event
    ]


def test_repeated_no_change_is_one_line(connection: Connection) -> None:
    first = make_run(connection, result="success", ago=500)
    quiet = [make_run(connection, result="no_change", ago=400 - n) for n in range(3)]
    last = make_run(connection, result="error", ago=100)
    assert runs_only(HistoryFilter()) == [[last.pk], [run.pk for run in reversed(quiet)], [first.pk]]


def test_a_no_change_that_a_person_pressed_for_stays_a_line_of_its_own(connection: Connection, admin: User) -> None:
    runs = [
        make_run(connection, result="no_change", ago=300),
        make_run(connection, result="no_change", ago=200, trigger="person", requested_by=admin),
        make_run(connection, result="no_change", ago=100),
    ]
    assert runs_only(HistoryFilter()) == [[run.pk] for run in reversed(runs)]


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        (HistoryFilter(result="error"), ["error"]),
        (HistoryFilter(result="open"), ["held", "open"]),
        (HistoryFilter(result="held"), ["held"]),
        (HistoryFilter(kind="full"), ["held", "error"]),
        (HistoryFilter(trigger="nightly"), ["error"]),
    ],
)
def test_filters_choose_runs(connection: Connection, wanted: HistoryFilter, matches: list[str]) -> None:
    runs = {
        "error": make_run(connection, "full", result="error", trigger="nightly", ago=300),
        "open": make_run(connection, ago=200),
        "held": make_run(connection, "full", result="held", ago=100),
    }
    assert runs_only(wanted) == [[runs[name].pk] for name in matches]


def test_person_connection_and_dates_filter_too(connection: Connection, admin: User, technician: User) -> None:
    own = make_run(connection, result="success", requested_by=admin, ago=300)
    cancelled = make_run(connection, result="cancelled", requested_by=technician, cancelled_by=admin, ago=100)
    assert runs_only(HistoryFilter(person=admin.pk)) == [[cancelled.pk], [own.pk]]
    assert runs_only(HistoryFilter(person=technician.pk)) == [[cancelled.pk]]
    assert runs_only(HistoryFilter(connection=connection.pk + 1)) == []
    middle = timezone.now() - dt.timedelta(seconds=200)
    assert runs_only(HistoryFilter(since=middle)) == [[cancelled.pk]]
    assert runs_only(HistoryFilter(until=middle)) == [[own.pk]]


def test_pages_follow_each_other_without_gap_or_repetition(connection: Connection) -> None:
    runs = [make_run(connection, result="success", ago=1000 - n).pk for n in range(7)]
    seen, before = [], None
    while True:
        page = history_page(HistoryFilter(), before, size=3)
        seen += [entry.run.pk for entry in page.entries if entry.run]
        before = page.next
        if before is None:
            break
    assert seen == runs[::-1]


def test_changes_of_settings_stand_between_the_runs(connection: Connection, admin: User) -> None:
    make_run(connection, result="success", ago=100)
    event = audit_record(
        action="connection.configured", target=connection, actor=admin, changes={"boards": [None, ["1"]]}
    )
    audit_record(action="user.invited", actor=admin)
    entries = history_page(HistoryFilter(connection=connection.pk)).entries
    assert entries[0].event == event
    assert all(entry.event is None or entry.event.action.startswith("connection.") for entry in entries)
    assert not any(entry.event for entry in history_page(HistoryFilter(result="success")).entries)


def test_a_history_page_takes_three_queries_whatever_its_length(connection: Connection) -> None:
    for number in (1, 60):
        for n in range(number):
            make_run(connection, result="success", ago=1000 - n)
        with CaptureQueriesContext(
            database,
        ) as queries:
            history_page(HistoryFilter())
        assert len(queries) == 3


def test_a_page_looks_at_a_bounded_number_of_runs(connection: Connection) -> None:
    now = timezone.now()
    common = {"organization_id": connection.organization_id, "connection": connection, "kind": "quick", "lane": "fast"}
    done = {"trigger": "interval", "state": "done", "result": "no_change", "created_at": now, "finished_at": now}
    Run.objects.bulk_create([Run(**common, **done) for _ in range(SCAN + 5)])
    page = history_page(HistoryFilter())
    assert [len(entry.quiet) for entry in page.entries if entry.quiet] == [SCAN]
    assert [len(entry.quiet) for entry in history_page(HistoryFilter(), page.next).entries if entry.quiet] == [5]


def test_items_come_failed_ones_first_and_page_by_stream(connection: Connection) -> None:
    run = make_run(connection, result="warning")
    issue = make_issue(run)
    make_entries(run, 3)
    make_entries(run, 2, "companies", action="created", before=None, after=None)
    first = items_page(run, ItemFilter(), size=4)
    assert first.failed == [issue]
    assert [item.entry.stream for item in first.items] == ["companies", "companies", "tickets", "tickets"]
    second = items_page(run, ItemFilter(), first.next, size=4)
    assert ([item.entry.remote_id for item in second.items], second.failed, second.next) == (["3"], [], "")


def test_a_changed_name_speaks_for_the_id_behind_it(connection: Connection) -> None:
    run = make_run(connection, result="success")
    make_entries(run, 1)
    (change,) = items_page(run, ItemFilter()).items[0].changes
    assert (change.field, change.before, change.after) == ("status_name", "New", "In progress")


def test_items_are_filtered_by_stream_action_and_text(connection: Connection) -> None:
    run = make_run(connection, result="warning")
    make_entries(run, 12)
    make_entries(run, 1, "companies", action="created", label="Nordwind")
    issues = [make_issue(run, remote_id=str(n)) for n in range(5)]

    def labels(**wanted: str) -> list[str]:
        return [item.entry.label for item in items_page(run, ItemFilter(**wanted)).items]

    assert labels(stream="companies") == labels(action="created") == labels(text="nordw") == ["Nordwind"]
    assert labels(text="12") == ["Record 12"]
    failed = items_page(run, ItemFilter(action="failed"), size=3)
    assert (failed.failed, failed.items) == (issues[:3], [])
    assert items_page(run, ItemFilter(action="failed"), failed.next, size=3).failed == issues[3:]


def test_another_runs_items_are_not_shown(connection: Connection) -> None:
    make_entries(make_run(connection, result="success"), 3)
    assert items_page(make_run(connection, result="success"), ItemFilter()).items == []


def test_the_log_comes_newest_first_from_a_level_up(connection: Connection) -> None:
    run = make_run(connection)
    for level in ("debug", "info", "warning", "error"):
        make_line(run, f"{level} line", level, stream="tickets" if level == "error" else "")

    def messages(**wanted: str) -> list[str]:
        return [line.message for line in log_page(run, LogFilter(**wanted)).lines]

    assert messages() == ["error line", "warning line", "info line", "debug line"]
    assert messages(level="warning") == ["error line", "warning line"]
    assert messages(stream="tickets") == messages(text="ERROR") == ["error line"]
    page = log_page(run, LogFilter(), size=3)
    assert [line.message for line in log_page(run, LogFilter(), page.next, size=3).lines] == ["debug line"]


def test_open_runs_come_at_work_first_and_last_runs_by_kind(connection: Connection) -> None:
    old = make_run(connection, result="success", ago=900)
    new = make_run(connection, result="no_change", ago=800)
    queued = make_run(connection, state="queued", phase="queued", ago=30)
    held = make_run(connection, "full", result="held", ago=300)
    works = make_run(connection, "clear_resync", ago=200)
    assert open_runs(connection) == [works, held, queued]
    assert last_runs(connection) == {"quick": new}
    assert old.pk < new.pk


def test_issues_are_grouped_by_cause(connection: Connection) -> None:
    run = make_run(connection, result="warning")
    make_issue(run, "contacts", "", code="permission_missing", message="No right.")
    for n in range(4):
        make_issue(run, remote_id=str(n), message=f"Record {n} has no date.")
    first, second = issue_groups(run)
    assert (first.stream, first.count, first.message, first.examples) == (
        "tickets",
        4,
        "Record 0 has no date.",
        ("0", "1", "2"),
    )
    assert (second.code, second.count, second.examples) == ("permission_missing", 1, ())


def test_coverage_tells_this_run_from_the_last_seven_days(connection: Connection) -> None:
    run = make_run(connection, "full", result="success")
    stream = make_stream(run, "notes", coverage={"parents": 2, "of": 20})
    now = timezone.now()
    for number, days in enumerate((1, 6, 8)):
        ParentRead.objects.create(
            organization_id=run.organization_id,
            connection=connection,
            stream="notes",
            parent_remote_id=str(number),
            read_at=now - dt.timedelta(days=days),
        )
    (coverage,) = run_coverage(run, [stream], now)
    assert (coverage.read, coverage.of, coverage.lately) == (2, 20, 2)


def a_ticket(connection: Connection, number: int, **values: object) -> Ticket:
    now = timezone.now()
    stamps = {"fetched_at": now, "first_synced_at": now, "synced_at": now, "content_hash": b"x" * 16}
    common = {"organization_id": connection.organization_id, "connection": connection, "remote_id": str(number)}
    ticket: Ticket = Ticket.objects.create(**common, **stamps, **values)
    return ticket


def test_a_clear_counts_what_people_see_and_names_what_is_not_in_the_psa(connection: Connection, admin: User) -> None:
    a_ticket(connection, 1)
    a_ticket(connection, 2)
    a_ticket(connection, 3, removed_at=timezone.now())
    common = {
        "organization_id": connection.organization_id,
        "connection": connection,
        "stream": "tickets",
        "record_id": 1,
    }
    waiting = PendingChange.objects.create(**common, new={"summary": "b"}, actor=admin)
    PendingChange.objects.create(**common, state="sent")
    found = resync_impact(connection)
    assert (found.counts, found.unsent, found.unsent_count, found.rows) == ([("tickets", 2)], [waiting], 1, 2)


def test_a_clears_length_comes_from_the_last_clear_else_a_full_sync_else_is_unknown(connection: Connection) -> None:
    assert resync_impact(connection).expectation.basis == ""
    make_run(connection, "full", result="success", requests=40)
    make_run(connection, "clear_resync", result="cancelled", requests=3)
    full = resync_impact(connection).expectation
    assert (full.basis, full.seconds, full.requests) == ("full", 10.0, 40)
    make_run(connection, "clear_resync", result="warning", requests=90)
    assert (resync_impact(connection).expectation.basis, resync_impact(connection).expectation.requests) == (
        "clear",
        90,
    )


def test_a_person_is_told_once_of_a_run_that_ended(connection: Connection, admin: User, technician: User) -> None:
    ended = make_run(connection, result="success", trigger="person", requested_by=admin)
    make_run(connection, requested_by=admin, trigger="person")
    make_run(connection, result="success")
    make_run(connection, result="success", trigger="person", requested_by=admin, ago=2 * 86400)
    assert notices_take(user=technician) == []
    assert notices_take(user=admin) == [ended]
    assert notices_take(user=admin) == []
