"""A request is one transaction: what it wrote stays when it is answered well, and goes when it is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path, reverse
from pytest_django import Settings

from foundation.core.errors import Refused
from foundation.tenancy.models import AuditEvent, Organization, Role, User
from foundation.tenancy.scope import current_organization_id, tenant_transaction
from integrations.models import Connection
from portal.web import errors
from sync.models import Schedule

ClientFor = Callable[[User], Client]
RAISED = {
    "absent": Http404("gone"),
    "denied": PermissionDenied("not yours"),
    "bad": BadRequest("odd"),
    "suspicious": SuspiciousOperation("odd"),
    "refused": Refused("Not now."),
    "fault": RuntimeError("ours"),
}


def role_made(name: str) -> None:
    Role.objects.create(organization_id=current_organization_id(), name=name, permissions=[])


def answers(request: HttpRequest, status: int) -> HttpResponse:
    role_made(f"status {status}")
    return HttpResponse("said", status=status)


def raises(request: HttpRequest, name: str) -> HttpResponse:
    role_made(name)
    raise RAISED[name]


urlpatterns = [
    path("answers/<int:status>/", answers),
    path("raises/<slug:name>/", raises),
    path("", include("portal.config.urls")),
]
handler400, handler403, handler404 = errors.bad_request, errors.forbidden, errors.not_found
handler500 = errors.server_error


@pytest.fixture
def browser(admin: User, client_for: ClientFor, settings: Settings) -> Client:
    settings.ROOT_URLCONF = "tests.web.test_request_transaction"
    client = client_for(admin)
    client.raise_request_exception = False
    return client


def composed(organization: Organization) -> list[str]:
    with tenant_transaction(organization.pk):
        return list(Role.objects.filter(builtin="").order_by("id").values_list("name", flat=True))


def test_what_was_written_stays_below_400_and_goes_from_there_on(browser: Client, organization: Organization) -> None:
    for status in (200, 204, 302, 399, 400, 403, 404, 409, 413, 422, 429, 499, 500, 503):
        assert browser.get(f"/answers/{status}/").status_code == status
    assert composed(organization) == ["status 200", "status 204", "status 302", "status 399"]


@pytest.mark.parametrize(
    ("name", "status"),
    [("absent", 404), ("denied", 403), ("bad", 400), ("suspicious", 400), ("refused", 409), ("fault", 500)],
)
def test_what_was_written_goes_with_every_exception(
    browser: Client, organization: Organization, name: str, status: int
) -> None:
    assert browser.get(f"/raises/{name}/").status_code == status
    assert composed(organization) == []


def test_a_rule_that_no_page_expected_is_told_in_its_own_words(browser: Client) -> None:
    assert "Not now." in browser.get("/raises/refused/").text


def test_the_refusal_itself_is_kept(browser: Client, organization: Organization) -> None:
    browser.get("/raises/denied/")
    with tenant_transaction(organization.pk):
        assert AuditEvent.objects.get(action="access.refused").changes == {"page": [None, "GET /raises/denied/"]}


def test_a_form_that_is_refused_leaves_nothing_behind(
    admin: User, client_for: ClientFor, connection: Connection
) -> None:
    address = reverse("web:connection_schedule", args=[connection.pk])
    assert client_for(admin).post(address, {"quick_minutes": "soon"}).status_code == 422
    with tenant_transaction(connection.organization_id):
        assert not Schedule.objects.exists()
