"""Ticket Settings: companies by type and status, and what that hides and adds before it is saved."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clients.models import Company
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from portal.web.integrations.tickets import Review
from sync.selectors.settings_impact import SettingsImpact
from tests.fixtures.systems import Sandbox
from tests.web.integrations.conftest import only_connection
from tickets.models import Ticket

TYPED = {"boards_mode": "all", "date_range": "365", "fields_mode": "all"}


def words(page: bytes) -> str:
    """The page without its markup, in single spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.decode()).split())


@pytest.fixture
def stored(connected: Connection, organization_id: int) -> list[str]:
    """Two companies in the first status with three tickets, one in the second with one. Returns the two statuses."""
    statuses = [choice["remote_id"] for choice in connected.catalog["company_statuses"]][:2]
    now = timezone.now()
    times = {"fetched_at": now, "first_synced_at": now, "synced_at": now, "content_hash": b"x" * 16}
    own = {"organization_id": organization_id, "connection": connected} | times
    with tenant_transaction(organization_id):
        for company, status in (("1", 0), ("2", 0), ("3", 1)):
            Company.objects.create(**own, remote_id=company, name=company, status_remote_id=statuses[status])
        for ticket, company in enumerate(("1", "1", "2", "3")):
            mine = {"remote_id": str(ticket), "summary": "x", "company_remote_id": company, "remote_updated_at": now}
            Ticket.objects.create(**own, **mine)
    return statuses


def test_leaving_companies_out_says_what_it_hides_and_is_saved_when_it_was_read(
    browser: Client, psa: Sandbox, connected: Connection, organization_id: int, stored: list[str]
) -> None:
    address = reverse("web:connection_tickets", args=[connected.pk])
    typed = TYPED | {"company_statuses_mode": "chosen", "company_statuses": [stored[1]]}
    review = browser.post(address, typed)
    said = words(review.content)
    assert "Hides 3 tickets of 2 companies" in said
    assert "Of companies left out 3" in said
    assert "With their companies, also 2 companies" in said
    assert "own count, just now" in said
    assert only_connection(organization_id).settings["company_statuses"] is None
    saved = browser.post(address, typed | {"reviewed": review.context["review"].digest})
    assert saved.status_code == 302
    assert only_connection(organization_id).settings["company_statuses"] == [stored[1]]
    again = words(browser.get(address).content)
    assert "Only companies in the statuses chosen here" in again


def test_bringing_them_back_says_how_many_more_the_psa_counts(
    browser: Client, psa: Sandbox, connected: Connection, organization_id: int, stored: list[str]
) -> None:
    with tenant_transaction(organization_id):
        row = Connection.objects.get(pk=connected.pk)
        row.settings = row.settings | {"company_statuses": [stored[0]], "date_range_days": None}
        row.save()
        Company.objects.filter(status_remote_id=stored[1]).update(removed_at=timezone.now())
        Ticket.objects.filter(company_remote_id="3").update(removed_at=timezone.now())
    address = reverse("web:connection_tickets", args=[connected.pk])
    said = words(browser.post(address, TYPED | {"company_statuses_mode": "all", "date_range": "all"}).content)
    assert "Hides no ticket" in said
    assert re.search(r"ConnectWise PSA counts \d+ more tickets", said) or re.search(r"counts \d+ more tickets", said)


def test_choosing_none_is_refused_with_a_sentence(browser: Client, psa: Sandbox, connected: Connection) -> None:
    address = reverse("web:connection_tickets", args=[connected.pk])
    typed = TYPED | {"company_types_mode": "chosen", "company_statuses_mode": "chosen"}
    answer = browser.post(address, typed)
    assert answer.status_code == 422
    assert "Choose at least one type, or all of them." in words(answer.content)
    assert "Choose at least one status, or all of them." in words(answer.content)


def test_choices_of_an_earlier_release_are_to_be_read_again(
    browser: Client, psa: Sandbox, connected: Connection, organization_id: int
) -> None:
    with tenant_transaction(organization_id):
        row = Connection.objects.get(pk=connected.pk)
        asked = ("company_types", "company_statuses", "company_fields")
        row.catalog = {name: value for name, value in row.catalog.items() if name not in asked}
        row.save()
    address = reverse("web:connection_tickets", args=[connected.pk])
    assert "Read the choices again" in words(browser.get(address).content)


@pytest.mark.parametrize(
    ("effects", "counted", "matters"),
    [
        (SettingsImpact(5, 0, 0, 0, 0), 5, False),
        (SettingsImpact(5, 0, 0, 0, 0), 6, True),
        (SettingsImpact(5, 1, 1, 0, 0), 4, True),
        (SettingsImpact(5, 0, 0, 0, 0, with_companies=(("contacts", 1),)), 5, True),
        (SettingsImpact(5, 0, 0, 0, 0), None, True),
    ],
)
def test_only_what_hides_or_adds_something_is_reviewed(
    effects: SettingsImpact, counted: int | None, matters: bool
) -> None:
    assert Review(effects, counted, "", "", "").matters is matters
