"""Changing the PSA instance of a connection: leave the old one, purge what came from it, connect the new one, map again, sync.

The connection itself stays, with its address, name, members' access, run history and the settings that still make sense.
"""

from __future__ import annotations

from typing import Any

from django.db import connection as database
from django.db.models.functions import Now

from foundation.core import database_clock
from foundation.core.errors import Refused
from foundation.tenancy.models import User
from foundation.tenancy.services.audit import audit_record
from integrations import registry
from integrations.models import Connection
from integrations.settings_schema import RECORD_FIELDS, range_start, settings_of
from sync.dispatch import dispatch_purge_after_commit
from sync.models import InstanceChange, Run, Schedule
from sync.selectors.instance import change_of
from sync.selectors.resync_impact import live_counts
from sync.services.runs import RunRequested, run_cancel, run_request, serialise
from sync.services.schedules import schedule_of, schedule_pause, schedule_resume

Step = InstanceChange.Step
OF_THE_INSTANCE = (
    "boards",
    "excluded_statuses",
    "company_types",
    "company_statuses",
    "custom_fields",
    "company_fields",
    *RECORD_FIELDS.values(),
    "streams",
)
"""Settings that name things of the old instance: the new one has others."""
LEAVING = "The PSA instance is being changed."


class ChangeRefused(Refused):
    """The step can't be taken now; the message says what to do first."""


def change_begin(*, connection: Connection, actor: User | None, reason: str) -> InstanceChange:
    """Disconnects: no sync starts any more, those at work are cancelled, the schedule rests. In the caller's tenant transaction."""
    if not reason.strip():
        raise ChangeRefused("Give a reason: it stands in the audit log.")
    serialise(connection)
    if change_of(connection) is not None:
        raise ChangeRefused("The instance of this connection is being changed already. Go on there.")
    for run in Run.objects.filter(connection=connection, state__in=Run.OPEN):
        run_cancel(run=run, actor=actor, reason=LEAVING)
    schedule = schedule_of(connection)
    was_paused = schedule.paused_at is not None
    if not was_paused:
        schedule_pause(schedule=schedule, actor=actor)
    old = {name: getattr(connection, name) for name in ("provider", "name", "address", "fingerprint")}
    change: InstanceChange = InstanceChange.objects.create(
        organization_id=connection.organization_id,
        connection=connection,
        reason=reason.strip(),
        old=old,
        was_paused=was_paused,
        started_at=database_clock.now(),
        started_by=actor,
    )
    said: dict[str, list[Any]] = {"reason": [None, change.reason], "address": [connection.address, ""]}
    audit_record(action="connection.change_begun", target=connection, actor=actor, changes=said)
    return change


def change_cancel(*, change: InstanceChange, actor: User | None) -> None:
    """Goes back to the old instance, as long as nothing is purged."""
    current = _current(change)
    if current.step != Step.DISCONNECTED:
        raise ChangeRefused("It can't be called off any more: the purge has begun.")
    _resume(current, actor)
    _move(current, Step.CANCELLED, finished_at=Now())
    audit_record(action="connection.change_cancelled", target=current.connection, actor=actor)


def change_purge(*, change: InstanceChange, actor: User | None) -> None:
    """Begins the purge, which goes on in the background. Raises ChangeRefused while a run is open."""
    current = _current(change)
    if current.step != Step.DISCONNECTED:
        raise ChangeRefused("The purge has begun already.")
    open_run = Run.objects.filter(connection_id=current.connection_id, state__in=Run.OPEN).order_by("pk").first()
    if open_run is not None:
        raise ChangeRefused(f"Run {open_run.pk} is still ending. Wait until it has ended, then purge.")
    counts = dict(live_counts(current.connection))
    _move(current, Step.PURGING, counts=counts, rung_at=Now())
    said = {name: [rows, 0] for name, rows in counts.items()}
    audit_record(action="connection.purge_begun", target=current.connection, actor=actor, changes=said)
    dispatch_purge_after_commit(current)


def change_connect(*, change: InstanceChange, provider: str, actor: User | None) -> None:
    """The connection leads to a system of this kind from now on; its configure pages ask for the rest. Raises UnknownProvider."""
    system = registry.provider(provider)
    current = _current(change)
    require_purged(current)
    connection = Connection.objects.select_for_update(no_key=True).get(pk=current.connection_id)
    wanted: dict[str, Any] = {name: value for name, value in connection.settings.items() if name not in OF_THE_INSTANCE}
    connection.settings, connection.provider = wanted, system.key
    now = database_clock.now()
    connection.range_start = range_start(settings_of(connection), now)
    connection.state, connection.state_reason, connection.state_since = Connection.State.DRAFT, "", now
    connection.setup_step = "credentials"
    connection.save(
        update_fields=["settings", "provider", "range_start", "state", "state_reason", "state_since", "setup_step"]
    )
    _move(current, Step.CONNECTING)
    said = {"provider": [current.old.get("provider", ""), system.key]}
    audit_record(action="connection.change_connecting", target=connection, actor=actor, changes=said)


def require_purged(change: InstanceChange) -> None:
    """Raises ChangeRefused unless a new instance can be connected now."""
    if change.step == Step.READING:
        raise ChangeRefused("The new instance is connected already.")
    if change.step not in {Step.PURGED, Step.CONNECTING}:
        raise ChangeRefused("What came from the old instance is not purged yet.")


def change_read(*, change: InstanceChange, actor: User | None) -> RunRequested:
    """Reads members, companies and what every sync reads, so that they can be mapped before the first sync. Raises RunRefused."""
    current = _current(change)
    if current.step not in {Step.CONNECTING, Step.READING} or current.connection.setup_step:
        raise ChangeRefused("The new instance is not configured yet.")
    _move(current, Step.READING)
    specs = registry.provider(current.connection.provider).streams
    only = [spec.name for spec in specs if spec.reference or spec.name in {"companies", "members"}]
    asked = run_request(
        connection=current.connection,
        kind=Run.Kind.FULL,
        trigger=Run.Trigger.PERSON,
        actor=actor,
        urgent=True,
        only=only,
    )
    _move(current, Step.READING, reading=asked.run.pk)
    return asked


def change_finish(*, change: InstanceChange, actor: User | None) -> RunRequested:
    """Starts the first sync and ends the change. Raises ChangeRefused before members and companies were read, and RunRefused."""
    current = _current(change)
    read = Run.objects.filter(pk=current.reading).first() if current.reading else None
    if current.step != Step.READING or read is None or read.state != Run.State.DONE:
        raise ChangeRefused("Members and companies of the new instance were not read yet.")
    _resume(current, actor)
    _move(current, Step.DONE, finished_at=Now())
    audit_record(action="connection.change_done", target=current.connection, actor=actor)
    return run_request(
        connection=current.connection, kind=Run.Kind.FULL, trigger=Run.Trigger.PERSON, actor=actor, urgent=True
    )


def _resume(change: InstanceChange, actor: User | None) -> None:
    schedule: Schedule = schedule_of(change.connection)
    if not change.was_paused and schedule.paused_at is not None:
        schedule_resume(schedule=schedule, actor=actor)


def _current(change: InstanceChange) -> InstanceChange:
    """The change as it is under the lock of presses: no two people take a step at once, and nobody removes the connection meanwhile."""
    serialise(change.connection)
    rows = InstanceChange.objects.select_related("connection")
    current: InstanceChange | None = rows.filter(pk=change.pk, finished_at=None).first()
    if database.in_atomic_block and current is not None:
        return current
    raise ChangeRefused("This change has come to its end already.")


def _move(change: InstanceChange, step: str, **values: Any) -> None:
    InstanceChange.objects.filter(pk=change.pk).update(step=step, **values)
    change.step = step
