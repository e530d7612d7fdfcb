"""Two walls between organizations. Each is switched off in turn, over data that could leak, and nothing does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, connection, models, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client
from django.urls import path

from foundation.tenancy.models import AuditEvent, Membership, Organization, Role, TenantManager, User
from foundation.tenancy.scope import TenantMissing, tenant, tenant_transaction
from portal.config.urls import urlpatterns as real_urlpatterns
from portal.web import errors
from tests.fixtures.people import MakePerson

ClientFor = Callable[[User], Client]
pytestmark = pytest.mark.committed


@pytest.fixture
def both(
    admin: User, organization: Organization, other_organization: Organization, make_person: MakePerson
) -> tuple[Organization, Organization]:
    """Each organization has people, roles and audit entries."""
    make_person(other_organization, "admin", "gus@umbrella.test")
    return organization, other_organization


@pytest.fixture
def first_wall_down(both: tuple[Organization, Organization], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TenantManager, "get_queryset", models.Manager.get_queryset)


@pytest.fixture
def second_wall_down(both: tuple[Organization, Organization], owner: psycopg.Connection) -> Iterator[None]:
    """No row security on the tables that these tests read."""
    tables = ("tenancy_role", "tenancy_membership", "tenancy_auditevent", "tenancy_organization")
    for table in tables:
        owner.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    yield
    for table in tables:
        owner.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def seen() -> tuple[int, int, int]:
    return Role.objects.count(), Membership.objects.count(), len(set(AuditEvent.objects.values_list("organization_id")))


@pytest.mark.usefixtures("first_wall_down")
def test_the_database_alone_keeps_them_apart(both: tuple[Organization, Organization]) -> None:
    for organization in both:
        with tenant_transaction(organization.pk):
            assert seen() == (3, 1, 1)
    assert seen() == (0, 0, 0)


@pytest.mark.usefixtures("second_wall_down")
def test_the_managers_alone_keep_them_apart(both: tuple[Organization, Organization]) -> None:
    for organization in both:
        with tenant_transaction(organization.pk):
            assert seen() == (3, 1, 1)
    with pytest.raises(TenantMissing):
        seen()


@pytest.mark.usefixtures("first_wall_down", "second_wall_down")
def test_without_both_walls_this_data_would_leak(both: tuple[Organization, Organization]) -> None:
    with tenant_transaction(both[0].pk):
        assert seen() == (6, 2, 2)


@pytest.mark.usefixtures("first_wall_down")
def test_the_database_refuses_to_write_for_another_organization(both: tuple[Organization, Organization]) -> None:
    mine, theirs = both
    with pytest.raises(ProgrammingError, match="row-level security"), tenant_transaction(mine.pk):
        Role.objects.create(organization=theirs, name="Backdoor")
    with tenant_transaction(mine.pk):
        assert Role.objects.filter(organization=theirs).update(name="Defaced") == 0
        assert Role.objects.filter(organization=theirs).delete()[0] == 0
    with tenant_transaction(theirs.pk):
        assert sorted(Role.objects.values_list("name", flat=True)) == ["Admin", "Read only", "Technician"]


def test_a_reference_does_not_leave_the_organization(both: tuple[Organization, Organization], admin: User) -> None:
    mine, theirs = both
    with tenant_transaction(theirs.pk):
        foreign = Role.objects.get(builtin="admin")
    with pytest.raises(IntegrityError, match="role_id_spine"), tenant_transaction(mine.pk):
        Membership.objects.filter(user=admin).update(role_id=foreign.pk)


def test_the_app_role_can_neither_truncate_nor_rewrite_the_audit(organization: Organization) -> None:
    for statement in (
        "TRUNCATE tenancy_role CASCADE",
        "DELETE FROM tenancy_auditevent",
        "UPDATE tenancy_auditevent SET action = 'x'",
        "ALTER TABLE tenancy_role DISABLE ROW LEVEL SECURITY",
        "SET ROLE portal_owner",
        "SET ROLE portal_search",
    ):
        with (
            pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def breaks(request: HttpRequest) -> HttpResponse:
    Role.objects.create(organization_id=request.organization.organization_id, name="Half done")
    if request.path.endswith("/answer/"):
        return HttpResponse("sorry", status=503)
    raise ValueError("in the middle")


def streams(request: HttpRequest) -> StreamingHttpResponse:
    organization_id = request.organization.organization_id
    lazy = Role.objects.order_by("name").values_list("name", flat=True)

    def body(*, careful: bool) -> Iterator[str]:
        if careful:
            with tenant_transaction(organization_id):
                yield ",".join(Role.objects.order_by("name").values_list("name", flat=True))
        else:
            yield ",".join(lazy)

    return StreamingHttpResponse(body(careful=request.path.endswith("/careful/")))


urlpatterns = [
    path("breaks/answer/", breaks),
    path("breaks/exception/", breaks),
    path("streams/careful/", streams),
    path("streams/careless/", streams),
    *real_urlpatterns,
]
handler500 = errors.server_error


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(("page", "status"), [("/breaks/answer/", 503), ("/breaks/exception/", 500)])
def test_a_request_that_fails_leaves_nothing(
    page: str, status: int, both: tuple[Organization, Organization], admin: User, client_for: ClientFor
) -> None:
    browser = client_for(admin)
    browser.raise_request_exception = False
    assert browser.get(page).status_code == status
    with tenant_transaction(both[0].pk):
        assert not Role.objects.filter(name="Half done").exists()


@pytest.mark.urls(__name__)
def test_a_streamed_body_opens_its_own_transaction(
    both: tuple[Organization, Organization], admin: User, client_for: ClientFor
) -> None:
    answer = client_for(admin).get("/streams/careful/")
    assert b"".join(answer.streaming_content) == b"Admin,Read only,Technician"


@pytest.mark.urls(__name__)
def test_a_streamed_body_without_a_transaction_shows_nothing(
    both: tuple[Organization, Organization], admin: User, client_for: ClientFor
) -> None:
    answer = client_for(admin).get("/streams/careless/")
    assert b"".join(answer.streaming_content) == b""


def test_a_scope_without_a_transaction_shows_nothing(both: tuple[Organization, Organization]) -> None:
    with tenant(both[0].pk):
        assert Role.objects.count() == 0
