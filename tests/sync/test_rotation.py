"""Whose notes a run reads: within its budget, each in turn; what comes late is kept, and what is asked for is asked for once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from integrations.port import StreamSpec
from sync.engine.read import children
from sync.engine.run.drive import advance
from sync.engine.run.work import Work
from sync.models import ParentRead, Run, RunStream
from sync.services.live import ticket_refresh
from sync.services.previews import preview_request
from tests.fixtures.synced_copies import first_synced
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sandbox_forks import world_at
from tests.sync.conftest import asked, linked_to, rested
from tickets.models import Note, Ticket

NOTES = {"path": r"service/tickets/\d+/notes$"}
BUDGET = 7


@pytest.fixture
def psa() -> Iterator[Sandbox]:
    with running("connectwise", tickets=60) as started:
        yield started


@pytest.fixture
def linked(organization: Organization, psa: Sandbox) -> Connection:
    """A connection whose first sync has read the notes of all tickets."""
    made = linked_to(organization, psa, streams=["tickets", "notes"], notes_rotation=BUDGET)
    world = world_at(psa.credentials["address"])
    first_synced(made, world, lambda: rested(asked(made)))
    assert not never_read(made)
    return made


def never_read(linked: Connection) -> set[str]:
    with tenant_transaction(linked.organization_id):
        return set(Ticket.objects.values_list("remote_id", flat=True)) - set(read_at(linked))


def read_at(linked: Connection) -> dict[str, Any]:
    """When the notes of each ticket were read last."""
    with tenant_transaction(linked.organization_id):
        return dict(ParentRead.objects.filter(stream="notes").values_list("parent_remote_id", "read_at"))


def closed(linked: Connection) -> set[str]:
    with tenant_transaction(linked.organization_id):
        return set(Ticket.objects.filter(is_closed=True).values_list("remote_id", flat=True))


def read_by(linked: Connection, trigger: str) -> set[str]:
    """The closed tickets whose notes a full run of this trigger reads."""
    before = read_at(linked)
    run = rested(asked(linked, trigger=trigger))
    assert run.result == "no_change", run.message
    after = read_at(linked)
    return {ticket for ticket in closed(linked) if after[ticket] != before[ticket]}


def test_a_night_reads_as_many_in_their_turn_as_the_settings_say_in_all_its_slices_together(
    linked: Connection, settings: Settings
) -> None:
    settings.SYNC_SLICE_SECONDS = 0
    assert len(read_by(linked, "nightly")) == BUDGET


def test_by_day_nobody_has_a_turn_and_open_tickets_are_read_all_the_same(linked: Connection) -> None:
    before = read_at(linked)
    assert read_by(linked, "person") == set()
    assert {ticket for ticket, at in read_at(linked).items() if at != before[ticket]} == set(before) - closed(linked)


def test_the_nights_come_round_to_each_ticket_before_any_has_a_second_turn(linked: Connection) -> None:
    left = closed(linked)
    assert len(left) > 2 * BUDGET
    while left:
        turn = read_by(linked, "nightly")
        assert turn <= left or left < turn
        assert len(turn) == BUDGET
        left -= turn


@pytest.mark.parametrize("kind", ["quick", "full"])
def test_a_note_that_comes_in_while_an_older_answer_waits_to_be_landed_stays(
    linked: Connection, psa: Sandbox, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    psa.control("POST", "change", {"n": 60, "set": {"summary": "Looked at again"}})
    answered: Callable[..., children.Answers] = children.answers_of
    late: list[str] = []

    def answered_and_late(work: Work, spec: StreamSpec, batch: children.Batch) -> children.Answers:
        answers = answered(work, spec, batch)
        if spec.name == "notes" and not late:
            late.append(ticket := answers.pages[0][0].remote_id)
            psa.control("POST", "note", {"ticket": int(ticket), "n": 1, "set": {"text": "Late"}})
            with tenant_transaction():
                key = Ticket.objects.get(remote_id=ticket).pk
            assert ticket_refresh(ticket_id=key).ok
        return answers

    monkeypatch.setattr(children, "answers_of", answered_and_late)
    run = rested(asked(linked, kind))
    assert run.result == "success", run.message
    with tenant_transaction(linked.organization_id):
        assert Note.objects.filter(ticket_remote_id=late[0], text__contains="Late").exists()


@pytest.mark.parametrize("kind", ["quick", "full"])
def test_a_pause_in_the_middle_of_a_batch_costs_no_answer_that_was_given(
    linked: Connection, psa: Sandbox, kind: str
) -> None:
    psa.control("POST", "change", {"n": 60, "set": {"summary": "Looked at again"}})
    with tenant(linked.organization_id), psa.fault(kind="429", retry_after=60, match=NOTES, after=45, times=1):
        run = asked(linked, kind)
        assert not advance(run.pk)
        with tenant_transaction():
            kept = RunStream.objects.get(run=run, name="notes").coverage["parents"]
            assert (Run.objects.get(pk=run.pk).state, 45 <= kept < 60) == ("waiting", True)
    psa.control("POST", "faults", {"kind": "slow", "seconds": 0.0, "match": NOTES})
    assert rested(run).result == "success"
    [asked_for] = psa.control("GET", "faults")
    assert asked_for["hits"] == 60 - kept


def test_all_that_is_due_is_read_though_it_is_looked_up_in_parts(
    linked: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.engine.read.due_parents.AHEAD", 5)
    test_by_day_nobody_has_a_turn_and_open_tickets_are_read_all_the_same(linked)


@pytest.mark.parametrize("kind", ["quick", "full", "preview of quick"])
def test_a_parent_that_failed_comes_after_all_others(
    linked: Connection, psa: Sandbox, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    psa.control("POST", "change", {"n": 60, "set": {"summary": "Looked at again"}})
    monkeypatch.setattr("sync.engine.read.due_parents.AHEAD", 1)
    monkeypatch.setattr(children, "REST", 0.0)
    answered: Callable[..., children.Answers] = children.answers_of
    order: list[str] = []

    def noted(work: Work, spec: StreamSpec, batch: children.Batch) -> children.Answers:
        order.extend(parent.remote_id for parent, _ in batch.calls if spec.name == "notes")
        return answered(work, spec, batch)

    monkeypatch.setattr(children, "answers_of", noted)
    with psa.fault(kind="500", match=NOTES, times=1):
        run = rested(previewed(linked, kind[11:]) if kind.startswith("preview") else asked(linked, kind))
    assert run.state == "done", run.message
    assert (len(order), len(set(order)), order[-1]) == (61, 60, order[0])


def previewed(linked: Connection, kind: str) -> Run:
    with tenant_transaction(linked.organization_id):
        return preview_request(connection=linked, kind=kind, trigger="person").run
