"""Progress claims no more than is known."""

from __future__ import annotations

import datetime as dt

from sync.models import Run, RunStream
from sync.selectors.progress import progress_of, silence, time_left

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
BEGAN = NOW - dt.timedelta(seconds=100)


def a_run(**values: object) -> Run:
    return Run(
        **({"kind": "full", "state": "running", "phase": "fetching", "started_at": BEGAN, "progress_at": NOW} | values)
    )


def a_stream(name: str = "tickets", **values: object) -> RunStream:
    common = {"state": "fetching", "started_at": BEGAN, "expected_source": "counted by the PSA"}
    return RunStream(name=name, **(common | values))


def test_no_time_left_is_named_before_a_tenth_is_done_and_30_seconds_have_passed() -> None:
    assert time_left(99, 1000, 10, 29) is None
    assert time_left(100, 1000, 10, 29) is not None
    assert time_left(99, 1000, 10, 30) is not None


def test_no_time_left_is_named_without_a_count_a_rate_or_when_all_is_read() -> None:
    assert time_left(500, None, 10, 60) is None
    assert time_left(500, 1000, None, 60) is None
    assert time_left(1000, 1000, 10, 60) is None


def test_the_time_left_is_a_range_around_the_last_minutes_rate() -> None:
    assert time_left(1000, 3000, 20, 100) == (75.0, 125.0)


def test_the_rate_is_of_the_last_minute_only() -> None:
    pages = [(NOW - dt.timedelta(seconds=5), "tickets", 600), (NOW - dt.timedelta(seconds=61), "tickets", 5000)]
    progress = progress_of(a_run(), [a_stream(fetched=5600, expected=10000)], pages, NOW)
    assert progress.rate == 10
    assert progress.streams[0].rate == 10


def test_a_total_is_named_only_when_every_stream_was_counted() -> None:
    counted = a_stream(fetched=10, expected=100)
    assert progress_of(a_run(), [counted], [], NOW).expected == 100
    uncounted = a_stream("notes", fetched=5, expected=None)
    mixed = progress_of(a_run(), [counted, uncounted], [], NOW)
    assert (mixed.fetched, mixed.expected) == (15, None)


def test_an_estimate_and_an_outgrown_count_are_not_real() -> None:
    estimate = a_stream(fetched=10, expected=100, expected_source="estimate from the last run")
    outgrown = a_stream(fetched=112, expected=100)
    first, second = progress_of(a_run(), [estimate, outgrown], [], NOW).streams
    assert (first.counted, first.more_than_counted) == (False, 0)
    assert (second.counted, second.more_than_counted) == (False, 12)


def test_finished_streams_have_no_rate() -> None:
    pages = [(NOW, "boards", 8)]
    done = a_stream("boards", state="done", fetched=8, expected=8)
    assert progress_of(a_run(), [done], pages, NOW).streams[0].rate is None


def test_silence_is_said_from_45_seconds_on_but_not_of_a_wait() -> None:
    quiet = NOW - dt.timedelta(seconds=45)
    assert silence(a_run(progress_at=NOW - dt.timedelta(seconds=44)), NOW) is None
    assert silence(a_run(progress_at=quiet), NOW) == 45
    assert silence(a_run(progress_at=quiet, state="waiting"), NOW) is None
    assert silence(a_run(progress_at=quiet, state="held"), NOW) is None


def test_each_kind_goes_through_its_own_phases() -> None:
    def labels(**values: object) -> list[str]:
        return [str(phase.label) for phase in progress_of(a_run(**values), [], [], NOW).phases]

    assert labels() == ["Connecting", "Counting", "Fetching", "Verifying", "Applying", "Cleaning up"]
    assert labels(kind="quick") == ["Connecting", "Fetching", "Cleaning up"]
    assert labels(lands_live=True) == ["Connecting", "Counting", "Fetching", "Cleaning up"]
