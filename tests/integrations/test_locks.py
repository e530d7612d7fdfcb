"""Two at once at one connection: what one has saved and not committed is not lost by what the other saves."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet

from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.services.connections import (
    connection_configure,
    connection_credentials_set,
    connection_held,
    connection_rename,
)
from integrations.services.opening import credentials_of
from integrations.services.rotation import credentials_reencrypt
from tests.fixtures.interleaving import AtOnce
from tests.fixtures.systems import CREDENTIALS

pytestmark = pytest.mark.committed


def stored(connection: Connection) -> Connection:
    with tenant_transaction(connection.organization_id):
        found: Connection = Connection.objects.get(pk=connection.pk)
    return found


def test_a_new_name_does_not_take_back_settings_of_the_same_moment(at_once: AtOnce, connection: Connection) -> None:
    at_once(
        lambda: connection_configure(connection=connection, settings={"undo_hours": 5}),
        lambda: connection_rename(connection=connection, name="Another name"),
    )
    now = stored(connection)
    assert (now.name, now.settings["undo_hours"]) == ("Another name", 5)


def test_a_form_of_settings_sees_what_was_saved_in_the_same_moment(at_once: AtOnce, connection: Connection) -> None:
    done = at_once(
        lambda: connection_configure(connection=connection, settings={"undo_hours": 5}),
        lambda: connection_held(connection).settings["undo_hours"],
    )
    assert done.second == 5


def test_a_new_key_does_not_take_back_credentials_of_the_same_moment(
    at_once: AtOnce, connection: Connection, settings: Any
) -> None:
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode(), *settings.CREDENTIAL_KEYS]
    new = CREDENTIALS | {"private_key": "another-private-key"}
    at_once(
        lambda: connection_credentials_set(connection=connection, credentials=new),
        lambda: credentials_reencrypt(organization_id=connection.organization_id),
    )
    assert credentials_of(stored(connection))["private_key"] == "another-private-key"
