"""Times, spans, numbers and names in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import time_machine

from portal.web.templatetags.portal_ui import money, quantity
from portal.web.wording import counted, exact, initials_of, lasting, moment, relative, spell_duration, zone_of

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=44), "just now"),
        (timedelta(seconds=45), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=6, hours=23), "6 days ago"),
        (timedelta(days=7), "15 Nov"),
        (timedelta(days=365), "22 Nov 2025"),
        (-timedelta(seconds=10), "in a moment"),
        (-timedelta(minutes=95), "in 1 h"),
        (-timedelta(days=2), "in 2 days"),
    ],
)
def test_distance_from_now(ago: timedelta, words: str) -> None:
    with time_machine.travel(NOW, tick=False):
        assert relative(NOW - ago) == words


@pytest.mark.parametrize(
    ("ago", "words"),
    [(timedelta(minutes=3), "for 3 min"), (timedelta(0), "just now"), (timedelta(days=9), "since 13 Nov")],
)
def test_how_long_something_has_been_so(ago: timedelta, words: str) -> None:
    with time_machine.travel(NOW, tick=False):
        assert lasting(NOW - ago) == words


def test_a_far_date_is_the_day_of_the_organization() -> None:
    with time_machine.travel(NOW, tick=False):
        assert moment(datetime(2026, 10, 31, 23, 30, tzinfo=UTC), AMSTERDAM).words == "1 Nov"


def test_the_exact_time_names_its_zone() -> None:
    assert exact(datetime(2026, 7, 1, 10, 5, 9, tzinfo=UTC), AMSTERDAM) == "1 Jul 2026, 12:05:09 CEST"
    assert exact(datetime(2026, 7, 1, tzinfo=UTC), ZoneInfo("America/Sao_Paulo")) == "30 Jun 2026, 21:00:00 UTC-03"
    assert exact(date(2026, 7, 1), AMSTERDAM) == "1 Jul 2026"


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Kiritimati", "UTC"])
@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), date.min, date.max])
def test_a_time_at_an_end_of_the_calendar_is_shown_in_every_zone(at: date, zone: str) -> None:
    shown = moment(at, ZoneInfo(zone))
    year = "9999" if at.year > 5000 else "1"
    assert [words.split(",")[0].endswith(f" {year}") for words in (shown.words, shown.exact, shown.span)] == [True] * 3


def test_a_zone_is_found_in_an_organization_or_by_its_name() -> None:
    assert zone_of(SimpleNamespace(time_zone="Europe/Amsterdam")) == AMSTERDAM
    assert zone_of("Europe/Amsterdam") == AMSTERDAM


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (None, "–"),
        (0, "0 s"),
        (0.42, "420 ms"),
        (59.4, "59 s"),
        (60, "1 min"),
        (250, "4 min 10 s"),
        (timedelta(hours=2, minutes=5), "2 h 5 min"),
        (timedelta(days=3, hours=4, minutes=9), "3 d 4 h"),
        (float("inf"), "–"),
        (float("nan"), "–"),
    ],
)
def test_spans(span: float | timedelta | None, words: str) -> None:
    assert spell_duration(span) == words


def test_counts() -> None:
    assert [counted(n) for n in (48210, 0, None, "", "about 3")] == ["48,210", "0", "–", "–", "about 3"]


@pytest.mark.parametrize(
    ("number", "amount", "quantity_words"),
    [
        ("1234.5", "1,234.50 EUR", "1,234.5"),
        ("-0.000001", "-0.000001 EUR", "-0.000001"),
        ("999999999999999999.999999", "999,999,999,999,999,999.999999 EUR", "999,999,999,999,999,999.999999"),
        ("1E+999999", "1.00E+999999 EUR", "1.00E+999999"),
        ("1E-999999", "1.00E-999999 EUR", "1.00E-999999"),
        ("NaN", "–", "–"),
        ("sNaN", "–", "–"),
        ("-Infinity", "–", "–"),
        ("0", "0.00 EUR", "0"),
    ],
)
def test_no_number_fills_a_page(number: str, amount: str, quantity_words: str) -> None:
    assert (money(Decimal(number), "EUR"), quantity(Decimal(number))) == (amount, quantity_words)


def test_no_count_fills_a_page() -> None:
    counts = (10**400, float("inf"), float("nan"), 2**63, 1.5, 1e300)
    assert [counted(n) for n in counts] == ["1.00E+400", "–", "–", "9,223,372,036,854,775,808", "1.5", "1.00E+300"]


def test_initials() -> None:
    names = ("Ada Byrne", "ada@example.com", "Jean van den Berg", "", "—", "Ümit")
    assert [initials_of(name) for name in names] == ["AB", "AE", "JB", "?", "?", "Ü"]
