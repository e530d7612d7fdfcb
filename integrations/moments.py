"""Times and calendar days as PSAs write them, read tolerantly, and the ways in which they write "none".

A moment becomes aware UTC. A day stays the day that is written there and never passes a zone: moved to New York, midnight UTC is the
evening before.
"""

from __future__ import annotations

import datetime as dt
import re

EARLIEST, LATEST = dt.date(1902, 1, 1), dt.date(9998, 12, 31)
"""What a PSA can mean by a date. Inside of it any time zone and any format works."""
NO_DATES = (
    dt.date(1, 1, 1),
    dt.date(1753, 1, 1),
    dt.date(1899, 12, 30),
    dt.date(1900, 1, 1),
    dt.date(1901, 1, 1),
    dt.date(9999, 12, 31),
)
"""What systems write for "no date": the first and last days of .NET's calendar, SQL Server's, OLE's and Excel's."""
_AROUND = frozenset(
    dt.date.fromordinal(number)
    for day in NO_DATES
    for number in (day.toordinal() - 1, day.toordinal(), day.toordinal() + 1)
    if 1 <= number <= dt.date.max.toordinal()
)
"""With the days beside them, for such a midnight may have been moved by a zone."""
_WRITTEN = re.compile(
    r"(?P<year>\d{4,6})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:[T ](?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:[.,](?P<fraction>\d{1,12}))?)?)?"
    r"(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?)?",
    re.IGNORECASE,
)
_MIDNIGHT = re.compile(r"^\s*\d{4}-\d{1,2}-\d{1,2}[T ]0?0:00(?::00(?:[.,]0+)?)?\s*(?:Z|[+-]00:?00)?\s*$", re.IGNORECASE)
_SIGNS = re.compile(r"\s*([-:.,+TZ])\s*", re.IGNORECASE)
_DOTNET = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LONGEST = 64
"""Characters of a date, blanks included."""


class NoDate(ValueError):
    """The text is one of the ways of writing "no date"."""


def means_none(day: dt.date) -> bool:
    """Whether the date stands for "no date" by convention."""
    return day in _AROUND


def utc(moment: dt.datetime | None) -> dt.datetime | None:
    """The moment as aware UTC, one without a zone taken for UTC already; None for what stands for "no date"."""
    if moment is None:
        return None
    if moment.tzinfo is dt.UTC and EARLIEST.year <= moment.year <= LATEST.year:
        return moment
    if means_none(moment.date()):
        return None
    try:
        return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except OverflowError:
        return None


def day(moment: dt.datetime | None) -> dt.date | None:
    """The calendar day that is written there, in whatever zone; None for what stands for "no date"."""
    if moment is None or means_none(moment.date()):
        return None
    return moment.date()


def read(text: str) -> dt.datetime:
    """A moment written as ISO 8601 or nearly so: without seconds or without a time, with blanks, a comma, more digits than a clock has,
    or as .NET's ``/Date(…)/``. It has the zone that is written there, none where none is.

    Raises NoDate for what stands for none, ValueError for what is no date. Days before months are not guessed at.
    """
    plain = text.strip()
    if len(plain) > LONGEST:
        raise ValueError("it is no date")
    if ticks := _DOTNET.fullmatch(plain):
        return _EPOCH + dt.timedelta(milliseconds=int(ticks[1]))
    found = _WRITTEN.fullmatch(_SIGNS.sub(r"\1", plain))
    if found is None:
        raise ValueError("it is no date")
    year, month, day_ = int(found["year"]), int(found["month"]), int(found["day"])
    if year == 0 or month == 0 or day_ == 0:
        raise NoDate("it stands for no date")
    if year > dt.MAXYEAR:
        raise ValueError("no calendar goes so far")
    moment = dt.datetime(year, month, day_, *_clock(found), tzinfo=_zone(found["zone"]))
    if means_none(moment.date()):
        raise NoDate("it stands for no date")
    return moment


def is_no_midnight(text: str) -> bool:
    """Whether the whole text is a midnight of one of the days that stand for "no date": nobody writes that where a text is meant."""
    if not _MIDNIGHT.search(text):
        return False
    try:
        read(text)
    except NoDate:
        return True
    except (ValueError, OverflowError):
        return False
    return False


def _clock(found: re.Match[str]) -> tuple[int, int, int, int]:
    """Hour, minute, second (a leap second is the one before) and microsecond, of which further digits are cut."""
    second = 59 if found["second"] == "60" else int(found["second"] or 0)
    fraction = int((found["fraction"] or "").ljust(6, "0")[:6])
    return int(found["hour"] or 0), int(found["minute"] or 0), second, fraction


def _zone(text: str | None) -> dt.tzinfo | None:
    if text is None:
        return None
    if text in "Zz":
        return dt.UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return dt.timezone(-offset if text[0] == "-" else offset)
