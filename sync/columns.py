"""Which field of a record is behind which column of its store."""

from __future__ import annotations

import re

from foundation.ledger.merge import Target
from integrations.records import Record


def field_of(column: str) -> str:
    """The record's field behind a store's column: references are ``x_id`` there and ``x_remote_id`` here."""
    return re.sub("_remote_(ids?)$", r"_\1", column)


def unknown_columns(target: Target, record: Record) -> list[str]:
    """The store's columns behind the fields that the PSA did not tell of this record."""
    if not record.unknown_fields:
        return []
    return [name for name in target.names if field_of(name) in record.unknown_fields]
