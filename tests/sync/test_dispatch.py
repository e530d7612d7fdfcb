"""A worker that can't be told of something, or whose message is lost, hears of it from the sweeper: nothing fails for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from celery import Celery, current_app

from foundation.core import database_clock
from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.password_resets import password_reset_request
from integrations.models import Connection
from portal.config import celery_app
from sync.dispatch import QUEUES, tell
from sync.engine.run.alarms import alarm_raise
from sync.models import DriftAudit, InstanceChange
from sync.services import instance, sweeper
from tests.fixtures.runs import make_open_issue, make_run

LONG = dt.timedelta(minutes=10)
"""After which every message that nobody came for counts as lost."""
Told = Callable[[], list[tuple[str, list[int]]]]


@pytest.fixture
def without_room(full_disk: str) -> Iterator[Celery]:
    """Celery on a broker that takes nothing new."""
    before = current_app._get_current_object()
    app = Celery("full", broker=full_disk)
    yield app
    app.close()
    before.set_current()


def test_a_broker_with_a_full_disk_fails_nothing(without_room: Celery, caplog: pytest.LogCaptureFixture) -> None:
    tell("sync.advance", [1, 2], queue="bulk", priority=5)
    assert "The broker is away; the sweeper will send it" in caplog.text


@pytest.fixture
def told() -> Iterator[Told]:
    """``told()`` takes the messages that the broker has got since, as (task, ids)."""
    with current_app.connection_for_read() as broker, broker.channel() as channel:

        def taken() -> list[tuple[str, list[int]]]:
            found = []
            for queue in QUEUES.values():
                while message := channel.basic_get(queue, no_ack=True):
                    found.append((message.headers["task"], message.decode()[0]))
            return found

        taken()
        yield taken


def lost_run(connection: Connection, past: dt.datetime) -> list[int]:
    run = make_run(connection, lease_until=past, rung_at=past)
    return [run.organization_id, run.pk]


def lost_audit(connection: Connection, past: dt.datetime) -> list[int]:
    audit = DriftAudit.objects.create(
        organization_id=connection.organization_id, connection=connection, sample=10, created_at=past, rung_at=past
    )
    return [audit.organization_id, audit.pk]


def lost_retry(connection: Connection, past: dt.datetime) -> list[int]:
    make_open_issue(connection, retry_at=past)
    return [connection.organization_id]


def lost_refused_retry(connection: Connection, past: dt.datetime) -> list[int]:
    Connection.objects.filter(pk=connection.pk).update(state="refused", retry_at=past)
    return [connection.organization_id, connection.pk]


def lost_purge(connection: Connection, past: dt.datetime) -> list[int]:
    change = instance.change_begin(connection=connection, actor=None, reason="a test")
    instance.change_purge(change=change, actor=None)
    InstanceChange.objects.update(rung_at=past)
    return [connection.organization_id, change.pk]


def lost_mail(connection: Connection, past: dt.datetime) -> list[int]:
    alarm_raise(make_run(connection, result="error", message="down").pk, "transient", "down")
    return [connection.organization_id]


def lost_link(connection: Connection, past: dt.datetime) -> list[int]:
    password_reset_request(email="ada@acme.test")
    return []


LOST = {
    "sync.advance": lost_run,
    "sync.audit": lost_audit,
    "sync.retry": lost_retry,
    "sync.refused_retry": lost_refused_retry,
    "sync.purge": lost_purge,
    "sync.mail": lost_mail,
    "tenancy.password_resets": lost_link,
}


@pytest.mark.parametrize("task", LOST)
def test_what_nobody_came_for_is_found_by_the_sweeper(
    task: str, connection: Connection, admin: User, told: Told
) -> None:
    with tenant_transaction(connection.organization_id):
        ids = LOST[task](connection, database_clock.now() - LONG)
    assert sweeper.sweep() == 0
    assert told() == [(task, ids)]


def test_each_task_that_works_for_somebody_has_a_lost_message_above() -> None:
    celery_app.loader.import_default_modules()
    ours = {name for name in celery_app.tasks if name.startswith(("sync.", "tenancy."))}
    assert ours == {*LOST, "sync.sweep"}
