"""Every few seconds: start what is due and missing, tell workers of what nobody works on. Finds as the system role, works as the tenant."""

from __future__ import annotations

import datetime as dt

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Case, F, Q, When
from django.db.models.functions import Now

from foundation.core import database_clock
from foundation.core.database_errors import refuses_data
from foundation.tenancy.scope import system_transaction, tenant_transaction
from foundation.tenancy.services.password_resets import password_resets_waiting
from integrations.models import Connection
from sync.dispatch import (
    dispatch_audit,
    dispatch_mails,
    dispatch_password_resets,
    dispatch_purge,
    dispatch_refused_retry,
    dispatch_retries,
    dispatch_run,
)
from sync.isolation import isolated, turns_of
from sync.models import InstanceChange, Issue, Nightly, Run, Schedule
from sync.services.audits import audits_due
from sync.services.fair_queue import next_in_turn
from sync.services.mails import mails_due
from sync.services.previews import preview_expire, previews_over
from sync.services.recovery import night_missed, retries_of_refused_due
from sync.services.runs import RunRefused, is_first, presses_missed, run_end_missed, run_request, serialise
from sync.services.schedules import kind_of_night, schedule_next

log = structlog.get_logger("sync")
LATE = dt.timedelta(hours=1)


def sweep() -> int:
    """One round, each organization's part of it for itself. Returns how many parts failed: those are in the log."""
    failed = turns_of("starting what is due", schedules_due, start_or_put_off)
    failed += turns_of("runs that nobody works on", runs_due, dispatch_queued)
    failed += turns_of("previews whose hour is over", previews_over, preview_expire)
    failed += turns_of("records to be fetched again", lambda: zip(retries_due(), strict=True), dispatch_retries)
    failed += turns_of("refused credentials", retries_of_refused_due, dispatch_refused_retry)
    failed += turns_of("mails", lambda: zip(mails_due(), strict=True), dispatch_mails)
    failed += turns_of("runs that were cancelled", presses_missed, run_end_missed)
    failed += dispatch_turns()
    failed += turns_of("audits", audits_due, dispatch_audit)
    failed += turns_of("purges", purges_due, dispatch_purge)
    with isolated("links for new passwords"):
        if password_resets_waiting():
            dispatch_password_resets()
    return failed


def dispatch_turns() -> int:
    """Rings for the queued runs whose turn it is. Also when a slice has ended, so that no worker waits for the next round."""
    return turns_of("queued runs", next_in_turn, dispatch_queued)


def dispatch_queued(organization_id: int, run_id: int, lane: str, urgent: bool) -> None:
    dispatch_run(organization_id, run_id, lane, urgent=urgent)


def schedules_due() -> list[tuple[int, int]]:
    """(organization, schedule) of all that should have started something by now."""
    with system_transaction():
        now = database_clock.now()
        due = Schedule.objects.filter(Q(quick_next_at__lte=now) | Q(nightly_next_at__lte=now), paused_at=None)
        return list(due.order_by("nightly_next_at", "quick_next_at").values_list("organization_id", "pk")[:500])


PUT_OFF = dt.timedelta(minutes=5)
"""When what could not be started is tried again: at every round it would keep others from theirs."""


def start_or_put_off(organization_id: int, schedule_id: int) -> None:
    """Starts what is due; where that fails it is due a little later, and the failure goes on to the boundary."""
    try:
        start_due(organization_id, schedule_id)
    except Exception as err:
        if refuses_data(err) or not isinstance(err, DatabaseError):
            put_off(organization_id, schedule_id)
        raise


def put_off(organization_id: int, schedule_id: int) -> None:
    """What is due now becomes due after ``PUT_OFF``; a night stays the night that it is."""
    later = {
        name: Case(When(**{f"{name}__lte": Now()}, then=Now() + PUT_OFF), default=F(name))
        for name in ("quick_next_at", "nightly_next_at")
    }
    with tenant_transaction(organization_id):
        Schedule.objects.filter(pk=schedule_id).update(**later)


def start_due(organization_id: int, schedule_id: int) -> None:
    """Starts a schedule's due runs in one transaction with the next times, so that twice is once."""
    with tenant_transaction(organization_id):
        found = Schedule.objects.filter(pk=schedule_id, paused_at=None).select_related("connection").first()
        if found is None:
            return
        # First the lock of presses, then the schedule's row, as whoever changes both: else each would wait for the other.
        serialise(found.connection)
        schedule = (
            Schedule.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(pk=schedule_id, paused_at=None)
            .first()
        )
        if schedule is None:
            return
        connection = Connection.objects.get(pk=schedule.connection_id)
        now = database_clock.now()
        if schedule.nightly_next_at is not None and schedule.nightly_next_at <= now:
            start_night(schedule, connection, now)
        elif schedule.quick_next_at is not None and schedule.quick_next_at <= now and not is_first(connection):
            start(connection, Run.Kind.QUICK, Run.Trigger.INTERVAL)
        schedule_next(schedule, now=now)
        schedule.save()


def start_night(schedule: Schedule, connection: Connection, now: dt.datetime) -> None:
    """One local night: its row decides, whoever comes second finds it there. A night that refused credentials cost is made up for."""
    due, date = schedule.nightly_next_at or now, schedule.nightly_next_date or now.date()
    kind = kind_of_night(schedule, now)
    night, made = Nightly.objects.get_or_create(
        connection=connection,
        local_date=date,
        defaults={
            "organization_id": schedule.organization_id,
            "due_at": due,
            "kind": kind,
            "caught_up": now - due > LATE,
        },
    )
    if made or night_missed(night):
        night.run = start(connection, kind, Run.Trigger.NIGHTLY)
        night.kind, night.caught_up = kind, now - night.due_at > LATE
        night.save()


def start(connection: Connection, kind: str, trigger: str) -> Run | None:
    """Asks for the run. Half-done set-ups wait for a person; refused credentials for one, or for the PSA to accept them again (``recovery``)."""
    if connection.setup_step or connection.state in {Connection.State.REFUSED, Connection.State.DRAFT}:
        log.info("Not started: the connection can't sync now", connection=connection.pk, state=connection.state)
        return None
    try:
        return run_request(connection=connection, kind=kind, trigger=trigger).run
    except RunRefused as err:
        log.warning(str(err), connection=connection.pk)
        return None


def runs_due() -> list[tuple[int, int, str, bool]]:
    """(organization, run, lane, urgent) of begun runs that nobody works on, marked as told of."""
    patience = Now() - dt.timedelta(seconds=settings.SYNC_LEASE_SECONDS)
    dead = Q(state__in=[Run.State.RUNNING, Run.State.VERIFYING, Run.State.APPLYING]) & (
        Q(lease_until=None) | Q(lease_until__lt=Now())
    )
    rested = Q(state=Run.State.WAITING) & (Q(wait_until=None) | Q(wait_until__lte=Now()))
    with system_transaction():
        due = Run.objects.filter(dead | rested).filter(Q(rung_at=None) | Q(rung_at__lt=patience) | rested)
        rows = list(due.order_by("-urgent", "id").values_list("organization_id", "pk", "lane", "urgent")[:1000])
        Run.objects.filter(pk__in=[row[1] for row in rows]).update(rung_at=Now())
    return rows


def retries_due() -> list[int]:
    """Organizations in which somebody asked for records again, and nobody came: the message was lost, or the worker."""
    patience = Now() - 4 * dt.timedelta(seconds=settings.SYNC_LEASE_SECONDS)
    with system_transaction():
        return list(Issue.objects.filter(retry_at__lt=patience).values_list("organization_id", flat=True).distinct())


def purges_due() -> list[tuple[int, int]]:
    """(organization, change) of purges that nobody works on: the message was lost, or the worker."""
    patience = Now() - 4 * dt.timedelta(seconds=settings.SYNC_LEASE_SECONDS)
    with system_transaction():
        due = InstanceChange.objects.filter(step=InstanceChange.Step.PURGING, rung_at__lt=patience)
        return list(due.values_list("organization_id", "pk"))
