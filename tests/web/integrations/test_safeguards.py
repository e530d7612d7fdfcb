"""The thresholds on their page: what they say, what is refused, and that they count."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from foundation.tenancy.models import AuditEvent, Organization, User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.settings_schema import SAFEGUARDS, ConnectionSettings, settings_of
from sync.selectors.thresholds import Threshold, thresholds
from sync.selectors.undo import undo_refusal
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Sync, calm, linked, sync

__all__ = ["calm", "linked", "sync"]
TYPED = dict.fromkeys(SAFEGUARDS, "100") | {"hold_least": "0", "undo_hours": "72", "audit_sample": "0"}
"""Everything passes unasked."""


@pytest.fixture
def browser(client_for: Callable[[User], Client], admin: User) -> Client:
    return client_for(admin)


def address(connection: Connection) -> str:
    return reverse("web:connection_safeguards", args=[connection.pk])


def stored(connection: Connection) -> ConnectionSettings:
    with tenant_transaction(connection.organization_id):
        return settings_of(Connection.objects.get(pk=connection.pk))


def test_what_is_typed_is_stored_with_an_audit_entry_and_the_rest_stays(
    browser: Client, connection: Connection
) -> None:
    typed = {
        "hold_least": 10,
        "hold_percent": 2,
        "hold_company_percent": 30,
        "hold_second_percent": 15,
        "undo_hours": 24,
        "audit_sample": 50,
    }
    with tenant_transaction(connection.organization_id):
        Connection.objects.filter(pk=connection.pk).update(settings={"notes_rotation": 7})
    assert browser.post(address(connection), typed).status_code == 302
    found = stored(connection)
    assert {name: getattr(found, name) for name in SAFEGUARDS} == typed
    assert found.notes_rotation == 7
    with tenant_transaction(connection.organization_id):
        entry = AuditEvent.objects.get(action="connection.configured")
    assert entry.changes["undo_hours"] == [72, 24]
    assert entry.changes["hold_percent"] == [5, 2]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"hold_percent": "101"}, "Enter a whole number from 0 to 100."),
        ({"hold_least": ""}, "Enter a whole number from 0 to 1,000,000."),
        ({"undo_hours": "soon"}, "Enter a whole number from 0 to 2,160."),
        ({"hold_percent": "30", "hold_second_percent": "20"}, "less than the 30 % from which one person is asked"),
    ],
)
def test_a_wrong_number_is_refused_with_a_sentence(
    browser: Client, connection: Connection, wrong: dict[str, str], words: str
) -> None:
    answer = browser.post(address(connection), TYPED | wrong)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert stored(connection) == ConnectionSettings()


def test_the_page_says_what_the_numbers_mean_here_and_who_is_missing(
    browser: Client,
    sync: Sync,
    linked: Connection,
    organization: Organization,
    make_person: Callable[..., User],
) -> None:
    sync("full")
    with tenant_transaction(linked.organization_id):
        found = {line.stream: line for line in thresholds(linked, ConnectionSettings())}
    assert found["tickets"] == Threshold("tickets", 300, 25, 60)
    page = browser.get(address(linked)).content.decode()
    assert "Nobody here could be the second person" in page
    make_person(organization, "admin", "bea@acme.test")
    assert "Nobody here could be the second person" not in browser.get(address(linked)).content.decode()


@pytest.mark.parametrize(
    ("typed", "state", "second"),
    [
        ({}, "done", None),
        ({"hold_percent": "1", "hold_least": "4"}, "held", False),
        ({"hold_percent": "10", "hold_least": "4"}, "done", None),
        ({"hold_percent": "0", "hold_second_percent": "1"}, "held", True),
        ({"hold_company_percent": "0", "hold_least": "0"}, "held", False),
    ],
)
def test_each_threshold_counts_from_the_next_sync_on(
    browser: Client,
    sync: Sync,
    calm: Sandbox,
    linked: Connection,
    typed: dict[str, str],
    state: str,
    second: bool | None,
) -> None:
    sync("full")
    calm.control("delete", n=5)
    assert browser.post(address(linked), TYPED | typed).status_code == 302
    run = sync("full")
    assert run.state == state, run.message
    losses = run.verification.get("held", {})
    assert (losses["tickets"]["second"] if losses else None) == second


def test_the_hours_for_undoing_count_at_once(browser: Client, sync: Sync, calm: Sandbox, linked: Connection) -> None:
    sync("full")
    calm.control("delete", n=2)
    browser.post(address(linked), TYPED)
    run = sync("full")
    with tenant_transaction(linked.organization_id):
        run.connection = Connection.objects.get(pk=linked.pk)
        assert undo_refusal(run) == ""
    browser.post(address(linked), TYPED | {"undo_hours": "0"})
    with tenant_transaction(linked.organization_id):
        run.connection = Connection.objects.get(pk=linked.pk)
        assert "0 hours" in undo_refusal(run)
