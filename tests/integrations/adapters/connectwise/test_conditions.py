"""The filter language."""

from __future__ import annotations

import datetime as dt

import pytest

from integrations.adapters.connectwise.conditions import (
    OF_TICKETS,
    Narrowing,
    Reading,
    all_of,
    conditions_of,
    moment,
    none_of,
    one_of,
    quoted,
    wants_nothing,
)
from integrations.port import Scope

SINCE = dt.datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=dt.timezone(dt.timedelta(hours=1)))
SCOPE = Scope(board_ids=("10", "2"), excluded_status_ids=("9",), changed_after=SINCE)


def test_times_are_whole_seconds_of_utc_in_brackets() -> None:
    assert moment(SINCE) == "[2026-01-02T02:04:05Z]"
    with pytest.raises(ValueError, match="zone"):
        moment(SINCE.replace(tzinfo=None))


def test_texts_are_quoted() -> None:
    assert quoted('5" [new] C:\\x') == '"5\\" [[]new] C:\\\\x"'


def test_ids_go_in_as_numbers_only() -> None:
    assert one_of("board/id", ["10", "2", "2"]) == "board/id in (2,10)"
    assert none_of("status/id", ["9"]) == "status/id not in (9)"
    with pytest.raises(ValueError, match="invalid literal"):
        one_of("board/id", ["1) or (1=1"])


def test_clauses_are_joined() -> None:
    assert all_of(["a = 1", "", "b = 2"]) == "a = 1 and b = 2"
    assert all_of([]) == ""


@pytest.mark.parametrize(
    ("narrowing", "full", "incremental"),
    [
        (Narrowing.NONE, "", "lastUpdated >= [2026-01-02T02:04:05Z]"),
        (
            Narrowing.TICKETS,
            "board/id in (2,10) and status/id not in (9) and (closedFlag = False or lastUpdated >= [2026-01-02T02:04:05Z])",
            "lastUpdated >= [2026-01-02T02:04:05Z]",
        ),
        (Narrowing.COMPANIES, "deletedFlag = False", "lastUpdated >= [2026-01-02T02:04:05Z]"),
        (
            Narrowing.TIME,
            OF_TICKETS,
            f"{OF_TICKETS} and lastUpdated >= [2026-01-02T02:04:05Z]",
        ),
    ],
)
def test_a_full_read_is_narrowed_by_the_scope_and_an_incremental_one_is_not(
    narrowing: Narrowing, full: str, incremental: str
) -> None:
    assert all_of(conditions_of(Reading(narrowing=narrowing, scope=SCOPE))) == full
    assert all_of(conditions_of(Reading(narrowing=narrowing, scope=SCOPE, since=SINCE))) == incremental


def test_no_board_at_all_wants_nothing_but_an_incremental_read_still_looks() -> None:
    nothing = Scope(board_ids=())
    assert wants_nothing(Reading(narrowing=Narrowing.TICKETS, scope=nothing))
    assert not wants_nothing(Reading(narrowing=Narrowing.TICKETS, scope=nothing, since=SINCE))
    assert not wants_nothing(Reading(narrowing=Narrowing.TICKETS))
