"""When a run is held, what it then shows, and who lets it go on."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from clients.models import Company
from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.engine.run.drive import advance
from sync.models import Run, Victim
from sync.selectors.pending_removals import VictimFilter, victim_count, victim_groups, victims_page
from sync.services.runs import RunRefused, run_approve, run_reject
from tests.fixtures.runs import make_run
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import DAILY, Sync, Synced
from tickets.models import Note, Ticket, TimeEntry

LOOSE = {"hold_least": 1_000_000, "hold_percent": 100, "hold_company_percent": 100, "hold_second_percent": 100}


def settle(connection: Connection, **values: Any) -> None:
    """The connection's thresholds from now on; those not named let everything pass."""
    with tenant_transaction(connection.organization_id):
        Connection.objects.filter(pk=connection.pk).update(
            settings={"streams": DAILY, "date_range_days": None} | LOOSE | values
        )


def biggest(connection: Connection, column: str) -> tuple[str, list[int]]:
    """The value of ``column`` that most tickets have, and these tickets' remote ids."""
    with tenant_transaction(connection.organization_id):
        groups: dict[str, list[int]] = {}
        for value, remote in Ticket.objects.values_list(column, "remote_id"):
            groups.setdefault(str(value), []).append(int(remote))
    return max(groups.items(), key=lambda item: (len(item[1]), item[0]))


def work_on(run: Run) -> Run:
    with tenant_transaction(run.organization_id):
        advance(run.pk)
        return Run.objects.get(pk=run.pk)


def test_removals_spread_over_everything_pass_unasked(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    settle(linked, hold_least=25, hold_percent=5, hold_company_percent=20, hold_second_percent=20)
    synced()
    calm.control("delete", fraction=0.03)
    run = sync("full")
    assert (run.state, run.result) == ("done", "success"), run.message


def test_a_share_of_one_company_is_held_though_the_stream_is_not(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    company, tickets = biggest(linked, "company_remote_id")
    settle(linked, hold_least=4, hold_percent=100, hold_company_percent=20)
    calm.control("delete", ids=tickets[: max(4, len(tickets) // 3)])
    run = sync("full")
    assert run.state == "held", run.message
    groups = run.verification["held_groups"]
    assert [(group["kind"], group["remote_id"], group["why"]) for group in groups] == [("company", company, "share")]
    assert f"of {len(tickets)} tickets of the company" in run.message


def test_what_passes_for_a_stream_passes_for_a_company_when_switched_off(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    _, tickets = biggest(linked, "company_remote_id")
    settle(linked, hold_least=4, hold_percent=100, hold_company_percent=100)
    calm.control("delete", ids=tickets)
    assert sync("full").state == "done"


def test_a_board_that_is_hidden_from_the_key_is_held(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    board, _ = biggest(linked, "board_remote_id")
    settle(linked, hold_company_percent=99)
    calm.control("role", hidden_boards=[int(board)])
    run = sync("full")
    assert run.state == "held", run.message
    assert not any(loss["rows"] > loss["allowed"] for loss in run.verification["held"].values())
    groups = [(group["kind"], group["remote_id"], group["why"]) for group in run.verification["held_groups"]]
    assert groups == [("board", board, "gone")]


def test_a_company_that_loses_all_of_its_tickets_is_held(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    company, tickets = biggest(linked, "company_remote_id")
    settle(linked, hold_company_percent=99)
    calm.control("delete", ids=tickets)
    run = sync("full")
    assert run.state == "held", run.message
    groups = [(group["kind"], group["remote_id"], group["why"]) for group in run.verification["held_groups"]]
    assert groups == [("company", company, "emptied")]


def test_a_company_that_goes_while_its_tickets_stay_is_held(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    company, tickets = biggest(linked, "company_remote_id")
    settle(linked, hold_company_percent=99)
    calm.control("change", collection="companies", ids=[int(company)], set={"deletedFlag": True})
    run = sync("full")
    assert run.state == "held", run.message
    assert f"would go, with {len(tickets)} tickets here" in run.message
    with tenant_transaction(linked.organization_id):
        assert [v.remote_id for v in Victim.objects.filter(run=run)] == [company]
        run_reject(run=run, actor=None, reason="It was flagged by mistake")
        assert Company.objects.filter(remote_id=company).exists()
    calm.control("change", collection="companies", ids=[int(company)], set={"deletedFlag": False})


def test_a_company_whose_tickets_the_run_has_read_of_another_one_holds_nothing(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    company, tickets = biggest(linked, "company_remote_id")
    with tenant_transaction(linked.organization_id):
        other = Company.objects.exclude(remote_id=company).order_by("pk")[0].remote_id
    settle(linked, hold_company_percent=99)
    calm.control("change", ids=tickets, set={"company": {"id": int(other)}}, stamp="keep")
    calm.control("change", collection="companies", ids=[int(company)], set={"deletedFlag": True})
    run = sync("full")
    assert run.state == "done", run.message
    with tenant_transaction(linked.organization_id):
        assert not Company.objects.filter(remote_id=company).exists()
        assert Ticket.objects.filter(company_remote_id=other).count() >= len(tickets)


def test_what_leaves_with_a_narrower_date_range_holds_nothing(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        stamps = Ticket.objects.filter(is_closed=True).order_by("-remote_updated_at")
        start = stamps[5].remote_updated_at
        before = TimeEntry.objects.count()
    settle(linked, hold_least=0, hold_percent=0, hold_company_percent=1, date_range_days=30)
    with tenant_transaction(linked.organization_id):
        Connection.objects.filter(pk=linked.pk).update(range_start=start)
    run = sync("full")
    assert run.state == "done", run.message
    with tenant_transaction(linked.organization_id):
        assert not Ticket.objects.filter(is_closed=True, remote_updated_at__lt=start).exists()
        assert TimeEntry.objects.count() < before


@pytest.mark.parametrize("kind", ["full", "clear_resync"])
def test_notes_and_time_go_with_the_tickets_of_boards_that_are_not_wanted_any_more(
    sync: Sync, synced: Synced, linked: Connection, kind: str
) -> None:
    synced()
    board, _ = biggest(linked, "board_remote_id")
    settle(linked, hold_least=0, hold_percent=0, hold_company_percent=1, boards=[board])
    run = sync(kind)
    assert run.state == "done", run.message
    with tenant_transaction(linked.organization_id):
        here = Ticket.objects.values("remote_id")
        assert not TimeEntry.objects.exclude(ticket_remote_id__in=here).exists()
        assert not Note.objects.exclude(ticket_remote_id__in=here).exists()
        assert TimeEntry.objects.exists()
    assert sync("quick").result == "no_change"
    assert sync("full").result == "no_change"


def test_what_the_settings_explain_holds_nothing(sync: Sync, synced: Synced, linked: Connection) -> None:
    synced()
    board, tickets = biggest(linked, "board_remote_id")
    settle(linked, hold_least=0, hold_percent=0, hold_company_percent=1, boards=[board])
    run = sync("full")
    assert run.state == "done", run.message
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.count() == len(tickets)


def test_the_victims_are_kept_searchable_in_pages_and_by_group(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    company, tickets = biggest(linked, "company_remote_id")
    settle(linked, hold_least=2, hold_percent=0, hold_company_percent=100)
    gone = sorted(str(remote) for remote in tickets[:7])
    calm.control("delete", ids=tickets[:7])
    run = sync("full")
    with tenant_transaction(linked.organization_id):
        only = VictimFilter(stream="tickets")
        first = victims_page(run, only, size=3)
        second = victims_page(run, only, first.next, size=3)
        third = victims_page(run, only, second.next, size=3)
        shown = [v.remote_id for page in (first, second, third) for v in page.victims]
        assert (sorted(shown), third.next) == (gone, None)
        assert victim_count(run, VictimFilter(text=gone[0])) == 1
        assert victim_count(run, VictimFilter(company=company)) == 7
        assert victim_count(run, VictimFilter(company="0")) == 0
        assert victim_groups(run)[0].rows == 7


def test_reading_victims_costs_the_same_for_one_and_for_three(connection: Connection, in_tenant: object) -> None:
    counts = []
    for number in (1, 3):
        run = make_run(connection, "full", result="held")
        Victim.objects.bulk_create(
            Victim(organization_id=run.organization_id, run=run, stream="tickets", record_id=n, remote_id=str(n))
            for n in range(number)
        )
        with CaptureQueriesContext(database) as queries:
            assert len(victims_page(run, VictimFilter()).victims) == number
        counts.append(len(queries))
    assert counts == [1, 1]


def held_run(connection: Connection, *, second: bool) -> Run:
    loss = {"stream": "tickets", "rows": 90, "live": 300, "allowed": 25, "second": second}
    return make_run(connection, "full", result="held", verification={"held": {"tickets": loss}})


@pytest.mark.usefixtures("in_tenant")
def test_above_the_second_threshold_one_person_is_not_enough(
    connection: Connection, admin: User, make_person: Any, organization: Any
) -> None:
    run = held_run(connection, second=True)
    other = make_person(organization, "admin", "bea@acme.test", "Bea")
    assert not run_approve(run=run, actor=admin, reason="duplicates").complete
    assert Run.objects.get(pk=run.pk).state == "held"
    with pytest.raises(RunRefused, match="You have approved this run already"):
        run_approve(run=run, actor=admin, reason="duplicates")
    with pytest.raises(RunRefused, match="the command line is nobody"):
        run_approve(run=run, actor=None, reason="duplicates")
    assert run_approve(run=run, actor=other, reason="I looked too").complete
    run.refresh_from_db()
    assert (run.state, run.verification["approved_by"]) == ("queued", "ada@acme.test and bea@acme.test")


@pytest.mark.usefixtures("in_tenant")
def test_below_it_one_person_is_enough(connection: Connection, admin: User) -> None:
    run = held_run(connection, second=False)
    assert run_approve(run=run, actor=admin, reason="duplicates").complete
    assert Run.objects.get(pk=run.pk).state == "queued"


def test_a_run_above_the_second_threshold_is_applied_after_two_approvals(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection, admin: User
) -> None:
    synced()
    settle(linked, hold_least=2, hold_percent=0, hold_second_percent=0)
    calm.control("delete", n=5)
    run = sync("full")
    assert run.verification["held"]["tickets"]["second"] is True
    with tenant_transaction(linked.organization_id):
        assert not run_approve(run=run, actor=None, reason="by the console").complete
    assert work_on(run).state == "held"
    with tenant_transaction(linked.organization_id):
        assert run_approve(run=run, actor=admin, reason="I looked").complete
    run = work_on(run)
    assert (run.state, run.result) == ("done", "success"), run.message
    assert run.verification["streams"]["tickets"]["ok"] is True
