"""What the next change of the clocks does to a nightly sync, in words."""

from __future__ import annotations

import datetime as dt

import pytest

from portal.web.integrations.clocks import clock_change

SUMMER = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
WINTER = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("zone", "clock", "now", "words"),
    [
        (
            "Europe/Amsterdam",
            dt.time(1, 0),
            WINTER,
            "28 March 2027 the clocks go forward by 60 minutes. The sync stays at 01:00",
        ),
        (
            "Europe/Amsterdam",
            dt.time(2, 30),
            WINTER,
            "skip 02:30: the sync then runs once, 60 minutes later by the clock.",
        ),
        (
            "Europe/Amsterdam",
            dt.time(2, 30),
            SUMMER,
            "25 October 2026 the clocks go back by 60 minutes and 02:30 comes twice",
        ),
        ("Europe/Amsterdam", dt.time(3, 0), SUMMER, "The sync stays at 03:00"),
        (
            "America/New_York",
            dt.time(1, 59),
            SUMMER,
            "1 November 2026 the clocks go back by 60 minutes and 01:59 comes twice",
        ),
        (
            "Australia/Lord_Howe",
            dt.time(1, 30),
            WINTER,
            "4 April 2027 the clocks go back by 30 minutes and 01:30 comes twice",
        ),
        ("Australia/Lord_Howe", dt.time(1, 29), WINTER, "The sync stays at 01:29"),
        ("Asia/Tokyo", dt.time(1, 0), WINTER, "do not change in the coming year"),
        ("UTC", dt.time(1, 0), WINTER, "do not change in the coming year"),
    ],
)
def test_the_next_change_is_told(zone: str, clock: dt.time, now: dt.datetime, words: str) -> None:
    assert words in clock_change(zone, clock, now)
