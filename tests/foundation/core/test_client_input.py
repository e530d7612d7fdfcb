"""What clients send is a value or nothing, and never an error."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from foundation.core.client_input import day_of, header_of, midnight, moment_of, number_of, text_of
from foundation.core.keyset import Cursor, cursor_from, fitting
from tickets.models import Ticket

LARGEST = 2**63 - 1


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("0", 0), ("007", 7), (str(LARGEST), LARGEST), (str(LARGEST + 1), None), ("9" * 5000, None)]
    + [(text, None) for text in ("", "-1", "+1", " 1", "1.0", "1e3", "²", "٣", "１", "Infinity", "\x001")],
)
def test_a_number_is_one_that_a_row_can_have(text: str, number: int | None) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("text", "day"),
    [("2024-02-29", dt.date(2024, 2, 29))]
    + [
        (text, None)
        for text in ("2023-02-29", "20240229", "2024-W09-4", "24-02-29", "", "２０２４-02-29", "0000-01-01")
    ],
)
def test_a_day_is_written_as_browsers_write_it(text: str, day: dt.date | None) -> None:
    assert day_of(text) == day


def test_a_moment_has_a_zone_and_is_one_in_utc() -> None:
    assert moment_of("2024-01-01T01:00:00+01:00") == dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    odd = (
        "2024-01-01T00:00:00",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "now",
        "",
        "2024-01-01T24:00:00Z",
    )
    assert [moment_of(text) for text in odd] == [None] * len(odd)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/New_York", "UTC"])
@pytest.mark.parametrize("day", [dt.date.min, dt.date.max, dt.date(1899, 12, 31), dt.date(2901, 1, 1), None])
def test_the_ends_of_the_calendar_have_no_midnight(zone: str, day: dt.date | None) -> None:
    assert midnight(day, ZoneInfo(zone), days=1) is None


def test_texts_and_headers_can_be_stored() -> None:
    assert text_of(" a\x00b\ud800c " + "d" * 500, 5) == "abc d"
    assert header_of("Mozilla\x00/5.0\r\nX: 1\udfff é", 20) == "Mozilla/5.0X: 1 é"


def test_a_cursor_comes_back_as_it_was_made() -> None:
    for key in ("Größe; 🙂", dt.date(2024, 1, 1), dt.datetime(2024, 1, 1, 3, tzinfo=dt.UTC)):
        made = Cursor(key, 7, 3)
        assert cursor_from(str(made)) == made


def test_a_cursor_of_another_order_is_none() -> None:
    moment = Cursor(dt.datetime(2024, 1, 1, tzinfo=dt.UTC), 7)
    assert fitting(moment, Ticket, "latest_at") is moment
    assert [fitting(Cursor(key, 7), Ticket, "latest_at") for key in ("x", dt.date(2024, 1, 1))] == [None, None]
    assert (fitting(moment, Ticket, "summary"), fitting(None, Ticket, "summary")) == (None, None)
