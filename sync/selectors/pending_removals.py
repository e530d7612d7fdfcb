"""What a held run would remove: found, filtered and counted by company and board."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from sync.models import Run, Victim
from sync.selectors.readable import Readable, told

PAGE = 50
GROUPS = 20


@dataclass(frozen=True, slots=True)
class VictimFilter:
    """What to show; empty values show all. ``company`` and ``board``: remote ids."""

    stream: str = ""
    text: str = ""
    company: str = ""
    board: str = ""

    @property
    def active(self) -> int:
        return sum(bool(value) for value in (self.stream, self.text, self.company, self.board))


@dataclass(frozen=True, slots=True)
class VictimsPage:
    """``next``: the id behind which the next page begins; None at the end."""

    victims: list[Victim]
    next: int | None


@dataclass(frozen=True, slots=True)
class VictimGroup:
    """Tickets of one company or board that would go. ``kind``: company or board."""

    kind: str
    remote_id: str
    name: str
    rows: int


def victims_page(
    run: Run, wanted: VictimFilter, after: int | None = None, size: int = PAGE, *, readable: Readable = None
) -> VictimsPage:
    """One page of what may be told, in the order in which they were written down: by stream and remote id."""
    rows = matching(run, wanted, readable).order_by("pk")
    found = list((rows.filter(pk__gt=after) if after else rows)[: size + 1])
    return VictimsPage(found[:size], found[size - 1].pk if len(found) > size else None)


def matching(run: Run, wanted: VictimFilter, readable: Readable = None) -> QuerySet[Victim]:
    """The run's victims that the filter shows."""
    rows = Victim.objects.filter(told(readable), run_id=run.pk)
    exact = {"stream": wanted.stream, "company_remote_id": wanted.company, "board_remote_id": wanted.board}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if wanted.text:
        rows = rows.filter(Q(remote_id=wanted.text) | Q(label__icontains=wanted.text))
    return rows


def victim_count(run: Run, wanted: VictimFilter, readable: Readable = None) -> int:
    """How many match, of what may be told."""
    return matching(run, wanted, readable).count()


def victim_groups(run: Run) -> list[VictimGroup]:
    """The companies and boards whose tickets would go, those with most first, up to ``GROUPS`` of each kind."""
    found: list[VictimGroup] = []
    for kind in ("company", "board"):
        remote, name = f"{kind}_remote_id", f"{kind}_name"
        rows = Victim.objects.filter(run_id=run.pk).exclude(**{remote: ""}).order_by()
        counted = rows.values_list(remote, name).annotate(rows=Count("pk")).order_by("-rows", remote)
        found += [VictimGroup(kind, *row) for row in counted[:GROUPS]]
    return found
