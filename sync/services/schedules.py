"""A connection's times: quick every so many minutes, a nightly in the organization's time zone."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from integrations.models import Connection
from portal.core import database_clock
from portal.core.errors import Refused
from portal.tenancy.models import Organization, User
from portal.tenancy.services.audit import audit_record
from sync.models import Cursor, Nightly, Schedule
from sync.services.nights import next_night, nightly_kind, spread

FIELDS = ("quick_minutes", "nightly_on", "nightly_at", "window_minutes", "nightly_kind", "full_every")


class ScheduleInvalid(Refused):
    """A value that can't be; the message is for people."""


def schedule_of(connection: Connection) -> Schedule:
    """The connection's schedule; the default one is made at the first look."""
    schedule, made = Schedule.objects.get_or_create(
        connection=connection, defaults={"organization_id": connection.organization_id}
    )
    if made:
        reckon(schedule)
        schedule.save()
    return schedule


def schedule_update(*, schedule: Schedule, actor: User | None, **values: object) -> Schedule:
    """Changes the times and reckons the next ones. Raises ScheduleInvalid."""
    check(values)
    schedule = _locked(schedule)
    changes = {
        name: [str(getattr(schedule, name)), str(value)]
        for name, value in values.items()
        if getattr(schedule, name) != value
    }
    for name, value in values.items():
        setattr(schedule, name, value)
    reckon(schedule)
    schedule.save()
    if changes:
        audit_record(action="schedule.changed", target=schedule, actor=actor, changes=changes)
    return schedule


def check(values: dict[str, object]) -> None:
    """Refuses unknown names and impossible values with a sentence."""
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise ScheduleInvalid(f"A schedule has no “{sorted(unknown)[0]}”; it has {', '.join(FIELDS)}.")
    minutes = values.get("quick_minutes", 15)
    if not isinstance(minutes, int) or not 0 <= minutes <= 1440:
        raise ScheduleInvalid("Quick syncs run every 1 to 1,440 minutes; 0 switches them off.")
    window = values.get("window_minutes", 120)
    if not isinstance(window, int) or not 0 <= window <= 720:
        raise ScheduleInvalid("The nightly window is 0 to 720 minutes long.")
    if values.get("nightly_kind", "full") not in Schedule.NightlyKind.values:
        raise ScheduleInvalid("A nightly is full or quick.")
    if values.get("full_every", "week") not in Schedule.FullEvery.values:
        raise ScheduleInvalid("A full nightly comes every week, month or quarter.")


def schedule_pause(*, schedule: Schedule, actor: User | None) -> Schedule:
    """Nothing starts by itself until it is resumed; people still can."""
    schedule = _locked(schedule)
    schedule.paused_at, schedule.paused_by = database_clock.now(), actor
    schedule.save()
    audit_record(action="schedule.paused", target=schedule, actor=actor)
    return schedule


def schedule_resume(*, schedule: Schedule, actor: User | None) -> Schedule:
    """Starts from now on; nights missed while paused are not caught up."""
    schedule = _locked(schedule)
    schedule.paused_at, schedule.paused_by = None, None
    reckon(schedule)
    schedule.save()
    audit_record(action="schedule.resumed", target=schedule, actor=actor)
    return schedule


def reckon(schedule: Schedule, *, now: dt.datetime | None = None) -> None:
    """Sets the next times. A night that already ran is not due again, whatever is changed."""
    moment = now or database_clock.now()
    schedule.quick_next_at = moment + dt.timedelta(minutes=schedule.quick_minutes) if schedule.quick_minutes else None
    if not schedule.nightly_on:
        schedule.nightly_next_at = schedule.nightly_next_date = None
        return
    last = Nightly.objects.filter(connection_id=schedule.connection_id).order_by("-local_date").first()
    zone = ZoneInfo(Organization.objects.get(pk=schedule.organization_id).time_zone)
    offset = spread(schedule.connection_id, schedule.window_minutes)
    schedule.nightly_next_date, schedule.nightly_next_at = next_night(
        schedule.nightly_at,
        zone,
        offset,
        after=moment,
        not_before=last.local_date + dt.timedelta(days=1) if last else None,
    )


def nightly_bring_forward(*, schedule: Schedule, actor: User | None) -> Schedule:
    """The coming night runs now instead: the ledger then has it, so it does not run twice."""
    schedule = _locked(schedule)
    if not schedule.nightly_on or schedule.paused_at is not None:
        raise ScheduleInvalid("The nightly sync is off or paused. Switch it on first.")
    schedule.nightly_next_at = database_clock.now()
    schedule.save()
    audit_record(action="schedule.brought_forward", target=schedule, actor=actor)
    return schedule


def _locked(schedule: Schedule) -> Schedule:
    """The schedule as it is now: the clock, or another person, may have changed it since the caller read it."""
    current: Schedule = Schedule.objects.select_for_update().get(pk=schedule.pk)
    return current


def kind_of_night(schedule: Schedule, now: dt.datetime) -> str:
    """What this night's run is."""
    cursor = Cursor.objects.filter(connection_id=schedule.connection_id, stream="tickets").first()
    last_full_at = cursor.full_at if cursor else None
    return nightly_kind(schedule.nightly_kind, schedule.full_every, last_full_at, now=now)
