"""Words of two PSAs, and those of the organization."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from foundation.tenancy.models import Organization
from integrations.models import Connection
from integrations.services.connections import connection_create
from mappings.kinds import KINDS
from mappings.models import Mapping, PortalValue
from mappings.services import MappingChange, mappings_set
from mappings.services.values import values_prepare
from tests.fixtures.systems import CREDENTIALS


@pytest.fixture
def psa(in_tenant: Organization) -> Connection:
    """A connection, in whose tenant transaction the test runs, and the values of the beginning."""
    values_prepare()
    return connection_create(
        organization_id=in_tenant.pk, provider="connectwise", name="Main", credentials=dict(CREDENTIALS)
    )


@pytest.fixture
def value(psa: Connection) -> Callable[[str, str], PortalValue]:
    """``value("status", "closed")`` → the organization's value of the beginning with that key."""
    return lambda kind, key: PortalValue.objects.get(kind=kind, key=key)


def set_to(connection: Connection, kind: str, remote_id: str, target: int | str | None) -> object:
    """Maps one value as a person does."""
    return mappings_set(connection=connection, kind=KINDS[kind], wanted=[MappingChange(remote_id, target)])


def mapped(connection: Connection, kind: str) -> dict[str, int | None]:
    """{remote id: id of the target} of a connection."""
    return {row.remote_id: row.target_id for row in Mapping.objects.filter(connection=connection, kind=kind)}
