"""Data that the database refuses cost their record: it is found, named and left as it is here, and the rest lands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.core.database_errors import REFUSED, refusal_words, refuses_data
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from sync.engine.read import fetch, refused_records
from sync.engine.read.refused_records import culprits
from sync.engine.run.drive import advance
from sync.models import Issue, Run, RunIssue, RunStream
from sync.services.previews import preview_apply, preview_request
from tests.fixtures.crashes import killed_at
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Handle, Sync, Synced, rested
from tests.sync.test_cancelling import now
from tests.sync.test_containment import Fail, fail
from tests.sync.test_leases import queued
from tests.sync.test_runs import truth
from tickets.models import Note, Ticket

__all__ = ["fail"]
POISON = "a poisoned text"
SAID = "The database could not store this record: a value does not fit (PostgreSQL's code 23514)."
Refuse = Callable[..., None]


@pytest.fixture
def refuse(owner: psycopg.Connection) -> Iterator[Refuse]:
    """``refuse("tickets_ticket", "summary")`` makes the database refuse the poison in a column, as it would any odd value."""
    made: list[str] = []

    def go(table: str, column: str) -> None:
        owner.execute(f"ALTER TABLE {table} ADD CONSTRAINT picky CHECK ({column} NOT LIKE '%{POISON}%') NOT VALID")
        made.append(table)

    yield go
    for table in made:
        owner.execute(f"ALTER TABLE {table} DROP CONSTRAINT picky")


@pytest.fixture
def healed(calm: Sandbox) -> Iterator[Sandbox]:
    """The sandbox, without poison afterwards."""
    yield calm
    if ids := [int(one) for one in poisoned.get(calm.address, [])]:
        calm.control("change", ids=ids, set={"summary": "healed"})
    poisoned.clear()


poisoned: dict[str, list[str]] = {}


def poison(psa: Sandbox, number: int) -> list[str]:
    """So many tickets with the poison."""
    found = sorted(str(one) for one in psa.control("change", n=number, set={"summary": POISON})["ids"])
    poisoned.setdefault(psa.address, []).extend(found)
    return found


def issues_of(run: Run, stream: str = "tickets") -> dict[str, str]:
    with tenant_transaction(run.organization_id):
        found = RunIssue.objects.filter(run=run, stream=stream, code="record_rejected")
        return dict(found.values_list("remote_id", "message"))


def summaries(linked: Connection) -> dict[str, str]:
    with tenant_transaction(linked.organization_id):
        return dict(Ticket.objects.filter(connection=linked).values_list("remote_id", "summary"))


def stream_of(run: Run, name: str = "tickets") -> RunStream:
    with tenant_transaction(run.organization_id):
        found: RunStream = RunStream.objects.get(run=run, name=name)
    return found


WHERE = ["tickets_ticket", 'staging."tickets"']


@pytest.mark.committed
@pytest.mark.parametrize("table", WHERE)
@pytest.mark.parametrize("kind", ["quick", "full", "clear_resync"])
def test_refused_records_are_named_and_the_rest_lands(
    linked: Connection,
    handle: Handle,
    sync: Sync,
    synced: Synced,
    healed: Sandbox,
    refuse: Refuse,
    kind: str,
    table: str,
) -> None:
    handle()
    synced()
    before = summaries(linked)
    refuse(table, "summary")
    healed.control("change", n=20, set={"summary": f"a new text, {kind}, {table}"})
    odd = poison(healed, 3)
    run = sync(kind)
    assert (run.state, run.result) == ("done", "warning"), run.message
    assert issues_of(run) == dict.fromkeys(odd, SAID)
    after = summaries(linked)
    assert {key: after[key] for key in odd} == {key: before[key] for key in odd}
    changed = {key for key in after if after[key] != before[key]}
    assert {after[key] for key in changed} == {f"a new text, {kind}, {table}"}
    assert 17 <= len(changed) <= 20, "those that were not poisoned afterwards"
    stream = stream_of(run)
    assert (stream.failed, stream.updated, stream.removed) == (3, len(changed), 0)
    with tenant_transaction(linked.organization_id):
        assert set(Issue.objects.filter(cleared_at=None).values_list("remote_id", flat=True)) == set(odd)
    healed.control("change", ids=[int(one) for one in odd], set={"summary": "healed"})
    assert sync(kind).result == "success"
    assert {summaries(linked)[key] for key in odd} == {"healed"}
    with tenant_transaction(linked.organization_id):
        assert not Issue.objects.filter(cleared_at=None).exists()


@pytest.mark.committed
def test_a_first_sync_lands_but_for_what_is_refused(
    linked: Connection, handle: Handle, sync: Sync, healed: Sandbox, refuse: Refuse
) -> None:
    handle()
    refuse("tickets_ticket", "summary")
    odd = poison(healed, 4)
    run = sync("full")
    assert (run.state, run.result, sorted(issues_of(run))) == ("done", "warning", odd)
    here = summaries(linked)
    assert set(odd).isdisjoint(here)
    assert len(here) == truth(healed, "tickets") - 4
    assert stream_of(run).fetched == len(here)


@pytest.mark.committed
@pytest.mark.parametrize("point", ["set_aside", "applying"])
def test_a_kill_after_refused_records_were_found_costs_nothing(
    linked: Connection, handle: Handle, synced: Synced, healed: Sandbox, refuse: Refuse, point: str
) -> None:
    handle()
    synced()
    refuse("tickets_ticket", "summary")
    odd = poison(healed, 2)
    killed_at(point, "start", "--connection", str(linked.pk), "--kind", "full")
    with tenant_transaction(linked.organization_id):
        run = Run.objects.latest("id")
        Run.objects.filter(pk=run.pk).update(lease_until=None)
    run = rested(run)
    assert (run.state, run.result, sorted(issues_of(run))) == ("done", "warning", odd)
    with tenant_transaction(linked.organization_id):
        assert RunIssue.objects.filter(run=run).count() == 2
    assert stream_of(run).failed == 2


@pytest.mark.committed
@pytest.mark.parametrize("kind", ["quick", "full"])
def test_a_refused_note_costs_itself_and_is_not_taken_for_gone(
    linked: Connection,
    handle: Handle,
    sync: Sync,
    synced: Synced,
    healed: Sandbox,
    owner: psycopg.Connection,
    kind: str,
) -> None:
    handle(streams=["tickets", "notes"])
    synced()
    with tenant_transaction(linked.organization_id):
        note = Note.objects.filter(ticket__is_closed=False).order_by("pk").first()
        notes = sorted(Note.objects.values_list("remote_id", flat=True))
        Note.objects.filter(ticket=note.ticket).update(content_hash=b"another", text="as it was")
    odd = f"CHECK (remote_id <> '{note.remote_id}' OR content_hash = 'another') NOT VALID"
    owner.execute(f"ALTER TABLE tickets_note ADD CONSTRAINT picky {odd}")
    healed.control("change", ids=[int(note.ticket_remote_id)], set={"summary": f"read again, {kind}"})
    try:
        run = sync(kind)
    finally:
        owner.execute("ALTER TABLE tickets_note DROP CONSTRAINT picky")
    assert (run.state, run.result) == ("done", "warning"), run.message
    assert issues_of(run, "notes") == {note.remote_id: SAID}
    with tenant_transaction(linked.organization_id):
        assert sorted(Note.objects.values_list("remote_id", flat=True)) == notes
        assert list(Note.objects.filter(text="as it was").values_list("remote_id", flat=True)) == [note.remote_id]


@pytest.mark.committed
def test_a_preview_is_applied_but_for_what_is_refused(
    linked: Connection, handle: Handle, synced: Synced, healed: Sandbox, refuse: Refuse
) -> None:
    handle()
    synced()
    refuse("tickets_ticket", "summary")
    healed.control("change", n=1, set={"summary": "beside the poison, previewed"})
    odd = poison(healed, 2)
    with tenant_transaction(linked.organization_id):
        preview = preview_request(connection=linked, kind="full", trigger="person").run
    assert rested(preview).state == "done"
    with tenant_transaction(linked.organization_id):
        run = preview_apply(preview=now(preview), trigger="person").run
    run = rested(run)
    assert (run.state, run.result, sorted(issues_of(run))) == ("done", "warning", odd)
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.filter(remote_id__in=odd).count() == len(odd), "what is here of the refused ones stays"


@pytest.mark.committed
def test_too_many_refused_records_end_the_run(
    linked: Connection, handle: Handle, sync: Sync, synced: Synced, healed: Sandbox, refuse: Refuse
) -> None:
    handle(fail_percent=5)
    synced()
    refuse('staging."tickets"', "summary")
    poison(healed, 40)
    run = sync("full")
    assert (run.state, run.error_code) == ("failed", "too_many_failed")
    assert run.message.startswith(f"40 of {truth(healed, 'tickets')} tickets could not be understood")


def test_an_error_of_ours_is_not_blamed_on_records(linked: Connection, handle: Handle, fail: Fail) -> None:
    handle()
    fail(fetch, "stage", TypeError("a fault in the code"))
    run = rested(queued(linked))
    assert (run.state, run.error_code) == ("failed", "fault")
    with tenant_transaction(linked.organization_id):
        assert not RunIssue.objects.filter(run=run, code="record_rejected").exists()


def test_a_record_of_which_nobody_can_tell_whether_it_is_wanted_costs_itself(
    linked: Connection, handle: Handle, sync: Sync, synced: Synced, healed: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle()
    synced()
    [odd] = poison(healed, 1)
    real = fetch.scoped

    def scoped(work: Any, *arguments: Any) -> Any:
        wanted = work.adapter.in_scope

        def in_scope(record: Any, scope: Any) -> bool:
            if record.remote_id == odd:
                raise ValueError("neither in nor out")
            return bool(wanted(record, scope))

        monkeypatch.setattr(work.adapter, "in_scope", in_scope)
        return real(work, *arguments)

    monkeypatch.setattr(fetch, "scoped", scoped)
    run = sync("full")
    assert (run.state, run.result) == ("done", "warning"), run.message
    assert issues_of(run) == {odd: "Whether the settings want this record can't be told (ValueError)."}
    assert odd in summaries(linked)


@given(st.lists(st.booleans(), max_size=200))
def test_the_culprits_are_found_in_few_tries(refused: list[bool]) -> None:
    wrong, tries = {i for i, bad in enumerate(refused) if bad}, 0

    def refusal(some: Any) -> Exception | None:
        nonlocal tries
        tries += 1
        return ValueError("refused") if wrong.intersection(some) else None

    found = [thing for thing, _ in culprits(range(len(refused)), refusal)]
    assert found == sorted(wrong)
    assert tries <= 1 + 2 * len(wrong) * max(1, len(refused).bit_length())


def test_what_only_fails_together_is_no_records_fault() -> None:
    assert culprits([1, 2], lambda some: ValueError("together") if len(some) > 1 else None) == []


@pytest.mark.parametrize("code", REFUSED)
def test_why_the_database_refused_is_said_in_plain_words(code: str) -> None:
    error = psycopg.errors.lookup(code)("no words of the database's")
    assert refusal_words(error) == REFUSED[code]


@pytest.mark.committed
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("SELECT 99999999999::integer", "a number is larger than its column holds"),
        ("SELECT '2026-13-45'::date", "a date or time lies too far away"),
        ("CREATE TABLE x (y varchar(3)); INSERT INTO x VALUES ('four')", "a text is longer than its column"),
        (
            "CREATE TABLE x (y text NOT NULL); INSERT INTO x VALUES (NULL)",
            "a value is missing that has to be there (y)",
        ),
        (
            "CREATE TABLE x (y text); CREATE INDEX ON x (y); "
            "INSERT INTO x SELECT string_agg(md5(n::text), '') FROM generate_series(1, 1000) n",
            "a text is too long for an index",
        ),
    ],
)
def test_what_postgresql_really_says_is_understood(owner: psycopg.Connection, statement: str, words: str) -> None:
    with pytest.raises(psycopg.Error) as raised:
        owner.execute(f"BEGIN; {statement}")
    owner.execute("ROLLBACK")
    assert refuses_data(raised.value)
    assert refusal_words(raised.value) == words


def test_a_slice_goes_on_after_a_refusal_with_the_next_page(
    linked: Connection, handle: Handle, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal that can't be found again when its records are tried is a fault, and is counted as one."""
    handle()
    calls: list[int] = []
    monkeypatch.setattr(refused_records, "refusal_of", lambda *arguments: calls.append(1))
    fail(fetch, "stage", psycopg.errors.StringDataRightTruncation("x"), times=1)
    run = queued(linked)
    with tenant(linked.organization_id):
        advance(run.pk)
    assert (now(run).state, now(run).faults, len(calls)) == ("waiting", 1, 1)
