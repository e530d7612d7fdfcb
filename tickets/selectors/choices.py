"""What the filters of a ticket list offer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import CharField, F, IntegerField, QuerySet, Value

from tickets.models import Board, Member, Priority, Status


@dataclass(frozen=True, slots=True)
class Choices:
    """Pairs of value and words, in the order to show. ``mine``: the member who has the person's email address.

    ``status_ids``: by name, since each board has its own statuses. ``others``: what the caller asked for besides.
    """

    boards: list[tuple[int, str]] = field(default_factory=list)
    statuses: list[tuple[str, str]] = field(default_factory=list)
    priorities: list[tuple[int, str]] = field(default_factory=list)
    members: list[tuple[int, str]] = field(default_factory=list)
    mine: int | None = None
    status_ids: dict[str, list[int]] = field(default_factory=dict)
    others: list[tuple[str, int, str, int, str]] = field(default_factory=list)


def ticket_choices(email: str = "", others: QuerySet[Any] | None = None) -> Choices:
    """All boards, statuses by name, priorities and members of the organization, in one query.

    ``others``: rows of (kind, id, name, place, text) that the same query brings along, of kinds that are none of these.
    """
    kinds: dict[str, list[tuple[int, str, int, str]]] = {"board": [], "status": [], "priority": [], "member": []}
    more: list[tuple[str, int, str, int, str]] = []
    lists = (
        _named("board", Board.objects.all(), Value(0, IntegerField())),
        _named("status", Status.objects.all(), F("sort_order")),
        _named("priority", Priority.objects.all(), F("sort_order")),
        _named("member", Member.objects.filter(is_active=True), Value(0, IntegerField()), F("email")),
    )
    first, *rest = lists
    for kind, row, name, place, text in first.union(*rest, *([others] if others is not None else []), all=True):
        if kind in kinds:
            kinds[kind].append((place, name, row, text))
        else:
            more.append((kind, row, name, place, text))
    ids: dict[str, list[int]] = {}
    for _, name, row, _ in sorted(kinds["status"]):
        ids.setdefault(name, []).append(row)
    statuses = [(name, name) for name in ids]
    own = next((row for *_, row, address in kinds["member"] if email and address.lower() == email.lower()), None)
    return Choices(_pairs(kinds["board"]), statuses, _pairs(kinds["priority"]), _pairs(kinds["member"]), own, ids, more)


def _named(kind: str, rows: QuerySet[Any], place: Any, email: Any = None) -> QuerySet[Any]:
    """(kind, id, name, place, email) of each row; a union wants the same columns of each."""
    return (
        rows.order_by()
        .annotate(kind=Value(kind, CharField()), place=place, address=email or Value("", CharField()))
        .values_list("kind", "pk", "name", "place", "address")
    )


def _pairs(rows: list[tuple[int, str, int, str]]) -> list[tuple[int, str]]:
    return [(row, name) for _, name, row, _ in sorted(rows)]
