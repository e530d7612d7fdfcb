"""What clients send, made into values: whatever a browser, a program or an attacker writes into an address, a form or a header.

Nothing raises. What can't be understood is None, which narrows nothing and finds nothing; text loses what PostgreSQL can't store and
what nobody can type. Every value that comes from a client and goes into a query passes one of these.
"""

from __future__ import annotations

import datetime as dt
import re

LARGEST = 2**63 - 1
"""The largest id that a row can have."""
LONGEST = 200
"""Characters of a search."""
LONGEST_MOMENT = 40
FIRST_DAY, LAST_DAY = dt.date(1900, 1, 1), dt.date(2900, 12, 31)
"""Days that can be compared with a moment in every time zone."""
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def number_of(text: str, *, most: int = LARGEST) -> int | None:
    """A row's id or a page's number; None for anything but ASCII digits, and beyond ``most``."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    value = int(text)
    return value if value <= most else None


def storable(text: str) -> str:
    """The text with a mark where it had what PostgreSQL can't store: NUL, and halves of surrogate pairs. A mark, for without it the rest
    could mean something else."""
    return UNSTORABLE.sub("\ufffd", text)


def text_of(text: str, longest: int = LONGEST) -> str:
    """A search or a choice: storable, without blanks around, and no longer than anybody types."""
    return UNSTORABLE.sub("", text).strip()[:longest]


def header_of(text: str, longest: int) -> str:
    """A header on one line, without control characters."""
    return UNPRINTABLE.sub("", text)[:longest]


def day_of(text: str) -> dt.date | None:
    """A day as browsers write it; None for anything else."""
    try:
        return dt.date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        return None


def moment_of(text: str) -> dt.datetime | None:
    """A moment in UTC, written with its zone as ISO 8601; None for anything else."""
    try:
        moment = dt.datetime.fromisoformat(text) if text.isascii() and len(text) <= LONGEST_MOMENT else None
        return moment.astimezone(dt.UTC) if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def midnight(day: dt.date | None, zone: dt.tzinfo, *, days: int = 0) -> dt.datetime | None:
    """When the day begins in ``zone``, or the one ``days`` later; None for none, and for the ends of the calendar, which no zone's clock
    can show."""
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        return None
    return dt.datetime.combine(day + dt.timedelta(days=days), dt.time.min, tzinfo=zone)
