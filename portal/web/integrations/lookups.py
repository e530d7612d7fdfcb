"""One door to the connection that an address names: a foreign id and an absent one get the same answer."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from foundation.tenancy.scope import tenant_transaction
from integrations import registry
from integrations.models import Connection
from integrations.port import Provider
from integrations.selectors import connection_get, connection_whole
from integrations.services.connections import connection_held


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


def edited_connection(request: HttpRequest, pk: int) -> Connection:
    """As ``shown_connection``; where a form is sent nobody else changes the connection until the transaction ends, or 404."""
    found = shown_connection(pk)
    return connection_held(found) if request.method == "POST" else found


def found_provider(key: str) -> Provider:
    """The system, or 404."""
    try:
        return registry.provider(key)
    except registry.UnknownProvider as err:
        raise Http404(str(err)) from err
