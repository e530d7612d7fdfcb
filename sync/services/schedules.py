"""A connection's times: quick every so many minutes, a nightly in the organization's time zone."""

from __future__ import annotations

import datetime as dt
from typing import Any

from foundation.core import database_clock
from foundation.core.errors import Refused
from foundation.tenancy.models import Organization, User
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.audit import audit_record
from foundation.tenancy.services.organizations import organization_zone_set
from foundation.tenancy.zones import zone_named, zone_problem
from integrations.models import Connection
from sync.models import Cursor, Nightly, Schedule
from sync.services.nightly_schedule import next_night, nightly_kind, spread

FIELDS = ("quick_minutes", "nightly_on", "nightly_at", "window_minutes", "nightly_kind", "full_every")


class ScheduleInvalid(Refused):
    """A value that can't be; the message is for people."""


def schedule_of(connection: Connection) -> Schedule:
    """The connection's schedule; the default one is made at the first look."""
    schedule, made = Schedule.objects.get_or_create(
        connection=connection, defaults={"organization_id": connection.organization_id}
    )
    if made:
        schedule_next(schedule)
        schedule.save()
    return schedule


def schedule_held(connection: Connection) -> Schedule:
    """The connection's schedule, which nobody else changes until the transaction ends."""
    return _locked(schedule_of(connection))


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
    schedule_next(schedule)
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


def problem_of(schedule: Schedule, name: str) -> str:
    """Why a stored value can't be, in a sentence; "" where it can."""
    try:
        check({name: getattr(schedule, name)})
    except ScheduleInvalid as err:
        return str(err)
    return ""


def sound(schedule: Schedule, name: str) -> Any:
    """A stored value, or what a new schedule has where it can't be: altered by hand it must not stop the clock."""
    return getattr(Schedule() if problem_of(schedule, name) else schedule, name)


def schedule_problems(schedule: Schedule, time_zone: str) -> list[str]:
    """What of the schedule does not count as it is stored, and what counts instead, in sentences."""
    found = [zone_problem(time_zone)] if zone_problem(time_zone) else []
    for name in ("quick_minutes", "window_minutes", "nightly_kind", "full_every"):
        if problem := problem_of(schedule, name):
            found.append(
                f"{problem} What is stored is “{getattr(schedule, name)}”; until you save, {sound(schedule, name)} counts."
            )
    return found


def time_zone_set(*, organization_id: int, time_zone: str) -> None:
    """Gives the organization another zone; its nights and mornings are reckoned anew. Raises Refused."""
    with tenant_transaction(organization_id):
        organization_zone_set(organization_id=organization_id, time_zone=time_zone)
        for schedule in Schedule.objects.select_for_update(no_key=True).order_by("pk"):
            schedule_next(schedule)
            schedule.save()


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
    schedule_next(schedule)
    schedule.save()
    audit_record(action="schedule.resumed", target=schedule, actor=actor)
    return schedule


def schedule_next(schedule: Schedule, *, now: dt.datetime | None = None) -> None:
    """Sets the next times. A night that already ran is not due again, whatever is changed."""
    moment = now or database_clock.now()
    minutes, window = sound(schedule, "quick_minutes"), sound(schedule, "window_minutes")
    schedule.quick_next_at = moment + dt.timedelta(minutes=minutes) if minutes else None
    if not schedule.nightly_on:
        schedule.nightly_next_at = schedule.nightly_next_date = None
        return
    last = Nightly.objects.filter(connection_id=schedule.connection_id).order_by("-local_date").first()
    zone = zone_named(Organization.objects.get(pk=schedule.organization_id).time_zone)
    offset = spread(schedule.connection_id, window)
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
    current: Schedule = Schedule.objects.select_for_update(no_key=True).get(pk=schedule.pk)
    return current


def kind_of_night(schedule: Schedule, now: dt.datetime) -> str:
    """What this night's run is."""
    cursor = Cursor.objects.filter(connection_id=schedule.connection_id, stream="tickets").first()
    last_full_at = cursor.full_at if cursor else None
    kind, every = sound(schedule, "nightly_kind"), sound(schedule, "full_every")
    return nightly_kind(kind, every, last_full_at, now=now)
