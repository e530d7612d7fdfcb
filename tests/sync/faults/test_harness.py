"""Short runs of scenarios, on servers of the harness's own; and, with a guard off, that the scenario sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent.parent
SEED = "7"


def play(*arguments: str) -> tuple[int, dict[str, Any]]:
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


def test_all_short_scenarios_hold() -> None:
    scenarios = [f"F{number}" for number in range(1, 12)]
    code, report = play(*(f"--scenario={name}" for name in scenarios))
    assert report["violations"] == []
    assert code == 0
    assert set(report["scenarios"]) == set(scenarios)
    assert report["scenarios"]["F1"]["kills"] >= 4
    assert report["scenarios"]["F8"]["joined"] == report["scenarios"]["F8"]["presses"] - 1


@pytest.mark.parametrize(("scenario", "guard"), [("F2", "fence"), ("F7", "newest")])
def test_with_its_guard_off_the_scenario_reports_violations(scenario: str, guard: str) -> None:
    code, report = play("--scenario", scenario, "--without", guard)
    assert code == 1
    assert any(sentence.startswith(f"{scenario}: ") for sentence in report["violations"])


@pytest.mark.parametrize(("provider", "scenario"), [("halo", "F11"), ("autotask", "F5")])
def test_scenarios_hold_over_the_wire_of_the_other_systems(provider: str, scenario: str) -> None:
    code, report = play("--provider", provider, "--scenario", scenario)
    assert report["violations"] == []
    assert code == 0
    assert (report["provider"], set(report["scenarios"])) == (provider, {scenario})


def test_the_play_refuses_to_begin_outside_of_its_arena() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sync.faults.play"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "servers of its own" in done.stderr
