"""Staging takes every kind of value that a record may hold, in every stream, and gives back the same."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.db import connection as database

from foundation.ledger.merge import MergeContext
from foundation.tenancy.models import Organization
from integrations.models import Connection
from integrations.records import Record
from sync.columns import field_of
from sync.streams import TARGETS, stage

NOON = dt.datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=dt.UTC)
EAST = dt.timezone(dt.timedelta(hours=5, minutes=45))
VALUES: dict[str, tuple[Any, ...]] = {
    "text": ("", "\\N\t\r\n\\.", "żółw 🐢", "a" * 70_000),
    "indexed": ("", "\\N\t\r\n\\.", "żółw 🐢", "a" * 1_200),
    "jsonb": ({}, {"a": [1.5, None, "\\u00e9"]}, [{"total": "12.34"}], []),
    "boolean": (True, False),
    "integer": (0, 2**31 - 1, -(2**31)),
    "numeric": (Decimal("0"), Decimal("-12.345678"), Decimal("999999999999.999999"), Decimal("1E+3")),
    "double precision": (0.0, -0.1, 1e300),
    "date": (dt.date(1, 1, 1), dt.date(2026, 2, 28), dt.date(9999, 12, 31)),
    "timestamp with time zone": (NOON, NOON.astimezone(EAST), dt.datetime(1970, 1, 1, tzinfo=dt.UTC)),
    "text[]": ([], ["a", "b,c", '"']),
}


@pytest.mark.parametrize("stream", TARGETS)
def test_what_is_staged_is_what_is_read_back(stream: str, in_tenant: Organization, connection: Connection) -> None:
    target = TARGETS[stream]
    kinds = {name: kind.partition("(")[0] for name, kind in target.columns}
    shape = msgspec.defstruct(
        "Any", [(field_of(name), Any) for name in kinds], bases=(Record,), frozen=True, kw_only=True
    )
    values = {
        name: VALUES["indexed" if kind == "text" and name in target.indexed else kind] for name, kind in kinds.items()
    }
    rows = [{name: choices[i % len(choices)] for name, choices in values.items()} for i in range(4)]
    rows.append(dict.fromkeys(kinds, None) | {name: {} for name, kind in kinds.items() if kind == "jsonb"})
    records = [
        shape(remote_id=str(i), remote_updated_at=None if i else NOON, **{field_of(n): v for n, v in row.items()})
        for i, row in enumerate(rows)
    ]
    context = MergeContext(in_tenant.pk, connection.pk, 2**40)
    assert stage(target, context, 7, [(record, record.remote_id != "1") for record in records], NOON).rows == len(rows)
    columns = ", ".join(f'"{name}"::text' if kind == "jsonb" else f'"{name}"' for name, kind in kinds.items())
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT run_id, page, remote_updated_at, fetched_at, length(content_hash), in_scope, {columns} FROM {target.staging} "
            "WHERE organization_id = %s AND connection_id = %s ORDER BY remote_id",
            [in_tenant.pk, connection.pk],
        )
        found = cursor.fetchall()
    for i, (row, line) in enumerate(zip(rows, found, strict=True)):
        assert line[:6] == (2**40, 7, None if i else NOON, NOON, 16, i != 1)
        read = {n: msgspec.json.decode(v) if kinds[n] == "jsonb" else v for n, v in zip(kinds, line[6:], strict=True)}
        assert read == row
