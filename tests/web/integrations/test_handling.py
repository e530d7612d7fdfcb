"""Error handling on its page: what is stored, what is refused, and who may."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from foundation.tenancy.models import AuditEvent, User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.settings_schema import settings_of

TYPED = {"retry_attempts": "12", "fail_percent": "10", "conflict_rule": "newest"}


@pytest.fixture
def browser(client_for: Callable[[User], Client], admin: User) -> Client:
    return client_for(admin)


def address(connection: Connection) -> str:
    return reverse("web:connection_handling", args=[connection.pk])


def test_what_is_typed_is_stored_with_an_audit_entry_and_the_page_says_how_long_it_lasts(
    browser: Client, connection: Connection
) -> None:
    assert browser.post(address(connection), TYPED).status_code == 302
    with tenant_transaction(connection.organization_id):
        found = settings_of(Connection.objects.get(pk=connection.pk))
        entry = AuditEvent.objects.get(action="connection.configured")
    assert (found.retry_attempts, found.fail_percent, found.conflict_rule) == (12, 10, "newest")
    assert entry.changes["conflict_rule"] == ["ask", "newest"]
    page = browser.get(address(connection)).content.decode()
    assert "after 12 failures in a row, after about 16 minutes" in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"retry_attempts": "0"}, "Enter a whole number from 1 to 30."),
        ({"fail_percent": "many"}, "Enter a whole number from 0 to 100."),
        ({"conflict_rule": "mine"}, "Choose one of the rules below."),
        ({"conflict_rule": ""}, "Choose who wins."),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    browser: Client, connection: Connection, wrong: dict[str, str], words: str
) -> None:
    answer = browser.post(address(connection), TYPED | wrong)
    assert answer.status_code == 422
    assert words in answer.content.decode()
