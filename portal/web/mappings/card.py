"""Mappings on the page of a connection."""

from __future__ import annotations

from integrations.models import Connection
from mappings.kinds import KINDS, Kind
from mappings.selectors import in_use, unmapped


def mapping_lines(connection: Connection) -> list[tuple[Kind, int, bool]]:
    """(kind, how many of its values are not mapped, whether somebody maps the kind), each kind."""
    left, used = unmapped(connection), in_use(connection)
    return [(kind, left[kind.key], kind.key in used) for kind in KINDS.values()]
