"""A record that is read by itself while the PSA does not show all of it: what was read lands, the rest stays and is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db.models.functions import Now

from clients.models import Company
from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.errors import AuthenticationFailed, IntegrationError
from integrations.models import Connection
from integrations.services.probing import connection_catalog_read, connection_scope_count
from integrations.settings_schema import settings_of
from sync.models import Issue
from sync.services.issues import retry_next
from sync.services.live import Refreshed, ticket_refresh
from sync.services.missing_ticket_diagnosis import ticket_absence
from sync.services.replay import Replayed, record_replay
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sync.conftest import Synced, linked_to
from tickets.models import Note, Ticket

NOTES = {
    "connectwise": {"path": "service/tickets/[0-9]+/(all)?[nN]otes$"},
    "halo": {"path": "Actions$"},
    "autotask": {"path": "TicketNotes"},
}
SUMMARY = {"connectwise": "summary", "halo": "summary", "autotask": "title"}
FAULTS = {"404": "not_found", "500": "transient", "403": "permission_missing", "truncated": "protocol_error"}


@pytest.fixture(params=["connectwise", "halo", "autotask"])
def psa(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with running(request.param, tickets=30) as started:
        yield started


@pytest.fixture
def linked(organization: Organization, psa: Sandbox) -> Connection:
    return linked_to(organization, psa)


def noted(connection: Connection) -> Ticket:
    """An open ticket with notes."""
    with tenant_transaction(connection.organization_id):
        note = Note.objects.filter(ticket__is_closed=False).order_by("-ticket_id")[0]
        found: Ticket = Ticket.objects.get(remote_id=note.ticket_remote_id)
        return found


def opening(ticket: Ticket) -> Refreshed:
    with tenant(ticket.organization_id):
        return ticket_refresh(ticket_id=ticket.pk)


def fetching(connection: Connection, stream: str, remote_id: str) -> Replayed:
    with tenant(connection.organization_id):
        return record_replay(connection=connection, stream=stream, remote_id=remote_id)


def open_issues(connection: Connection) -> list[Issue]:
    with tenant_transaction(connection.organization_id):
        return list(Issue.objects.filter(connection=connection, cleared_at=None).order_by("pk"))


def state_of(connection: Connection) -> str:
    with tenant_transaction(connection.organization_id):
        return Connection.objects.get(pk=connection.pk).state


def summary_of(ticket: Ticket) -> str:
    with tenant_transaction(ticket.organization_id):
        return Ticket.objects.get(pk=ticket.pk).summary


def notes_of(ticket: Ticket) -> int:
    with tenant_transaction(ticket.organization_id):
        return int(Note.objects.filter(ticket_remote_id=ticket.remote_id, removed_at=None).count())


def test_a_ticket_lands_without_the_notes_that_can_not_be_read(
    linked: Connection, synced: Synced, psa: Sandbox
) -> None:
    synced()
    ticket = noted(linked)
    before = notes_of(ticket)
    for fault, code in FAULTS.items():
        said = f"Told anew with {fault}"
        psa.control("POST", "change", {"ids": [int(ticket.remote_id)], "set": {SUMMARY[psa.key]: said}})
        with psa.fault(kind=fault, match=NOTES[psa.key]):
            answer = opening(ticket)
        assert (answer.ok, answer.changed, answer.whole) == (True, True, False), answer
        assert f"otes of ticket {ticket.remote_id}" in answer.message or "says of its notes" in answer.message
        assert "Up to date with the PSA." not in answer.message
        assert (summary_of(ticket), notes_of(ticket), state_of(linked)) == (said, before, "connected")
        booked = [issue for issue in open_issues(linked) if issue.stream == "notes"]
        assert [(issue.parent_remote_id, issue.remote_id, issue.code) for issue in booked] == [
            (ticket.remote_id, "", code)
        ]
        assert booked[0].message in answer.message
        assert booked[0].message.endswith("What is here of them stays.")
        assert fetching(linked, "tickets", ticket.remote_id).unread == {}
        assert open_issues(linked) == []


def test_fetching_notes_again_that_are_not_found_leaves_their_issue_in_its_words(
    linked: Connection, synced: Synced, psa: Sandbox
) -> None:
    synced()
    ticket = noted(linked)
    with psa.fault(kind="404", match=NOTES[psa.key]):
        opening(ticket)
        [issue] = [found for found in open_issues(linked) if found.stream == "notes"]
        with tenant(linked.organization_id):
            with tenant_transaction():
                Issue.objects.filter(pk=issue.pk).update(retry_at=Now())
            assert retry_next()
    [again] = [found for found in open_issues(linked) if found.stream == "notes"]
    assert (again.pk, again.code, again.message) == (issue.pk, issue.code, issue.message)
    assert (again.times, again.retry_at) == (issue.times + 1, None)


SITES = {"connectwise": {"path": "companies/[0-9]+/sites"}}
"""Where sites are asked for, in systems that give them company by company."""


@pytest.mark.parametrize("psa", sorted(SITES), indirect=True)
def test_a_company_lands_without_the_sites_that_can_not_be_read(
    linked: Connection, synced: Synced, psa: Sandbox
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        company = Company.objects.order_by("pk")[0]
    for fault in ("404", "500"):
        name = f"Renamed with {fault}"
        named = {"collection": "companies", "ids": [int(company.remote_id)], "set": {"name": name}}
        psa.control("POST", "change", named)
        with psa.fault(kind=fault, match=SITES[psa.key]):
            fetching(linked, "companies", company.remote_id)
        with tenant_transaction(linked.organization_id):
            assert Company.objects.get(pk=company.pk).name == name
        assert state_of(linked) == "connected"


def test_a_ticket_whose_own_row_is_broken_is_named_and_costs_the_connection_nothing(
    linked: Connection, synced: Synced, psa: Sandbox
) -> None:
    synced()
    ticket = noted(linked)
    broken = {"ids": [int(ticket.remote_id)], "set": {SUMMARY[psa.key]: "tru"}}
    with psa.fault(kind="row", odd=broken):
        answer = opening(ticket)
        assert not answer.ok
        assert answer.message.startswith(f"Ticket {ticket.remote_id}: ")
        assert (summary_of(ticket), state_of(linked)) == (ticket.summary, "connected")
        [issue] = open_issues(linked)
        assert (issue.stream, issue.remote_id, issue.code) == ("tickets", ticket.remote_id, "record_rejected")
        with tenant(linked.organization_id):
            with tenant_transaction():
                Issue.objects.filter(pk=issue.pk).update(retry_at=Now())
            assert retry_next()
        [again] = open_issues(linked)
        assert (again.pk, again.message, again.times, again.retry_at) == (issue.pk, issue.message, 2, None)
        with pytest.raises(IntegrationError):
            fetching(linked, "tickets", "no number")
        assert len(open_issues(linked)) == 1
    assert opening(ticket).ok
    assert open_issues(linked) == []


def the_page_of_a_missing_ticket(connection: Connection) -> None:
    verdict = ticket_absence(connection=connection, text="1")
    assert verdict.code == "credentials_refused"
    raise AuthenticationFailed(verdict.said)


def the_count_of_other_settings(connection: Connection) -> Any:
    return connection_scope_count(connection=connection, settings=settings_of(connection))


def the_choices(connection: Connection) -> Any:
    return connection_catalog_read(connection=connection)


def a_ticket_that_is_fetched(connection: Connection) -> Any:
    return record_replay(connection=connection, stream="tickets", remote_id="1")


@pytest.mark.parametrize(
    "ask", [the_page_of_a_missing_ticket, the_count_of_other_settings, the_choices, a_ticket_that_is_fetched]
)
def test_no_page_tries_credentials_that_the_psa_refuses(
    linked: Connection, psa: Sandbox, ask: Callable[[Connection], Any]
) -> None:
    """The connection as a page read it before it was refused: what is stored counts. The PSA would accept them by now."""
    with tenant_transaction(linked.organization_id):
        Connection.objects.filter(pk=linked.pk).update(state=Connection.State.REFUSED)
    with tenant(linked.organization_id), pytest.raises(AuthenticationFailed, match="so it was not asked"):
        ask(linked)
    assert state_of(linked) == "refused"
