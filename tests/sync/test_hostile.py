"""Each kind of oddity once, in one of the ways in which a portal meets a PSA: it costs at most what is odd, and somebody is told.

All share a database, three sandboxes and one synced copy of each. The whole matrix is ``manage.py faults run --scenario F12``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from unittest.mock import patch

import psycopg
import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from lab.faults.hostile.catalog import KINDS, SYSTEMS, short
from lab.faults.hostile.course import run_through
from lab.faults.hostile.kinds import Kind
from lab.faults.hostile.stage import TICKETS, Stage, set_up
from lab.faults.hostile.ways import WAYS
from lab.faults.psa import Psa
from lab.faults.sabotage import switch_off
from tests.fixtures.database import empty_tables

Stages = Callable[[str], Stage]


@pytest.fixture(scope="module")
def stages(owner: psycopg.Connection, django_db_blocker: DjangoDbBlocker, django_db_setup: None) -> Iterator[Stages]:
    """A system's stage, made when it is first asked for."""
    made: dict[str, Stage] = {}

    def of(system: str) -> Stage:
        if system not in made:
            made[system] = set_up(Psa(system, TICKETS, 7, os.getpid()), slug=system)
        return made[system]

    with django_db_blocker.unblock():
        try:
            yield of
        finally:
            for stage in made.values():
                stage.psa.end()
            connections.close_all()
            empty_tables(owner)


@pytest.mark.parametrize(
    ("kind", "system", "way"), [pytest.param(*case, id=f"{case[0].name}, {case[1]}, {case[2]}") for case in short()]
)
def test_an_oddity_costs_at_most_what_is_odd_and_is_told(stages: Stages, kind: Kind, system: str, way: str) -> None:
    assert list(WAYS[way](stages(system), kind)) == []


SEEN = (
    ("remarks", "a text that is an object", "halo", "full"),
    ("withheld", "nothing below any ticket", "connectwise", "quick"),
    ("untold", "a small stream that is refused", "halo", "full"),
    ("pauses", "429 with Retry-After 0", "connectwise", "full"),
    ("isolation", "an id that is an object", "autotask", "full"),
)
"""Guards, and a kind, a system and a way that show when one is off."""


@pytest.fixture
def mended(stages: Stages) -> Iterator[None]:
    """What is broken with a guard off is whole again for the tests that follow."""
    yield
    patch.stopall()
    for system in SYSTEMS:
        stage = stages(system)
        stage.psa.calm()
        run_through(stage.connection, "full")
        stage.truth = stage.copy()


@pytest.mark.parametrize(("guard", "kind", "system", "way"), SEEN)
@pytest.mark.usefixtures("mended")
def test_with_its_guard_off_an_oddity_costs_more(stages: Stages, guard: str, kind: str, system: str, way: str) -> None:
    stage = stages(system)
    switch_off(guard)
    assert list(WAYS[way](stage, KINDS[kind])) != []


def test_there_are_many_kinds_and_each_pair_of_a_system_and_a_way_comes_up() -> None:
    assert len(KINDS) >= 60
    assert {(system, way) for _, system, way in short()} == {(system, way) for system in SYSTEMS for way in WAYS}
