"""Mails about failing syncs: once per cause, an all-clear, nothing twice, nothing lost; and the morning digest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from foundation.tenancy.models import Organization, User
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from sync.engine.run.alarms import alarm_end, alarm_raise
from sync.models import Alarm, MailChoice
from sync.services.mails import digest_next, mail_choose, mails_due, mails_send
from tests.fixtures.clock import DatabaseTime
from tests.fixtures.people import MakePerson
from tests.fixtures.runs import make_run
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Sync, Synced

Fail = Callable[..., int]


def send(organization: Organization) -> list[mail.EmailMessage]:
    """The mails that one round sends."""
    before = len(mail.outbox)
    with tenant(organization.pk):
        mails_send()
    return mail.outbox[before:]


@pytest.fixture
def fail(connection: Connection) -> Fail:
    """``fail(message)`` → the id of a run that failed with it; ``fail("")`` of one that went well."""

    def go(message: str, code: str = "transient") -> int:
        with tenant_transaction(connection.organization_id):
            run = make_run(connection, result="error" if message else "success", message=message)
            if message:
                alarm_raise(run.pk, code, message)
            else:
                alarm_end(run.pk)
        return run.pk

    return go


def test_a_real_failure_is_told_once_with_a_link_and_the_all_clear_follows(
    sync: Sync,
    synced: Synced,
    calm: Sandbox,
    linked: Connection,
    organization: Organization,
    admin: User,
    technician: User,
) -> None:
    synced()
    calm.control("faults", kind="401")
    run = sync("quick")
    assert mails_due() == [organization.pk]
    (told,) = send(organization)
    assert told.to == [admin.email]
    assert told.subject == "Linked: the sync fails"
    assert f"/sync/runs/{run.pk}/" in told.body
    assert "does not accept these keys" in told.body
    sync("quick")
    assert mails_due() == []
    assert send(organization) == []
    calm.control("faults", method="DELETE")
    good = sync("quick")
    (clear,) = send(organization)
    assert clear.subject == "Linked syncs again"
    assert f"/sync/runs/{good.pk}/" in clear.body
    assert "2 runs" in clear.body
    assert (mails_due(), send(organization)) == ([], [])


def test_another_cause_is_told_and_other_numbers_are_no_other_cause(
    fail: Fail, organization: Organization, admin: User
) -> None:
    fail("Tried 8 times.")
    assert len(send(organization)) == 1
    fail("Tried 9 times.")
    assert send(organization) == []
    run = fail("The disk is full.")
    (told,) = send(organization)
    assert f"/sync/runs/{run}/" in told.body


def test_a_trouble_that_is_over_before_anybody_was_told_is_nobodys_news(
    fail: Fail, organization: Organization, admin: User
) -> None:
    fail("Away.")
    fail("")
    assert send(organization) == []
    assert mails_due() == []


def test_a_held_run_asks_for_a_decision(fail: Fail, organization: Organization, admin: User) -> None:
    fail("Waiting for approval: 400 of 500 tickets would be removed.", "held")
    (told,) = send(organization)
    assert "waits for your decision" in told.subject
    assert "Nothing has been removed." in told.body


def test_who_said_no_and_who_can_do_nothing_about_it_gets_none(
    fail: Fail, organization: Organization, admin: User, technician: User
) -> None:
    with tenant_transaction(organization.pk):
        mail_choose(user=admin, organization=organization, failures=False, digest=False)
    fail("Away.")
    assert send(organization) == []
    assert mails_due() == []


def test_a_mail_server_that_is_away_costs_nothing_but_time(
    fail: Fail, organization: Organization, admin: User, settings: Any, database_time: DatabaseTime
) -> None:
    fail("Away.")
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend",
        "127.0.0.1",
        9,
    )
    assert send(organization) == []
    assert mails_due() == [], "it is not tried again at once"
    settings.EMAIL_BACKEND = backend
    database_time.shift(dt.timedelta(minutes=5))
    assert mails_due() == [organization.pk]
    assert len(send(organization)) == 1


def test_a_worker_killed_over_a_mail_is_followed_by_another(
    fail: Fail, organization: Organization, admin: User
) -> None:
    fail("Away.")
    with tenant_transaction(organization.pk):
        Alarm.objects.update(claimed_until=timezone.now() + dt.timedelta(minutes=3))
    assert send(organization) == []
    with tenant_transaction(organization.pk):
        Alarm.objects.update(claimed_until=timezone.now() - dt.timedelta(seconds=1))
    assert len(send(organization)) == 1


def test_line_breaks_in_a_name_make_no_header(
    fail: Fail, connection: Connection, organization: Organization, admin: User
) -> None:
    with tenant_transaction(organization.pk):
        Connection.objects.filter(pk=connection.pk).update(name="Main\r\nBcc: eve@example.com")
    fail("Away.")
    (told,) = send(organization)
    assert told.subject == "Main Bcc: eve@example.com: the sync fails"
    assert told.recipients() == [admin.email]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-28T08:00:00+01:00", "2026-03-29T07:00:00+02:00"),
        ("2026-10-25T06:59:00+01:00", "2026-10-25T07:00:00+01:00"),
        ("2026-10-24T07:00:00+02:00", "2026-10-25T07:00:00+01:00"),
    ],
)
def test_the_morning_is_local_also_when_the_clocks_change(now: str, expected: str) -> None:
    assert digest_next("Europe/Amsterdam", dt.datetime.fromisoformat(now)) == dt.datetime.fromisoformat(expected)


def test_the_digest_comes_once_a_morning_to_those_who_want_it(
    fail: Fail,
    organization: Organization,
    admin: User,
    technician: User,
    connection: Connection,
    database_time: DatabaseTime,
) -> None:
    with tenant_transaction(organization.pk):
        Connection.objects.filter(pk=connection.pk).update(state="connected")
        mail_choose(user=technician, organization=organization, failures=True, digest=True)
    morning = dt.datetime.now(ZoneInfo(organization.time_zone)).date() + dt.timedelta(days=1)
    at = dt.datetime.combine(morning, dt.time(7, 1), ZoneInfo(organization.time_zone))
    database_time.move_to(at)
    with time_machine.travel(at, tick=True):
        fail("Away.")
        with tenant_transaction(organization.pk):
            Alarm.objects.update(told_at=timezone.now())
        assert mails_due() == [organization.pk]
        (digest,) = send(organization)
        assert digest.to == [technician.email]
        assert "1 of 1 connections need a look" in digest.subject
        assert "1 with an error" in digest.body
        assert ": Away." in digest.body
        assert (send(organization), mails_due()) == ([], [])
    with tenant_transaction(organization.pk):
        choice = MailChoice.objects.get(user=technician)
        assert choice.digest_next_at is not None
        assert choice.digest_next_at.astimezone(ZoneInfo(organization.time_zone)).date() == morning + dt.timedelta(
            days=1
        )


def test_one_organizations_troubles_are_not_told_to_another(
    fail: Fail, organization: Organization, other_organization: Organization, make_person: MakePerson, admin: User
) -> None:
    make_person(other_organization, "admin", "una@umbrella.test", "Una Admin")
    fail("Away.")
    assert send(other_organization) == []
    assert [message.to for message in send(organization)] == [[admin.email]]
