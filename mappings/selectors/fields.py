"""Custom fields of tickets, as the PSA listed them."""

from __future__ import annotations

from integrations.catalog import FieldChoice, catalog_of
from integrations.models import Connection
from mappings.models import PortalValue


def connection_fields(connection: Connection) -> list[FieldChoice]:
    """The fields that the connection keeps, by caption; none before the PSA was asked."""
    catalog = catalog_of(connection.catalog)
    kept = connection.setting("custom_fields")
    found = catalog.custom_fields if catalog is not None else []
    return sorted(
        (field for field in found if kept is None or field.remote_id in kept), key=lambda field: field.caption.lower()
    )


def data_type_of(kind: str) -> str:
    """What a PSA's kind of field is here; text where nothing says otherwise."""
    said = kind.lower()
    types = PortalValue.DataType
    for word, found in (("check", types.YES_NO), ("bool", types.YES_NO), ("date", types.DATE), ("num", types.NUMBER)):
        if word in said:
            return str(found)
    return str(types.TEXT)
