"""Times, spans, numbers and names in words, the same on every page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from math import isfinite
from typing import Any

from django.utils import timezone

from foundation.tenancy.zones import zone_named

MINUTE, HOUR, DAY = 60, 3600, 86_400
UNKNOWN = "–"
LONGEST_NUMBER = 30
"""Digits that a page writes out, before or behind the point; what is longer is written as a power of ten."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as pages show it: ``words`` or ``span`` in the text, ``exact`` on hover, ``iso`` for machines."""

    iso: str
    words: str
    exact: str
    span: str


def zone_of(holder: Any) -> tzinfo:
    """The zone of an organization, of a zone name or of a zone; the current one for None."""
    zone = getattr(holder, "time_zone", holder)
    if isinstance(zone, tzinfo):
        return zone
    return zone_named(str(zone)) if zone else timezone.get_current_timezone()


def moment(at: datetime | date, zone: tzinfo) -> Moment:
    """``at`` in words, and exactly in ``zone``."""
    return Moment(at.isoformat(), relative(at, zone), exact(at, zone), lasting(at, zone))


def at_clock(at: datetime, zone: tzinfo) -> datetime:
    """``at`` in ``zone``; as it is stored, in UTC, where the zone's own clock would leave the calendar. PSAs write the years 1 and 9999 for no
    date, and west of Greenwich nothing comes before the first of them."""
    try:
        return at.astimezone(zone)
    except (OverflowError, ValueError):
        return at


def exact(at: datetime | date, zone: tzinfo) -> str:
    """The moment to the second with its zone, as in 12 Mar 2026, 14:05:09 CET; a date without a time stays a date."""
    if not isinstance(at, datetime):
        return f"{at.day} {at:%b %Y}"
    local = at_clock(at, zone)
    return f"{local.day} {local:%b %Y, %H:%M:%S} {_zone_word(local)}"


def relative(at: datetime | date, zone: tzinfo | None = None) -> str:
    """The distance from now in words; past a week the date itself, with the year when it is not this one."""
    if not isinstance(at, datetime):
        return _short_date(at, timezone.localdate())
    now = timezone.now()
    seconds = (now - at).total_seconds()
    if abs(seconds) >= 7 * DAY:
        here = zone or timezone.get_current_timezone()
        return _short_date(at_clock(at, here).date(), now.astimezone(here).date())
    distance = _distance(abs(seconds))
    if not distance:
        return "just now" if seconds >= 0 else "in a moment"
    return f"{distance} ago" if seconds > 0 else f"in {distance}"


def lasting(at: datetime | date, zone: tzinfo | None = None) -> str:
    """How long something has been so: "for 3 min"; past a week "since 20 Sep"."""
    words = relative(at, zone)
    if words.endswith(" ago"):
        return f"for {words.removesuffix(' ago')}"
    return words if words in {"just now", "in a moment"} else f"since {words}"


def counted(number: Any) -> str:
    """48210 → "48,210"; a dash for None and ""."""
    if number is None or number == "":
        return UNKNOWN
    return digits(number) if isinstance(number, int | float | Decimal) else str(number)


def digits(number: int | float | Decimal, places: int | None = None) -> str:
    """With thousands separators, and ``places`` behind the point where they are given; a dash for what is no number. What would fill the
    page is a power of ten: PostgreSQL and JSON hold numbers of a hundred thousand digits."""
    exact_number = Decimal(number) if isinstance(number, int) else Decimal(str(number))
    if not exact_number.is_finite():
        return UNKNOWN
    if number and not -LONGEST_NUMBER <= exact_number.adjusted() < LONGEST_NUMBER:
        return f"{exact_number:.2E}"
    return f"{number:,}" if places is None else f"{exact_number:,.{places}f}"


def spell_duration(span: Any) -> str:
    """Two units at most; a dash for None and ""."""
    if span is None or span == "":
        return UNKNOWN
    seconds = span.total_seconds() if isinstance(span, timedelta) else float(span)
    if not isfinite(seconds):
        return UNKNOWN
    if 0 < seconds < 1:
        return f"{round(seconds * 1000)} ms"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return _two(whole, MINUTE, "min", 1, "s")
    if whole < DAY:
        return _two(whole, HOUR, "h", MINUTE, "min")
    return _two(whole, DAY, "d", HOUR, "h")


def initials_of(name: str) -> str:
    """First letters of the first and the last word, in capitals."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def _two(seconds: int, large: int, large_word: str, small: int, small_word: str) -> str:
    first, rest = divmod(seconds, large)
    second = rest // small
    return f"{first} {large_word} {second} {small_word}" if second else f"{first} {large_word}"


def _distance(seconds: float) -> str:
    if seconds < 45:
        return ""
    if seconds < HOUR:
        return f"{max(1, int(seconds // MINUTE))} min"
    if seconds < DAY:
        return f"{int(seconds // HOUR)} h"
    days = int(seconds // DAY)
    return "1 day" if days == 1 else f"{days} days"


def _short_date(day: date, today: date) -> str:
    return f"{day.day} {day:%b}" if day.year == today.year else f"{day.day} {day:%b %Y}"


def _zone_word(local: datetime) -> str:
    word = local.tzname() or ""
    return f"UTC{word}" if word[:1] in {"+", "-"} else word


def amount_words(value: Decimal | None, currency: str = "") -> str:
    """An amount with two places, or as many as it needs, and its currency; "" for none."""
    if value is None or not value.is_finite():
        return ""
    return f"{digits(value, max(2, places_of(value)))} {currency}".strip()


def places_of(value: Decimal) -> int:
    """How many digits behind the point a finite number needs, of those that a page writes."""
    exponent = value.normalize().as_tuple().exponent
    return min(LONGEST_NUMBER, max(0, -exponent)) if isinstance(exponent, int) else 0
