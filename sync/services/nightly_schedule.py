"""When a connection's night is. Pure: local times, time zones and the two nights a year that are odd."""

from __future__ import annotations

import datetime as dt
import hashlib
from zoneinfo import ZoneInfo


def spread(connection_id: int, window_minutes: int) -> dt.timedelta:
    """The connection's own place in the window: the same every night, different for neighbours."""
    if window_minutes <= 0:
        return dt.timedelta()
    digest = hashlib.blake2b(str(connection_id).encode(), digest_size=8).digest()
    return dt.timedelta(seconds=int.from_bytes(digest) % (window_minutes * 60))


def due_at(local_date: dt.date, nightly_at: dt.time, zone: ZoneInfo, offset: dt.timedelta) -> dt.datetime:
    """The moment of one local night, in UTC. A time that the clocks skip is taken as they would have shown it; of a doubled one, the first."""
    return dt.datetime.combine(local_date, nightly_at, zone).astimezone(dt.UTC) + offset


def next_night(
    nightly_at: dt.time, zone: ZoneInfo, offset: dt.timedelta, *, after: dt.datetime, not_before: dt.date | None = None
) -> tuple[dt.date, dt.datetime]:
    """(local date, moment) of the first night due later than ``after``, on or after the local date ``not_before``."""
    date = after.astimezone(zone).date() - dt.timedelta(days=1)
    if not_before is not None and not_before > date:
        date = not_before
    while (moment := due_at(date, nightly_at, zone, offset)) <= after:
        date += dt.timedelta(days=1)
    return date, moment


EVERY = {"week": dt.timedelta(days=7), "month": dt.timedelta(days=30), "quarter": dt.timedelta(days=91)}


def nightly_kind(kind: str, full_every: str, last_full_at: dt.datetime | None, *, now: dt.datetime) -> str:
    """full, or quick where a full one is not due yet. Half a day of grace, so that a weekly one stays on its weekday."""
    if kind == "full" or last_full_at is None:
        return "full"
    age = now - last_full_at
    return "full" if age >= EVERY[full_every] - dt.timedelta(hours=12) else "quick"
