"""manage.py rowsecurity"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from foundation.tenancy.commands import OperatorCommand, json_option
from foundation.tenancy.coverage import CatalogState, Declared, find_gaps, read_catalog, read_declared
from foundation.tenancy.coverage.catalog import Table
from foundation.tenancy.coverage.references import find_lookups, find_strays


class Command(OperatorCommand):
    help = (
        "Lists every table, partition, policy, grant, door and exempt table, and compares them with what the migrations "
        "declare. Exit code 1 when row security leaves a gap."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="print gaps and the summary only")
        parser.add_argument(
            "--references",
            action="store_true",
            help="also read every row, for references that lead out of their organization",
        )
        json_option(parser)

    def run(self, options: dict[str, Any]) -> int:
        found, declared = read_catalog(), read_declared()
        gaps = find_gaps(found, declared)
        if options["references"]:
            gaps += find_strays(find_lookups(declared))
        self.answer(described(found, declared, gaps), _lines(found, declared, gaps, quiet=options["quiet"]))
        return 1 if gaps else 0


def described(found: CatalogState, declared: Declared, gaps: list[str]) -> dict[str, Any]:
    """What --json says."""
    return {
        "covered": not gaps,
        "gaps": gaps,
        "tables": [
            {
                "table": table.label,
                "kind": kind_of(table, declared),
                "partition_of": table.parent,
                "owner": table.owner,
                "row_security": table.secured and table.forced,
                "policies": [asdict(policy) for policy in table.policies],
                "grants": {role: sorted(held) for role, held in table.grants.items()},
            }
            for table in found.tables
        ],
        "doors": [asdict(door) for door in found.doors],
        "exempt": {name: declared.exempt[name] for name in sorted(_exempt(found, declared))},
        "composite_keys": sorted(declared.spines),
    }


def kind_of(table: Table, declared: Declared) -> str:
    """tenant, staging, exempt or unknown."""
    if table.schema == "staging":
        return "staging"
    if table.name in declared.tables or "organization_id" in table.columns:
        return "tenant"
    return "exempt" if table.name in declared.exempt else "unknown"


def _exempt(found: CatalogState, declared: Declared) -> set[str]:
    return {table.name for table in found.tables if kind_of(table, declared) == "exempt"}


def _lines(found: CatalogState, declared: Declared, gaps: list[str], *, quiet: bool) -> Iterator[str]:
    if not quiet:
        for table in found.tables:
            policies = ", ".join(policy.name for policy in table.policies) or "no policy"
            grants = "; ".join(f"{role} {' '.join(sorted(held))}" for role, held in sorted(table.grants.items()))
            part = f" (partition of {table.parent})" if table.parent else ""
            yield f"{kind_of(table, declared):8} {table.label + part:44} {policies:24} {grants}"
        for door in found.doors:
            yield f"door     {door.name + '()':44} {door.owner:24} {', '.join(door.callers)} EXECUTE"
        for name in sorted(_exempt(found, declared)):
            yield f"exempt   {name:44} {declared.exempt[name]}"
        for spine in declared.spines.values():
            yield f"key      {spine.table}.{spine.column} → {spine.target}"
    yield from (f"GAP      {gap}" for gap in gaps)
    tenants = sum(kind_of(table, declared) == "tenant" for table in found.tables)
    yield (
        f"{len(gaps)} gaps."
        if gaps
        else f"Covered: {tenants} tenant tables, {len(found.doors)} doors, {len(declared.spines)} keys."
    )
