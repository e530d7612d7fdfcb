"""What is read, from where, and what its outcome is called."""

from __future__ import annotations

import datetime as dt

import pytest

from integrations.port import Reach
from integrations.registry import provider
from sync.engine.run.plan import Mode, held_above, mode_of, reconciles, result_of, since_of, streams_of

SPECS = list(provider("connectwise").streams)


def test_a_quick_sync_reads_changed_pages_first_and_then_the_children_of_what_changed() -> None:
    specs = streams_of(SPECS, None, quick=True)
    reaches = [spec.reach for spec in specs]
    assert reaches == sorted(reaches, key=lambda reach: reach is Reach.PER_PARENT)
    assert all(spec.incremental for spec in specs if spec.reach is Reach.GLOBAL)


def test_streams_that_others_rest_on_are_read_whatever_is_chosen() -> None:
    names = {spec.name for spec in streams_of(SPECS, ["notes"], quick=False)}
    assert {"boards", "statuses", "priorities", "companies", "tickets", "notes"} <= names
    assert "time_entries" not in names


def test_the_cursor_reads_back_by_the_overlap_in_whole_seconds() -> None:
    assert since_of(dt.datetime(2026, 1, 1, 0, 5, 0, 999, tzinfo=dt.UTC)) == dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert since_of(None) is None


@pytest.mark.parametrize(
    ("staged", "before", "after", "changed", "complete"),
    [
        (100, 100, 100, 0, True),
        (99, 100, 100, 0, False),
        (100, 99, 100, 0, True),
        (50, 100, 100, 3, False),
        (98, 100, 100, 2, True),
        (0, None, None, 0, True),
        (0, 0, 0, 0, True),
        (7, None, 7, 0, True),
    ],
)
def test_what_was_read_must_agree_with_the_remotes_counts(
    staged: int, before: int | None, after: int | None, changed: int, complete: bool
) -> None:
    assert reconciles(staged, before, after, changed) is complete


def test_a_few_removals_pass_unasked_and_a_wave_does_not() -> None:
    assert held_above(100, percent=5, least=25) == 25
    assert held_above(10_000, percent=5, least=25) == 500


def test_only_quick_and_first_syncs_land_page_by_page() -> None:
    assert mode_of("quick", lands_live=False) is Mode.LIVE
    assert mode_of("full", lands_live=True) is Mode.LIVE
    assert mode_of("full", lands_live=False) is Mode.STAGED
    assert mode_of("clear_resync", lands_live=False) is Mode.STAGED


def test_a_run_with_an_issue_is_never_a_success() -> None:
    assert result_of(written=10, issues=1) == "warning"
    assert result_of(written=0, issues=1) == "warning"
    assert result_of(written=10, issues=0) == "success"
    assert result_of(written=0, issues=0) == "no_change"
