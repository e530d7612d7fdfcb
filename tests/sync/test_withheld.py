"""Nothing vanishes unproven: what a PSA does not show any more, without more than an answer of nothing, stays until somebody decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from clients.models import Opportunity
from foundation.tenancy.models import AuditEvent, Organization, User
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from lab.faults.hostile.copies import Copy, copy_of
from lab.faults.hostile.spots import SPOTS
from sync.engine.run.run_log import WITHHELD_CODE
from sync.models import Issue, Run, RunIssue, RunLog, RunStream, Victim
from sync.services.live import ticket_refresh
from sync.services.runs import RunRefused
from sync.services.undo import run_undo
from sync.services.withheld import withheld_approve, withheld_keep
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sync.conftest import LOOSE, Synced, asked, linked_to, rested
from tickets.models import Note, Ticket

SYSTEMS = ("connectwise", "halo", "autotask")
GUARDED = LOOSE | {"hold_least": 5, "hold_company_percent": 100}
NOTHING_BELOW: dict[str, dict[str, Any]] = {
    "connectwise": {"kind": "empty"},
    "halo": {"kind": "answer", "odd": {"body": '{"record_count":0,"actions":[]}'}},
}
"""An answer of nothing below a ticket that contradicts itself in nothing."""
BELOW_PARENTS = tuple(key for key in SYSTEMS if SPOTS[key].below_all)
"""Others give all notes in one list, which the guard of lists looks after."""


@pytest.fixture(params=SYSTEMS)
def psa(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with running(request.param, tickets=60) as started:
        yield started


@pytest.fixture
def connectwise() -> Iterator[Sandbox]:
    with running("connectwise", tickets=60) as started:
        yield started


@pytest.fixture
def linked(organization: Organization, psa: Sandbox) -> Connection:
    made = linked_to(organization, psa)
    guard(made)
    return made


@pytest.fixture
def simple(organization: Organization, connectwise: Sandbox) -> Connection:
    made = linked_to(organization, connectwise)
    guard(made)
    return made


def guard(connection: Connection, **values: Any) -> None:
    """The connection's limits from now on."""
    with tenant_transaction(connection.organization_id):
        Connection.objects.filter(pk=connection.pk).update(settings=GUARDED | values)


def ended(connection: Connection, kind: str) -> Run:
    run = rested(asked(connection, kind))
    assert not run.is_open, (run.state, run.wait_reason, run.message)
    return run


def rows_of(connection: Connection) -> Copy:
    return copy_of(connection.organization_id, connection.pk)


def touch_all(connection: Connection, psa: Sandbox, text: str) -> None:
    """Every ticket changes at the PSA."""
    with tenant_transaction(connection.organization_id):
        ids = [int(remote_id) for remote_id in Ticket.objects.values_list("remote_id", flat=True)]
    psa.control("POST", "change", {"ids": ids, "set": {"summary": text}})


def issues_of(run: Run) -> list[tuple[str, str]]:
    with tenant_transaction(run.organization_id):
        return list(RunIssue.objects.filter(run=run).order_by("stream").values_list("stream", "code"))


def open_issues(connection: Connection) -> int:
    with tenant_transaction(connection.organization_id):
        return int(Issue.objects.filter(cleared_at=None).count())


@pytest.mark.parametrize("psa", BELOW_PARENTS, indirect=True)
@pytest.mark.parametrize("kind", ["quick", "full"])
def test_nothing_below_any_parent_removes_nothing_and_the_rest_lands(
    linked: Connection, synced: Synced, psa: Sandbox, kind: str
) -> None:
    below = SPOTS[psa.key].below_all
    assert below is not None
    synced()
    before = {key: row for key, row in rows_of(linked).items() if key[0] != "tickets"}
    touch_all(linked, psa, "Changed meanwhile")
    with psa.fault(**NOTHING_BELOW[psa.key], match=below):
        run = ended(linked, kind)
    assert (run.state, run.result) == ("done", "warning"), run.message
    assert {key: row for key, row in rows_of(linked).items() if key[0] != "tickets"} == before
    assert ("notes", "removals_withheld") in issues_of(run)
    with tenant_transaction(linked.organization_id):
        assert set(Ticket.objects.values_list("summary", flat=True)) == {"Changed meanwhile"}
        kept = run.verification["withheld"]["notes"]
        assert kept["rows"] == Victim.objects.filter(run=run, stream="notes").count() > 5
    again = ended(linked, "full")
    assert (again.state, issues_of(again), open_issues(linked)) == ("done", [], 0), again.message
    with tenant_transaction(linked.organization_id):
        assert not Victim.objects.exists()


def test_a_small_stream_that_is_empty_keeps_what_is_here_and_the_rest_lands(
    linked: Connection, synced: Synced, psa: Sandbox
) -> None:
    synced()
    guard(linked, hold_least=25)
    before = set(rows_of(linked))
    with psa.fault(kind="empty", match=SPOTS[psa.key].small):
        run = ended(linked, "full")
    assert set(rows_of(linked)) == before
    if run.state == "done":
        assert "removals_withheld" in {code for _, code in issues_of(run)}
    else:
        assert run.error_code == "incomplete", "a PSA that counts the stream by itself contradicts itself"
    assert (ended(linked, "full").state, open_issues(linked)) == ("done", 0)


def opportunities(connection: Connection) -> list[int]:
    with tenant_transaction(connection.organization_id):
        return [int(remote_id) for remote_id in Opportunity.objects.values_list("remote_id", flat=True)]


def test_a_stream_that_is_proven_gone_goes_and_the_run_says_so(simple: Connection, connectwise: Sandbox) -> None:
    ended(simple, "full")
    gone = opportunities(simple)
    guard(simple, hold_least=len(gone))
    connectwise.control("POST", "delete", {"collection": "opportunities", "ids": gone})
    run = ended(simple, "full")
    assert (run.state, run.result, opportunities(simple)) == ("done", "success", []), run.message
    with tenant_transaction(simple.organization_id):
        said = list(run.logs.filter(stream="opportunities", message__contains="asked again").values_list("message"))
        assert said == [
            (
                f"{len(gone)} of {len(gone)} opportunities are not in the PSA's answers any more; "
                "asked again, it does not have them: they are removed",
            )
        ]


@pytest.fixture
def waiting(simple: Connection, connectwise: Sandbox) -> Run:
    """A run that withheld all notes."""
    ended(simple, "full")
    with connectwise.fault(kind="empty", match=SPOTS["connectwise"].below_all):
        return ended(simple, "full")


def audited(action: str) -> list[tuple[str, str]]:
    """(stream, reason) of the entries of an act."""
    changes = AuditEvent.objects.filter(action=action).order_by("pk").values_list("changes", flat=True)
    return [(said["stream"][1], said["reason"][1]) for said in changes]


def notes(run: Run) -> int:
    with tenant_transaction(run.organization_id):
        return int(Note.objects.count())


def test_what_waits_goes_with_a_persons_word_and_comes_back_with_an_undo(waiting: Run, admin: User) -> None:
    before, rows = notes(waiting), waiting.verification["withheld"]["notes"]["rows"]
    waiting.verification["withheld"]["notes"]["second"] = False
    with tenant_transaction(waiting.organization_id):
        Run.objects.filter(pk=waiting.pk).update(verification=waiting.verification)
        with pytest.raises(RunRefused, match="Give a reason"):
            withheld_approve(run=waiting, stream="notes", actor=admin, reason=" ")
        assert withheld_approve(run=waiting, stream="notes", actor=admin, reason="They were purged").complete
        assert audited("sync.withheld_approved") == [("notes", "They were purged")]
        assert Note.objects.count() == before - rows
        assert RunStream.objects.get(run=waiting, name="notes").removed == rows
        with pytest.raises(RunRefused, match="Nothing of this stream is waiting"):
            withheld_approve(run=waiting, stream="notes", actor=admin, reason="Again")
        run_undo(run=Run.objects.get(pk=waiting.pk), actor=admin, reason="They were not")
        assert Note.objects.count() == before
        assert not Issue.objects.filter(cleared_at=None).exists()


def test_a_command_decides_too(waiting: Run, capsys: pytest.CaptureFixture[str]) -> None:
    before, word = notes(waiting), ["--run", str(waiting.pk), "--reason", "Seen there", "--stream", "notes"]
    with pytest.raises(CommandError, match="Nothing of this stream is waiting"):
        call_command("sync", "approve", *word[:-1], "tickets")
    call_command("sync", "reject", *word)
    with tenant_transaction(waiting.organization_id):
        assert audited("sync.withheld_kept") == [("notes", "Seen there")]
    assert "The notes stay as they are." in capsys.readouterr().out
    assert notes(waiting) == before
    with pytest.raises(CommandError, match="Nothing of this stream is waiting"):
        call_command("sync", "approve", *word)


def test_what_is_kept_stays_and_is_asked_for_again(waiting: Run, admin: User) -> None:
    before = notes(waiting)
    with tenant_transaction(waiting.organization_id):
        assert "stay as they are" in withheld_keep(
            run=waiting, stream="notes", actor=admin, reason="The key lost a right"
        )
        assert Run.objects.get(pk=waiting.pk).verification["withheld"]["notes"]["decided"]["removed"] == 0
        assert not Issue.objects.filter(cleared_at=None).exists()
    assert notes(waiting) == before


def test_so_large_a_share_takes_two_people(
    waiting: Run, admin: User, make_person: Any, organization: Organization
) -> None:
    assert waiting.verification["withheld"]["notes"]["second"] is True
    other = make_person(organization, "admin", "bea@acme.test", "Bea")
    with tenant_transaction(waiting.organization_id):
        assert not withheld_approve(run=waiting, stream="notes", actor=admin, reason="I looked").complete
        with pytest.raises(RunRefused, match="You have approved this run already"):
            withheld_approve(run=waiting, stream="notes", actor=admin, reason="I looked")
        assert withheld_approve(run=waiting, stream="notes", actor=other, reason="Me too").complete


def test_what_the_psa_shows_again_is_not_removed_by_a_late_word(
    waiting: Run, simple: Connection, admin: User, connectwise: Sandbox
) -> None:
    touch_all(simple, connectwise, "Changed since")
    ended(simple, "quick")
    before = notes(waiting)
    with tenant_transaction(waiting.organization_id):
        assert not Victim.objects.filter(run=waiting).exists()
        with pytest.raises(RunRefused, match="A later sync has read these records again"):
            withheld_approve(run=waiting, stream="notes", actor=admin, reason="They were purged")
    assert notes(waiting) == before


def test_a_quick_sync_that_ends_leaves_the_word_about_what_waits(waiting: Run, simple: Connection) -> None:
    ended(simple, "quick")
    assert waiting.result == "warning"
    assert open_issues(simple) == 1


def a_ticket_with_notes(connection: Connection) -> tuple[str, int]:
    """Its id, and how many notes it has."""
    with tenant_transaction(connection.organization_id):
        note = Note.objects.filter(ticket__is_closed=False).order_by("-ticket_id").first()
        assert note is not None
        return note.ticket_remote_id, Note.objects.filter(ticket_remote_id=note.ticket_remote_id).count()


def note_count(connection: Connection) -> int:
    with tenant_transaction(connection.organization_id):
        return int(Note.objects.count())


@pytest.mark.parametrize("kind", ["quick", "full"])
def test_notes_that_are_gone_below_one_ticket_go_after_a_second_look_and_the_log_names_it(
    simple: Connection, connectwise: Sandbox, kind: str
) -> None:
    ended(simple, "full")
    guard(simple, hold_least=25)
    ticket, below = a_ticket_with_notes(simple)
    before = note_count(simple)
    connectwise.control("POST", "change", {"ids": [int(ticket)], "set": {"summary": "Changed"}})
    with connectwise.fault(kind="empty", match={"path": f"service/tickets/{ticket}/notes$"}):
        run = ended(simple, kind)
    assert note_count(simple) == before - below
    with tenant_transaction(simple.organization_id):
        assert run.result == "success"
        said = (
            f"The PSA has no notes of ticket {ticket} any more, also when it is asked again: what was here is removed."
        )
        assert RunLog.objects.filter(run=run, message=said).count() == 1
        assert not Victim.objects.exists()


@pytest.mark.parametrize("kind", ["quick", "full"])
def test_notes_of_one_ticket_that_a_second_look_shows_stay_and_wait(
    simple: Connection, connectwise: Sandbox, kind: str
) -> None:
    ended(simple, "full")
    guard(simple, hold_least=25)
    ticket, _ = a_ticket_with_notes(simple)
    before = note_count(simple)
    connectwise.control("POST", "change", {"ids": [int(ticket)], "set": {"summary": "Changed"}})
    with connectwise.fault(kind="empty", match={"path": f"service/tickets/{ticket}/notes$"}, times=1):
        run = ended(simple, kind)
    assert note_count(simple) == before
    assert run.result == "warning"
    assert issues_of(run) == [("notes", WITHHELD_CODE)]


def test_opening_a_ticket_does_not_take_an_answer_of_nothing_for_the_end_of_its_notes(
    simple: Connection, connectwise: Sandbox
) -> None:
    ended(simple, "full")
    with tenant_transaction(simple.organization_id):
        note = Note.objects.select_related("ticket").order_by("-ticket_id").first()
        assert note is not None
        assert note.ticket is not None
        before = Note.objects.count()
    with tenant(simple.organization_id), connectwise.fault(kind="empty", match=SPOTS["connectwise"].below_all):
        assert ticket_refresh(ticket_id=note.ticket.pk).ok
    with tenant_transaction(simple.organization_id):
        assert Note.objects.count() == before
