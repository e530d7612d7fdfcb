"""What a failure costs: the request that failed, and not what was answered beside or before it."""

from __future__ import annotations

import pytest

from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.engine.read import children, failing_parents
from sync.models import Run, RunIssue
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import TICKETS, Handle, Synced, asked, rested

COUNT = {"path": "service/tickets/count$"}


def requests_to(calm: Sandbox, ending: str) -> dict[str, int]:
    """{path: requests} of the paths with that ending."""
    by_path = calm.control("stats", method="GET")["by_path"]
    return {path: number for path, number in by_path.items() if path.endswith(ending)}


def assert_asked_again(calm: Sandbox, boards: int, *, failures: int, again: int) -> None:
    """Each board was asked for once and the failing one ``again``; with each failure, at most some that are known to be well."""
    requests = requests_to(calm, "/statuses")["GET service/boards/{}/statuses"]
    assert boards + again < requests <= boards + again + failures * failing_parents.UNWELL


def test_waits_that_the_psa_asks_for_are_no_failures(linked: Connection, calm: Sandbox, handle: Handle) -> None:
    handle(retry_attempts=2)
    calm.control("faults", kind="429", retry_after=1, times=5, match=TICKETS)
    calm.control("faults", kind="500", after=5, times=1, match=TICKETS)
    run = rested(asked(linked))
    assert (run.state, run.result) == (Run.State.DONE, "success"), run.message


def test_a_count_that_never_comes_ends_the_run(linked: Connection, calm: Sandbox, handle: Handle) -> None:
    handle(retry_attempts=3)
    calm.control("stats/reset")
    calm.control("faults", kind="500", match=COUNT)
    run = rested(asked(linked))
    assert run.state == Run.State.FAILED
    assert "Tried 3 times." in run.message
    counts = requests_to(calm, "/count")
    assert counts.pop("GET service/tickets/count") == 3
    assert set(counts.values()) == {1}


def test_verification_goes_on_where_it_stopped(
    linked: Connection, calm: Sandbox, synced: Synced, handle: Handle
) -> None:
    handle(retry_attempts=3)
    synced()
    calm.control("stats/reset")
    calm.control("faults", kind="500", after=1, times=2, match=COUNT)
    run = rested(asked(linked))
    assert run.state == Run.State.DONE, run.message
    counts = requests_to(calm, "/count")
    assert counts.pop("GET service/tickets/count") >= 4
    assert counts.pop("GET project/tickets/count") >= 2
    assert set(counts.values()) == {2}
    assert set(run.verification["streams"]) >= {"tickets", "boards"}
    assert "compared" not in run.verification


def test_a_parent_that_fails_costs_its_own_request_alone(
    linked: Connection, calm: Sandbox, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "REST", 0.0)
    handle(retry_attempts=3)
    boards = calm.control("truth", method="GET", collection="boards")["ids"]
    calm.control("stats/reset")
    calm.control("faults", kind="500", times=2, match={"path": f"service/boards/{boards[1]}/statuses$"})
    run = rested(asked(linked))
    assert (run.state, run.result) == (Run.State.DONE, "success"), run.message
    assert_asked_again(calm, len(boards), failures=2, again=2)


def test_a_parent_that_always_fails_is_given_up_once_all_others_are_read(
    linked: Connection, calm: Sandbox, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "REST", 0.0)
    handle(retry_attempts=3)
    boards = calm.control("truth", method="GET", collection="boards")["ids"]
    calm.control("stats/reset")
    calm.control("faults", kind="500", match={"path": f"service/boards/{boards[1]}/statuses$"})
    run = rested(asked(linked))
    assert (run.state, run.result) == (Run.State.DONE, "warning"), run.message
    with tenant_transaction(linked.organization_id):
        told = RunIssue.objects.get(run=run)
    assert (told.stream, told.parent_remote_id) == ("statuses", str(boards[1]))
    assert "Tried 3 times." in told.message
    assert_asked_again(calm, len(boards), failures=3, again=2)
