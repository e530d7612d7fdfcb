"""How much is not mapped."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import connection as database

from foundation.tenancy.scope import current_organization_id
from integrations.models import Connection
from mappings.kinds import MIRRORED, Kind
from mappings.models import Mapping
from mappings.selectors.fields import connection_fields

UNMAPPED = """SELECT '{kind}', count(*) FROM "{table}" r WHERE r.organization_id = %(organization)s AND r.connection_id = %(connection)s
    AND r.removed_at IS NULL{more} AND NOT EXISTS (SELECT FROM mappings_mapping m WHERE m.connection_id = r.connection_id
    AND m.kind = '{kind}' AND m.remote_id = r.remote_id AND m.scope = '')"""


def unmapped(connection: Connection) -> dict[str, int]:
    """{kind: how many values the connection has in use that are not mapped}, every kind. A value that is left as it is counts as mapped."""
    counts = unmapped_of(connection, MIRRORED)
    fields = {field.remote_id for field in connection_fields(connection)}
    if fields:
        mapped = Mapping.objects.filter(connection_id=connection.pk, kind="field", remote_id__in=fields).count()
        return counts | {"field": len(fields) - mapped}
    return counts | {"field": 0}


def unmapped_of(connection: Connection, kinds: Sequence[Kind], *, since: dt.datetime | None = None) -> dict[str, int]:
    """The same for some of the kinds that are rows of a store, in one query. ``since``: of what came here from then on alone."""
    if not kinds:
        return {}
    fresh = " AND r.first_synced_at >= %(since)s" if since is not None else ""
    parts = [
        UNMAPPED.format(
            kind=kind.key, table=kind.table, more=(" AND r.is_active" if kind.has("is_active") else "") + fresh
        )
        for kind in kinds
    ]
    own = {"organization": current_organization_id(), "connection": connection.pk, "since": since}
    with database.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), own)
        return dict(cursor.fetchall())


def in_use(connection: Connection) -> frozenset[str]:
    """The kinds that somebody maps on this connection: at least one value was set or accepted by a person."""
    rows = Mapping.objects.filter(connection_id=connection.pk, how=Mapping.How.PERSON)
    return frozenset(rows.order_by().values_list("kind", flat=True).distinct())
