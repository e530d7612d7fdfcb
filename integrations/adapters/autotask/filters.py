"""Autotask's query language: JSON clauses, of which those at the top are joined by "and".

Source: developer help, "Basic query calls", "Advanced query features". A filter must not be empty; each value of an
``in`` counts towards 500 conditions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from integrations.errors import UnsupportedFeature
from integrations.port import Scope

Clause = dict[str, Any]
MOST_VALUES = 400
"""Of one list of values; the vendor's 500 are for the whole query."""
COMPLETE = 5
"""The status that ends a ticket: a system value, the same in every Autotask."""
TICKET_STAMPS = ("lastTrackedModificationDateTime", "lastActivityDate")
EVERY_RECORD: Clause = {"op": "gte", "field": "id", "value": 0}
"""Company 0, the MSP itself, is a record too."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream's rows are filtered by. ``stamps``: the fields that tell a change, any of which counts.
    ``constant``: clauses that always apply. ``by_board``: whether the settings' scope of tickets applies; ``by_date``: that of their
    tickets' date range does (``kept``)."""

    stamps: tuple[str, ...] = ()
    constant: tuple[Clause, ...] = ()
    by_board: bool = False
    by_date: bool = False


def compare(field: str, op: str, value: Any) -> Clause:
    return {"op": op, "field": field, "value": value}


def exists(field: str) -> Clause:
    return {"op": "exist", "field": field}


def any_of(clauses: Sequence[Clause]) -> Clause:
    """One of the clauses; a single one stays as it is."""
    return clauses[0] if len(clauses) == 1 else {"op": "or", "items": list(clauses)}


def moment(value: dt.datetime) -> str:
    """A time as the filter wants it: UTC in whole seconds, rounded down."""
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be compared with the remote's clock")
    return f"{value.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def changed_since(stamps: Iterable[str], value: dt.datetime) -> list[Clause]:
    return [compare(stamp, "gte", moment(value)) for stamp in stamps]


def numbers(ids: Iterable[str]) -> list[int]:
    """Ids as the filter wants them. Raises UnsupportedFeature for more than one query bears."""
    found = sorted({int(number) for number in ids})
    if len(found) > MOST_VALUES:
        raise UnsupportedFeature(f"Autotask takes at most {MOST_VALUES} values in a filter; {len(found)} are chosen.")
    return found


def clauses_of(reading: Reading, scope: Scope, since: dt.datetime | None) -> list[Clause]:
    """The clauses for a reading. With ``since`` the scope does not filter: what left the scope must still be seen."""
    clauses = list(reading.constant)
    if since is not None:
        return [*clauses, any_of(changed_since(reading.stamps, since))]
    if reading.by_board:
        return clauses + _ticket_scope(scope)
    return clauses


def wants_nothing(reading: Reading, scope: Scope, since: dt.datetime | None) -> bool:
    """Whether the scope is empty, so that no request is needed."""
    return reading.by_board and since is None and scope.board_ids == ()


def _ticket_scope(scope: Scope) -> list[Clause]:
    clauses = []
    if scope.board_ids is not None:
        clauses.append(compare("queueID", "in", numbers(scope.board_ids)))
    if scope.company_ids is not None:
        clauses.append(compare("companyID", "in", numbers(scope.company_ids)))
    if scope.excluded_status_ids:
        clauses.append(compare("status", "notIn", numbers(scope.excluded_status_ids)))
    if scope.changed_after is not None:
        clauses.append(in_date_range(scope))
    return clauses


def in_date_range(scope: Scope) -> Clause:
    """Open tickets, and those that changed in the range. The scope has one."""
    begin = scope.changed_after
    if begin is None:
        return EVERY_RECORD
    return any_of([compare("status", "noteq", COMPLETE), *changed_since(TICKET_STAMPS, begin)])
