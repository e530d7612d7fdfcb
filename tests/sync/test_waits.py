"""Waits for a PSA are bounded, and what was answered before them is not asked for again."""

from __future__ import annotations

import pytest

from clients.models import Opportunity
from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.port import Adapter
from sync.engine.run import finish
from sync.engine.run.waiting_adapters import KEPT_SECONDS, MOST, Key, Opened, Waiting
from sync.engine.run.work import Meter
from tests.fixtures.systems import Sandbox
from tests.integrations.adapters.sandboxes import running
from tests.sync.conftest import TICKETS, Handle, asked, linked_to, rested


def test_a_page_of_many_requests_ends_though_many_of_them_are_throttled(
    linked: Connection, calm: Sandbox, handle: Handle
) -> None:
    handle(streams=["tickets", "opportunities"])
    calm.control(
        "faults", kind="429", retry_after=1, probability=0.3, match={"path": r"sales/opportunities/\d+/forecast$"}
    )
    run = rested(asked(linked))
    assert (run.state, run.result) == ("done", "success"), run.message
    with tenant_transaction(linked.organization_id):
        assert Opportunity.objects.count() > 10
    calm.control("faults", method="DELETE")
    again = rested(asked(linked), slices=5)
    assert (again.state, again.result) == ("done", "no_change"), again.message


def test_names_that_a_system_was_asked_for_are_kept_over_its_waits(organization: Organization) -> None:
    with running("autotask", tickets=40) as psa:
        linked = linked_to(organization, psa)
        with psa.fault(kind="429", retry_after=1, probability=0.25):
            run = rested(asked(linked))
        assert (run.state, run.result) == ("done", "success"), run.message


@pytest.mark.parametrize("seconds_asked", [0, 1])
def test_a_psa_that_asks_to_wait_for_ever_ends_the_run_and_is_named(
    linked: Connection, calm: Sandbox, handle: Handle, monkeypatch: pytest.MonkeyPatch, seconds_asked: int
) -> None:
    monkeypatch.setattr(finish, "MOST_PAUSED", 70.0)
    handle()
    calm.control("faults", kind="429", retry_after=seconds_asked, match=TICKETS)
    run = rested(asked(linked))
    assert (run.state, run.error_code) == ("failed", "rate_limited")
    assert "It has asked for pauses of 1 minutes in all, and gave nothing between them." in run.message
    with tenant_transaction(linked.organization_id):
        seconds = [line.fields["seconds"] for line in run.logs.filter(message__startswith="Waiting:").order_by("pk")]
    assert seconds == [1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
    assert run.waited == run.paused == sum(seconds)


def test_waits_that_come_to_more_than_a_day_end_the_run(
    linked: Connection, calm: Sandbox, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finish, "MOST_WAITED", 100.0)
    handle()
    calm.control("faults", kind="429", retry_after=40, match=TICKETS)
    run = rested(asked(linked))
    assert (run.state, run.error_code, run.waited) == ("failed", "rate_limited", 80.0)
    assert "This run has waited for the PSA for" in run.message


class Open:
    """An adapter of which only its end matters."""

    closed = False

    def close(self) -> None:
        self.closed = True


def test_adapters_that_wait_are_given_back_once_and_closed_when_too_old_or_too_many() -> None:
    now = [0.0]
    waiting, keys = Waiting(clock=lambda: now[0]), [(number, "system", "key") for number in range(MOST + 1)]
    kept: dict[Key, Open] = {key: Open() for key in keys}

    def opened(key: Key) -> Opened:
        adapter: Adapter = kept[key]  # type: ignore[assignment]  # nothing but its end is asked for
        return Opened(adapter, Meter())

    for key in keys:
        waiting.keep(key, opened(key))
        now[0] += 1
    assert [kept[key].closed for key in keys] == [True] + [False] * MOST
    assert waiting.take(keys[1]) is not None
    assert waiting.take(keys[1]) is None
    assert waiting.take((2, "system", "another key")) is None
    now[0] += KEPT_SECONDS
    assert waiting.take(keys[-1]) is None
    assert all(kept[key].closed for key in keys[2:])
