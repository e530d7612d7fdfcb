"""Migration operations that put a table behind the walls, and references inside the organization."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import migrations

TENANT = "nullif(current_setting('portal.organization', true), '')::bigint"


@dataclass(frozen=True, slots=True)
class Secured:
    """A tenant's table, the column that its policy compares, and what the system and the app role may do with it."""

    table: str
    column: str
    system: frozenset[str]
    write: frozenset[str]


@dataclass(frozen=True, slots=True)
class Searchable:
    """A table that the search door's role reads."""

    table: str


@dataclass(frozen=True, slots=True)
class Stamped:
    """A column that the system role may set in rows of all organizations."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """Columns of a table that the system role reads, which it may not read."""

    table: str
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class TenantForeignKey:
    """A composite foreign key."""

    name: str
    table: str
    column: str
    target: str
    on_delete: str


@dataclass(frozen=True, slots=True)
class DefinerFunction:
    """A SECURITY DEFINER function: its name, its owner, and whether only a trigger calls it."""

    name: str
    owner: str
    trigger: bool = False


Declaration = Secured | Searchable | Stamped | Withheld | TenantForeignKey | DefinerFunction


class RowSecuritySQL(migrations.RunSQL):
    """SQL that also says what it makes, so that what migrations declare can be compared with what the database has."""

    def __init__(self, sql: Any, reverse_sql: Any, declares: Declaration) -> None:
        super().__init__(sql, reverse_sql)
        self.declares = declares


ALL = "SELECT, INSERT, UPDATE, DELETE"


def secure(table: str, *, column: str = "organization_id", system: str = "", write: str = ALL) -> RowSecuritySQL:
    """Row security for a tenant's table: forced, failing closed, one policy for tenants.

    ``system``: what the system role may do with rows of all organizations ("SELECT", "SELECT, UPDATE" …), by a policy of its own:
    a second permissive policy for everyone would cost the tenant's pages an index. ``write``: what the app role may do.
    """
    app = f'"{settings.DATABASE_APP_ROLE}"'
    lines: list[str | tuple[str, Any]] = [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'CREATE POLICY tenant ON "{table}" USING ({column} = {TENANT}) WITH CHECK ({column} = {TENANT})',
        f'GRANT {write} ON "{table}" TO {app}',
    ]
    if system:
        lines.append(f'GRANT {system} ON "{table}" TO portal_system')
        lines.append(f'CREATE POLICY system ON "{table}" TO portal_system USING (true) WITH CHECK (true)')
    return RowSecuritySQL(lines, migrations.RunSQL.noop, Secured(table, column, _words(system), _words(write)))


def shown_to_system(table: str) -> RowSecuritySQL:
    """Lets the system role read a table that ``secure`` made without it."""
    lines = [
        f'GRANT SELECT ON "{table}" TO portal_system',
        f'CREATE POLICY system ON "{table}" TO portal_system USING (true) WITH CHECK (true)',
    ]
    back = [f'DROP POLICY system ON "{table}"', f'REVOKE SELECT ON "{table}" FROM portal_system']
    return RowSecuritySQL(lines, back, Secured(table, "organization_id", _words("SELECT"), _words(ALL)))


def _words(privileges: str) -> frozenset[str]:
    return frozenset(word.strip() for word in privileges.split(",") if word.strip())


def searchable(table: str) -> RowSecuritySQL:
    """Lets the search door's role read the table: select only, and its functions filter by the tenant in their bodies."""
    return RowSecuritySQL(
        [
            f'GRANT SELECT ON "{table}" TO portal_search',
            f'CREATE POLICY search ON "{table}" FOR SELECT TO portal_search USING (true)',
        ],
        migrations.RunSQL.noop,
        Searchable(table),
    )


def stamped(table: str, column: str) -> RowSecuritySQL:
    """Lets the system role set one column, such as when the dispatcher last rang; the table needs ``secure(…, system=…)``."""
    return RowSecuritySQL(
        f'GRANT UPDATE ("{column}") ON "{table}" TO portal_system', migrations.RunSQL.noop, Stamped(table, column)
    )


def withheld(table: str, *columns: str) -> RowSecuritySQL:
    """Lets the system role read all columns of the table but these, which hold secrets; the table needs ``secure(…, system=…)``.

    The grant is by column and counts those that are there when it runs: a migration that adds a column repeats it, and the coverage
    command says so. A query of the system role then names the columns that it wants.
    """
    names = ", ".join(f"'{column}'" for column in columns)
    return RowSecuritySQL(
        f"""DO $$ BEGIN
  REVOKE SELECT ON "{table}" FROM portal_system;
  EXECUTE (SELECT format('GRANT SELECT (%s) ON "{table}" TO portal_system', string_agg(quote_ident(attname), ', '))
    FROM pg_attribute WHERE attrelid = '"{table}"'::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT IN ({names}));
END $$""",
        f'GRANT SELECT ON "{table}" TO portal_system',
        Withheld(table, frozenset(columns)),
    )


def tenant_foreign_key(table: str, column: str, target: str, *, on_delete: str = "CASCADE") -> RowSecuritySQL:
    """A composite foreign key (organization_id, column) → target (organization_id, id), so that no reference leaves its organization.

    ``on_delete``: CASCADE, RESTRICT or SET NULL (which then nulls ``column`` alone). The target needs ``tenant_key``.
    """
    action = f"SET NULL ({column})" if on_delete == "SET NULL" else on_delete
    name = f"{table}_{column}_spine"
    return RowSecuritySQL(
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY (organization_id, {column}) '
        f'REFERENCES "{target}" (organization_id, id) ON DELETE {action} DEFERRABLE INITIALLY DEFERRED',
        f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"',
        TenantForeignKey(name, table, column, target, action),
    )


def tenant_key(table: str) -> migrations.RunSQL:
    """The unique key that composite foreign keys point to."""
    return migrations.RunSQL(
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_anchor" UNIQUE (organization_id, id)',
        reverse_sql=f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_anchor"',
    )


def search_function(
    owner: str, signature: str, body: str, *, language: str = "sql", inside: dict[str, str] | None = None
) -> migrations.RunSQL:
    """A SECURITY DEFINER function owned by a no-login role, callable by the app role only.

    ``signature``: "name(args) RETURNS …"; ``body``: SQL, or what ``language`` is. ``inside``: settings in force while
    it runs; they and what the body makes of them are put back when it returns. The owner needs CREATE on the schema for the moment of creation.
    """
    kept = " ".join(f"SET {name} = {value}" for name, value in (inside or {}).items())
    app = f'"{settings.DATABASE_APP_ROLE}"'
    name = signature.split("RETURNS")[0].strip()
    arguments = name[name.index("(") :]
    bare = name[: name.index("(")]
    types = ", ".join(
        part.strip().split(" ", 1)[1].split(" DEFAULT")[0] for part in arguments.strip("()").split(",") if part.strip()
    )
    return RowSecuritySQL(
        [
            f"GRANT CREATE ON SCHEMA public TO {owner}",
            f"CREATE FUNCTION {signature} LANGUAGE {language} STABLE SECURITY DEFINER "
            f"SET search_path = public, pg_temp {kept} AS $door$ {body} $door$",
            f"REVOKE ALL ON FUNCTION {bare}({types}) FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {bare}({types}) TO {app}",
            f"ALTER FUNCTION {bare}({types}) OWNER TO {owner}",
            f"REVOKE CREATE ON SCHEMA public FROM {owner}",
        ],
        f"DROP FUNCTION IF EXISTS {bare}({types})",
        DefinerFunction(bare, owner),
    )


def goes_with(table: str, column: str, target: str) -> RowSecuritySQL:
    """Rows of ``table`` are deleted with the ``target`` row that ``column`` names, though the app role may not delete from it.

    For append-only tables: a foreign key would cost a check an insert. Runs as the owner, whom the tenant policy holds as well.
    """
    name = f"{table}_goes_with_{target}"
    return RowSecuritySQL(
        [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$ "
            f'BEGIN DELETE FROM "{table}" WHERE organization_id = OLD.organization_id AND {column} = OLD.id; RETURN NULL; END $$',
            f"REVOKE ALL ON FUNCTION {name}() FROM PUBLIC",
            f'CREATE TRIGGER {name} AFTER DELETE ON "{target}" FOR EACH ROW EXECUTE FUNCTION {name}()',
        ],
        f"DROP FUNCTION IF EXISTS {name}() CASCADE",
        DefinerFunction(name, "portal_owner", trigger=True),
    )


def goes_when(table: str, column: str, target: str, moment: str, named: str) -> RowSecuritySQL:
    """Rows of the append-only ``table`` whose ``column`` is what a ``target`` row names in ``named`` are deleted when that row gets its
    ``moment``. Runs as the owner, whom the tenant policy holds as well."""
    name = f"{table}_goes_when_{target}"
    return RowSecuritySQL(
        [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$ "
            f'BEGIN DELETE FROM "{table}" WHERE organization_id = NEW.organization_id AND {column} = NEW.{named}; RETURN NULL; END $$',
            f"REVOKE ALL ON FUNCTION {name}() FROM PUBLIC",
            f'CREATE TRIGGER {name} AFTER UPDATE OF {moment} ON "{target}" FOR EACH ROW '
            f"WHEN (OLD.{moment} IS NULL AND NEW.{moment} IS NOT NULL) EXECUTE FUNCTION {name}()",
        ],
        f"DROP FUNCTION IF EXISTS {name}() CASCADE",
        DefinerFunction(name, "portal_owner", trigger=True),
    )
