"""The issues pages, and the question why a ticket is missing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import Issue

ISSUES, MISSING = "/sync/issues/", "/sync/missing/"


def make_issue(connection: Connection, remote_id: str = "7", **values: Any) -> Issue:
    """An open issue of a ticket."""
    own = {
        "stream": "tickets",
        "code": "record_rejected",
        "cause": "Its status is unknown.",
        "message": "Its status is unknown.",
        "first_at": timezone.now(),
        "last_at": timezone.now(),
    }
    with tenant_transaction(connection.organization_id):
        return Issue.objects.create(
            organization_id=connection.organization_id, connection=connection, remote_id=remote_id, **(own | values)
        )


@pytest.fixture
def issue(connection: Connection) -> Issue:
    return make_issue(connection)


def text_of(client: Client, address: str, status: int = 200, **query: str) -> str:
    answer = client.get(address, query)
    assert answer.status_code == status
    return answer.content.decode()


def test_no_issues_is_said_with_when_it_is_looked_at(as_admin: Client, connection: Connection) -> None:
    page = text_of(as_admin, ISSUES)
    assert "No issues" in page
    assert "end of every sync" in page


def test_issues_stand_together_by_cause_with_what_to_do(as_admin: Client, issue: Issue, connection: Connection) -> None:
    make_issue(connection, "8")
    make_issue(connection, "9", cause="Other", message="<script>alert(1)</script>", dismissed_at=timezone.now())
    page = text_of(as_admin, ISSUES)
    assert "2 tickets" in page
    assert "Correct the record in the PSA" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in text_of(as_admin, ISSUES, state="dismissed")
    assert "Nothing matches" in text_of(as_admin, ISSUES, state="cleared")
    assert "2 tickets" in text_of(as_admin, ISSUES, connection="²")


def test_an_issue_shows_its_records_and_is_dismissed_with_a_reason(as_admin: Client, issue: Issue) -> None:
    address = f"{ISSUES}{issue.pk}/"
    assert "Fetch all again" in text_of(as_admin, address)
    refused = as_admin.post(f"{address}dismiss/", {"reason": ""})
    assert refused.status_code == 422
    assert as_admin.post(f"{address}dismiss/", {"reason": "Test data"}).status_code == 302
    page = text_of(as_admin, address)
    assert "Test data" in page
    assert "Put it back" in page
    assert as_admin.post(f"{address}reopen/").status_code == 302
    assert "Put it back" not in text_of(as_admin, address)


def test_a_press_asks_for_another_try(as_admin: Client, issue: Issue) -> None:
    assert as_admin.post(f"{ISSUES}{issue.pk}/retry/", {"all": "1"}).status_code == 302
    with tenant_transaction(issue.organization_id):
        issue.refresh_from_db()
    assert issue.retry_at is not None
    assert 'hx-trigger="every 2s"' in text_of(as_admin, f"{ISSUES}{issue.pk}/")


def test_technicians_look_and_do_not_decide(as_technician: Client, issue: Issue) -> None:
    page = text_of(as_technician, f"{ISSUES}{issue.pk}/")
    assert "Fetch all again" not in page
    assert "Dismiss" not in page
    for deed in ("retry", "dismiss", "reopen"):
        assert as_technician.post(f"{ISSUES}{issue.pk}/{deed}/").status_code == 403


@pytest.mark.parametrize("address", [ISSUES, MISSING])
def test_who_may_not_see_logs_sees_no_issues(as_reader: Client, issue: Issue, address: str) -> None:
    text_of(as_reader, address, status=403)


def test_anothers_issue_is_not_there(as_admin: Client, other_connection: Connection) -> None:
    theirs = make_issue(other_connection)
    text_of(as_admin, f"{ISSUES}{theirs.pk}/", status=404)
    assert as_admin.post(f"{ISSUES}{theirs.pk}/retry/").status_code == 404


def test_the_question_needs_a_ticket_and_keeps_what_was_typed(as_admin: Client, connection: Connection) -> None:
    assert "Which ticket?" in text_of(as_admin, MISSING)
    assert 'value="48210"' in text_of(as_admin, MISSING, ticket="48210")
    assert as_admin.post(MISSING, {"ticket": ""}).status_code == 422
    assert as_admin.post(MISSING, {"ticket": "1", "connection": "999999"}).status_code == 422


def test_the_verdict_names_the_reason_and_the_way(as_admin: Client, connection: Connection, admin: User) -> None:
    asked = as_admin.post(MISSING, {"ticket": "the printer", "connection": str(connection.pk)})
    page = asked.content.decode()
    assert "neither a ticket number nor the address" in page
    unreachable = as_admin.post(MISSING, {"ticket": "7", "connection": str(connection.pk)}).content.decode()
    assert "psa_away" in unreachable or "address_refused" in unreachable
    fetched = as_admin.post(f"{MISSING}fetch/", {"ticket": "7", "connection": str(connection.pk)})
    assert fetched.status_code == 409
    assert "It could not be fetched" in fetched.content.decode()


def test_an_issue_below_a_record_names_both_and_a_board_is_read_by_a_sync_alone(
    as_admin: Client, connection: Connection
) -> None:
    notes = make_issue(connection, "", stream="notes", parent_remote_id="4711", cause="The notes of ticket # failed")
    board = make_issue(connection, "", stream="statuses", parent_remote_id="3", cause="The statuses of board # failed")
    said = text_of(as_admin, f"/sync/issues/{notes.pk}/")
    assert ("notes of ticket" in said, "4711" in said, f"{notes.pk}/retry/" in said) == (True, True, True)
    said = text_of(as_admin, f"/sync/issues/{board.pk}/")
    assert ("statuses of board" in said, f"{board.pk}/retry/" in said) == (True, False)
