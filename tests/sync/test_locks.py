"""Each lock of runs, schedules, alarms and changes: what a second session does while the first is not done. Without the lock it fails."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from django.core import mail

from foundation.core import database_clock
from foundation.tenancy.models import AuditEvent, Organization, User
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.organizations import organization_zone_set
from integrations.models import Connection
from integrations.services.connections import connection_configure
from sync.engine.run.alarms import alarm_raise
from sync.engine.run.finish import cancelled
from sync.engine.run.lease import claim
from sync.models import Alarm, InstanceChange, Issue, MailChoice, Run, RunLog, RunSignal, Schedule
from sync.services import instance, purge, sweeper
from sync.services.issues import failed_again, retry_next
from sync.services.mails import mail_choose, mails_send
from sync.services.notices import notices_take
from sync.services.recovery import brought_forward
from sync.services.removal import connection_remove
from sync.services.runs import Approved, run_approve, run_cancel, serialise
from sync.services.schedules import (
    ScheduleInvalid,
    nightly_bring_forward,
    schedule_of,
    schedule_pause,
    schedule_update,
    time_zone_set,
)
from tests.fixtures.interleaving import AtOnce, meanwhile, until_it_waits
from tests.fixtures.people import MakePerson
from tests.fixtures.runs import make_open_issue, make_run
from tests.sync.test_leases import claimed, queued

pytestmark = pytest.mark.committed


@pytest.fixture
def schedule(connection: Connection) -> Schedule:
    with tenant_transaction(connection.organization_id):
        return schedule_of(connection)


@pytest.fixture
def pause(schedule: Schedule) -> Callable[[], Schedule]:
    return lambda: schedule_pause(schedule=schedule, actor=None)


def stored(schedule: Schedule) -> Schedule:
    with tenant_transaction(schedule.organization_id):
        found: Schedule = Schedule.objects.get(pk=schedule.pk)
    return found


def test_new_times_do_not_take_back_a_pause_of_the_same_moment(
    at_once: AtOnce, schedule: Schedule, pause: Callable[[], Schedule]
) -> None:
    at_once(pause, lambda: schedule_update(schedule=schedule, actor=None, quick_minutes=30))
    now = stored(schedule)
    assert (now.paused_at is not None, now.quick_minutes) == (True, 30)


def test_a_night_is_not_brought_forward_in_the_moment_of_a_pause(
    at_once: AtOnce, schedule: Schedule, pause: Callable[[], Schedule]
) -> None:
    with pytest.raises(ScheduleInvalid, match="paused"):
        at_once(pause, lambda: nightly_bring_forward(schedule=schedule, actor=None))
    assert stored(schedule).nightly_next_at == schedule.nightly_next_at


def test_another_time_zone_does_not_take_back_a_pause_of_the_same_moment(
    at_once: AtOnce, schedule: Schedule, pause: Callable[[], Schedule]
) -> None:
    at_once(pause, lambda: time_zone_set(organization_id=schedule.organization_id, time_zone="Asia/Tokyo"))
    assert stored(schedule).paused_at is not None


def test_two_changes_of_the_time_zone_at_once_are_both_told_truly(at_once: AtOnce, organization: Organization) -> None:
    def zone(name: str) -> Callable[[], None]:
        return lambda: organization_zone_set(organization_id=organization.pk, time_zone=name)

    at_once(zone("Asia/Tokyo"), zone("America/Lima"))
    with tenant_transaction(organization.pk):
        said = AuditEvent.objects.filter(action="organization.changed").order_by("pk")
        zones = [entry.changes["time_zone"] for entry in said]
    assert zones == [["Europe/Amsterdam", "Asia/Tokyo"], ["Asia/Tokyo", "America/Lima"]]


def test_the_clock_starts_nothing_in_the_moment_of_a_pause_and_leaves_it(
    at_once: AtOnce, schedule: Schedule, pause: Callable[[], Schedule], connection: Connection
) -> None:
    with tenant_transaction(connection.organization_id):
        Connection.objects.filter(pk=connection.pk).update(state="connected")
        Schedule.objects.filter(pk=schedule.pk).update(nightly_next_at=database_clock.now())
    done = at_once(pause, lambda: sweeper.start_due(connection.organization_id, schedule.pk))
    assert not done.waited
    assert stored(schedule).paused_at is not None
    with tenant_transaction(connection.organization_id):
        assert not Run.objects.exists()


def test_accepted_credentials_bring_nothing_forward_in_the_moment_of_a_pause(
    at_once: AtOnce, schedule: Schedule, pause: Callable[[], Schedule], connection: Connection
) -> None:
    assert at_once(pause, lambda: brought_forward(connection)).second is False
    with tenant_transaction(connection.organization_id):
        assert not Run.objects.exists()


def test_two_workers_that_claim_a_run_at_once_do_not_both_have_it(at_once: AtOnce, connection: Connection) -> None:
    run = queued(connection)
    done = at_once(lambda: claim(run.pk), lambda: claim(run.pk))
    assert (done.first is not None, done.second, done.waited) == (True, None, False)


def test_two_people_who_approve_at_once_are_both_counted(
    at_once: AtOnce, connection: Connection, admin: User, make_person: MakePerson, organization: Organization
) -> None:
    other = make_person(organization, "admin", "bea@acme.test")
    with tenant_transaction(organization.pk):
        run = make_run(connection, "full", result="held", verification={"held": {"tickets": {"second": True}}})

    def approved(person: User) -> Callable[[], Approved]:
        return lambda: run_approve(run=run, actor=person, reason="fine")

    done = at_once(approved(admin), approved(other))
    assert (done.first.complete, done.second.complete) == (False, True)
    with tenant_transaction(organization.pk):
        now = Run.objects.get(pk=run.pk)
    assert (now.state, len(now.verification["approvals"])) == ("queued", 2)


def test_a_run_that_is_ended_by_its_worker_and_by_the_press_at_once_ends_once(
    at_once: AtOnce, connection: Connection
) -> None:
    run = queued(connection)
    lease = claimed(run)
    at_once(lambda: run_cancel(run=run, actor=None), lambda: cancelled(lease))
    with tenant_transaction(connection.organization_id):
        assert RunLog.objects.filter(run=run, message="Cancelled by a person").count() == 1
        assert RunSignal.objects.filter(run=run).count() == 1


def test_two_pages_at_once_tell_of_an_ended_run_once(at_once: AtOnce, connection: Connection, admin: User) -> None:
    with tenant_transaction(connection.organization_id):
        run = make_run(connection, result="success", requested_by=admin)
    done = at_once(lambda: notices_take(user=admin), lambda: notices_take(user=admin))
    assert (done.first, done.second) == ([run], [])


def test_two_workers_at_once_mail_about_a_trouble_once(at_once: AtOnce, connection: Connection, admin: User) -> None:
    with tenant_transaction(connection.organization_id):
        alarm_raise(make_run(connection, result="error", message="down").pk, "transient", "down")
    done = at_once(mails_send, mails_send)
    assert (done.first, done.second, len(mail.outbox)) == (1, 0, 1)
    with tenant_transaction(connection.organization_id):
        assert Alarm.objects.get().told_at is not None


def test_two_workers_at_once_send_a_digest_once(
    at_once: AtOnce, connection: Connection, admin: User, organization: Organization
) -> None:
    with tenant_transaction(organization.pk):
        mail_choose(organization=organization, user=admin, failures=True, digest=True)
        MailChoice.objects.update(digest_next_at=database_clock.now())
    done = at_once(mails_send, mails_send)
    assert (done.first, done.second, len(mail.outbox)) == (1, 0, 1)


@pytest.fixture
def issue(connection: Connection) -> Issue:
    """A ticket that could not be read, and that somebody wants to be tried again."""
    with tenant_transaction(connection.organization_id):
        return make_open_issue(connection, retry_at=database_clock.now())


def test_two_workers_at_once_try_a_record_again_once(at_once: AtOnce, issue: Issue) -> None:
    assert at_once(retry_next, retry_next).second is False


def test_failures_of_one_record_at_once_are_all_counted(at_once: AtOnce, issue: Issue) -> None:
    at_once(lambda: failed_again(issue, "transient", "one"), lambda: failed_again(issue, "transient", "two"))
    with tenant_transaction(issue.organization_id):
        now = Issue.objects.get()
    assert (now.times, now.message) == (issue.times + 2, "two")


@pytest.fixture
def change(connection: Connection) -> InstanceChange:
    """Of an instance that is disconnected."""
    with tenant_transaction(connection.organization_id):
        return instance.change_begin(connection=connection, actor=None, reason="a test")


def test_a_change_that_is_called_off_is_not_purged_in_the_same_moment(at_once: AtOnce, change: InstanceChange) -> None:
    with pytest.raises(instance.ChangeRefused, match="end already"):
        at_once(
            lambda: instance.change_cancel(change=change, actor=None),
            lambda: instance.change_purge(change=change, actor=None),
        )
    with tenant_transaction(change.organization_id):
        assert InstanceChange.objects.get().step == InstanceChange.Step.CANCELLED


def test_two_workers_do_not_purge_the_same_change_and_neither_waits(at_once: AtOnce, change: InstanceChange) -> None:
    with tenant_transaction(change.organization_id):
        instance.change_purge(change=change, actor=None)
    done = at_once(lambda: purge.purge_step(change.pk), lambda: purge.purge_step(change.pk))
    assert (done.first, done.second, done.waited) == (True, False, False)


def test_what_is_configured_in_the_moment_of_connecting_another_instance_stays(
    at_once: AtOnce, change: InstanceChange, connection: Connection
) -> None:
    with tenant_transaction(change.organization_id):
        InstanceChange.objects.update(step=InstanceChange.Step.PURGED)
    at_once(
        lambda: connection_configure(connection=connection, settings={"undo_hours": 5}),
        lambda: instance.change_connect(change=change, provider="connectwise", actor=None),
    )
    with tenant_transaction(change.organization_id):
        assert Connection.objects.get().settings["undo_hours"] == 5


def test_a_purge_and_the_removal_of_its_connection_do_not_wait_for_each_other(
    change: InstanceChange, connection: Connection, owner: psycopg.Connection
) -> None:
    def purged() -> None:
        with tenant_transaction():
            instance.change_purge(change=change, actor=None)

    with tenant_transaction(connection.organization_id):
        serialise(connection)
        hands, purging = meanwhile(change.organization_id, purged)
        assert until_it_waits(owner, purging)
        connection_remove(connection=connection, actor=None)
    with hands, pytest.raises(instance.ChangeRefused, match="end already"):
        purging.result(30)
