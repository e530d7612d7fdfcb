"""One door to the connection that an address names: a foreign id and an absent one get the same answer."""

from __future__ import annotations

from django.http import Http404

from integrations import registry
from integrations.models import Connection
from integrations.port import Provider
from integrations.selectors import connection_get, connection_whole
from portal.tenancy.scope import tenant_transaction


def found_connection(pk: int) -> Connection:
    """The connection with its catalog, and with its credentials encrypted as stored, read in a short transaction; or 404."""
    try:
        with tenant_transaction():
            return connection_whole(pk)
    except Connection.DoesNotExist as err:
        raise Http404("There is no such connection.") from err


def shown_connection(pk: int) -> Connection:
    """The connection without its secrets, in the request's transaction; or 404."""
    try:
        return connection_get(pk)
    except Connection.DoesNotExist as err:
        raise Http404("There is no such connection.") from err


def found_provider(key: str) -> Provider:
    """The system, or 404."""
    try:
        return registry.provider(key)
    except registry.UnknownProvider as err:
        raise Http404(str(err)) from err
