"""Work in the background leaves a shared hourly budget to people. A real adapter, against a simulated Autotask."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest

from integrations.errors import RateLimited
from integrations.port import Adapter, Page, ReadRequest, Usage
from integrations.registry import provider
from sync.engine.run.rate_budget import ASK_AFTER_CALLS, ASK_AFTER_SECONDS, Paced, paced, wait_of
from tests.integrations.adapters.sandboxes import Sandbox, running

REQUEST = ReadRequest(stream="members")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running("autotask", tickets=20) as started:
        yield started


@pytest.fixture(autouse=True)
def calm(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.control("POST", "reset")


def opened(sandbox: Sandbox, now: list[float]) -> Paced:
    return Paced(sandbox.open(), clock=lambda: now[0])  # type: ignore[arg-type]


def asked(sandbox: Sandbox) -> int:
    return int(sandbox.control("GET", "stats")["by_path"].get("GET ThresholdInformation", 0))


def test_a_vendor_without_a_shared_budget_is_not_held_up() -> None:
    given = {"address": "127.0.0.1:1", "company_id": "a", "public_key": "b", "private_key": "c", "client_id": "d"}
    plain: Adapter = provider("connectwise").open(given)
    assert paced(plain) is plain


def test_above_three_quarters_runs_wait_and_people_do_not(sandbox: Sandbox) -> None:
    sandbox.control("POST", "usage", {"used": 7600, "limit": 10_000})
    with pytest.raises(RateLimited) as refused:
        paced(sandbox.open()).read_page(REQUEST)
    assert 60 <= refused.value.retry_after <= 900
    assert "kept for people" in refused.value.message
    assert sandbox.open().read_page(REQUEST).records


def test_below_it_runs_go_on_and_the_count_is_asked_for_now_and_then(sandbox: Sandbox) -> None:
    now = [1000.0]
    adapter = opened(sandbox, now)
    for _ in range(5):
        adapter.read_page(REQUEST)
    assert asked(sandbox) == 1
    now[0] += ASK_AFTER_SECONDS
    adapter.read_page(REQUEST)
    assert asked(sandbox) == 2


def test_calls_of_our_own_count_before_the_remote_is_asked_again(sandbox: Sandbox) -> None:
    sandbox.control("POST", "usage", {"used": 7, "limit": 20})
    adapter = opened(sandbox, [1000.0])
    calls = 0
    with suppress(RateLimited):
        for _ in range(ASK_AFTER_CALLS):
            adapter.read_page(REQUEST)
            calls += 1
    assert 0 < calls < 15 - 7
    assert asked(sandbox) == 1


def test_above_half_one_call_goes_at_a_time(sandbox: Sandbox) -> None:
    lock, running_now, most = threading.Lock(), [0], [0]

    adapter = opened(sandbox, [1000.0])
    inner = adapter._adapter.read_page

    def watched(request: ReadRequest, checkpoint: object = None) -> Page:
        with lock:
            running_now[0] += 1
            most[0] = max(most[0], running_now[0])
        try:
            return inner(request)
        finally:
            with lock:
                running_now[0] -= 1

    adapter._adapter.read_page = watched  # type: ignore[assignment, method-assign]
    sandbox.control("POST", "usage", {"used": 5500, "limit": 10_000})
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: adapter.read_page(REQUEST), range(20)))
    assert most == [1]


def test_the_wait_is_as_long_as_the_excess_takes_to_roll_on() -> None:
    hour = timedelta(hours=1)
    assert wait_of(Usage(used=8000, limit=10_000, window=hour), 0.75) == pytest.approx(450)
    assert wait_of(Usage(used=10_000, limit=10_000, window=hour), 0.75) == 900
    assert wait_of(Usage(used=7001, limit=10_000, window=hour), 0.75) == 60
