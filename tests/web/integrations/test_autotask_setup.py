"""Setting Autotask up on the pages, against a simulated one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import reverse

from foundation.tenancy.models import Organization, User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.settings_schema import settings_of
from tests.integrations.adapters.sandboxes import Sandbox, running


@pytest.fixture(scope="module")
def autotask() -> Iterator[Sandbox]:
    with running("autotask", tickets=60) as started:
        yield started


@pytest.fixture
def browser(client_for: Callable[[User], Client], admin: User) -> Client:
    return client_for(admin)


def test_from_the_choice_of_systems_to_an_excluded_status(
    browser: Client, autotask: Sandbox, organization: Organization
) -> None:
    form = browser.get(reverse("web:connection_new", args=["autotask"])).content.decode()
    for label in ("API user name", "Secret", "Integration code"):
        assert label in form
    answer = browser.post(reverse("web:connection_new", args=["autotask"]), {"name": "Main", **autotask.credentials})
    with tenant_transaction(organization.pk):
        made = Connection.objects.get()
    assert (answer.status_code, made.state, made.product) == (302, "connected", "Autotask PSA")
    tested = browser.get(reverse("web:connection_configure", args=[made.pk, "test"])).content.decode()
    assert "Everything works." in tested
    assert not any(autotask.credentials[name] in tested for name in ("secret", "integration_code"))
    browser.post(reverse("web:connection_configure", args=[made.pk, "test"]), {})
    boards = browser.get(reverse("web:connection_configure", args=[made.pk, "boards"])).content.decode()
    assert "Level I Support" in boards
    settings_page = reverse("web:connection_tickets", args=[made.pk])
    page = browser.get(settings_page).content.decode()
    assert "Follow Up (closed by phone)" in page
    typed = {
        "boards_mode": "all",
        "date_range": "365",
        "fields_mode": "all",
        "streams": ["sites", "contacts", "notes", "time_entries"],
        "excluded_statuses": ["13"],
    }
    review = browser.post(settings_page, typed)
    assert review.status_code == 200
    digest = review.context["review"].digest
    assert browser.post(settings_page, {**typed, "reviewed": digest}).status_code == 302
    with tenant_transaction(organization.pk):
        assert settings_of(Connection.objects.get()).excluded_statuses == ["13"]


def test_a_wrong_secret_is_said_where_it_was_typed(
    browser: Client, autotask: Sandbox, organization: Organization
) -> None:
    typed = {"name": "Main", **autotask.credentials, "secret": "wrong"}
    answer = browser.post(reverse("web:connection_new", args=["autotask"]), typed, follow=True)
    assert "does not accept this user, secret or integration code" in answer.content.decode()
