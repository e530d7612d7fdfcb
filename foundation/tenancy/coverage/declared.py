"""What the migrations say that the database should have."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from foundation.tenancy.grants import library_tables
from foundation.tenancy.operations import (
    Declaration,
    DefinerFunction,
    RowSecuritySQL,
    Searchable,
    Secured,
    Stamped,
    TenantForeignKey,
    Withheld,
)


@dataclass(frozen=True, slots=True)
class Declared:
    """By name. ``exempt``: {table: why it has no tenant}."""

    tables: dict[str, Secured] = field(default_factory=dict)
    searchable: frozenset[str] = frozenset()
    stamped: frozenset[Stamped] = frozenset()
    withheld: dict[str, frozenset[str]] = field(default_factory=dict)
    spines: dict[str, TenantForeignKey] = field(default_factory=dict)
    doors: dict[str, DefinerFunction] = field(default_factory=dict)
    exempt: dict[str, str] = field(default_factory=dict)
    app: str = "portal_app"


EXEMPT = {
    "tenancy_user": "people may belong to several organizations; what they may see comes from their memberships",
    "tenancy_loginfailure": "wrong passwords before anybody is known: digests and network addresses, for a day",
    "tenancy_passwordresetrequest": "typed addresses that a worker looks up, gone once it has",
    "django_migrations": "which migrations ran; the app role reads it only",
}
LIBRARY = "bookkeeping of a library: log-in sessions, addresses, the clock's entries"


def read_declared() -> Declared:
    """Collects the walls of the migrations that this database has applied; a later one of the same name counts."""
    loader = MigrationLoader(connection)
    applied = set(loader.applied_migrations or {})
    plan: list[tuple[str, str]] = []
    for leaf in loader.graph.leaf_nodes():
        plan += [node for node in loader.graph.forwards_plan(leaf) if node not in plan]
    found: list[Declaration] = []
    for node in plan:
        if node in applied:
            found += [o.declares for o in loader.graph.nodes[node].operations if isinstance(o, RowSecuritySQL)]
    return Declared(
        tables={d.table: d for d in found if isinstance(d, Secured)},
        searchable=frozenset(d.table for d in found if isinstance(d, Searchable)),
        stamped=frozenset(d for d in found if isinstance(d, Stamped)),
        withheld={d.table: d.columns for d in found if isinstance(d, Withheld)},
        spines={d.name: d for d in found if isinstance(d, TenantForeignKey)},
        doors={d.name: d for d in found if isinstance(d, DefinerFunction)},
        exempt=EXEMPT | dict.fromkeys(library_tables(), LIBRARY),
        app=settings.DATABASE_APP_ROLE,
    )
