"""What was changed in the mappings of a connection."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from integrations.models import Connection
from mappings.kinds import Kind
from mappings.models import MappingAct, MappingChange

PAGE = 25
LINES = 8
"""Values of one act that are named; the rest is a number."""


@dataclass(frozen=True, slots=True)
class ActShown:
    """An act with its first lines. ``more``: how many lines there are besides."""

    act: MappingAct
    lines: list[MappingChange]
    more: int
    revertible: bool


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Newest first; ``next``: the id before which the next page begins, None at the end."""

    acts: list[ActShown]
    next: int | None


def mapping_history(
    connection: Connection, kind: Kind | None = None, before: int | None = None, size: int = PAGE
) -> HistoryPage:
    """The acts on a connection's mappings, of one kind where given."""
    rows = MappingAct.objects.filter(connection_id=connection.pk).select_related("by").order_by("-pk")
    if kind is not None:
        rows = rows.filter(kind=kind.key)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    acts = list(rows[: size + 1])
    page = acts[:size]
    lines = _lines([act.pk for act in page])
    shown = [
        ActShown(act, lines.get(act.pk, []), act.count - len(lines.get(act.pk, [])), _revertible(act)) for act in page
    ]
    return HistoryPage(shown, page[-1].pk if len(acts) > size else None)


def act_get(connection: Connection, act_id: int) -> MappingAct:
    """One act of a connection. Raises MappingAct.DoesNotExist, for foreign and absent ones alike."""
    act: MappingAct = MappingAct.objects.get(pk=act_id, connection_id=connection.pk)
    return act


def _revertible(act: MappingAct) -> bool:
    return act.forgotten_at is None and act.how != MappingAct.How.FORGOTTEN


def _lines(acts: list[int]) -> dict[int, list[MappingChange]]:
    place = Window(RowNumber(), partition_by=F("act_id"), order_by=F("pk").asc())
    rows = MappingChange.objects.filter(act_id__in=acts).annotate(place=place).filter(place__lte=LINES)
    found: dict[int, list[MappingChange]] = {}
    for row in rows.order_by("act_id", "pk"):
        found.setdefault(row.act_id, []).append(row)
    return found
