"""Two people, or a person and a worker, at the same data at once: undo, withheld removals, previews and audits. Without the lock it fails."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection as database

from foundation.core import database_clock
from foundation.ledger.merge import MergeContext
from foundation.ledger.models import JournalEntry
from foundation.tenancy.models import Organization, User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.records import PriorityRecord
from integrations.settings_schema import digest_of
from sync.engine.check.guard import WITHHELD
from sync.models import Cursor, DriftAudit, Run, Victim
from sync.services.audits import audit_request
from sync.services.instance import change_begin
from sync.services.previews import preview_apply, preview_expire
from sync.services.runs import RunRefused
from sync.services.undo import run_undo
from sync.services.withheld import withheld_approve
from sync.streams import TARGETS, stage
from tests.fixtures.interleaving import AtOnce
from tests.fixtures.people import MakePerson
from tests.fixtures.runs import make_entries, make_run, make_stream
from tests.tickets.factories import make_ticket
from tickets.models import Ticket

pytestmark = pytest.mark.committed
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def removed(connection: Connection) -> tuple[Run, Ticket]:
    """A run that ended well, and the ticket that it removed."""
    with tenant_transaction(connection.organization_id):
        run = make_run(connection, "full", result="success")
        make_stream(run, removed=1)
        ticket = make_ticket(connection, removed_at=run.finished_at)
        make_entries(run, 1, record_id=ticket.pk, remote_id=ticket.remote_id, action="removed", before=None, after=None)
    return run, ticket


def undo(run: Run) -> Any:
    return run_undo(run=run, actor=None, reason="a test")


def test_a_run_is_undone_once_however_many_press_at_once(at_once: AtOnce, removed: tuple[Run, Ticket]) -> None:
    run, _ = removed
    with pytest.raises(RunRefused, match="undone already"):
        at_once(lambda: undo(run), lambda: undo(run))
    with tenant_transaction(run.organization_id):
        assert JournalEntry.objects.filter(origin="undo").count() == 1


def test_an_undo_leaves_what_is_written_anew_in_the_same_moment(at_once: AtOnce, removed: tuple[Run, Ticket]) -> None:
    run, ticket = removed

    def written_anew() -> None:
        rows = Ticket.with_removed.filter(pk=ticket.pk)
        rows.update(summary="Removed again", synced_at=database_clock.now())

    done = at_once(written_anew, lambda: undo(run))
    assert (done.second.restored, done.second.kept, done.waited) == (0, 1, True)
    with tenant_transaction(run.organization_id):
        assert not Ticket.objects.exists()


@pytest.fixture
def withholding(connection: Connection) -> Run:
    """A run that kept a ticket which the PSA did not show; two people have to agree to its removal."""
    with tenant_transaction(connection.organization_id):
        ticket = make_ticket(connection)
        waiting = {"stream": "tickets", "rows": 1, "live": 1, "allowed": 0, "second": True, "why": "a test"}
        run = make_run(connection, "full", result="warning", verification={WITHHELD: {"tickets": waiting}})
        make_stream(run)
        Victim.objects.create(
            organization_id=run.organization_id,
            run=run,
            stream="tickets",
            record_id=ticket.pk,
            remote_id=ticket.remote_id,
        )
    return run


def test_two_people_who_approve_withheld_removals_at_once_are_both_counted(
    at_once: AtOnce, withholding: Run, admin: User, make_person: MakePerson, organization: Organization
) -> None:
    other = make_person(organization, "admin", "bea@acme.test")

    def approved(person: User) -> Any:
        return lambda: withheld_approve(run=withholding, stream="tickets", actor=person, reason="They are gone")

    done = at_once(approved(admin), approved(other))
    assert (done.first.complete, done.second.complete) == (False, True)
    with tenant_transaction(organization.pk):
        assert not Ticket.objects.exists()


@pytest.fixture
def preview(connection: Connection) -> Run:
    """A preview that has ended well and whose hour is not over."""
    with tenant_transaction(connection.organization_id):
        now = database_clock.now()
        return make_run(
            connection,
            "preview",
            result="success",
            scope={"of": "full"},
            staged_until=now + HOUR,
            verification={"preview": {"at": now.isoformat()}},
            plan={"digest": digest_of(connection)},
        )


def stage_one(preview: Run) -> None:
    context = MergeContext(preview.organization_id, preview.connection_id, preview.pk)
    stage(TARGETS["priorities"], context, 1, [(PriorityRecord(remote_id="1", name="High"), True)], database_clock.now())


def staged_rows(preview: Run) -> int:
    with database.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {TARGETS['priorities'].staging} WHERE run_id = %s", [preview.pk])
        return int(cursor.fetchone()[0])


def its_hour_ends(preview: Run) -> None:
    Run.objects.filter(pk=preview.pk).update(staged_until=database_clock.now())


def applied(preview: Run) -> Any:
    return preview_apply(preview=preview, trigger="person")


def test_a_preview_is_applied_once_however_many_press_at_once(at_once: AtOnce, preview: Run) -> None:
    with pytest.raises(RunRefused, match="has taken this preview already"):
        at_once(lambda: applied(preview), lambda: applied(preview))
    with tenant_transaction(preview.organization_id):
        assert Run.objects.exclude(pk=preview.pk).count() == 1


def test_what_a_preview_read_is_not_applied_in_the_moment_in_which_it_is_deleted(at_once: AtOnce, preview: Run) -> None:
    def expired() -> None:
        its_hour_ends(preview)
        preview_expire(preview.organization_id, preview.pk)

    with pytest.raises(RunRefused, match="is gone"):
        at_once(expired, lambda: applied(preview))
    with tenant_transaction(preview.organization_id):
        assert not Run.objects.exclude(pk=preview.pk).exists()


def test_a_preview_is_not_applied_in_the_moment_in_which_a_change_of_instance_begins(
    at_once: AtOnce, preview: Run, connection: Connection
) -> None:
    with pytest.raises(RunRefused, match="instance of this connection is being changed"):
        at_once(
            lambda: change_begin(connection=connection, actor=None, reason="a test"),
            lambda: applied(preview),
        )
    with tenant_transaction(preview.organization_id):
        assert not Run.objects.exclude(pk=preview.pk).exists()


def test_what_a_preview_read_is_not_deleted_in_the_moment_in_which_it_is_applied(
    at_once: AtOnce, preview: Run, connection: Connection
) -> None:
    with tenant_transaction(preview.organization_id):
        its_hour_ends(preview)
        stage_one(preview)

    def applied_just_in_time() -> None:
        Run.objects.filter(pk=preview.pk).update(staged_until=database_clock.now() + HOUR)
        applied(preview)

    done = at_once(applied_just_in_time, lambda: preview_expire(preview.organization_id, preview.pk))
    assert not done.waited
    with tenant_transaction(preview.organization_id):
        assert staged_rows(preview) == 1


def test_an_audit_is_asked_for_once_however_many_press_at_once(at_once: AtOnce, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        now, own = database_clock.now(), {"organization_id": connection.organization_id, "connection": connection}
        Cursor.objects.create(stream="tickets", full_at=now, updated_at=now, **own)
    done = at_once(lambda: audit_request(connection=connection), lambda: audit_request(connection=connection))
    assert (done.first.joined, done.second.joined) == (False, True)
    with tenant_transaction(connection.organization_id):
        assert DriftAudit.objects.count() == 1
