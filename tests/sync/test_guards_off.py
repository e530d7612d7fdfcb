"""Each guard that the fault harness can switch off, in a play of its own: with it nothing is hurt, and without it that is seen."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from pytest_django import Settings

from foundation.tenancy.models import Organization
from lab.faults.sabotage import SWITCHES, switch_off
from sync.engine.read import children
from tests.integrations.adapters.sandboxes import running
from tests.sync import guard_plays as plays
from tests.sync.conftest import linked_to
from tests.sync.guard_plays import Play
from tests.sync.guard_scene import TICKETS, Scene

PLAYS: dict[str, Play] = {
    "fence": plays.fence,
    "sweeper": plays.sweeper_rings,
    "count": plays.count,
    "hold": plays.hold,
    "checkpoint": plays.checkpoint,
    "moment": plays.moment,
    "turns": plays.turns,
    "newest": plays.newest,
    "arrived": plays.arrived,
    "nights": plays.nights,
    "isolation": plays.isolation,
    "redaction": plays.redaction,
    "flight": plays.flight,
    "overlap": plays.overlap,
    "cleaning": plays.cleaning,
    "remarks": plays.remarks,
    "withheld": plays.withheld,
    "untold": plays.untold,
    "pauses": plays.pauses,
    "ceiling": plays.ceiling,
}
SYSTEMS = {"untold": "halo"}
"""Plays of another system than ConnectWise."""
NOTES = {"arrived", "checkpoint", "flight", "newest", "withheld"}
"""Plays that read what is below tickets, after them."""
COMMITTED = {"turns"}
"""Plays in which several sessions take part."""
SMALL = {"hold_percent": 5, "hold_least": 5}
GUARDS = [
    pytest.param(guard, marks=[pytest.mark.committed] if guard in COMMITTED else []) for guard in sorted(SWITCHES)
]


@pytest.fixture
def scene(
    request: pytest.FixtureRequest,
    guard: str,
    organization: Organization,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Scene]:
    monkeypatch.setattr(children, "REST", 0.0)
    with running(SYSTEMS.get(guard, "connectwise"), tickets=TICKETS) as psa:
        streams = ["tickets", "notes"] if guard in NOTES else ["tickets"]
        linked = linked_to(organization, psa, streams=streams, **SMALL)
        yield Scene(psa, linked, settings, request)
        patch.stopall()


@pytest.mark.parametrize("guard", GUARDS)
def test_with_the_guard_nothing_is_hurt(guard: str, scene: Scene) -> None:
    assert list(PLAYS[guard](scene)) == []


@pytest.mark.parametrize("guard", GUARDS)
def test_without_the_guard_it_is_seen(guard: str, scene: Scene) -> None:
    switch_off(guard)
    assert list(PLAYS[guard](scene)) != []


def test_each_play_is_about_a_guard() -> None:
    assert set(PLAYS) == set(SWITCHES)
