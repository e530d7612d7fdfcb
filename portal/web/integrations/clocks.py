"""What the next change of the clocks does to a nightly sync. Pure."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from foundation.tenancy.zones import zone_named

LOOK_AHEAD = dt.timedelta(days=366)


def clock_change(zone_name: str, nightly_at: dt.time, now: dt.datetime) -> str:
    """A sentence about the next change within a year; says so where the zone's clocks never change."""
    zone = zone_named(zone_name)
    found = next_change(zone, now)
    if found is None:
        return f"The clocks of {zone.key} do not change in the coming year."
    moment, moved = found
    day = f"{moment.astimezone(zone):%A} {moment.astimezone(zone).day} {moment.astimezone(zone):%B %Y}"
    minutes = round(abs(moved).total_seconds() / 60)
    how = f"{'forward' if moved > dt.timedelta() else 'back'} by {minutes} minutes"
    local = (moment - dt.timedelta(seconds=1)).astimezone(zone)
    edge = (dt.datetime.combine(local.date(), local.time()) + dt.timedelta(seconds=1)).time()
    skipped = moved > dt.timedelta() and _within(nightly_at, edge, minutes)
    doubled = moved < dt.timedelta() and _within(
        nightly_at, (dt.datetime.combine(local.date(), edge) + moved).time(), minutes
    )
    if skipped:
        return f"On {day} the clocks go {how} and skip {nightly_at:%H:%M}: the sync then runs once, {minutes} minutes later by the clock."
    if doubled:
        return f"On {day} the clocks go {how} and {nightly_at:%H:%M} comes twice: the sync runs once, at the first."
    return f"On {day} the clocks go {how}. The sync stays at {nightly_at:%H:%M} local time and runs once that night."


def next_change(zone: ZoneInfo, now: dt.datetime) -> tuple[dt.datetime, dt.timedelta] | None:
    """(moment in UTC, by how much the local clock jumps) of the next change within a year."""
    start = now.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
    day = dt.timedelta(days=1)
    at, end = start, start + LOOK_AHEAD
    while at < end:
        if _offset(zone, at) != _offset(zone, at + day):
            return _narrowed(zone, at, at + day)
        at += day
    return None


def _narrowed(zone: ZoneInfo, low: dt.datetime, high: dt.datetime) -> tuple[dt.datetime, dt.timedelta]:
    before = _offset(zone, low)
    while high - low > dt.timedelta(minutes=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    moment = high.replace(second=0, microsecond=0)
    return moment, _offset(zone, high) - before


def _offset(zone: ZoneInfo, moment: dt.datetime) -> dt.timedelta:
    return moment.astimezone(zone).utcoffset() or dt.timedelta()


def _within(clock: dt.time, start: dt.time, minutes: int) -> bool:
    begin = start.hour * 60 + start.minute
    return begin <= clock.hour * 60 + clock.minute < begin + minutes
