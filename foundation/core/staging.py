"""What a run has staged, as SQL. Row security does not cover staging, so every statement over it says whose rows it means: here."""

from __future__ import annotations


def staged(table: str, alias: str, *, page: bool = False) -> str:
    """FROM and WHERE of a run's own rows of a staging table, to go behind SELECT or DELETE; further conditions begin with AND.

    The statement's parameters are those of ``MergeContext``. ``page``: of the page that they name alone.
    """
    own = f"{alias}.run_id = %(run)s AND {alias}.organization_id = %(organization)s AND {alias}.connection_id = %(connection)s"
    return f"FROM {table} {alias} WHERE {own}" + (f" AND {alias}.page = %(page)s" if page else "")
