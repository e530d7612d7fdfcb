"""Error handling as the settings say: how long a run tries, when it stops, and who wins a conflict."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from foundation.ledger.models import PendingChange
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.settings_schema import SettingsInvalid, settings_from
from sync.engine.run.plan import delay_of, patience, too_many_failed
from sync.models import Run, RunIssue
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import TICKETS, Handle, Sync, Synced, asked, rested, unreadable
from tickets.models import Ticket


@pytest.mark.parametrize("attempts", [1, 3, 10])
def test_a_run_gives_up_after_as_many_failures_in_a_row_as_the_settings_say(
    linked: Connection, calm: Sandbox, handle: Handle, attempts: int
) -> None:
    handle(retry_attempts=attempts)
    calm.control("stats/reset")
    calm.control("faults", kind="500", match=TICKETS)
    run = rested(asked(linked))
    requests = calm.control("stats", method="GET")["by_path"]
    assert run.state == Run.State.FAILED
    assert ("Tried once." if attempts == 1 else f"Tried {attempts} times.") in run.message
    assert sum(count for path, count in requests.items() if path.endswith("service/tickets")) == attempts


def test_waits_double_up_to_three_minutes() -> None:
    assert [delay_of(number) for number in range(9)] == [2, 4, 8, 16, 32, 64, 128, 180, 180]
    assert delay_of(10_000) == 180
    assert patience(1) == 0
    assert patience(8) == 254


@pytest.fixture
def spoiled(calm: Sandbox) -> Iterator[Callable[[int], None]]:
    """Makes so many tickets unreadable."""
    yield lambda number: unreadable(calm, calm.control("change", n=number)["ids"])
    calm.control("faults", method="DELETE")


def test_a_run_with_too_many_records_that_cannot_be_understood_ends_and_changes_nothing(
    linked: Connection, calm: Sandbox, handle: Handle, synced: Synced, spoiled: Callable[[int], None]
) -> None:
    handle(fail_percent=5)
    synced()
    spoiled(40)
    calm.control("change", n=5, set={"summary": "beside the poison"})
    run = rested(asked(linked))
    with tenant_transaction(run.organization_id):
        kept = RunIssue.objects.filter(run=run, stream="tickets", code="record_rejected").count()
        beside = Ticket.objects.filter(summary="beside the poison").count()
    assert (run.state, run.error_code) == (Run.State.FAILED, "too_many_failed")
    assert run.message.startswith("40 of ")
    assert "tickets could not be understood, more than the 5 %" in run.message
    assert (kept, beside) == (40, 0)


def test_below_the_share_a_run_goes_on_with_a_warning(
    handle: Handle, sync: Sync, synced: Synced, spoiled: Callable[[int], None]
) -> None:
    handle(fail_percent=50)
    synced()
    spoiled(40)
    run = sync("full")
    assert (run.state, run.result) == (Run.State.DONE, "warning")


def test_few_records_end_no_run_and_a_hundred_percent_never_does() -> None:
    assert not too_many_failed(25, 0, 1)
    assert too_many_failed(26, 0, 99)
    assert too_many_failed(60, 40, 50)
    assert not too_many_failed(50, 50, 50)
    assert not too_many_failed(1000, 0, 100)


def edited(linked: Connection, new: dict[str, Any], *, state: str = "waiting", age: dt.timedelta) -> tuple[int, int]:
    """An edit made here so long ago that waits to be sent; (edit, remote id of its ticket)."""
    with tenant_transaction(linked.organization_id):
        ticket = Ticket.objects.filter(connection=linked).order_by("pk")[0]
        edit = PendingChange.objects.create(
            organization_id=linked.organization_id,
            connection=linked,
            stream="tickets",
            record_id=ticket.pk,
            remote_id=ticket.remote_id,
            base={name: getattr(ticket, name) for name in new},
            new=new,
            state=state,
        )
        PendingChange.objects.filter(pk=edit.pk).update(created_at=timezone.now() - age)
    return edit.pk, int(ticket.remote_id)


def edit_now(linked: Connection, edit: int) -> PendingChange:
    with tenant_transaction(linked.organization_id):
        found: PendingChange = PendingChange.objects.get(pk=edit)
    return found


HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize("kind", ["quick", "full"])
@pytest.mark.parametrize(
    ("rule", "age", "state", "words"),
    [
        ("ask", HOUR, "conflict", "a person has to decide"),
        ("psa", -HOUR, "dropped", "its value stays, by the conflict rule “the PSA wins”"),
        ("portal", HOUR, "waiting", "this edit still goes out, by the conflict rule “the portal wins”"),
        ("newest", HOUR, "dropped", "its value stays, by the conflict rule “the newest wins”"),
        ("newest", -HOUR, "waiting", "this edit still goes out, by the conflict rule “the newest wins”"),
    ],
)
def test_the_rule_decides_when_the_psa_changes_the_edited_field(
    linked: Connection,
    calm: Sandbox,
    handle: Handle,
    sync: Sync,
    synced: Synced,
    kind: str,
    rule: str,
    age: dt.timedelta,
    state: str,
    words: str,
) -> None:
    handle(conflict_rule=rule)
    synced()
    edit, ticket = edited(linked, {"summary": "as edited here"}, age=age)
    calm.control("change", ids=[ticket], set={"summary": f"the PSA's, {kind}, {rule}, {age}"})
    assert sync(kind).result == "success"
    found = edit_now(linked, edit)
    assert (found.state, words in found.message) == (state, True)


def test_another_field_and_the_same_value_are_no_conflict(
    linked: Connection, calm: Sandbox, handle: Handle, sync: Sync, synced: Synced
) -> None:
    handle(conflict_rule="psa")
    synced()
    other, ticket = edited(linked, {"severity": "High"}, age=HOUR)
    same, _ = edited(linked, {"summary": "what both say"}, age=HOUR)
    sent, _ = edited(linked, {"summary": "long sent"}, state="sent", age=HOUR)
    calm.control("change", ids=[ticket], set={"summary": "what both say"})
    assert sync("quick").result == "success"
    assert [edit_now(linked, edit).state for edit in (other, same, sent)] == ["waiting", "waiting", "sent"]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"conflict_rule": "mine"}, "conflict_rule must be one of ask, psa, portal, newest."),
        ({"conflict_rule": ["psa"]}, "conflict_rule must be one of ask, psa, portal, newest."),
        ({"retry_attempts": 0}, "retry_attempts must be a whole number from 1 to 30."),
        ({"fail_percent": 101}, "fail_percent must be a whole number from 0 to 100."),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(setting: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsInvalid, match=words):
        settings_from(setting)
