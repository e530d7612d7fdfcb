"""Custom fields of contacts, assets, agreements … are chosen on Ticket Settings."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.services.connections import connection_configure
from integrations.settings_schema import settings_of
from tests.fixtures.systems import Sandbox
from tests.web.integrations.conftest import only_connection
from tests.web.integrations.test_companies import TYPED, words
from tests.web.test_versions import sent_by

FIELDS = {"contact_fields": ["53"], "asset_fields": [], "agreement_fields": None}


def test_fields_are_offered_saved_and_shown(
    browser: Client, psa: Sandbox, connected: Connection, organization_id: int
) -> None:
    address = reverse("web:connection_tickets", args=[connected.pk])
    offered = words(browser.get(address).content)
    for caption in ("Custom fields of contacts", "Job Level", "Custom fields of assets", "Rack", "Account Manager"):
        assert caption in offered
    assert "Custom fields of invoices" not in offered
    typed = {"contact_fields_mode": "chosen", "contact_fields": ["53"], "asset_fields_mode": "none"}
    saved = browser.post(address, TYPED | typed | {"agreement_fields_mode": "all"})
    assert (saved.status_code, saved.headers["Location"]) == (302, f"{address}?saved")
    assert "takes effect at the next full sync" in words(browser.get(f"{address}?saved").content)
    settings = only_connection(organization_id).settings
    assert {name: settings[name] for name in FIELDS} == FIELDS
    card = words(browser.get(reverse("web:connection", args=[connected.pk])).content)
    assert "Custom fields of contacts Job Level" in card
    assert "Custom fields of assets None" in card
    assert "Custom fields of agreements" not in card


def test_choosing_none_of_them_is_refused_with_a_sentence(browser: Client, psa: Sandbox, connected: Connection) -> None:
    address = reverse("web:connection_tickets", args=[connected.pk])
    answer = browser.post(address, TYPED | {"asset_fields_mode": "chosen"})
    assert answer.status_code == 422
    assert "Choose at least one field, or none of them." in words(answer.content)


@pytest.mark.parametrize("typed", [{}, {"contact_fields_mode": "all"}])
def test_what_the_psa_no_longer_offers_stays_until_it_is_taken_away(
    browser: Client, psa: Sandbox, connected: Connection, organization_id: int, typed: dict[str, str]
) -> None:
    with tenant_transaction(organization_id):
        row = Connection.objects.get(pk=connected.pk)
        row.settings = row.settings | {"contact_fields": ["999"]}
        row.save()
    address = reverse("web:connection_tickets", args=[connected.pk])
    assert "999 (no longer offered)" in words(browser.get(address).content)
    browser.post(address, TYPED | typed)
    assert only_connection(organization_id).settings["contact_fields"] == (None if typed else ["999"])


def test_ticket_settings_do_not_take_back_what_somebody_else_saved(browser: Client, connected: Connection) -> None:
    address = reverse("web:connection_tickets", args=[connected.pk])
    mine = sent_by(browser.get(address).text, "date_range")
    mine.pop("")
    connection_configure(connection=connected, settings={"date_range_days": 90})
    refused = browser.post(address, mine)
    assert refused.status_code == 422
    assert "saved by somebody else, or in another window" in refused.text
    with tenant_transaction(connected.organization_id):
        assert settings_of(Connection.objects.get()).date_range_days == 90
    again = sent_by(refused.text, "date_range")
    again.pop("")
    assert "saved by somebody else" not in browser.post(address, again).text
