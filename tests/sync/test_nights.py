"""When nights are due: forty zones, the two odd nights, windows, outages."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from sync.services.nightly_schedule import due_at, next_night, nightly_kind, spread

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ZONES = [
    "Africa/Cairo", "Africa/Casablanca", "Africa/Johannesburg", "Africa/Lagos", "America/Adak", "America/Anchorage", "America/Argentina/Buenos_Aires",
    "America/Asuncion", "America/Bogota", "America/Chicago", "America/Denver", "America/Halifax", "America/Havana", "America/Los_Angeles",
    "America/New_York", "America/Nuuk", "America/Phoenix", "America/Santiago", "America/Sao_Paulo", "America/St_Johns", "Asia/Beirut", "Asia/Dubai",
    "Asia/Gaza", "Asia/Jerusalem", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Singapore", "Asia/Tehran", "Asia/Tokyo", "Australia/Adelaide",
    "Australia/Lord_Howe", "Australia/Sydney", "Europe/Amsterdam", "Europe/Dublin", "Europe/London", "Pacific/Apia", "Pacific/Auckland",
    "Pacific/Chatham", "Pacific/Easter", "UTC",
]  # fmt: skip


def nights_of_a_year(
    zone: str, at: dt.time, offset: dt.timedelta = dt.timedelta()
) -> list[tuple[dt.date, dt.datetime]]:
    moment, last, nights = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC), None, []
    while moment < dt.datetime(2027, 1, 1, 12, tzinfo=dt.UTC):
        date, moment = next_night(
            at, ZoneInfo(zone), offset, after=moment, not_before=last and last + dt.timedelta(days=1)
        )
        nights.append((date, moment))
        last = date
    return nights


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("hour", [0, 1, 2, 3, 23])
def test_every_local_night_of_a_year_comes_exactly_once(zone: str, hour: int) -> None:
    dates = [date for date, _ in nights_of_a_year(zone, dt.time(hour, 30), dt.timedelta(minutes=95))]
    assert dates == [dates[0] + dt.timedelta(days=n) for n in range(len(dates))]
    assert len(dates) in {365, 366}


def test_a_time_that_the_clocks_skip_runs_once_an_hour_later_on_the_clock() -> None:
    assert due_at(dt.date(2026, 3, 29), dt.time(2, 30), AMSTERDAM, dt.timedelta()) == dt.datetime(
        2026, 3, 29, 1, 30, tzinfo=dt.UTC
    )


def test_a_doubled_time_runs_at_the_first_of_the_two() -> None:
    assert due_at(dt.date(2026, 10, 25), dt.time(2, 30), AMSTERDAM, dt.timedelta()) == dt.datetime(
        2026, 10, 25, 0, 30, tzinfo=dt.UTC
    )


def test_the_next_night_is_later_than_now_and_never_one_that_already_ran() -> None:
    at, now = dt.time(1, 0), dt.datetime(2026, 6, 10, 0, 30, tzinfo=dt.UTC)
    assert next_night(at, AMSTERDAM, dt.timedelta(), after=now)[0] == dt.date(2026, 6, 11)
    assert next_night(at, AMSTERDAM, dt.timedelta(), after=now, not_before=dt.date(2026, 6, 12))[0] == dt.date(
        2026, 6, 12
    )


def test_connections_spread_over_the_window_and_keep_their_place() -> None:
    places = [spread(connection, 120) for connection in range(1, 1001)]
    assert all(dt.timedelta() <= place < dt.timedelta(minutes=120) for place in places)
    quarters = [sum(1 for place in places if place // dt.timedelta(minutes=30) == q) for q in range(4)]
    assert min(quarters) > 200
    assert spread(17, 120) == spread(17, 120)
    assert spread(17, 0) == dt.timedelta()


@pytest.mark.parametrize(
    ("kind", "every", "age_days", "expected"),
    [
        ("full", "week", 1, "full"),
        ("quick", "week", None, "full"),
        ("quick", "week", 6, "quick"),
        ("quick", "week", 6.6, "full"),
        ("quick", "month", 20, "quick"),
        ("quick", "month", 30, "full"),
        ("quick", "quarter", 60, "quick"),
        ("quick", "quarter", 91, "full"),
    ],
)
def test_quick_nightlies_have_a_full_one_every_so_often(
    kind: str, every: str, age_days: float | None, expected: str
) -> None:
    now = dt.datetime(2026, 6, 10, tzinfo=dt.UTC)
    last = None if age_days is None else now - dt.timedelta(days=age_days)
    assert nightly_kind(kind, every, last, now=now) == expected
