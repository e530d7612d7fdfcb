"""What a held run would remove, undoing a run, its verification and its differences, on their pages."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection as database
from django.http import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from foundation.tenancy.models import Organization, User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import Run, Victim
from sync.services.runs import run_approve
from tests.fixtures.runs import make_entries, make_run, make_stream
from tickets.models import Ticket

PAGES = ("run_diff", "run_victims", "run_undo", "run_diff_csv")


def words_of(client: Client, name: str, run: Run, **query: str) -> str:
    """The page without its markup, in single spaces."""
    answer = client.get(reverse(f"web:{name}", args=[run.pk]), query)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


@pytest.fixture
def doomed(connection: Connection) -> Run:
    """A held run that would remove two tickets of one company and a contact, and wants two people."""
    loss = {"rows": 120, "live": 400, "allowed": 25, "second": True}
    group = {"kind": "company", "remote_id": "9", "name": "Wayne", "rows": 2, "live": 2, "why": "emptied"}
    verification = {"held": {"tickets": {"stream": "tickets"} | loss}, "held_groups": [group], "approvals": []}
    with tenant_transaction(connection.organization_id):
        run = make_run(connection, "full", result="held", verification=verification)
        common = {"organization_id": run.organization_id, "run": run}
        ours = {"company_remote_id": "9", "company_name": "Wayne", "board_remote_id": "3", "board_name": "Help"}
        Victim.objects.create(**common, stream="tickets", record_id=1, remote_id="11", label="Printer <b>", **ours)
        Victim.objects.create(**common, stream="tickets", record_id=2, remote_id="12", label="Screen", **ours)
        Victim.objects.create(**common, stream="contacts", record_id=3, remote_id="13", label="Bruce")
    return run


@pytest.fixture
def removed(connection: Connection) -> Run:
    """A finished full run that removed one ticket."""
    with tenant_transaction(connection.organization_id):
        run = make_run(connection, "full", result="success", ago=60)
        make_stream(run, removed=1, fetched=3)
        now = run.finished_at
        times = {"fetched_at": run.created_at, "first_synced_at": run.created_at, "synced_at": now, "removed_at": now}
        ticket = Ticket.objects.create(
            organization_id=run.organization_id,
            connection=connection,
            remote_id="77",
            summary="Back again",
            content_hash=b"x" * 16,
            **times,
        )
        entry = {"action": "removed", "before": None, "after": None, "record_id": ticket.pk, "remote_id": "77"}
        make_entries(run, 1, **entry, reason="not in the PSA any more, or out of scope")
    return run


@pytest.mark.parametrize("name", PAGES)
def test_foreign_runs_are_absent_and_readers_are_refused(
    as_admin: Client, as_reader: Client, finished: Run, other_run: Run, name: str
) -> None:
    assert as_admin.get(reverse(f"web:{name}", args=[other_run.pk])).status_code == 404
    assert as_reader.get(reverse(f"web:{name}", args=[finished.pk])).status_code == 403


def test_a_technician_undoes_nothing(as_technician: Client, removed: Run) -> None:
    assert as_technician.get(reverse("web:run_undo", args=[removed.pk])).status_code == 403
    assert as_technician.post(reverse("web:run_undo", args=[removed.pk]), {"reason": "x"}).status_code == 403
    assert "Undo…" not in words_of(as_technician, "run", removed)


def test_a_held_run_shows_its_groups_and_asks_for_two_people(as_admin: Client, doomed: Run) -> None:
    words = words_of(as_admin, "run", doomed)
    assert "Held: two people decide" in words
    assert "Wayne company 2 2 all of its tickets" in words
    assert "Approve as the first of two" in words


def test_the_second_approval_is_asked_for_in_words_and_refused_to_the_same_person(
    as_admin: Client,
    doomed: Run,
    organization: Organization,
    make_person: Callable[..., User],
    client_for: Callable[[User], Client],
) -> None:
    address, body = reverse("web:run_decide", args=[doomed.pk]), {"decision": "approve", "reason": "A merger"}
    first = as_admin.post(address, body, follow=True).content.decode()
    assert "A second person who manages integrations has to agree" in first
    assert "Approved by ada@acme.test" in first
    assert "You have approved this run already" in as_admin.post(address, body, follow=True).content.decode()
    other = client_for(make_person(organization, "admin", "bea@acme.test", "Bea"))
    assert "verified anew" in other.post(address, body, follow=True).content.decode()
    with tenant_transaction(doomed.organization_id):
        assert Run.objects.get(pk=doomed.pk).state == "queued"


def test_victims_are_listed_searched_and_narrowed(as_admin: Client, doomed: Run) -> None:
    page = as_admin.get(reverse("web:run_victims", args=[doomed.pk])).content.decode()
    assert "Printer &lt;b&gt;" in page
    assert re.search(r"3 of 3\s+records", words_of(as_admin, "run_victims", doomed))
    assert "Screen" not in words_of(as_admin, "run_victims", doomed, q="printer")
    narrowed = words_of(as_admin, "run_victims", doomed, company="9")
    assert "Only Wayne" in narrowed
    assert "Bruce" not in narrowed
    assert "Nothing matches" in words_of(as_admin, "run_victims", doomed, q="nobody", after="9" * 30)


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_of_victims_costs_the_same_for_one_and_three(
    as_admin: Client, connection: Connection, in_tenant: object, number: int
) -> None:
    run = make_run(connection, "full", result="held", verification={"held": {}})
    for n in range(number):
        Victim.objects.create(organization_id=run.organization_id, run=run, stream="contacts", record_id=n, remote_id=n)
    address = reverse("web:run_victims", args=[run.pk])
    as_admin.get(address)
    with CaptureQueriesContext(database) as queries:
        assert as_admin.get(address).status_code == 200
    own = [query for query in queries.captured_queries if "sync_" in query["sql"]]
    assert len(own) == 6


def test_undo_says_what_comes_back_and_brings_it_back(as_admin: Client, removed: Run) -> None:
    assert "What this run removed can be brought back until" in words_of(as_admin, "run", removed)
    words = words_of(as_admin, "run_undo", removed)
    assert "Tickets 1 0" in words
    assert "records that it still lacks are removed once more" in words
    address = reverse("web:run_undo", args=[removed.pk])
    assert as_admin.post(address, {"reason": ""}).status_code == 422
    page = as_admin.post(address, {"reason": "Needed"}, follow=True).content.decode()
    assert "Undone by ada@acme.test" in page
    with tenant_transaction(removed.organization_id):
        assert Ticket.objects.get(remote_id="77").summary == "Back again"
    assert "This run has been undone already." in words_of(as_admin, "run_undo", removed)


def test_a_run_that_is_too_old_is_not_offered(as_admin: Client, removed: Run) -> None:
    with tenant_transaction(removed.organization_id):
        Run.objects.filter(pk=removed.pk).update(finished_at=timezone.now() - dt.timedelta(hours=73))
    assert "Undo…" not in words_of(as_admin, "run", removed)
    assert "for 72 hours" in words_of(as_admin, "run_undo", removed)


def test_the_verification_is_on_the_run(as_admin: Client, finished: Run) -> None:
    report: dict[str, Any] = {
        "boards": [
            {"remote_id": "1", "name": "Help", "remote": 20, "ours": 20},
            {"remote_id": "2", "name": "Projects", "remote": None, "ours": 4},
        ],
        "boards_more": 3,
        "newest": [
            {"remote_id": "5", "verdict": "same", "fields": []},
            {"remote_id": "6", "verdict": "differs", "fields": ["status_name"]},
            {"stream": "contacts", "remote_id": "7", "verdict": "same", "fields": []},
        ],
        "unmapped": {"tickets": {"company_remote_id": 2}},
        "unmapped_examples": {"tickets": {"company_remote_id": [{"remote_id": "45", "name": "Wayne", "rows": 2}]}},
        "unseen_streams": [{"stream": "assets", "message": "The key may not read them."}],
        "unseen_boards": ["8"],
    }
    with tenant_transaction(finished.organization_id):
        Run.objects.filter(pk=finished.pk).update(verification=report)
    words = words_of(as_admin, "run", finished)
    assert "Help 20 20 agrees" in words
    assert "Projects – 4 not answered" in words
    assert "Differs tickets #6 Status" in words
    assert "Same contacts #7" in words
    assert "2 tickets name a company that is not here : 45 Wayne (2)" in words
    assert "Assets: The key may not read them." in words
    assert "Boards of the settings that the PSA does not show: 8" in words


def test_who_decides_alone_about_what_needs_two_is_told_the_way_out(
    as_admin: Client, doomed: Run, make_person: Callable[..., User], organization: Organization
) -> None:
    words = words_of(as_admin, "run", doomed)
    assert "Nobody here could be the second person" in words
    assert "Invite somebody" in words
    make_person(organization, "technician", "tim@acme.test")
    assert "Nobody here could be the second person" in words_of(as_admin, "run", doomed)
    make_person(organization, "admin", "bea@acme.test")
    assert "Nobody here could be the second person" not in words_of(as_admin, "run", doomed)


def test_after_the_first_approval_somebody_else_is_missing(
    as_admin: Client, doomed: Run, admin: User, make_person: Callable[..., User], organization: Organization
) -> None:
    bea = make_person(organization, "admin", "bea@acme.test")
    with tenant_transaction(doomed.organization_id):
        run_approve(run=doomed, actor=admin, reason="I looked")
    assert "Nobody here could be the second person" not in words_of(as_admin, "run", doomed)
    User.objects.filter(pk=bea.pk).update(is_active=False)
    assert "Nobody here could be the second person" in words_of(as_admin, "run", doomed)


def test_differences_are_shown_and_leave_as_safe_csv(as_admin: Client, connection: Connection) -> None:
    with tenant_transaction(connection.organization_id):
        run = make_run(connection, "full", result="success")
        make_stream(run, unchanged=4)
        make_entries(run, 2, label="=cmd()")
    words = words_of(as_admin, "run_diff", run)
    assert "Tickets 0 2 0 0 4" in words
    assert "Tickets Status: New → In progress 2" in words
    answer = as_admin.get(reverse("web:run_diff_csv", args=[run.pk]))
    rows = list(csv.reader(io.StringIO(text_of(answer).removeprefix("\ufeff"))))
    assert rows[0][1:] == ["Stream", "PSA id", "Record", "Outcome", "Reason", "Field", "Before", "After"]
    assert rows[1][1:] == ["tickets", "1", "'=cmd()", "updated", "", "status_name", "New", "In progress"]
    assert len(rows) == 3


def text_of(answer: HttpResponseBase) -> str:
    """A streamed body."""

    async def joined(parts: AsyncIterator[bytes]) -> bytes:
        return b"".join([part async for part in parts])

    return async_to_sync(joined)(answer.streaming_content).decode()
