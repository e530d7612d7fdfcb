"""Rows that come with fewer fields than they had: what is here of the others stays.

A right that was taken away, or a list that shows less, makes values look empty that are not known. Whether a field came at all the adapters
say of a page as a whole (``Page.untold``, ``Page.omitted``); whether there was anything before, the store says.
"""

from __future__ import annotations

from typing import Any

import msgspec
from django.db import connection as database

from integrations.port import Page, Remark
from portal.core.merge import MergeContext, Target
from sync.columns import field_of
from sync.streams import stream_words

NONE: tuple[Any, ...] = (None, "", [], {}, "[]", "{}")
"""Values that say nothing, structures as the database gives them too."""
MANY = 25
"""So many values that would vanish at once from a field that the PSA leaves out where it is null are no change of anybody's."""


def kept_where_absent(target: Target, context: MergeContext, page: Page) -> Page:
    """The page with the fields marked as not known that its rows did not come with and that are stored. In the caller's transaction."""
    absent = {*page.untold, *page.omitted}
    columns = [name for name in target.names if field_of(name) in absent]
    if not columns or not page.records:
        return page
    lost = _lost(target, context, page, columns)
    kept = sorted(
        {field_of(name) for name, count in lost.items() if count >= (1 if field_of(name) in page.untold else MANY)}
    )
    if not kept:
        return page
    words = ", ".join(name.replace("_", " ") for name in kept)
    said = f"The list of {stream_words(target.stream)} came without fields that it had: {words}. What is here of them stays as it is"
    records = [
        msgspec.structs.replace(record, unknown_fields=tuple(sorted({*record.unknown_fields, *kept})))
        for record in page.records
    ]
    remark = Remark(remote_id="", field=words, message=said)
    return msgspec.structs.replace(page, records=records, remarks=[*page.remarks, remark])


def _lost(target: Target, context: MergeContext, page: Page, columns: list[str]) -> dict[str, int]:
    """How many stored values of each column would be replaced by none."""
    new = {record.remote_id: record for record in page.records}
    names = ", ".join(f'"{name}"' for name in columns)
    with database.cursor() as cursor:
        cursor.execute(
            f'SELECT remote_id, {names} FROM "{target.table}" WHERE organization_id = %(organization)s '
            "AND connection_id = %(connection)s AND remote_id = ANY(%(ids)s)",
            {**context.parameters(), "ids": list(new)},
        )
        rows = cursor.fetchall()
    lost = dict.fromkeys(columns, 0)
    for remote_id, *values in rows:
        for name, value in zip(columns, values, strict=True):
            lost[name] += _is_lost(value, getattr(new[remote_id], field_of(name)))
    return lost


def _is_lost(stored: Any, new: Any) -> bool:
    if isinstance(new, bool):
        return bool(stored) != new
    return new in NONE and stored not in NONE
