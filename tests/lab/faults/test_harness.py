"""Short runs of scenarios, on servers of the harness's own; and, with a guard off, that the scenario sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeGuard

import pytest

from lab.faults.run_scenarios import TICKETS as PLAYED_WITH
from lab.faults.scenarios import SCENARIOS

ROOT = Path(__file__).resolve().parent.parent.parent.parent
SEED = "7"
TICKETS = PLAYED_WITH[True]


def run_scenarios(*arguments: str) -> tuple[int, dict[str, Any]]:
    """(exit code, report) of a run of the harness."""
    done = subprocess.run(
        [sys.executable, "manage.py", "faults", "run", "--short", "--json", "--seed", SEED, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert lines, done.stderr[-2000:]
    return done.returncode, json.loads(lines[-1])


Figures = dict[str, Any]
HOLDS: dict[str, Callable[[Figures], bool]] = {
    "F1": lambda seen: seen["kills"] >= 4 and seen["tickets_compared"] >= TICKETS,
    "F2": lambda seen: seen["zombies"] == 1 and seen["taken_over_seconds"] > 0,
    "F3": lambda seen: (seen["unheard"], seen["flushed"], seen["killed"]) == (1, 1, 1) and seen["written"] > 0,
    "F4": lambda seen: seen["restarts"] >= 1 and seen["crashes"] >= 1,
    "F5": lambda seen: seen["error"] + seen.get("held", 0) >= 4 and seen["truly_deleted"] > 0,
    "F6": lambda seen: seen["waits_seen"] >= 1 and seen["most_requests_at_once"] >= 2,
    "F7": lambda seen: seen["deeds"] >= 60 and seen["tickets_compared"] > TICKETS // 2,
    "F8": lambda seen: seen["joined"] == seen["presses"] - 1 and seen["presses_on_pages"] == 24,
    "F9": lambda seen: (seen["histories"], seen["missed"]) == (5, 0) and seen["deeds"] >= 5,
    "F10": lambda seen: seen["zones"] == 8 and seen["nights"] >= 8 * 6 and seen["nights_by_beat"] == 4,
    "F11": lambda seen: seen["poisoned"] == 4 and seen["issues"] >= 1 and seen["pages"] == 1,
}
"""Each short scenario, and what its figures show of that it was really played. F12 is played by ``tests/sync/test_hostile.py``."""


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The report of all scenarios that the chosen tests are about, played one after the other on one arena."""
    chosen = {item.callspec.params["scenario"] for item in request.session.items if is_played(item)}
    return run_scenarios(*(f"--scenario={name}" for name in HOLDS if name in chosen))[1]


def is_played(item: pytest.Item) -> TypeGuard[pytest.Function]:
    return isinstance(item, pytest.Function) and "played" in item.fixturenames


@pytest.mark.parametrize("scenario", HOLDS)
def test_a_short_scenario_is_played_and_holds(played: dict[str, Any], scenario: str) -> None:
    assert [sentence for sentence in played["violations"] if sentence.startswith(f"{scenario}: ")] == []
    assert HOLDS[scenario](played["scenarios"][scenario]), played["scenarios"][scenario]


def test_each_scenario_of_the_harness_is_played_here_or_among_the_hostile_ones() -> None:
    assert {*HOLDS, "F12"} == set(SCENARIOS)


@pytest.mark.parametrize(("scenario", "guard"), [("F2", "fence"), ("F7", "newest")])
def test_with_its_guard_off_the_scenario_reports_violations(scenario: str, guard: str) -> None:
    code, report = run_scenarios("--scenario", scenario, "--without", guard)
    assert code == 1
    assert any(sentence.startswith(f"{scenario}: ") for sentence in report["violations"])


@pytest.mark.parametrize(("provider", "scenario"), [("halo", "F11"), ("autotask", "F5")])
def test_scenarios_hold_over_the_wire_of_the_other_systems(provider: str, scenario: str) -> None:
    code, report = run_scenarios("--provider", provider, "--scenario", scenario)
    assert report["violations"] == []
    assert code == 0
    assert (report["provider"], set(report["scenarios"])) == (provider, {scenario})


def test_the_play_refuses_to_begin_outside_of_its_arena() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lab.faults.run_scenarios"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "servers of its own" in done.stderr
