"""Mapping what is certain, without a person: equal names, and members by equal email addresses."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection as database

from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from mappings.kinds import KINDS, MIRRORED, Kind
from mappings.services.values import values_prepare
from mappings.suggestions import SAME_EMAIL, SAME_NAME

LIVE = "r.organization_id = %(organization)s AND r.connection_id = %(connection)s AND r.removed_at IS NULL"
BY_NAME = f"""
SELECT '{{kind}}', r.remote_id, r.id, {{label}}, v.id, NULL::bigint, NULL::bigint, v.name, '{SAME_NAME}'
FROM "{{table}}" r JOIN mappings_portalvalue v ON v.organization_id = r.organization_id AND v.kind = '{{kind}}'
    AND lower(btrim(v.name)) = lower(btrim(r.name)) {{board}}
WHERE {LIVE} AND r.is_active"""
BOARD = "LEFT JOIN tickets_board b ON b.connection_id = r.connection_id AND b.remote_id = r.board_remote_id"
ON_BOARD = "r.name || coalesce(' · ' || b.name, '')"
COMPANIES = f"""
SELECT 'company', r.remote_id, r.id, r.name, NULL::bigint, c.id, NULL::bigint, c.name, '{SAME_NAME}'
FROM (SELECT r.*, count(*) OVER (PARTITION BY lower(btrim(r.name))) AS twins FROM clients_company r WHERE {LIVE}) r
JOIN mappings_client c ON c.organization_id = r.organization_id AND lower(btrim(c.name)) = lower(btrim(r.name)) WHERE r.twins = 1"""
MEMBERS = f"""
SELECT 'member', r.remote_id, r.id, r.name, NULL::bigint, NULL::bigint, u.id, coalesce(nullif(u.name, ''), u.email), '{SAME_EMAIL}'
FROM tickets_member r JOIN tenancy_user u ON lower(u.email) = lower(btrim(r.email)) AND u.is_active
JOIN tenancy_membership m ON m.organization_id = r.organization_id AND m.user_id = u.id
WHERE {LIVE} AND r.is_active AND r.email <> ''"""
AUTOMATIC = """
WITH certain (kind, remote_id, record_id, label, value_id, client_id, user_id, target, reason) AS ({certain}),
mapped AS (
    INSERT INTO mappings_mapping (organization_id, connection_id, kind, remote_id, scope, record_id, value_id, client_id, user_id, how, reason, at)
    SELECT %(organization)s, %(connection)s, kind, remote_id, '', record_id, value_id, client_id, user_id, 'automatic', reason, clock_timestamp()
    FROM certain s
    WHERE NOT EXISTS (SELECT FROM mappings_mapping m WHERE m.connection_id = %(connection)s AND m.kind = s.kind AND m.remote_id = s.remote_id AND m.scope = '')
        AND NOT EXISTS (SELECT FROM mappings_mappingchange c JOIN mappings_mappingact a ON a.id = c.act_id
            WHERE c.organization_id = %(organization)s AND c.remote_id = s.remote_id AND c.scope = '' AND a.connection_id = %(connection)s AND a.kind = s.kind
            AND a.how <> 'automatic' AND a.forgotten_at IS NULL)
    ORDER BY kind, remote_id ON CONFLICT DO NOTHING
    RETURNING kind, remote_id, record_id, coalesce(value_id, client_id, user_id) AS target_id, reason
), acts AS (
    INSERT INTO mappings_mappingact (organization_id, connection_id, kind, how, count, at)
    SELECT %(organization)s, %(connection)s, kind, 'automatic', count(*), clock_timestamp() FROM mapped GROUP BY kind
    RETURNING id, kind, count
), changes AS (
    INSERT INTO mappings_mappingchange (organization_id, act_id, remote_id, scope, record_id, label, before, after)
    SELECT %(organization)s, a.id, m.remote_id, '', m.record_id, s.label, NULL, jsonb_build_object(
        CASE WHEN s.value_id IS NOT NULL THEN 'value' WHEN s.client_id IS NOT NULL THEN 'client' ELSE 'user' END, m.target_id,
        'name', s.target, 'how', 'automatic', 'reason', m.reason)
    FROM mapped m JOIN acts a USING (kind) JOIN certain s USING (kind, remote_id)
)
SELECT kind, count FROM acts"""
"""What a person set or took back by hand stays as the person left it."""


def map_automatically(connection: Connection, *, streams: Collection[str] | None = None) -> dict[str, int]:
    """Maps what is certain and not mapped yet, as one act a kind, in one statement. Returns {kind: how many}, without zeros.

    ``streams``: those that brought something new; only their values are looked at. None: all.
    """
    kinds = [kind for kind in MIRRORED if streams is None or set(kind.streams) & set(streams)]
    if not kinds:
        return {}
    with tenant_transaction(connection.organization_id):
        values_prepare()
        certain = " UNION ALL ".join(_certain(kind) for kind in kinds)
        with database.cursor() as cursor:
            cursor.execute(
                AUTOMATIC.format(certain=certain),
                {"organization": connection.organization_id, "connection": connection.pk},
            )
            return dict(cursor.fetchall())


def _certain(kind: Kind) -> str:
    """The statement that finds the certain pairs of a kind."""
    if kind.target == "value":
        label, board = (ON_BOARD, BOARD) if kind.on_board else ("r.name", "")
        return BY_NAME.format(kind=kind.key, table=kind.table, label=label, board=board)
    return COMPANIES if kind is KINDS["company"] else MEMBERS
