"""Rows that come with fewer fields than they had: what is here of the others stays.

A right that was taken away, or a list that shows less, makes values look empty that are not known. Whether a field came at all the adapters
say of a page as a whole (``Page.untold``, ``Page.omitted``); whether there was anything before, the store says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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


Stored = dict[str, dict[str, Any]]
"""Values by remote id and column."""


def kept_where_absent(target: Target, context: MergeContext, pages: Sequence[Page]) -> list[Page]:
    """The pages with the fields marked as not known that their rows did not come with and that are stored. Costs one statement, none where
    all fields came. In the caller's transaction."""
    absent = {field for page in pages for field in (*page.untold, *page.omitted)}
    columns = [name for name in target.names if field_of(name) in absent]
    ids = [record.remote_id for page in pages for record in page.records]
    if not columns or not ids:
        return list(pages)
    stored = _stored(target, context, columns, ids)
    return [_kept(target, page, columns, stored) for page in pages] if stored else list(pages)


def _stored(target: Target, context: MergeContext, columns: Sequence[str], ids: Sequence[str]) -> Stored:
    names = ", ".join(f'"{name}"' for name in columns)
    with database.cursor() as cursor:
        cursor.execute(
            f'SELECT remote_id, {names} FROM "{target.table}" WHERE organization_id = %(organization)s '
            "AND connection_id = %(connection)s AND remote_id = ANY(%(ids)s)",
            {**context.parameters(), "ids": list(ids)},
        )
        return {remote_id: dict(zip(columns, values, strict=True)) for remote_id, *values in cursor.fetchall()}


def _kept(target: Target, page: Page, columns: Sequence[str], stored: Stored) -> Page:
    lost = Counter(
        field_of(name)
        for name in columns
        if field_of(name) in {*page.untold, *page.omitted}
        for record in page.records
        if record.remote_id in stored and _is_lost(stored[record.remote_id][name], getattr(record, field_of(name)))
    )
    kept = sorted(field for field, count in lost.items() if count >= (1 if field in page.untold else MANY))
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


def _is_lost(stored: Any, new: Any) -> bool:
    if isinstance(new, bool):
        return bool(stored) != new
    return new in NONE and stored not in NONE
