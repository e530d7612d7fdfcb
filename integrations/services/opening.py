"""From a stored connection to an adapter that can call its PSA."""

from __future__ import annotations

from django.conf import settings

from foundation.core.encryption import DecryptionFailed, decrypt
from foundation.tenancy.scope import tenant_transaction
from integrations import registry
from integrations.boundary import bounded
from integrations.confidential import ConfidentialObserver, confidential, secrets_of
from integrations.errors import AuthenticationFailed
from integrations.models import Connection
from integrations.port import Adapter, CredentialsInvalid, Observer


def credentials_of(connection: Connection, *, draft: bool = False) -> dict[str, str]:
    """The stored credentials in the clear; {} when there are none. ``draft``: those that were typed but not yet accepted.

    Raises DecryptionFailed. Never pass the result on to a page, a log or an audit entry.
    """
    stored = connection.draft_credentials if draft else connection.credentials
    return decrypt(connection.organization_id, stored) if stored else {}


def connection_open(connection: Connection, observer: Observer | None = None) -> Adapter:
    """An adapter on the connection's credentials. Makes no request; close it after use.

    Raises AuthenticationFailed when the stored credentials are missing or can't be read, for the cure is the same.
    """
    try:
        credentials = credentials_of(connection)
        if not credentials:
            raise AuthenticationFailed(
                "No credentials are saved for this connection. Enter them on its Credentials page."
            )
        return adapter_on(connection.provider, credentials, observer)
    except (DecryptionFailed, CredentialsInvalid) as err:
        raise AuthenticationFailed(str(err)) from err


class NotAsked(AuthenticationFailed):
    """The PSA refuses the credentials, as the connection is stored, and was not asked again."""

    def __init__(self) -> None:
        super().__init__(
            "The PSA does not accept the credentials of this connection, so it was not asked. It is asked again by itself within the "
            "hour; to go on now, enter other credentials or test the connection."
        )


def connection_open_unless_refused(connection: Connection, observer: Observer | None = None) -> Adapter:
    """The same for pages, commands and whatever else may wait: while the PSA refuses the credentials, as the connection is stored now,
    NotAsked without a request. Each refusal counts towards the lock of the account at the vendor, so that only the clock, a
    test by a person and new credentials try them. In a tenant scope."""
    with tenant_transaction(connection.organization_id):
        refused = Connection.objects.filter(pk=connection.pk, state=Connection.State.REFUSED).exists()
    if refused:
        raise NotAsked
    return connection_open(connection, observer)


def adapter_on(provider: str, credentials: dict[str, str], observer: Observer | None = None) -> Adapter:
    """An adapter on credentials that are not stored. Raises CredentialsInvalid, registry.UnknownProvider."""
    system, networks = registry.provider(provider), settings.OUTBOUND_ALLOWED_NETWORKS
    secrets = secrets_of(system, credentials)
    told = ConfidentialObserver(observer, secrets) if observer is not None else None
    return confidential(bounded(system.open(credentials, allowed_networks=networks, observer=told)), secrets)
