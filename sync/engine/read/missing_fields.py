"""Rows that come with fewer fields than they had: what is here of the others stays.

A right that was taken away, or a list that shows less, makes values look empty that are not known. Whether a field came at all the adapters
say of a page as a whole (``Page.untold``, ``Page.omitted``); whether there was anything before, the store says.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import connection as database

from foundation.ledger.merge import MergeContext, Target
from integrations.port import Page, Remark
from integrations.records import Record
from sync.columns import field_of
from sync.streams import stream_words

NONE: tuple[Any, ...] = (None, "", [], {}, "[]", "{}")
"""Values that say nothing, structures as the database gives them too."""
MANY = 3
"""So many values that would vanish at once from a field that the PSA leaves out where it is null, and that none of the rows has, are taken
for no change of anybody's. The next complete reading, in which other rows have the field, shows what is really gone."""
_STATE = ("is_closed", "status_id")
_COMPANY = ("company_id",)
_BOARD = ("board_id",)
GOES_WITH: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("closed_at", "closed_by"), _STATE),
    **dict.fromkeys(("site_id", "site_name"), _COMPANY),
    **dict.fromkeys(("contact_id", "contact_name", "contact_email", "contact_phone", "agreement"), _COMPANY),
    **dict.fromkeys(("type_id", "type_name", "team_id", "team_name"), _BOARD),
    **dict.fromkeys(("subtype_id", "subtype_name"), (*_BOARD, "type_id")),
    **dict.fromkeys(("item_id", "item_name"), (*_BOARD, "type_id", "subtype_id")),
}
"""What makes a field of the PSA empty when it changes: a ticket that is opened again is closed by nobody, one of another company has another
contact. A value that is gone together with such a change is gone, however many rows of a page say so."""


Stored = dict[str, dict[str, Any]]
"""Values by remote id and column."""


def kept_where_absent(target: Target, context: MergeContext, pages: Sequence[Page]) -> list[Page]:
    """The pages with the fields marked as not known that their rows did not come with and that are stored. Costs one statement, none where
    all fields came. In the caller's transaction."""
    absent = {field for page in pages for field in (*page.untold, *page.omitted)}
    columns = [name for name in target.names if field_of(name) in absent]
    causes = {cause for name in columns for cause in GOES_WITH.get(field_of(name), ())}
    ids = [record.remote_id for page in pages for record in page.records]
    if not columns or not ids:
        return list(pages)
    read = [*columns, *(name for name in target.names if field_of(name) in causes and name not in columns)]
    stored = _stored(target, context, read, ids)
    if not stored:
        return list(pages)
    many = _lost_in_many(columns, pages, stored)
    return [_kept(target, page, columns, stored, many) for page in pages]


def _lost_in_many(columns: Sequence[str], pages: Sequence[Page], stored: Stored) -> frozenset[str]:
    """The fields that no row of the pages has, that the PSA leaves out where they are null, and that so many rows had."""
    full = [page for page in pages if page.records]
    omitted = frozenset(full[0].omitted).intersection(*(page.omitted for page in full[1:])) if full else frozenset()
    lost = Counter(
        field_of(name)
        for name in columns
        if field_of(name) in omitted
        for page in full
        for record in page.records
        if record.remote_id in stored and _is_lost(page, record, name, stored[record.remote_id])
    )
    return frozenset(field for field, count in lost.items() if count >= MANY)


def _stored(target: Target, context: MergeContext, columns: Sequence[str], ids: Sequence[str]) -> Stored:
    names = ", ".join(f'"{name}"' for name in columns)
    with database.cursor() as cursor:
        cursor.execute(
            f'SELECT remote_id, {names} FROM "{target.table}" WHERE organization_id = %(organization)s '
            "AND connection_id = %(connection)s AND remote_id = ANY(%(ids)s)",
            {**context.parameters(), "ids": list(ids)},
        )
        return {remote_id: dict(zip(columns, values, strict=True)) for remote_id, *values in cursor.fetchall()}


def _kept(target: Target, page: Page, columns: Sequence[str], stored: Stored, many: frozenset[str]) -> Page:
    """The page with what it did not tell marked in the records that would change by it: those alone, for a record that was not told in full
    has no hash."""
    told: dict[str, set[str]] = {}
    for record in page.records:
        for name in columns if record.remote_id in stored else ():
            field, before = field_of(name), stored[record.remote_id]
            if (field in page.untold and _differs(before[name], getattr(record, field))) or (
                field in page.omitted and field in many and _is_lost(page, record, name, before)
            ):
                told.setdefault(record.remote_id, set()).add(field)
    if not told:
        return page
    words = ", ".join(name.replace("_", " ") for name in sorted(set().union(*told.values())))
    kind = stream_words(target.stream)
    said = (
        f"{kind[:1].upper()}{kind[1:]} came without fields that they had: {words}. What is here of them stays as it is"
    )
    records = [
        msgspec.structs.replace(
            record, unknown_fields=tuple(sorted({*record.unknown_fields, *told.get(record.remote_id, ())}))
        )
        for record in page.records
    ]
    only = page.records[0].remote_id if len(page.records) == 1 else ""
    remark = Remark(remote_id=only, field=words, message=said)
    return msgspec.structs.replace(page, records=records, remarks=[*page.remarks, remark])


def _is_lost(page: Page, record: Record, column: str, stored: dict[str, Any]) -> bool:
    """Whether there was a value and there is none, and nothing that the page tells to have changed with it says why."""
    field = field_of(column)
    old, new = stored[column], getattr(record, field)
    if isinstance(new, bool):
        return bool(old) != new
    if new not in NONE or old in NONE:
        return False
    causes = frozenset(GOES_WITH.get(field, ())).difference(page.untold, page.omitted)
    return not any(
        field_of(name) in causes and _differs(before, getattr(record, field_of(name)))
        for name, before in stored.items()
    )


def _differs(stored: Any, new: Any) -> bool:
    """Whether a value that stands in for one that did not come, empty or not, is another than the stored one."""
    if isinstance(new, bool):
        return bool(stored) != new
    if stored in NONE or new in NONE:
        return (stored in NONE) != (new in NONE)
    if isinstance(new, list | dict):
        return bool((json.loads(stored) if isinstance(stored, str) else stored) != _plain(new))
    return bool(stored != new)


def _plain(value: Any) -> Any:
    """A structure as JSON gives it back."""
    return json.loads(msgspec.json.encode(value))
