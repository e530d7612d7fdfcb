"""Who is removed is looked for in every table that refers to it: each of these looks must have its index, or it reads the table."""

from __future__ import annotations

import psycopg
import pytest

REFERENCES = """SELECT c.conrelid::regclass::text, c.confrelid::regclass::text, c.conname,
    ARRAY(SELECT a.attname::text FROM unnest(c.conkey) k JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k)
    FROM pg_constraint c WHERE c.contype = 'f' ORDER BY 1, 3"""
INDEXES = """SELECT i.indrelid::regclass::text,
    ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int[]) WITH ORDINALITY k(number, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number ORDER BY place),
    pg_get_expr(i.indpred, i.indrelid) FROM pg_index i"""
ANCHORS = {"integrations_connection", "tenancy_organization", "tenancy_user", "tenancy_role", "mappings_mappingact"}
"""One of these goes alone, and rarely: a look at each table, once. Acts of mapping are some hundreds."""


def serves(index: tuple[list[str], str | None], columns: list[str]) -> bool:
    """Whether rows with these values are found by the index: all of them, and by more than their organization."""
    names, only = index
    (own,) = [column for column in columns if column != "organization_id"] or ["organization_id"]
    whole = only is None or only == f"({own} IS NOT NULL)"
    return whole and own in names[: len(columns)] and names[0] in columns


@pytest.mark.committed
def test_every_reference_to_what_goes_in_numbers_has_an_index(owner: psycopg.Connection) -> None:
    indexes: dict[str, list[tuple[list[str], str | None]]] = {}
    for table, names, only in owner.execute(INDEXES).fetchall():
        indexes.setdefault(table, []).append((names, only))
    references = [row for row in owner.execute(REFERENCES).fetchall() if row[1] not in ANCHORS]
    assert {"tickets_ticket", "clients_contact", "tickets_note"} <= {table for table, *_ in references}
    missing = [
        f"{table}: {name} ({', '.join(columns)})"
        for table, _, name, columns in references
        if not any(serves(index, columns) for index in indexes.get(table, []))
    ]
    assert missing == []
