"""Changing the PSA instance: what goes, what stays, that a kill costs nothing, and that readers see all or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from clients.models import Company
from foundation.ledger.models import JournalEntry, PendingChange
from foundation.tenancy.models import AuditEvent, Organization
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from integrations.services.connections import connection_create, connection_credentials_set, connection_setup_move
from mappings.models import Mapping
from sync.models import Cursor, InstanceChange, Run
from sync.selectors.instance import change_of
from sync.services import instance, purge, sweeper
from sync.services.runs import RunRefused, run_request
from sync.services.schedules import schedule_of
from tests.fixtures.systems import Sandbox, started_sandbox
from tests.sync.conftest import Sync, Synced, rested
from tickets.models import Member, Ticket

STEP = InstanceChange.Step


@pytest.fixture
def other_psa() -> Iterator[Sandbox]:
    """Another instance of the same system."""
    with started_sandbox() as started:
        started.control("instance", identity="elsewhere")
        yield started


@pytest.fixture
def here(linked: Connection) -> Iterator[None]:
    """Inside the organization, each statement its own transaction's."""
    with tenant(linked.organization_id):
        yield


def fresh(linked: Connection) -> Connection:
    with tenant_transaction(linked.organization_id):
        found: Connection = Connection.objects.get(pk=linked.pk)
    return found


def begun(linked: Connection) -> InstanceChange:
    with tenant_transaction(linked.organization_id):
        return instance.change_begin(connection=fresh(linked), actor=None, reason="We move to another server")


def purging(linked: Connection) -> InstanceChange:
    change = begun(linked)
    with tenant_transaction(linked.organization_id):
        instance.change_purge(change=change, actor=None)
    return change


def purged(linked: Connection) -> InstanceChange:
    change = purging(linked)
    assert purge.purge_advance(change.pk) is False
    return change


def rows(linked: Connection, table: str) -> int:
    with tenant_transaction(linked.organization_id), database.cursor() as cursor:
        cursor.execute(
            f'SELECT count(*) FROM "{table}" WHERE organization_id = %s AND connection_id = %s',
            [linked.organization_id, linked.pk],
        )
        return int(cursor.fetchone()[0])


def now(change: InstanceChange) -> InstanceChange:
    with tenant_transaction(change.organization_id):
        found: InstanceChange = InstanceChange.objects.get(pk=change.pk)
    return found


@pytest.mark.usefixtures("here")
def test_disconnecting_stops_syncs_and_calling_off_goes_on_with_the_same_psa(
    linked: Connection, sync: Sync, synced: Synced
) -> None:
    synced()
    change = begun(linked)
    with tenant_transaction(), pytest.raises(RunRefused, match="is being changed"):
        run_request(connection=fresh(linked), kind="quick", trigger="person")
    with tenant_transaction():
        assert schedule_of(linked).paused_at is not None
        with pytest.raises(instance.ChangeRefused, match="being changed already"):
            instance.change_begin(connection=linked, actor=None, reason="again")
        instance.change_cancel(change=change, actor=None)
        assert schedule_of(linked).paused_at is None
        assert change_of(linked) is None
    assert sync("quick").result == "no_change"


@pytest.mark.usefixtures("here")
def test_a_run_at_work_is_cancelled_at_once_and_the_purge_can_begin(linked: Connection, synced: Synced) -> None:
    synced()
    with tenant_transaction():
        run = run_request(connection=linked, kind="full", trigger="person").run
        held_until = timezone.now() + timedelta(minutes=5)
        Run.objects.filter(pk=run.pk).update(state="running", worker="somebody", lease_until=held_until)
    change = begun(linked)
    with tenant_transaction():
        assert Run.objects.get(pk=run.pk).state == Run.State.CANCELLED
        instance.change_purge(change=change, actor=None)
    assert now(change).step == STEP.PURGING


@pytest.mark.usefixtures("here")
def test_the_purge_takes_what_came_from_the_instance_and_nothing_else(
    linked: Connection, synced: Synced, organization: Organization, calm: Sandbox
) -> None:
    synced()
    with tenant_transaction():
        beside = connection_create(
            organization_id=organization.pk, provider="connectwise", name="Beside", credentials=calm.credentials
        )
        moved = Ticket.objects.filter(connection=linked).order_by("pk")[0]
        kept = Ticket.objects.get(pk=moved.pk)
        kept.pk, kept.connection_id, kept.remote_id = None, beside.pk, "of the other connection"
        kept.save(force_insert=True)
        company = Company.objects.filter(connection=linked)[0]
        Mapping.objects.create(
            organization_id=organization.pk,
            connection=linked,
            kind="company",
            remote_id=company.remote_id,
            how="person",
            at=timezone.now(),
        )
        PendingChange.objects.create(
            organization_id=organization.pk,
            connection=linked,
            stream="tickets",
            record_id=moved.pk,
            new={"summary": "x"},
        )
    there = {table: rows(linked, table) for table in ("tickets_ticket", "clients_company", "tickets_note")}
    runs = rows(linked, "sync_run")
    assert all(there.values())
    change = now(purged(linked))
    assert change.step == STEP.PURGED
    assert change.counts["tickets"] == there["tickets_ticket"]
    assert change.purged["companies"] >= there["clients_company"]
    for table in ("tickets_ticket", "clients_company", "tickets_note", "tickets_member", "sync_cursor", "sync_issue"):
        assert rows(linked, table) == 0, table
    assert rows(linked, "ledger_journalentry") == rows(linked, "mappings_mapping") == 0
    assert rows(linked, "ledger_pendingchange") == 0
    assert rows(linked, "sync_run") == runs
    found = fresh(linked)
    assert (found.credentials, found.fingerprint, found.catalog, found.last_test) == ("", "", None, None)
    with tenant_transaction():
        assert list(Ticket.objects.values_list("remote_id", flat=True)) == ["of the other connection"]
        entry = AuditEvent.objects.get(action="connection.purged")
    assert entry.changes["tickets"] == [there["tickets_ticket"], 0]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("dies_at", [1, 2, 3, 7])
def test_a_purge_that_is_killed_between_or_inside_its_steps_goes_on_and_nobody_sees_half_of_it(
    linked: Connection, synced: Synced, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    synced()
    monkeypatch.setattr(purge, "ROWS", 100)
    change, before = purging(linked), visible(linked)
    seen: set[int] = set()
    step, passages = purge.delete_some, 0

    class Killed(Exception):
        pass

    def dying(open_change: InstanceChange) -> int:
        nonlocal passages
        passages += 1
        deleted = step(open_change)
        if passages == dies_at:
            raise Killed
        return deleted

    monkeypatch.setattr(purge, "delete_some", dying)
    for _ in range(200):
        seen.add(visible(linked))
        try:
            if not purge.purge_step(change.pk):
                break
        except Killed:
            continue
    assert passages > dies_at
    assert seen == {before, 0}
    assert (now(change).step, rows(linked, "tickets_ticket")) == (STEP.PURGED, 0)
    assert now(change).purged["tickets"] == before


def visible(linked: Connection) -> int:
    with tenant_transaction(linked.organization_id):
        return Ticket.objects.filter(connection=linked).count()


@pytest.mark.usefixtures("here")
def test_a_purge_whose_bell_was_lost_is_rung_for_again(linked: Connection, synced: Synced) -> None:
    synced()
    change = purging(linked)
    assert sweeper.purges_due() == []
    with tenant_transaction():
        InstanceChange.objects.filter(pk=change.pk).update(rung_at="2026-01-01T00:00:00Z")
    assert sweeper.purges_due() == [(linked.organization_id, change.pk)]


def connected(linked: Connection, change: InstanceChange, psa: Sandbox) -> None:
    """The configure pages' outcome: the new instance's credentials, all steps done."""
    with tenant_transaction(linked.organization_id):
        instance.change_connect(change=change, provider="connectwise", actor=None)
        connection_credentials_set(connection=fresh(linked), credentials=psa.credentials)
        connection_setup_move(connection=linked, step="")


@pytest.mark.usefixtures("here")
def test_members_and_companies_come_first_and_the_first_sync_brings_the_rest(
    linked: Connection, sync: Sync, synced: Synced, other_psa: Sandbox
) -> None:
    synced()
    old = fresh(linked)
    change = purged(linked)
    with tenant_transaction(), pytest.raises(RunRefused, match="is being changed"):
        run_request(connection=fresh(linked), kind="full", trigger="person")
    connected(linked, change, other_psa)
    with tenant_transaction():
        asked = instance.change_read(change=change, actor=None)
        with pytest.raises(instance.ChangeRefused, match="were not read yet"):
            instance.change_finish(change=change, actor=None)
    assert rested(asked.run).result == "success"
    with tenant_transaction():
        assert Member.objects.filter(connection=linked).count() > 0
        assert Company.objects.filter(connection=linked).count() > 0
        assert visible(linked) == 0
        assert not Cursor.objects.filter(connection=linked, stream="tickets").exists()
        first = instance.change_finish(change=change, actor=None)
    done = rested(first.run)
    found = fresh(linked)
    assert (done.result, done.lands_live) == ("success", True)
    assert visible(linked) == len(other_psa.control("truth", method="GET", collection="tickets")["ids"])
    assert found.fingerprint
    assert found.fingerprint != old.fingerprint
    with tenant_transaction():
        assert schedule_of(linked).paused_at is None
        assert change_of(linked) is None
    assert sync("quick").result == "no_change"


@pytest.mark.usefixtures("here")
def test_another_system_keeps_the_settings_that_still_make_sense(linked: Connection, synced: Synced) -> None:
    synced()
    with tenant_transaction():
        linked.settings |= {
            "boards": ["1"],
            "excluded_statuses": ["7"],
            "company_types": ["3"],
            "undo_hours": 24,
            "streams": ["tickets"],
        }
        linked.save()
    change = purged(linked)
    with tenant_transaction():
        instance.change_connect(change=change, provider="halo", actor=None)
    found = fresh(linked)
    assert (found.provider, found.setup_step, found.state) == ("halo", "credentials", "draft")
    assert found.settings["undo_hours"] == 24
    assert {"boards", "excluded_statuses", "company_types", "streams"}.isdisjoint(found.settings)


@pytest.mark.usefixtures("here")
def test_steps_out_of_order_are_refused_with_a_sentence(linked: Connection, synced: Synced) -> None:
    synced()
    change = begun(linked)
    steps: list[tuple[Any, dict[str, Any], str]] = [
        (instance.change_connect, {"provider": "halo"}, "is not purged yet"),
        (instance.change_read, {}, "is not configured yet"),
        (instance.change_finish, {}, "were not read yet"),
    ]
    for act, more, words in steps:
        with tenant_transaction(), pytest.raises(instance.ChangeRefused, match=words):
            act(change=change, actor=None, **more)
    with tenant_transaction():
        instance.change_purge(change=change, actor=None)
    with tenant_transaction(), pytest.raises(instance.ChangeRefused, match="the purge has begun"):
        instance.change_cancel(change=change, actor=None)
    with tenant_transaction():
        assert JournalEntry.objects.filter(connection_id=linked.pk).exists()
