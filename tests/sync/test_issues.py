"""What is broken across runs: booked once a record, cleared by a later success, retried and dismissed by people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from foundation.core.errors import Refused
from foundation.tenancy.models import AuditEvent, Organization, User
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from integrations.port import Rejected
from sync.engine.run.alarms import alarm_raise
from sync.engine.run.issue_tracking import book_single, note_failures
from sync.engine.run.run_log import rejected
from sync.models import Alarm, Issue
from sync.selectors.issues import CLEARED, DISMISSED, OPEN, issue_groups_open, issue_labels, issues_like
from sync.services import issues as services
from sync.services.issues import issues_dismiss, issues_reopen, issues_retry, retry_next
from sync.services.sweeper import retries_due
from tests.fixtures.clock import DatabaseTime
from tests.fixtures.runs import make_open_issue, make_run
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Sync, Synced, unreadable
from tickets.models import Ticket


def issues(connection: Connection, **filters: Any) -> list[Issue]:
    with tenant_transaction(connection.organization_id):
        return list(Issue.objects.filter(**filters).order_by("pk"))


@pytest.fixture
def poisoned(sync: Sync, calm: Sandbox, linked: Connection) -> Iterator[list[int]]:
    """Two tickets that cannot be read, seen by a quick sync. Well again afterwards, for others use the sandbox too."""
    assert sync("full").result == "success"
    ids = [int(i) for i in calm.control("create", n=2)["ids"]]
    sync("quick")
    unreadable(calm, ids)
    assert sync("quick").result == "warning"
    yield ids
    calm.control("faults", method="DELETE")
    there = calm.control("truth", method="GET", collection="tickets")["ids"]
    if left := [number for number in ids if number in there]:
        calm.control("delete", ids=left)


def mend(calm: Sandbox, ids: list[int], still: list[int]) -> None:
    """The tickets can be read again, but for those that still cannot."""
    unreadable(calm, still, changed=False)
    calm.control("change", ids=ids, set={"summary": "Good again"})


def test_a_record_that_fails_again_is_one_issue_and_a_later_success_clears_it(
    poisoned: list[int], sync: Sync, calm: Sandbox, linked: Connection
) -> None:
    first = issues(linked)
    assert {issue.remote_id for issue in first} == {str(number) for number in poisoned}
    assert {(issue.stream, issue.code, issue.times, issue.cleared_at) for issue in first} == {
        ("tickets", "record_rejected", 1, None)
    }
    unreadable(calm, poisoned)
    run = sync("quick")
    again = issues(linked)
    assert [issue.pk for issue in again] == [issue.pk for issue in first]
    assert {(issue.times, issue.last_run) for issue in again} == {(2, run.pk)}
    mend(calm, poisoned[:1], poisoned[1:])
    run = sync("quick")
    assert [(i.remote_id, i.cleared_run) for i in issues(linked, cleared_at__isnull=False)] == [
        (str(poisoned[0]), run.pk)
    ]
    mend(calm, poisoned[1:], [])
    assert sync("full").result == "success"
    assert issues(linked, cleared_at=None) == []


def test_a_full_sync_clears_what_the_psa_has_no_more(
    poisoned: list[int], sync: Sync, calm: Sandbox, linked: Connection
) -> None:
    calm.control("delete", ids=poisoned)
    sync("full")
    assert issues(linked, cleared_at=None) == []


def test_a_failed_run_is_an_issue_until_one_succeeds(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    calm.control("faults", kind="401")
    assert sync("quick").result == "error"
    found = issues(linked)
    assert [(issue.stream, issue.code) for issue in found] == [("", "authentication_failed")]
    calm.control("faults", method="DELETE")
    sync("quick")
    assert issues(linked, cleared_at=None) == []


def test_a_right_that_is_missing_is_an_issue_of_its_stream(sync: Sync, calm: Sandbox, linked: Connection) -> None:
    calm.control("role", denied=["time"])
    try:
        sync("full")
    finally:
        calm.control("role", denied=[])
    assert ("time_entries", "", "permission_missing") in {(i.stream, i.remote_id, i.code) for i in issues(linked)}
    sync("full")
    assert issues(linked, cleared_at=None) == []


def test_groups_are_by_cause_with_what_people_know_the_records_by(poisoned: list[int], linked: Connection) -> None:
    with tenant_transaction(linked.organization_id):
        (group,) = issue_groups_open()
        assert (group.records, group.stream, group.connection) == (2, "tickets", "Linked")
        page = issues_like(Issue.objects.get(pk=group.pk))
        assert page.next is None
        labels = issue_labels(page.issues)
        tickets = {
            t.remote_id: (t.summary, t.pk) for t in Ticket.objects.filter(remote_id__in=[str(n) for n in poisoned])
        }
        assert labels == tickets
        assert issue_groups_open(CLEARED) == []


def test_a_retry_fetches_what_was_mended_and_says_why_not(
    poisoned: list[int], calm: Sandbox, linked: Connection, admin: User
) -> None:
    mend(calm, poisoned[:1], poisoned[1:])
    (one, _) = issues(linked)
    with tenant(linked.organization_id):
        with tenant_transaction():
            assert issues_retry(issue=one, all_alike=True, actor=admin) == 2
        while retry_next():
            pass
    cleared, open_still = issues(linked)
    assert cleared.cleared_at is not None
    assert (open_still.cleared_at, open_still.retry_at, open_still.times) == (None, None, 2)
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.get(remote_id=str(poisoned[0])).summary == "Good again"
        assert AuditEvent.objects.filter(action="issue.retried").count() == 1


def test_a_retry_that_nobody_came_for_is_rung_for_again(poisoned: list[int], linked: Connection, admin: User) -> None:
    with tenant_transaction(linked.organization_id):
        issues_retry(issue=Issue.objects.all()[0], all_alike=False, actor=admin)
    assert retries_due() == []
    with tenant_transaction(linked.organization_id):
        Issue.objects.exclude(retry_at=None).update(retry_at=timezone.now() - timedelta(minutes=10))
    assert retries_due() == [linked.organization_id]


def test_a_record_whose_worker_died_is_found_again_once_its_time_is_over(
    connection: Connection, database_time: DatabaseTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def dies(**_: object) -> None:
        raise Killed

    monkeypatch.setattr(services, "record_replay", dies)
    with tenant_transaction(connection.organization_id):
        make_open_issue(connection, retry_at=database_time.at)
    with tenant(connection.organization_id):
        with pytest.raises(Killed):
            retry_next()
        assert not retry_next()
        database_time.shift(services.CLAIM)
        with pytest.raises(Killed):
            retry_next()
    assert retries_due() == []
    database_time.shift(2 * services.CLAIM)
    assert retries_due() == [connection.organization_id]


def test_a_whole_run_can_not_be_fetched_again(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection, admin: User
) -> None:
    synced()
    calm.control("faults", kind="401")
    sync("quick")
    (issue,) = issues(linked)
    with tenant_transaction(linked.organization_id), pytest.raises(Refused, match="start a sync"):
        issues_retry(issue=issue, all_alike=True, actor=admin)


def test_dismissed_stays_off_the_list_until_the_cause_changes(
    poisoned: list[int], sync: Sync, calm: Sandbox, linked: Connection, admin: User
) -> None:
    issue = issues(linked)[0]
    with tenant_transaction(linked.organization_id):
        with pytest.raises(Refused, match="Say why"):
            issues_dismiss(issue=issue, reason=" ", actor=admin)
        assert issues_dismiss(issue=issue, reason="Test tickets", actor=admin) == 2
        assert issue_groups_open(OPEN) == []
        assert issue_groups_open(DISMISSED)[0].records == 2
    unreadable(calm, poisoned)
    sync("quick")
    assert {i.dismissed_at is None for i in issues(linked)} == {False}
    with tenant_transaction(linked.organization_id):  # it was dismissed for something else
        Issue.objects.filter(remote_id=str(poisoned[0])).update(cause="Its summary is a number.")
    unreadable(calm, poisoned)
    sync("quick")
    reopened = {i.remote_id: i.dismissed_at for i in issues(linked, cleared_at=None)}
    assert (reopened[str(poisoned[0])] is None, reopened[str(poisoned[1])] is None) == (True, False)
    with tenant_transaction(linked.organization_id):
        dismissed = Issue.objects.get(remote_id=str(poisoned[1]))
        assert issues_reopen(issue=dismissed, actor=admin) == 1
        assert sum(group.records for group in issue_groups_open(OPEN)) == 2


def test_nobody_sees_the_issues_of_others(
    poisoned: list[int], linked: Connection, other_organization: Organization
) -> None:
    mine = [issue.pk for issue in issues(linked)]
    assert mine
    with tenant_transaction(other_organization.pk):
        assert issue_groups_open() == []
        assert not Issue.objects.filter(pk__in=mine).exists()


def test_what_is_booked_outside_of_runs_is_cut_as_in_runs(connection: Connection) -> None:
    odd = Rejected(remote_id="7" * 100, message="😀" * 400, sample="😀" * 3000)
    with tenant_transaction(connection.organization_id):
        for _ in range(2):
            book_single(connection, "notes", [odd.remote_id], [odd], [])
        issue = Issue.objects.get()
    assert (issue.remote_id, issue.times, issue.message) == ("7" * 64, 2, odd.message)
    assert (issue.cause, issue.sample) == ("😀" * 300, "😀" * 2000)


def test_what_a_run_books_is_cut(connection: Connection) -> None:
    said = "😀" * 400
    with tenant_transaction(connection.organization_id):
        run = make_run(connection, result="error", message=said)
        odd = Rejected(remote_id="7" * 100, message=said, sample="😀" * 3000)
        rejected(run.pk, run.organization_id, "notes", [odd])
        note_failures(run.organization_id, connection.pk, run.pk)
        alarm_raise(run.pk, "transient", said)
        issue, alarm = Issue.objects.get(), Alarm.objects.get()
    assert (issue.remote_id, issue.message, issue.sample) == ("7" * 64, said, "😀" * 2000)
    assert (issue.cause, alarm.cause, alarm.message) == ("😀" * 300, "😀" * 300, said)
