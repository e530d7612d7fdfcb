"""Connections to look at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.models import Connection
from integrations.services.connections import connection_create
from portal.tenancy.models import Organization
from portal.tenancy.scope import tenant_transaction
from tests.fixtures.systems import CREDENTIALS

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
