"""What a remote did not tell of records because a look-up of theirs was refused, or came empty.

Rows carry ids, and what those are called stands in other tables. Where such a table is not to be had, its names are not known, which is
not the same as that there are none: what is stored of them stays (``Record.unknown_fields``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from integrations.errors import (
    REFUSALS,
    IntegrationError,
    PermissionMissing,
    ProtocolError,
    RateLimited,
    TransientError,
)
from integrations.port import Remark
from integrations.records import Record

EMPTY = "the answer was empty"
NAMELESS = "what came has no names"
FAILURES = 3
"""Look-ups that failed or could not be understood: the first ones may be one-offs, and are asked for again with their page."""


class Forbearance:
    """Which errors cost no more than the look-up that they are of. Of one adapter's look-ups, which share its patience."""

    def __init__(self) -> None:
        self._failures = 0

    def bears(self, error: IntegrationError) -> bool:
        """Whether records come without what the look-up tells: at once where it is refused, and where look-ups fail again and again. Not
        where the system asks to wait."""
        if isinstance(error, ProtocolError | TransientError) and not isinstance(error, RateLimited):
            self._failures += 1
            return self._failures >= FAILURES
        return isinstance(error, (PermissionMissing, *REFUSALS))


class Lookup(msgspec.Struct, frozen=True, kw_only=True):
    """A table that rows point into. ``key``: its name among those that failed. ``words``: what it tells, for people. ``needs``: (the row's
    attribute that points into it, the records' fields that come from it)."""

    key: str
    words: str
    needs: tuple[tuple[str, tuple[str, ...]], ...]


def custom_fields_in(attribute: str) -> Lookup:
    """That custom fields come in this attribute of rows, also where the settings want none of those that a row has."""
    return Lookup(key="", words="custom fields", needs=((attribute, ("custom_fields",)),))


Knows = Callable[[str, str, Any], bool]
"""Whether the look-up (its key, the row's attribute) tells of this id."""


def pointed(lookup: Lookup, row: Any) -> Iterable[tuple[str, Any, tuple[str, ...]]]:
    """(attribute, id, fields) of what the row points to in the table."""
    for attribute, fields in lookup.needs:
        value = getattr(row, attribute, None)
        if value is not None and value not in ("", [], ()):
            yield attribute, value, fields


def as_told(record: Record, row: Any, lookups: Sequence[Lookup], knows: Knows) -> Record:
    """The record with the names of the fields that it came without although its row points to what would tell them."""
    own, untold = record.__struct_fields__, set(record.unknown_fields)
    for lookup in lookups:
        for attribute, value, fields in pointed(lookup, row):
            if not knows(lookup.key, attribute, value):
                untold.update(name for name in fields if name in own)
    return msgspec.structs.replace(record, unknown_fields=tuple(sorted(untold))) if untold else record


def remarks_of(
    rows: Sequence[Any], records: Sequence[Record], lookups: Sequence[Lookup], failed: Mapping[str, str]
) -> list[Remark]:
    """One remark for each look-up that failed and that tells something of the records which any of the rows points to. ``failed``: why, by
    the look-up's key."""
    own = frozenset(records[0].__struct_fields__) if records else frozenset[str]()
    return [
        untold_remark(lookup.words, failed[lookup.key])
        for lookup in lookups
        if lookup.key in failed
        and any(not own.isdisjoint(fields) for row in rows for _, _, fields in pointed(lookup, row))
    ]


def untold_remark(words: str, why: str) -> Remark:
    """That a look-up failed: of no record alone."""
    message = f"The {words} could not be looked up: {why.rstrip('.')}. What is here of them stays as it is."
    return Remark(remote_id="", field=words, message=message)


def why_of(error: IntegrationError) -> str:
    """Why a look-up failed, to go behind a colon."""
    return f"{error.message[:1].lower()}{error.message[1:]}"
