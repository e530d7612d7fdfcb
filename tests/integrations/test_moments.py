"""Times and days as PSAs write them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from integrations.moments import EARLIEST, LATEST, NO_DATES, NoDate, day, means_none, read, utc

EAST, WEST = dt.timezone(dt.timedelta(hours=14)), dt.timezone(dt.timedelta(hours=-12))
NOON = dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T12:30:00Z", NOON),
        ("2026-03-01T12:30Z", NOON),
        ("2026-03-01 12:30:00 Z", NOON),
        (" 2026-03- 01T12:30:00.000Z ", NOON),
        ("2026-3-1T12:30:00,0000000z", NOON),
        ("2026-03-01T14:30:00+0200", NOON),
        ("2026-03-01T07:30:00 -05:00", NOON),
        ("/Date(1772368200000)/", NOON),
        ("/Date(1772368200000+0200)/", NOON),
        ("2026-03-01T12:30:00", NOON.replace(tzinfo=None)),
        ("2026-03-01", NOON.replace(hour=0, minute=0, tzinfo=None)),
        ("2026-03-01T23:59:60Z", NOON.replace(hour=23, minute=59, second=59)),
        ("2026-03-01T12:30:00.1234567Z", NOON.replace(microsecond=123456)),
    ],
)
def test_a_moment_is_read_however_it_is_written(text: str, expected: dt.datetime) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "03/01/2026",
        "2026-02-30",
        "2026-13-01",
        "2026-03-01T25:00:00Z",
        "10000-01-01",
        "2026-03-01T12:30:00+99:00",
        "2026-03-01T12:30:00Z" + " " * 50 + "!",
        "/Date(999999999999999)/",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises((ValueError, OverflowError)) as caught:
        read(text)
    assert not isinstance(caught.value, NoDate)


@pytest.mark.parametrize(
    "text",
    [
        "0000-00-00",
        "0000-00-00T00:00:00",
        "0001-01-01T00:00:00",
        "1753-01-01",
        "1899-12-30T00:00:00Z",
        "1900-01-01",
        "1900-01-01T05:00:00Z",
        "9999-12-31T23:59:59.9999999",
        "9999-12-31T23:59:59.9999999Z",
    ],
)
def test_the_ways_of_writing_no_date_are_none(text: str) -> None:
    with pytest.raises(NoDate):
        read(text)


@pytest.mark.parametrize("placeholder", NO_DATES, ids=str)
@pytest.mark.parametrize("zone", [dt.UTC, None, EAST, WEST], ids=str)
def test_a_placeholder_is_none_in_any_zone(placeholder: dt.date, zone: dt.tzinfo | None) -> None:
    written = dt.datetime.combine(placeholder, dt.time.min, zone)
    assert utc(written) is None
    assert day(written) is None
    assert utc(dt.datetime.combine(placeholder, dt.time.max, zone)) is None


def test_a_moment_becomes_utc_and_a_day_stays_the_day_that_is_written_there() -> None:
    evening = dt.datetime(2026, 3, 1, 23, 30, tzinfo=WEST)
    assert utc(evening) == dt.datetime(2026, 3, 2, 11, 30, tzinfo=dt.UTC)
    assert day(evening) == dt.date(2026, 3, 1)
    assert utc(NOON) is NOON
    assert utc(NOON.replace(tzinfo=None)) == NOON
    assert (utc(None), day(None)) == (None, None)


def test_inside_of_the_bounds_every_zone_works() -> None:
    for edge in (EARLIEST, LATEST):
        moment = dt.datetime.combine(edge, dt.time.min, dt.UTC)
        assert not means_none(edge)
        for name in ("Pacific/Kiritimati", "Etc/GMT+12"):
            assert moment.astimezone(ZoneInfo(name)).year in range(1901, 10000)
