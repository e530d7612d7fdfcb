"""All kinds, by name."""

from __future__ import annotations

from itertools import chain

from lab.faults.hostile import answers, lists, values
from lab.faults.hostile.kinds import Kind

KINDS: dict[str, Kind] = {kind.name: kind for kind in chain(answers.kinds(), values.kinds(), lists.kinds())}

SYSTEMS = ("connectwise", "halo", "autotask")
SHORT_WAYS = (
    "quick",
    "single",
    "quick",
    "test",
    "quick",
    "full",
    "quick",
    "single",
    "quick",
    "clear",
    "quick",
    "first",
)


def short() -> list[tuple[Kind, str, str]]:
    """Each kind once: with its system and its way. Ways and systems take turns, so that each pair of them comes up."""
    found = []
    for place, kind in enumerate(KINDS.values()):
        systems = [system for system in SYSTEMS if kind.happens_to(system)]
        found.append((kind, systems[place % len(systems)], SHORT_WAYS[(place // len(SYSTEMS)) % len(SHORT_WAYS)]))
    return found
