"""References that no composite key guards: the look-ups, which the merge resolves within the organization."""

from __future__ import annotations

from dataclasses import dataclass

from django.apps import apps
from django.db import connection, models

from foundation.tenancy.coverage.declared import Declared
from foundation.tenancy.models import TenantModel
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.selectors import organization_list


@dataclass(frozen=True, slots=True)
class Lookup:
    """A foreign key that the database does not check."""

    table: str
    column: str
    target: str


def find_lookups(declared: Declared) -> list[Lookup]:
    """Foreign keys between tenants' tables without a constraint and without a declared composite key."""
    guarded = {(spine.table, spine.column) for spine in declared.spines.values()}
    found = [
        Lookup(model._meta.db_table, field.column, field.remote_field.model._meta.db_table)
        for model in apps.get_models()
        if issubclass(model, TenantModel)
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey)
        and not getattr(field, "db_constraint", True)
        and issubclass(field.remote_field.model, TenantModel)
    ]
    return [lookup for lookup in found if (lookup.table, lookup.column) not in guarded]


def find_strays(lookups: list[Lookup]) -> list[str]:
    """A sentence for each organization and look-up with references that lead nowhere or to another organization.

    Under row security a foreign row is invisible, so that both look the same. Reads every row of every organization.
    """
    strays = []
    for organization in organization_list():
        with tenant_transaction(organization.pk):
            for lookup in lookups:
                count = _strays(lookup)
                if count:
                    strays.append(
                        f"{organization.slug}: {count} rows of {lookup.table}.{lookup.column} lead to no row of "
                        f"{lookup.target} in this organization."
                    )
    return strays


def _strays(lookup: Lookup) -> int:
    quote = connection.ops.quote_name
    table, column, target = quote(lookup.table), quote(lookup.column), quote(lookup.target)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {table} t WHERE t.{column} IS NOT NULL "
            f"AND NOT EXISTS (SELECT FROM {target} r WHERE r.id = t.{column})"
        )
        return int(cursor.fetchone()[0])
