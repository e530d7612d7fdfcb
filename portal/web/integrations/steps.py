"""The steps of setting a connection up, and which of them may be opened."""

from __future__ import annotations

from dataclasses import dataclass

STEPS: dict[str, str] = {
    "credentials": "Keys",
    "test": "Test",
    "boards": "Boards",
    "scope": "What to sync",
    "schedule": "Schedule",
    "first": "First sync",
}
ORDER = tuple(STEPS)


@dataclass(frozen=True, slots=True)
class Step:
    """One step on a page. ``state``: done, current or todo."""

    key: str
    label: str
    state: str


def rail(current: str, reached: str) -> list[Step]:
    """All steps, seen from the ``current`` one; those before the ``reached`` one are done."""
    limit = ORDER.index(reached)

    def state(position: int, key: str) -> str:
        if key == current:
            return "current"
        return "done" if position < limit else "todo"

    return [Step(key, label, state(position, key)) for position, (key, label) in enumerate(STEPS.items())]


def may_open(step: str, reached: str) -> bool:
    """Whether a step is behind or at the one that was reached."""
    return ORDER.index(step) <= ORDER.index(reached)


def following(step: str) -> str:
    """The step after this one."""
    return ORDER[ORDER.index(step) + 1]


def preceding(step: str) -> str:
    """The step before this one; "" for the first."""
    position = ORDER.index(step)
    return ORDER[position - 1] if position else ""


def farther(one: str, other: str) -> str:
    """The later of two steps."""
    return max(one, other, key=ORDER.index)
