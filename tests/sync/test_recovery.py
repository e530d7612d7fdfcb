"""A refusal of the credentials that passes: the PSA is asked again by the clock, rarely, and syncs go on with an all-clear."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundation.core import database_clock
from foundation.tenancy.models import Organization, User
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from integrations.services.connections import connection_credentials_set
from integrations.services.probing import connection_test
from sync.engine.run.drive import advance
from sync.models import Alarm, Nightly, Run, Schedule
from sync.services import sweeper
from sync.services.mails import mails_send
from sync.services.recovery import refused_retry, retries_of_refused_due
from sync.services.schedules import schedule_of, schedule_pause, schedule_update
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Sync


def now_of(connection: Connection) -> Connection:
    with tenant_transaction(connection.organization_id):
        return Connection.objects.get(pk=connection.pk)


def pause_of(connection: Connection) -> float:
    """Minutes until the PSA is asked again."""
    retry_at = now_of(connection).retry_at
    with tenant_transaction(connection.organization_id):
        assert retry_at is not None
        return round((retry_at - database_clock.now()).total_seconds() / 60, 1)


def retry_now(connection: Connection) -> bool:
    """The pause is over, and a worker follows the sweeper."""
    with tenant_transaction(connection.organization_id):
        past = database_clock.now() - dt.timedelta(seconds=1)
        Connection.objects.filter(pk=connection.pk).update(retry_at=past)
    assert retries_of_refused_due() == [(connection.organization_id, connection.pk)]
    with tenant(connection.organization_id):
        return refused_retry(connection.pk)


def work_off(connection: Connection) -> Run:
    """Starts what is due and works on it to its end."""
    sweeper.sweep()
    with tenant(connection.organization_id):
        with tenant_transaction():
            run: Run = Run.objects.latest("pk")
        while advance(run.pk):
            pass
        with tenant_transaction():
            return Run.objects.get(pk=run.pk)


def subjects(organization: Organization) -> list[str]:
    before = len(mail.outbox)
    with tenant(organization.pk):
        mails_send()
    return [message.subject for message in mail.outbox[before:]]


@pytest.fixture
def refused(sync: Sync, calm: Sandbox, linked: Connection, admin: User) -> Connection:
    """Synced once, told of by mail as failing since, because the PSA does not accept the keys any more."""
    sync("full")
    with tenant_transaction(linked.organization_id):
        schedule_update(schedule=schedule_of(linked), actor=None, quick_minutes=60, nightly_on=False)
    calm.control("faults", kind="401")
    assert sync("quick").error_code == "authentication_failed"
    return linked


def test_the_psa_is_asked_again_after_growing_pauses_with_one_request_each(refused: Connection, calm: Sandbox) -> None:
    assert retries_of_refused_due() == []
    pauses = [pause_of(refused)]
    for _ in range(3):
        assert retry_now(refused) is False
        pauses.append(pause_of(refused))
    assert pauses == [5, 30, 60, 60]
    assert now_of(refused).state == "refused"
    assert retries_of_refused_due() == []


def test_syncs_go_on_by_themselves_with_an_all_clear(
    refused: Connection, organization: Organization, calm: Sandbox
) -> None:
    assert subjects(organization) == ["Linked: the sync fails"]
    calm.control("faults", method="DELETE")
    assert retry_now(refused) is True
    assert (now_of(refused).state, now_of(refused).retry_at) == ("connected", None)
    run = work_off(refused)
    assert (run.kind, run.trigger, run.result) == ("quick", "interval", "no_change")
    assert subjects(organization) == ["Linked syncs again"]


def test_a_night_that_the_refusal_cost_is_made_up_for_once(refused: Connection, calm: Sandbox) -> None:
    with tenant_transaction(refused.organization_id):
        schedule = schedule_update(schedule=schedule_of(refused), actor=None, nightly_on=True)
        schedule.nightly_next_at = database_clock.now() - dt.timedelta(hours=2)
        schedule.save()
    sweeper.sweep()
    with tenant_transaction(refused.organization_id):
        assert list(Nightly.objects.values_list("run", flat=True)) == [None]
    calm.control("faults", method="DELETE")
    assert retry_now(refused) is True
    run = work_off(refused)
    assert (run.kind, run.trigger, run.state) == ("full", "nightly", "done")
    with tenant_transaction(refused.organization_id):
        night = Nightly.objects.get()
        assert (night.run_id, night.caught_up) == (run.pk, True)
        assert Schedule.objects.get().nightly_next_date > night.local_date
    sweeper.sweep()
    with tenant_transaction(refused.organization_id):
        assert Run.objects.filter(trigger="nightly").count() == 1


def test_a_first_sync_that_a_passing_refusal_ended_is_started_again(
    sync: Sync, calm: Sandbox, linked: Connection, organization: Organization, admin: User
) -> None:
    with tenant_transaction(linked.organization_id):
        schedule_update(schedule=schedule_of(linked), actor=None, quick_minutes=60, nightly_on=False)
    calm.control("faults", kind="401")
    assert sync("full").error_code == "authentication_failed"
    assert subjects(organization) == ["Linked: the sync fails"]
    calm.control("faults", method="DELETE")
    assert retry_now(linked) is True
    assert subjects(organization) == []
    run = work_off(linked)
    assert (run.kind, run.trigger, run.result) == ("full", "first", "success")
    assert subjects(organization) == ["Linked syncs again"]


def test_where_nothing_starts_by_itself_the_answer_gives_the_all_clear(
    refused: Connection, organization: Organization, calm: Sandbox
) -> None:
    with tenant_transaction(organization.pk):
        schedule_pause(schedule=schedule_of(refused), actor=None)
    assert len(subjects(organization)) == 1
    calm.control("faults", method="DELETE")
    assert retry_now(refused) is True
    assert subjects(organization) == ["Linked works again"]
    assert "The PSA accepts the credentials again." in mail.outbox[-1].body
    with tenant_transaction(organization.pk):
        assert Alarm.objects.filter(ended_at=None).count() == 0
        assert Run.objects.filter(finished_at=None).count() == 0


def test_other_credentials_are_tried_at_once_and_pauses_begin_anew(refused: Connection, calm: Sandbox) -> None:
    retry_now(refused)
    with tenant_transaction(refused.organization_id):
        connection_credentials_set(connection=refused, credentials=calm.credentials)
    assert retries_of_refused_due() == [(refused.organization_id, refused.pk)]
    with tenant(refused.organization_id):
        assert refused_retry(refused.pk) is False
    assert pause_of(refused) == 5


def test_a_test_in_between_leaves_the_next_try_where_it_is(refused: Connection) -> None:
    retry_at = now_of(refused).retry_at
    with tenant(refused.organization_id):
        connection_test(connection=refused)
    assert now_of(refused).retry_at == retry_at


def test_credentials_that_are_refused_every_other_minute_are_tried_less_and_less_often(
    refused: Connection, calm: Sandbox, sync: Sync
) -> None:
    calm.control("faults", method="DELETE")
    assert retry_now(refused) is True
    calm.control("faults", kind="401")
    sync("quick")
    assert pause_of(refused) == 60
    calm.control("faults", method="DELETE")
    assert retry_now(refused) is True
    with tenant_transaction(refused.organization_id):
        steady = timezone.now() - dt.timedelta(hours=2)
        Connection.objects.filter(pk=refused.pk).update(state_since=steady)
    sync("quick")
    calm.control("faults", kind="401")
    sync("quick")
    assert pause_of(refused) == 5


def test_two_workers_try_once(refused: Connection, calm: Sandbox) -> None:
    calm.control("faults", method="DELETE")
    assert retry_now(refused) is True
    with tenant(refused.organization_id):
        assert refused_retry(refused.pk) is False


def test_the_page_says_when_the_psa_is_asked_again(
    refused: Connection, client_for: Callable[[User], Client], admin: User
) -> None:
    page = client_for(admin).get(reverse("web:connection", args=[refused.pk])).content.decode()
    assert "The PSA is asked again by itself" in page
