"""Histories of a PSA and of the syncs that follow it: whatever happens in whatever order, at rest the portal equals the PSA.

A few histories are part of every test run. A thousand: ``CURSOR_HISTORIES=1000 python -m pytest tests/sync/test_cursor_histories.py``,
with ``--hypothesis-seed=N`` for others. What fails is shrunk to the shortest history that does.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from integrations.port import ReadRequest
from integrations.services.connections import connection_create
from lab.faults.scenario_context import FIELDS, remote_tickets
from sync.engine.read import fetch
from sync.engine.run.drive import advance
from sync.engine.run.plan import OVERLAP
from sync.models import Run, RunLog
from sync.services.runs import run_request
from tests.fixtures.systems import Sandbox
from tickets.models import Ticket

HISTORIES = int(os.environ.get("CURSOR_HISTORIES", "0"))
PAGE = 25
"""Records a page, so that a handful of changes crosses its edge."""
LATEST = 240
"""Seconds that a commit may come late: quick syncs read five minutes behind their cursor."""
SLACK = 10
"""Seconds that a step of the test itself may take."""
CLOCKS = (-90_000, -3_700, -400, -60, 0, 60, 400, 3_700)
"""Seconds by which the PSA's clock is wrong from some moment on."""

counts, lateness = st.integers(1, 6), st.integers(0, LATEST)


@dataclass
class World:
    """The PSA, the connection to it, and what a quick sync can't know. ``unread``: the stamps of what happened since the last sync, by
    ticket, None for what bears no new one. ``blind``: tickets that only a full sync sets right. ``read_at``: the PSA's clock then."""

    sandbox: Sandbox
    connection: Connection
    unread: dict[str, int | None] = field(default_factory=dict)
    blind: set[str] = field(default_factory=set)
    read_at: int = 0

    def clock(self) -> int:
        return int(dt.datetime.fromisoformat(self.sandbox.control("clock", method="GET")["now"]).timestamp())

    def sync(self, kind: str) -> Run:
        with tenant(self.connection.organization_id):
            with tenant_transaction():
                current = Connection.objects.get(pk=self.connection.pk)
                run = run_request(connection=current, kind=kind, trigger="person").run
            while advance(run.pk):
                pass
            with tenant_transaction():
                return Run.objects.get(pk=run.pk)

    def theirs(self) -> dict[str, tuple[Any, ...]]:
        return remote_tickets(self.connection)

    def ours(self) -> dict[str, tuple[Any, ...]]:
        with tenant_transaction(self.connection.organization_id):
            rows = Ticket.objects.filter(connection=self.connection).values_list("remote_id", *FIELDS)
            return {row[0]: row[1:] for row in rows}


class Histories(RuleBasedStateMachine):
    """What happens in a PSA, and the syncs in between."""

    world: World

    @initialize()
    def begins_equal(self) -> None:
        self.world.sandbox.control("reset")
        self.full()

    def pick(self, number: int, place: int) -> list[int]:
        """Tickets that are there, beginning at some place."""
        there = sorted(int(each) for each in self.world.theirs())
        start = place % max(1, len(there))
        return (there[start:] + there[:start])[:number]

    def happened(self, ids: list[int], stamp: int | None) -> None:
        self.world.unread |= {str(each): stamp for each in ids}

    def stamped(self, late: int) -> tuple[int, str]:
        moment = self.world.clock() - late
        return moment, dt.datetime.fromtimestamp(moment, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def change(self, ids: list[int], stamp: str, word: str) -> None:
        if ids:
            self.world.sandbox.control("change", ids=ids, set={"summary": f"{word} {self.world.clock()}"}, stamp=stamp)

    @rule(number=counts, place=st.integers(0, 500), late=lateness)
    def changes_are_committed_late(self, number: int, place: int, late: int) -> None:
        ids, (moment, stamp) = self.pick(number, place), self.stamped(late)
        self.change(ids, stamp, f"late {late}")
        self.happened(ids, moment)

    @rule(place=st.integers(0, 500), more=st.integers(-2, 2))
    def a_page_full_changes_in_one_second(self, place: int, more: int) -> None:
        ids, (moment, stamp) = self.pick(PAGE + more, place), self.stamped(0)
        self.change(ids, stamp, "one second")
        self.happened(ids, moment)

    @rule(number=counts, late=lateness)
    def tickets_are_made(self, number: int, late: int) -> None:
        moment, stamp = self.stamped(late)
        made = self.world.sandbox.control("create", n=number, stamp=stamp)["ids"]
        self.happened(made, moment)

    @rule(number=st.integers(1, 3), place=st.integers(0, 500))
    def tickets_are_deleted(self, number: int, place: int) -> None:
        ids = self.pick(number, place)
        if ids:
            self.world.sandbox.control("delete", ids=ids)
        self.happened(ids, None)

    @rule(number=counts, place=st.integers(0, 500), how=st.sampled_from(["keep", "none"]))
    def changes_bear_no_new_date(self, number: int, place: int, how: str) -> None:
        ids = self.pick(number, place)
        self.change(ids, how, how)
        self.happened(ids, None)

    @rule(skew=st.sampled_from(CLOCKS))
    def the_clock_is_set(self, skew: int) -> None:
        self.world.sandbox.control("clock", skew_seconds=skew)

    @rule()
    def quick(self) -> None:
        world = self.world
        begins = min(world.read_at, world.clock()) - OVERLAP.total_seconds() + SLACK
        missed = {ticket for ticket, stamp in world.unread.items() if stamp is None or stamp < begins}
        world.blind = (world.blind - world.unread.keys()) | missed
        self.synced("quick")

    @rule()
    def full(self) -> None:
        self.world.blind = set()
        self.synced("full")

    def synced(self, kind: str) -> None:
        world = self.world
        world.read_at = world.clock()
        run = world.sync(kind)
        assert run.state == "done", run.message
        world.unread = {}

    @invariant()
    def at_rest_the_portal_equals_the_psa(self) -> None:
        world = self.world
        if world.unread or not world.read_at:
            return
        theirs, ours = world.theirs(), world.ours()
        wrong = {key for key in theirs.keys() | ours.keys() if theirs.get(key) != ours.get(key)} - world.blind
        assert not wrong, {key: (theirs.get(key), ours.get(key)) for key in sorted(wrong)[:3]}

    def teardown(self) -> None:
        if self.world.read_at:
            self.quick()
            self.at_rest_the_portal_equals_the_psa()
            self.full()
            assert self.world.theirs() == self.world.ours()


@pytest.fixture
def world(organization: Organization, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> World:
    real = fetch.request_for

    def in_small_pages(*arguments: Any) -> ReadRequest:
        return msgspec.structs.replace(real(*arguments), page_size=PAGE)

    monkeypatch.setattr(fetch, "request_for", in_small_pages)
    sandbox.control("delete", fraction=0.75)
    with tenant_transaction(organization.pk):
        connection = connection_create(
            organization_id=organization.pk,
            provider="connectwise",
            name="Histories",
            credentials=sandbox.credentials,
            settings={
                "date_range_days": None,
                "streams": ["companies", "tickets"],
                "hold_least": 1_000_000,
            },
        )
    return World(sandbox, connection)


def test_whatever_happens_at_rest_the_portal_equals_the_psa(world: World) -> None:
    class Here(Histories):
        pass

    Here.world = world
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=HISTORIES or 6,
            stateful_step_count=10,
            deadline=None,
            database=None,
            derandomize=not HISTORIES,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_change_right_after_the_clock_was_set_back_comes_with_the_next_quick_sync(world: World) -> None:
    world.sync("full")
    ticket = sorted(world.theirs())[0]
    world.sandbox.control("clock", skew_seconds=-3700)
    world.sandbox.control("change", ids=[int(ticket)], set={"summary": "Set back"})
    assert world.sync("quick").state == "done"
    assert world.ours()[ticket] == world.theirs()[ticket]
    assert world.ours()[ticket][0] == "Set back"
    again = world.sync("quick")
    with tenant_transaction(again.organization_id):
        assert not RunLog.objects.filter(run=again, message__contains="clock was set back").exists()
