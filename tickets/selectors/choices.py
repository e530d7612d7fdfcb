"""What the filters of a ticket list offer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import CharField, F, IntegerField, QuerySet, Value

from tickets.models import Board, Member, Priority, Status


@dataclass(frozen=True, slots=True)
class Choices:
    """Pairs of value and words, in the order to show. ``mine``: the member who has the person's email address.

    ``status_ids``: by name, since each board has its own statuses.
    """

    boards: list[tuple[int, str]] = field(default_factory=list)
    statuses: list[tuple[str, str]] = field(default_factory=list)
    priorities: list[tuple[int, str]] = field(default_factory=list)
    members: list[tuple[int, str]] = field(default_factory=list)
    mine: int | None = None
    status_ids: dict[str, list[int]] = field(default_factory=dict)


def ticket_choices(email: str = "") -> Choices:
    """All boards, statuses by name, priorities and members of the organization, in one query."""
    kinds: dict[str, list[tuple[int, str, int, str]]] = {"board": [], "status": [], "priority": [], "member": []}
    lists = (
        _named("board", Board.objects.all(), Value(0, IntegerField())),
        _named("status", Status.objects.all(), F("sort_order")),
        _named("priority", Priority.objects.all(), F("sort_order")),
        _named("member", Member.objects.filter(is_active=True), Value(0, IntegerField()), F("email")),
    )
    first, *others = lists
    for kind, row, name, place, address in first.union(*others, all=True):
        kinds[kind].append((place, name, row, address))
    ids: dict[str, list[int]] = {}
    for _, name, row, _ in sorted(kinds["status"]):
        ids.setdefault(name, []).append(row)
    statuses = [(name, name) for name in ids]
    own = next((row for *_, row, address in kinds["member"] if email and address.lower() == email.lower()), None)
    return Choices(_pairs(kinds["board"]), statuses, _pairs(kinds["priority"]), _pairs(kinds["member"]), own, ids)


def _named(kind: str, rows: QuerySet[Any], place: Any, email: Any = None) -> QuerySet[Any]:
    """(kind, id, name, place, email) of each row; a union wants the same columns of each."""
    return (
        rows.order_by()
        .annotate(kind=Value(kind, CharField()), place=place, address=email or Value("", CharField()))
        .values_list("kind", "pk", "name", "place", "address")
    )


def _pairs(rows: list[tuple[int, str, int, str]]) -> list[tuple[int, str]]:
    return [(row, name) for _, name, row, _ in sorted(rows)]
