"""What may be asked of a connection, and how a wrong value is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from integrations.settings_schema import ConnectionSettings, SettingsInvalid, range_start, scope_from, settings_from

NOW = dt.datetime(2026, 3, 1, 12, 30, 15, 999, tzinfo=dt.UTC)


def test_nothing_given_means_the_defaults() -> None:
    assert settings_from({}) == ConnectionSettings()


def test_ids_may_be_numbers_and_are_kept_once() -> None:
    assert settings_from({"boards": [1, "1", " 2 "]}).boards == ["1", "2"]


def test_null_means_all() -> None:
    wanted = settings_from({"boards": None, "date_range_days": None, "custom_fields": None, "streams": None})
    assert (wanted.boards, wanted.date_range_days, wanted.custom_fields, wanted.streams) == (None, None, None, None)


def test_no_custom_fields_is_not_the_same_as_all() -> None:
    assert settings_from({"custom_fields": []}).custom_fields == []


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"colour": "red"}, "colour", "There is no setting"),
        ({"boards": []}, "boards", "must not be empty"),
        ({"boards": "1"}, "boards", "must be a list of ids, or null for all"),
        ({"boards": [True]}, "boards", "must be a list of ids"),
        ({"boards": [""]}, "boards", "must be a list of ids"),
        ({"excluded_statuses": None}, "excluded_statuses", "must be a list of ids."),
        ({"date_range_days": 0}, "date_range_days", "whole number from 1"),
        ({"date_range_days": "365"}, "date_range_days", "or null for all"),
        ({"date_range_days": True}, "date_range_days", "whole number"),
        ({"hold_percent": 101}, "hold_percent", "from 0 to 100"),
        ({"hold_percent": None}, "hold_percent", "whole number"),
        ({"hold_company_percent": 101}, "hold_company_percent", "from 0 to 100"),
        ({"hold_second_percent": -1}, "hold_second_percent", "from 0 to 100"),
        ({"undo_hours": 2161}, "undo_hours", "from 0 to 2160"),
        ({"streams": ["tickets", "moons"]}, "streams", "moons is not known"),
    ],
)
def test_a_wrong_value_gets_a_sentence(values: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        settings_from(values, streams=("tickets", "notes"))
    assert list(caught.value.errors) == [field]
    assert words in caught.value.errors[field]


def test_all_wrong_values_are_named_at_once() -> None:
    with pytest.raises(SettingsInvalid) as caught:
        settings_from({"boards": 3, "hold_least": -1, "x": 1})
    assert set(caught.value.errors) == {"boards", "hold_least", "x"}


def test_the_range_begins_whole_days_before_in_whole_seconds() -> None:
    assert range_start(ConnectionSettings(date_range_days=1), NOW) == dt.datetime(
        2026, 2, 28, 12, 30, 15, tzinfo=dt.UTC
    )
    assert range_start(ConnectionSettings(date_range_days=None), NOW) is None


def test_the_scope_says_what_the_settings_say() -> None:
    wanted = ConnectionSettings(boards=["3"], excluded_statuses=["9"], custom_fields=[])
    scope = scope_from(wanted, NOW)
    assert (scope.board_ids, scope.excluded_status_ids, scope.changed_after, scope.custom_field_ids) == (
        ("3",),
        ("9",),
        NOW,
        (),
    )


def test_a_scope_without_a_range_does_not_filter_by_a_left_over_beginning() -> None:
    assert scope_from(ConnectionSettings(date_range_days=None), NOW).changed_after is None
