"""Connections to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from foundation.tenancy.models import Organization, User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.services.connections import connection_create
from tests.fixtures.systems import CREDENTIALS, Sandbox

Make = Callable[..., Connection]


@pytest.fixture
def make_connection(organization: Organization) -> Make:
    """``make_connection("Branch", state="failing")`` → a connection of ``organization`` with these columns set."""

    def make(name: str, home: Organization = organization, **columns: object) -> Connection:
        with tenant_transaction(home.pk):
            made = connection_create(
                organization_id=home.pk, provider="connectwise", name=name, credentials=dict(CREDENTIALS)
            )
            if columns:
                Connection.objects.filter(pk=made.pk).update(**columns)
            found: Connection = Connection.objects.get(pk=made.pk)
        return found

    return make


@pytest.fixture
def psa(sandbox: Sandbox) -> Iterator[Sandbox]:
    yield sandbox
    sandbox.control("reset")


@pytest.fixture
def browser(client_for: Callable[[User], Client], admin: User) -> Client:
    return client_for(admin)


@pytest.fixture
def organization_id(organization: Organization) -> int:
    return organization.pk


def only_connection(organization_id: int) -> Connection:
    with tenant_transaction(organization_id):
        found: Connection = Connection.objects.get()
    return found


def begin(browser: Client, psa: Sandbox, **changes: str) -> HttpResponse:
    typed = {"name": "Main", **psa.credentials, **changes}
    return browser.post(reverse("web:connection_new", args=["connectwise"]), typed)


@pytest.fixture
def connected(browser: Client, psa: Sandbox, organization_id: int) -> Connection:
    """A finished connection to the sandbox."""
    begin(browser, psa)
    with tenant_transaction(organization_id):
        Connection.objects.update(setup_step="")
    return only_connection(organization_id)
