"""What the database has, read from PostgreSQL's catalogs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

SYSTEM_SCHEMAS = "('pg_catalog', 'information_schema', 'pg_toast')"
ROLES = "portal\\_%"


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy; ``using`` and ``check`` as PostgreSQL spells them."""

    name: str
    permissive: bool
    roles: tuple[str, ...]
    command: str
    using: str
    check: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table, partition, view, materialized or foreign table.

    ``kind``: pg_class.relkind; ``parent``: what it is a partition of; ``columns``: {name: never null};
    ``grants``: {role: privileges} without the owner's own.
    """

    schema: str
    name: str
    kind: str
    owner: str
    secured: bool
    forced: bool
    parent: str
    columns: dict[str, bool]
    policies: tuple[Policy, ...] = ()
    grants: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The name as in SQL, without the schema where it is ``public``."""
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class FoundDoor:
    """A SECURITY DEFINER function. ``callers``: roles that may execute it, its owner left out ("public" for all)."""

    schema: str
    name: str
    owner: str
    settings: tuple[str, ...]
    callers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key's definition as PostgreSQL spells it."""

    name: str
    table: str
    target: str
    columns: tuple[str, ...]
    definition: str
    validated: bool


@dataclass(frozen=True, slots=True)
class Role:
    """A role that MSPortal uses. ``inherits``: roles whose rights it has without asking."""

    name: str
    superuser: bool
    bypasses: bool
    logs_in: bool
    creates_roles: bool
    members: tuple[str, ...]
    inherits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CatalogState:
    """All of it. ``schema_grants``: (schema, role, privilege); ``default_grants``: what future tables would be given away."""

    tables: tuple[Table, ...]
    doors: tuple[FoundDoor, ...]
    foreign_keys: tuple[ForeignKey, ...]
    roles: dict[str, Role]
    schema_grants: frozenset[tuple[str, str, str]]
    default_grants: tuple[str, ...]


def read_catalog() -> CatalogState:
    """Reads the catalogs of the current database; any role may."""
    return CatalogState(
        tables=_tables(),
        doors=tuple(FoundDoor(s, n, o, tuple(c), tuple(e)) for s, n, o, c, e in _rows(DOORS)),
        foreign_keys=tuple(ForeignKey(n, t, g, tuple(c), d, v) for n, t, g, c, d, v in _rows(FOREIGN_KEYS)),
        roles={
            name: Role(name, strong, bypasses, logs_in, creates, tuple(members), tuple(inherits))
            for name, strong, bypasses, logs_in, creates, members, inherits in _rows(ROLE_ROWS)
        },
        schema_grants=frozenset((s, r, p) for s, r, p in _rows(SCHEMA_GRANTS)),
        default_grants=tuple(text for (text,) in _rows(DEFAULT_GRANTS)),
    )


def _rows(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _tables() -> tuple[Table, ...]:
    policies: dict[tuple[str, str], list[Policy]] = {}
    for schema, table, *rest, roles, command, using, check in _rows(POLICIES):
        policies.setdefault((schema, table), []).append(Policy(rest[0], rest[1], tuple(roles), command, using, check))
    grants: dict[tuple[str, str], dict[str, set[str]]] = {}
    for schema, table, role, privilege in _rows(GRANTS):
        grants.setdefault((schema, table), {}).setdefault(role, set()).add(privilege)
    return tuple(
        Table(
            schema=schema,
            name=name,
            kind=kind,
            owner=owner,
            secured=secured,
            forced=forced,
            parent=parent,
            columns=json.loads(columns or "{}"),
            policies=tuple(policies.get((schema, name), ())),
            grants={role: frozenset(held) for role, held in grants.get((schema, name), {}).items()},
        )
        for schema, name, kind, owner, secured, forced, parent, columns in _rows(TABLES)
    )


TABLES = f"""
SELECT n.nspname::text, c.relname::text, c.relkind::text, c.relowner::regrole::text, c.relrowsecurity, c.relforcerowsecurity,
  coalesce((SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = c.oid LIMIT 1), ''),
  (SELECT jsonb_object_agg(a.attname, a.attnotnull)::text FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN {SYSTEM_SCHEMAS} AND n.nspname NOT LIKE 'pg\\_temp%'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
ORDER BY 1, 2
"""
POLICIES = """
SELECT schemaname::text, tablename::text, policyname::text, permissive = 'PERMISSIVE', roles::text[], cmd,
  coalesce(qual, ''), coalesce(with_check, '')
FROM pg_policies ORDER BY 1, 2, 3
"""
GRANTS = f"""
SELECT n.nspname::text, c.relname::text, CASE WHEN a.grantee = 0 THEN 'public' ELSE a.grantee::regrole::text END,
  a.privilege_type || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
WHERE a.grantee <> c.relowner AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN {SYSTEM_SCHEMAS}
UNION
SELECT n.nspname::text, c.relname::text, CASE WHEN a.grantee = 0 THEN 'public' ELSE a.grantee::regrole::text END,
  a.privilege_type || ' of column ' || t.attname
FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(t.attacl) a
WHERE a.grantee <> c.relowner AND n.nspname NOT IN {SYSTEM_SCHEMAS}
"""
DOORS = f"""
SELECT n.nspname::text, p.proname::text, p.proowner::regrole::text, coalesce(p.proconfig, '{{}}')::text[],
  coalesce((SELECT array_agg(DISTINCT CASE WHEN a.grantee = 0 THEN 'public' ELSE a.grantee::regrole::text END)
    FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee <> p.proowner), '{{}}')::text[]
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.prosecdef AND n.nspname NOT IN {SYSTEM_SCHEMAS} ORDER BY 1, 2
"""
FOREIGN_KEYS = """
SELECT conname::text, conrelid::regclass::text, confrelid::regclass::text,
  (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(conkey) WITH ORDINALITY k (number, place)
    JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = k.number),
  pg_get_constraintdef(oid), convalidated
FROM pg_constraint WHERE contype = 'f' ORDER BY 2, 1
"""
ROLE_ROWS = f"""
SELECT r.rolname::text, r.rolsuper, r.rolbypassrls, r.rolcanlogin, r.rolcreaterole,
  coalesce((SELECT array_agg(m.member::regrole::text ORDER BY 1) FROM pg_auth_members m WHERE m.roleid = r.oid), '{{}}'),
  coalesce((SELECT array_agg(o.rolname::text ORDER BY 1) FROM pg_roles o
    WHERE o.oid <> r.oid AND NOT r.rolsuper AND pg_has_role(r.oid, o.oid, 'USAGE')), '{{}}')
FROM pg_roles r
WHERE r.rolname LIKE '{ROLES}' OR r.rolname = current_user
  OR r.oid IN (SELECT relowner FROM pg_class WHERE relname LIKE 'tenancy\\_%')
"""
SCHEMA_GRANTS = f"""
SELECT n.nspname::text, CASE WHEN a.grantee = 0 THEN 'public' ELSE a.grantee::regrole::text END,
  a.privilege_type || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
WHERE n.nspname NOT IN {SYSTEM_SCHEMAS} AND n.nspname NOT LIKE 'pg\\_%' AND a.grantee <> n.nspowner
"""
DEFAULT_GRANTS = """
SELECT format('%s to %s by %s', a.privilege_type, CASE WHEN a.grantee = 0 THEN 'everybody' ELSE a.grantee::regrole::text END,
  d.defaclrole::regrole::text)
FROM pg_default_acl d, aclexplode(d.defaclacl) a WHERE a.grantee <> d.defaclrole AND d.defaclobjtype = 'r'
"""
