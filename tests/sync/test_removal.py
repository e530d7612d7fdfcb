"""Removing a connection takes everything along, and nothing of anybody else's."""

from __future__ import annotations

import pytest
from django.apps import apps

from foundation.ledger.models import JournalEntry
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.services.removal import connection_remove
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Synced
from tickets.models import Ticket


@pytest.mark.committed
def test_a_removed_connection_leaves_no_row_behind(
    synced: Synced, linked: Connection, calm: Sandbox, connection: Connection
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.exists()
        assert JournalEntry.objects.exists()
        connection_remove(connection=linked, actor=None)
    with tenant_transaction(linked.organization_id):
        assert Connection.objects.get() == connection
        for model in apps.get_models():
            if any(field.name in {"connection", "connection_id"} for field in model._meta.concrete_fields):
                rows = getattr(model, "with_removed", model.objects).filter(connection_id=linked.pk)
                assert not rows.exists(), model.__name__
