"""A company fetched again from its page, against a simulated PSA."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import Connection
from portal.clients.models import Company, CompanyStatus
from portal.tenancy.models import Organization, User
from portal.tenancy.scope import tenant_transaction
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import calm, linked, sync
from tests.web.clients.test_pages import role_with

__all__ = ["calm", "linked", "sync"]


@pytest.fixture
def company(linked: Connection, sync: Callable[[str], object], calm: Sandbox) -> Iterator[Company]:
    """A company that was synced and has another name in the PSA since, and whose status is not here."""
    sync("full")
    with tenant_transaction(linked.organization_id):
        found: Company = Company.objects.exclude(status=None).order_by("pk")[0]
        CompanyStatus.objects.filter(pk=found.status_id).delete()
    calm.control("change", collection="companies", ids=[int(found.remote_id)], set={"name": "Renamed <there>"})
    yield found
    calm.control("change", collection="companies", ids=[int(found.remote_id)], set={"name": found.name})


def test_it_shows_what_was_here_and_is_here_and_brings_what_it_refers_to(
    client_for: Callable[[User], Client], admin: User, company: Company
) -> None:
    browser, address = client_for(admin), reverse("web:client_fetch", args=[company.pk])
    assert address in browser.get(reverse("web:client", args=[company.pk])).content.decode()
    page = browser.post(address).content.decode()
    assert ("Renamed &lt;there&gt;" in page, "Also brought" in page) == (True, True)
    with tenant_transaction(company.organization_id):
        now = Company.objects.get(pk=company.pk)
        assert (now.name, now.status is not None) == ("Renamed <there>", True)
    assert "Nothing differed" in browser.post(address).content.decode()


def test_a_psa_that_refuses_leaves_what_is_here(
    client_for: Callable[[User], Client], admin: User, company: Company, calm: Sandbox
) -> None:
    calm.control("faults", kind="500")
    answer = client_for(admin).post(reverse("web:client_fetch", args=[company.pk]))
    assert (answer.status_code, "could not be fetched" in answer.content.decode()) == (409, True)
    with tenant_transaction(company.organization_id):
        assert Company.objects.get(pk=company.pk).name == company.name


def test_it_is_for_those_who_may_see_clients_and_logs(
    client_for: Callable[[User], Client],
    organization: Organization,
    other_organization: Organization,
    make_person: Callable[..., User],
    company: Company,
) -> None:
    address = reverse("web:client_fetch", args=[company.pk])
    assert client_for(role_with(organization, "view_clients")).post(address).status_code == 403
    stranger = client_for(make_person(other_organization, "admin", "sam@umbrella.test"))
    assert (stranger.post(address).status_code, stranger.get(address).status_code) == (404, 405)
