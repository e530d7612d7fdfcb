"""The tenant scope: the setting follows the scope, in and out."""

import pytest
from django.db import connection

from foundation.tenancy.models import Organization, Role
from foundation.tenancy.scope import TenantMissing, current_organization_id, system_transaction, tenant_transaction


def shown() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('portal.organization', true), '')")
        return str(cursor.fetchone()[0])


def test_a_tenants_table_raises_without_a_scope(organization: Organization) -> None:
    with pytest.raises(TenantMissing):
        Role.objects.count()
    with pytest.raises(TenantMissing):
        current_organization_id()


def test_a_nested_scope_gives_back_the_outer_one(organization: Organization, other_organization: Organization) -> None:
    with tenant_transaction(organization.pk):
        with tenant_transaction(other_organization.pk):
            assert shown() == str(other_organization.pk)
        assert shown() == str(organization.pk)
        with pytest.raises(ZeroDivisionError), tenant_transaction(other_organization.pk):
            raise ZeroDivisionError
        assert shown() == str(organization.pk)


@pytest.mark.committed
def test_a_reused_connection_shows_nothing_and_raises_nothing(organization: Organization) -> None:
    with tenant_transaction(organization.pk):
        assert Role.objects.count() == 3
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenancy_role")
        assert cursor.fetchone() == (0,)
    assert shown() == ""


@pytest.mark.committed
def test_the_system_role_sees_all_organizations_and_is_left_again(
    organization: Organization, other_organization: Organization
) -> None:
    with system_transaction():
        assert Role.objects.count() == 6
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user::text, (SELECT count(*) FROM tenancy_role)")
        assert cursor.fetchone() == ("portal_app", 0)
