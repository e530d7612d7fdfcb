"""Every difference between what is declared and what is there, as a sentence."""

from __future__ import annotations

from collections.abc import Iterator

from foundation.core.redaction import is_secret
from foundation.tenancy.coverage.catalog import CatalogState, FoundDoor, Policy, Role, Table
from foundation.tenancy.coverage.declared import Declared
from foundation.tenancy.operations import TenantForeignKey

TENANT = "organization_id"
OWNER, SYSTEM, SEARCH = "portal_owner", "portal_system", "portal_search"
STAGING = "staging"
EXPRESSION = "({} = (NULLIF(current_setting('portal.organization'::text, true), ''::text))::bigint)"
ROWS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
STAGED = frozenset({"SELECT", "INSERT", "DELETE"})
READS = "SELECT of column "
SEARCH_PATH = "search_path=public, pg_temp"


def find_gaps(found: CatalogState, declared: Declared) -> list[str]:
    """Sentences, in the order of schemas and tables; empty when the cover is whole."""
    gaps: list[str] = []
    for table in found.tables:
        gaps += _table(table, declared)
    gaps += _absent(found, declared)
    gaps += _doors(found, declared)
    gaps += _foreign_keys(found, declared)
    gaps += _roles(found, declared)
    gaps += _schemas(found, declared)
    return gaps


def _table(table: Table, declared: Declared) -> Iterator[str]:
    yield from _everywhere(table, declared)
    if table.schema == STAGING:
        yield from _staging(table, declared)
    elif table.schema != "public":
        yield f"{table.label} is in a schema that MSPortal does not have."
    elif table.kind in "vmf":
        yield f"{table.label} is a view or foreign table: its rows are shown with its owner's rights."
    elif table.name in declared.tables or TENANT in table.columns:
        yield from _tenant(table, declared)
    elif table.name not in declared.exempt:
        yield f"{table.label} has no {TENANT} and is not among the named exempt tables."
    elif excess := sorted(table.grants.get(declared.app, frozenset()) - ROWS):
        yield f"{table.label}: {declared.app} may {', '.join(excess)}."


def _everywhere(table: Table, declared: Declared) -> Iterator[str]:
    if table.owner in {declared.app, SYSTEM, SEARCH}:
        yield f"{table.label} belongs to {table.owner}, which could switch its row security off."
    for role in sorted(set(table.grants) - {declared.app, SYSTEM, SEARCH}):
        yield f"{table.label}: {role} may {', '.join(sorted(table.grants[role]))}, and should have nothing."


def _staging(table: Table, declared: Declared) -> Iterator[str]:
    """COPY does not work under row security; so nothing but the merge may come near, and each row names run and tenant."""
    for column in ("run_id", TENANT):
        if not table.columns.get(column, False):
            yield f"{table.label} needs a {column} that is never null."
    if excess := sorted(table.grants.get(declared.app, frozenset()) - STAGED):
        yield f"{table.label}: {declared.app} may {', '.join(excess)}."
    for role in sorted({SYSTEM, SEARCH} & set(table.grants)):
        yield f"{table.label}: {role} may {', '.join(sorted(table.grants[role]))}, and should have nothing."


def _tenant(table: Table, declared: Declared) -> Iterator[str]:
    wanted = declared.tables.get(table.name)
    if wanted is None:
        if table.parent and not table.grants:
            return
        yield f"{table.label} has {TENANT} but no migration puts it behind the walls (secure)."
    column = wanted.column if wanted else TENANT
    if not table.columns.get(column, False):
        yield f"{table.label}: {column} may be null, and a row without it belongs to nobody."
    if not table.secured:
        yield f"{table.label}: row security is not enabled."
    if not table.forced:
        yield f"{table.label}: row security is not forced, so that the owner sees all rows."
    yield from _policies(table, column, declared)
    app = table.grants.get(declared.app, frozenset())
    if wanted and app != wanted.write:
        yield f"{table.label}: {declared.app} may {_list(app)}, declared is {_list(wanted.write)}."
    elif excess := app - ROWS:
        yield f"{table.label}: {declared.app} may {_list(excess)}."
    for role, allowed in ((SYSTEM, _system(table, declared)), (SEARCH, _search(table, declared))):
        held = table.grants.get(role, frozenset())
        if held != allowed:
            yield f"{table.label}: {role} may {_list(held)}, declared is {_list(allowed)}."
        for column in _secrets_read(table, held):
            yield f"{table.label}: {role} may read {column}, which by its name is a secret; use withheld."


def _policies(table: Table, column: str, declared: Declared) -> Iterator[str]:
    expression = EXPRESSION.format(column)
    wanted = declared.tables.get(table.name)
    expected = {"tenant": Policy("tenant", True, ("public",), "ALL", expression, expression)}
    if wanted and wanted.system:
        expected["system"] = Policy("system", True, (SYSTEM,), "ALL", "true", "true")
    if table.name in declared.searchable:
        expected["search"] = Policy("search", True, (SEARCH,), "SELECT", "true", "")
    found = {policy.name: policy for policy in table.policies}
    for name in sorted(expected.keys() - found.keys()):
        yield f"{table.label}: the policy “{name}” is missing."
    for name in sorted(found.keys() - expected.keys()):
        yield f"{table.label}: the policy “{name}” for {', '.join(found[name].roles)} is not declared."
    for name in sorted(found.keys() & expected.keys()):
        if found[name] != expected[name]:
            yield f"{table.label}: the policy “{name}” is not the declared one: {found[name]}."


def _system(table: Table, declared: Declared) -> frozenset[str]:
    wanted = declared.tables.get(table.name)
    columns = {f"UPDATE of column {s.column}" for s in declared.stamped if s.table == table.name}
    held = wanted.system if wanted else frozenset()
    if table.name in declared.withheld:
        shown = table.columns.keys() - declared.withheld[table.name]
        held = held - {"SELECT"} | {f"{READS}{column}" for column in shown}
    return held | columns


def _secrets_read(table: Table, held: frozenset[str]) -> list[str]:
    """Columns that a role reads in all organizations and that hold secrets by their names. A digest is none."""
    read = table.columns if "SELECT" in held else [name.removeprefix(READS) for name in held if name.startswith(READS)]
    return sorted(name for name in read if is_secret(name) and not name.endswith("_digest"))


def _search(table: Table, declared: Declared) -> frozenset[str]:
    return frozenset({"SELECT"}) if table.name in declared.searchable else frozenset()


def _absent(found: CatalogState, declared: Declared) -> Iterator[str]:
    names = {table.name for table in found.tables if table.schema == "public"}
    for name in sorted(declared.tables.keys() - names):
        yield f"{name} is declared and does not exist."


def _doors(found: CatalogState, declared: Declared) -> Iterator[str]:
    for door in found.doors:
        yield from _door(door, declared)
    for name in sorted(declared.doors.keys() - {door.name for door in found.doors}):
        yield f"The door {name}() is declared and is not there, or is not SECURITY DEFINER."


def _door(door: FoundDoor, declared: Declared) -> Iterator[str]:
    wanted = declared.doors.get(door.name)
    if wanted is None or door.schema != "public":
        yield f"{door.schema}.{door.name}() is SECURITY DEFINER and not one of the declared doors."
        return
    if door.owner != wanted.owner or door.owner not in {SYSTEM, SEARCH, *([OWNER] if wanted.trigger else [])}:
        yield f"The door {door.name}() belongs to {door.owner}, declared is {wanted.owner}."
    if SEARCH_PATH not in door.settings:
        yield f"The door {door.name}() has no fixed search_path."
    callers = () if wanted.trigger else (declared.app,)
    if door.callers != callers:
        allowed = "nobody, since a trigger calls it" if wanted.trigger else f"only {declared.app}"
        yield f"The door {door.name}() may be called by {_list(frozenset(door.callers))}; it should be {allowed}."


def _foreign_keys(found: CatalogState, declared: Declared) -> Iterator[str]:
    by_name = {key.name: key for key in found.foreign_keys}
    tenants = {t.name for t in found.tables if t.schema == "public" and TENANT in t.columns}
    for name, spine in sorted(declared.spines.items()):
        key = by_name.get(name)
        if key is None:
            yield f"{spine.table}: the composite key {name} is declared and is not there."
        elif key.definition != _definition(spine) or not key.validated or key.table != spine.table:
            yield f"{spine.table}: the composite key {name} is “{key.definition}”, declared is “{_definition(spine)}”."
    for key in found.foreign_keys:
        if key.name in declared.spines or key.table not in tenants or key.target not in tenants:
            continue
        yield f"{key.table}: the foreign key {key.name} could lead into another organization; use spine."


def _definition(spine: TenantForeignKey) -> str:
    return (
        f"FOREIGN KEY ({TENANT}, {spine.column}) REFERENCES {spine.target}({TENANT}, id) "
        f"ON DELETE {spine.on_delete} DEFERRABLE INITIALLY DEFERRED"
    )


def _roles(found: CatalogState, declared: Declared) -> Iterator[str]:
    for role in found.roles.values():
        if role.superuser or role.bypasses:
            yield f"The role {role.name} is a superuser or has BYPASSRLS."
        if role.name != "portal_owner" and role.creates_roles:
            yield f"The role {role.name} may create roles."
    for name in (SYSTEM, SEARCH):
        closed = found.roles.get(name)
        if closed is None:
            yield f"The role {name} does not exist."
        elif closed.logs_in:
            yield f"The role {name} can log in."
    owners = {table.owner for table in found.tables if table.schema == "public"}
    yield from _members(found.roles.get(SYSTEM), {declared.app} | owners)
    yield from _members(found.roles.get(SEARCH), owners)
    app = found.roles.get(declared.app)
    if app and app.inherits:
        yield f"The role {app.name} inherits the rights of {_list(frozenset(app.inherits))}."


def _members(role: Role | None, allowed: set[str]) -> Iterator[str]:
    for member in sorted(set(role.members if role else ()) - allowed):
        yield f"{member} is a member of {role.name if role else ''} and could become it."


def _schemas(found: CatalogState, declared: Declared) -> Iterator[str]:
    allowed = {("public", role, "USAGE") for role in (declared.app, SYSTEM, SEARCH, "public")}
    allowed.add((STAGING, declared.app, "USAGE"))
    for schema, role, privilege in sorted(found.schema_grants - allowed):
        yield f"{role} has {privilege} on the schema {schema}."
    for grant in found.default_grants:
        yield f"Tables made from now on are given away: {grant}."


def _list(words: frozenset[str]) -> str:
    return ", ".join(sorted(words)) or "nothing"
