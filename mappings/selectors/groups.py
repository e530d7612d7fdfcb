"""What is not mapped and tickets have, by cause: for the kinds that somebody maps at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from integrations.models import Connection
from mappings.kinds import KINDS, Kind
from mappings.models import Mapping
from mappings.selectors.fields import connection_fields
from mappings.selectors.page import field_counts, ticket_counts
from mappings.selectors.remote import in_use_only, remote_rows
from mappings.suggestions import folded
from tickets.models import Ticket

TOGETHER = ("company", "member")
"""Kinds with too many values to name each."""
MOST = 50


@dataclass(frozen=True, slots=True)
class UnmappedGroup:
    """Values of one name that are not mapped; of companies and members all together, without a name. ``open``: open tickets that have
    them; ``every``: closed ones too, None where they are not counted."""

    connection: Connection
    kind: Kind
    name: str
    values: int
    open: int
    every: int | None


def unmapped_groups(connections: Iterable[Connection]) -> list[UnmappedGroup]:
    """Those of these connections, most open tickets first, at most ``MOST``."""
    used: dict[int, set[str]] = defaultdict(set)
    rows = Mapping.objects.filter(how=Mapping.How.PERSON).order_by().values_list("connection_id", "kind").distinct()
    for connection_id, key in rows:
        used[connection_id].add(key)
    found = [
        group
        for connection in connections
        for key in KINDS
        if key in used[connection.pk]
        for group in _groups(connection, KINDS[key])
    ]
    return sorted(found, key=lambda group: (-group.open, -(group.every or 0), group.name))[:MOST]


def _groups(connection: Connection, kind: Kind) -> list[UnmappedGroup]:
    if kind.model is None:
        return _fields(connection, kind)
    left = in_use_only(kind, remote_rows(connection, kind).filter(mapped=False))
    return _together(connection, kind, left) if kind.key in TOGETHER else _named(connection, kind, list(left))


def _named(connection: Connection, kind: Kind, left: list[Any]) -> list[UnmappedGroup]:
    counts = ticket_counts(kind, [row.pk for row in left])
    by_name = defaultdict(list)
    for row in left:
        if row.pk in counts:
            by_name[folded(row.name)].append(row)
    return [
        UnmappedGroup(
            connection,
            kind,
            rows[0].name,
            len(rows),
            sum(counts[row.pk][0] for row in rows),
            None if counts[rows[0].pk][1] is None else sum(counts[row.pk][1] or 0 for row in rows),
        )
        for rows in by_name.values()
    ]


def _together(connection: Connection, kind: Kind, left: QuerySet[Any]) -> list[UnmappedGroup]:
    ids = set(left.order_by().values_list("pk", flat=True))
    # Counted apart: of a join the planner may think that it has few rows, and go through the companies for each ticket.
    open_ones = Ticket.objects.filter(is_closed=False).order_by().values_list(f"{kind.column}_id")
    counted = sum(value for row, value in open_ones.annotate(value=Count("pk")) if row in ids)
    return [UnmappedGroup(connection, kind, "", len(ids), counted, None)] if counted else []


def _fields(connection: Connection, kind: Kind) -> list[UnmappedGroup]:
    mapped = set(Mapping.objects.filter(connection_id=connection.pk, kind=kind.key).values_list("remote_id", flat=True))
    left = {field.remote_id: field.caption for field in connection_fields(connection) if field.remote_id not in mapped}
    counts = field_counts(connection, list(left))
    return [UnmappedGroup(connection, kind, left[key], 1, number, None) for key, number in counts.items() if number]
