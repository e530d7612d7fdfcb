"""Mappings on the page of a connection, and the step after its first sync."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.models import Connection
from mappings.kinds import KINDS, Kind
from mappings.selectors import in_use, unmapped
from sync.models import Run
from sync.selectors.overview import GOOD


@dataclass(frozen=True, slots=True)
class Step:
    """What is left to map: so many values of each of these kinds, each kind with some."""

    left: list[tuple[Kind, int]]

    @property
    def total(self) -> int:
        return sum(number for _, number in self.left)

    @property
    def first(self) -> Kind:
        return self.left[0][0]


def mapping_lines(connection: Connection) -> list[tuple[Kind, int, bool]]:
    """(kind, how many of its values are not mapped, whether somebody maps the kind), each kind."""
    left, used = unmapped(connection), in_use(connection)
    return [(kind, left[kind.key], kind.key in used) for kind in KINDS.values()]


def mapping_step(lines: list[tuple[Kind, int, bool]]) -> Step | None:
    """What to offer once a first sync has ended: None where nothing is left, or where somebody has begun and knows the pages."""
    left = [(kind, number) for kind, number, _ in lines if number]
    return Step(left) if left and not any(used for _, _, used in lines) else None


def mapping_step_of(run: Run) -> Step | None:
    """The same for the page of a run that was the first to read all of its connection; None for any other."""
    if run.kind != Run.Kind.FULL or run.result not in GOOD:
        return None
    whole = Run.objects.filter(connection_id=run.connection_id, kind=Run.Kind.FULL, result__in=GOOD)
    if whole.order_by("pk").values_list("pk", flat=True).first() != run.pk:
        return None
    return mapping_step(mapping_lines(run.connection))
