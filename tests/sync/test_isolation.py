"""One organization's odd data or faults cost its own turn: everybody else's clock goes on, and it is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core import mail
from django.core.management import call_command
from structlog.testing import capture_logs

from foundation.core import database_clock
from foundation.tenancy.models import Organization, User
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from integrations.services.connections import connection_create
from sync.engine.audit.drift_audit import FAULTS, audit_advance
from sync.engine.run.alarms import alarm_raise
from sync.models import Alarm, Cursor, DriftAudit, Issue, Run, Schedule
from sync.services import sweeper
from sync.services.issues import retry_next
from sync.services.mails import mail_choose, mails_due, mails_send
from sync.services.schedules import schedule_of, schedule_problems, schedule_update
from tests.fixtures.people import MakePerson
from tests.fixtures.runs import make_run
from tests.fixtures.systems import CREDENTIALS

MINUTE = dt.timedelta(minutes=1)
UNKNOWN = "Mars/Olympus_Mons"


@pytest.fixture
def refusing(owner: psycopg.Connection, organization: Organization) -> Iterator[Any]:
    """``refusing("sync_run", "INSERT")``: from then on the database refuses that of ``organization``."""
    made = []

    def refuse(table: str, doing: str) -> None:
        owner.execute(
            "CREATE OR REPLACE FUNCTION refused() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'refused by the test' USING ERRCODE = '23514'; END $$"
        )
        owner.execute(
            f"CREATE TRIGGER refused BEFORE {doing} ON {table} FOR EACH ROW WHEN (NEW.organization_id = {organization.pk}) "
            "EXECUTE FUNCTION refused()"
        )
        made.append(table)

    yield refuse
    for table in made:
        owner.execute(f"DROP TRIGGER refused ON {table}")


def settled(organization: Organization, name: str) -> Connection:
    """A connection that was synced once and whose quick sync is due."""
    with tenant_transaction(organization.pk):
        made = connection_create(
            organization_id=organization.pk, provider="connectwise", name=name, credentials=dict(CREDENTIALS)
        )
        Connection.objects.filter(pk=made.pk).update(state="connected")
        now = database_clock.now()
        Cursor.objects.create(
            organization_id=organization.pk, connection=made, stream="tickets", updated_at=now, full_at=now
        )
        schedule = schedule_update(schedule=schedule_of(made), actor=None, nightly_on=False)
        Schedule.objects.filter(pk=schedule.pk).update(quick_next_at=now - MINUTE)
    return made


def kinds_of(organization: Organization) -> list[str]:
    with tenant_transaction(organization.pk):
        return list(Run.objects.order_by("pk").values_list("kind", flat=True))


def preview_over(connection: Connection) -> Run:
    with tenant_transaction(connection.organization_id):
        past = database_clock.now() - MINUTE
        return make_run(connection, "preview", result="success", staged_until=past)


@pytest.mark.committed
def test_what_one_organization_refuses_stops_no_others_round(
    organization: Organization, other_organization: Organization, refusing: Any
) -> None:
    broken, well = settled(organization, "Broken"), settled(other_organization, "Well")
    mine, theirs = preview_over(broken), preview_over(well)
    refusing("sync_run", "INSERT OR UPDATE")
    with capture_logs() as logs:
        failed = sweeper.sweep()
    assert kinds_of(other_organization) == ["preview", "quick"]
    assert kinds_of(organization) == ["preview"]
    with tenant_transaction(other_organization.pk):
        assert Run.objects.get(pk=theirs.pk).staged_until is None
    with tenant_transaction(organization.pk):
        assert Run.objects.get(pk=mine.pk).staged_until is not None
        assert Schedule.objects.get().quick_next_at > database_clock.now() + 4 * MINUTE
    told = [line for line in logs if line["event"].startswith("One organization's turn failed")]
    assert failed == len(told) == 2
    assert {(line["organization"], line["doing"]) for line in told} == {
        (organization.pk, "starting what is due"),
        (organization.pk, "previews whose hour is over"),
    }
    assert all(line["reference"] and not line["errors"][0]["said"] for line in told)


@pytest.mark.parametrize(
    ("odd", "kind"),
    [
        ({"full_every": "fortn", "nightly_kind": "quick"}, "quick"),
        ({"nightly_kind": "never"}, "full"),
        ({"quick_minutes": -5}, "full"),
        ({"quick_minutes": 2_000_000_000}, "full"),
        ({"window_minutes": 2_000_000_000}, "full"),
        ({"window_minutes": -1}, "full"),
    ],
    ids=str,
)
def test_impossible_times_that_are_stored_count_as_those_of_a_new_schedule_and_are_said(
    odd: dict[str, Any], kind: str, organization: Organization
) -> None:
    connection = settled(organization, "Odd")
    now = database_clock.now()
    with tenant_transaction(organization.pk):
        due = {"nightly_on": True, "nightly_next_at": now - MINUTE, "nightly_next_date": now.date()}
        Schedule.objects.filter(connection=connection).update(**due, **odd)
    assert sweeper.sweep() == 0
    assert kinds_of(organization) == [kind]
    assert sweeper.sweep() == 0
    with tenant_transaction(organization.pk):
        schedule = Schedule.objects.get()
    assert now < schedule.quick_next_at < now + dt.timedelta(days=1, minutes=1)
    assert now < schedule.nightly_next_at < now + dt.timedelta(days=2)
    assert [str(next(iter(odd.values()))) in said for said in schedule_problems(schedule, "UTC")] == [True]


@pytest.mark.parametrize("zone", [UNKNOWN, "America", "../../etc/passwd", "", "tzdata.zi"])
def test_a_time_zone_that_does_not_exist_is_utc_and_everybody_goes_on(
    zone: str, organization: Organization, other_organization: Organization
) -> None:
    settled(organization, "Odd"), settled(other_organization, "Well")
    with tenant_transaction(organization.pk):
        Organization.objects.filter(pk=organization.pk).update(time_zone=zone)
        Schedule.objects.update(nightly_on=True, nightly_at=dt.time(2, 30), window_minutes=0)
    assert sweeper.sweep() == 0
    assert (kinds_of(organization), kinds_of(other_organization)) == (["quick"], ["quick"])
    with tenant_transaction(organization.pk):
        schedule = Schedule.objects.get()
    assert schedule.nightly_next_at.astimezone(dt.UTC).time() == dt.time(2, 30)
    (said,) = schedule_problems(schedule, zone)
    assert f"“{zone}”" in said


def test_another_zone_moves_the_nights(organization: Organization) -> None:
    settled(organization, "Odd")
    with tenant_transaction(organization.pk):
        Organization.objects.filter(pk=organization.pk).update(time_zone=UNKNOWN)
        Schedule.objects.update(nightly_on=True, nightly_at=dt.time(2, 30), window_minutes=0)
    call_command("time_zone", organization=organization.slug, to="Asia/Tokyo", json=False, stdout=StringIO())
    with tenant_transaction(organization.pk):
        assert Schedule.objects.get().nightly_next_at.astimezone(dt.UTC).time() == dt.time(17, 30)
        assert Organization.objects.get(pk=organization.pk).time_zone == "Asia/Tokyo"


def failing(connection: Connection, message: str = "The PSA is away.") -> Alarm:
    with tenant_transaction(connection.organization_id):
        alarm_raise(make_run(connection, result="error", message=message).pk, "transient", message)
        return Alarm.objects.get(connection=connection)


def test_mails_of_an_organization_without_a_zone_are_sent(
    connection: Connection, organization: Organization, admin: User
) -> None:
    with tenant_transaction(organization.pk):
        Organization.objects.filter(pk=organization.pk).update(time_zone=UNKNOWN)
        mail_choose(user=admin, organization=Organization.objects.get(pk=organization.pk), failures=True, digest=True)
    failing(connection)
    with tenant(organization.pk):
        assert mails_send() == 1
    assert len(mail.outbox) == 1


@pytest.mark.committed
def test_a_mail_that_cannot_be_booked_stops_no_other_and_waits(
    organization: Organization, other_organization: Organization, make_person: MakePerson, owner: psycopg.Connection
) -> None:
    make_person(organization, "admin", "ada@acme.test")
    first, second = settled(organization, "First"), settled(organization, "Second")
    stuck, free = failing(first), failing(second)
    owner.execute(
        "CREATE OR REPLACE FUNCTION refused() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'refused by the test' USING ERRCODE = '23514'; END $$"
    )
    owner.execute(
        f"CREATE TRIGGER refused BEFORE UPDATE ON sync_alarm FOR EACH ROW WHEN (NEW.id = {stuck.pk} AND NEW.told_at IS NOT NULL) "
        "EXECUTE FUNCTION refused()"
    )
    try:
        with tenant(organization.pk):
            assert mails_send() == 1
    finally:
        owner.execute("DROP TRIGGER refused ON sync_alarm")
    with tenant_transaction(organization.pk):
        assert Alarm.objects.get(pk=free.pk).told_at is not None
        assert Alarm.objects.get(pk=stuck.pk).claimed_until > database_clock.now() + 50 * MINUTE
    assert mails_due() == []


@pytest.mark.committed
def test_a_record_whose_retry_meets_a_fault_says_so_and_the_next_is_tried(
    connection: Connection, refusing: Any
) -> None:
    now = database_clock.now()
    own = {"organization_id": connection.organization_id, "connection": connection, "stream": "tickets"}
    common = {"code": "record_rejected", "cause": "odd", "message": "odd", "first_at": now, "last_at": now}
    with tenant_transaction(connection.organization_id):
        for remote_id in ("7", "8"):
            Issue.objects.create(**own, **common, remote_id=remote_id, retry_at=now)
    refusing("integrations_connection", "UPDATE")  # what is learnt of the connection can't be kept
    with tenant(connection.organization_id):
        assert [retry_next(), retry_next(), retry_next()] == [True, True, False]
    with tenant_transaction(connection.organization_id):
        issues = list(Issue.objects.order_by("remote_id"))
    assert [(issue.code, issue.times, issue.retry_at) for issue in issues] == [("fault", 2, None)] * 2
    assert "log reference" in issues[0].message


@pytest.mark.committed
def test_an_audit_that_meets_a_fault_ends_after_a_few_tries(connection: Connection, refusing: Any) -> None:
    with tenant_transaction(connection.organization_id):
        audit = DriftAudit.objects.create(
            organization_id=connection.organization_id, connection=connection, sample=5, created_at=database_clock.now()
        )
    refusing("sync_driftstream", "INSERT")
    with tenant(connection.organization_id):
        for _ in range(FAULTS):
            assert not audit_advance(audit.pk)
            with tenant_transaction():
                DriftAudit.objects.filter(pk=audit.pk).update(not_before=None)
    with tenant_transaction(connection.organization_id):
        ended = DriftAudit.objects.get(pk=audit.pk)
    assert (ended.state, "log reference" in ended.message) == ("failed", True)
