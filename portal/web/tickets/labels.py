"""How tickets are spoken of."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.selectors import Choices

URGENT = ("bad", "warn")
"""Tones of the two first priorities in the PSA's own order; the others are quiet."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How an entry of a ticket's story looks."""

    icon: str
    said: str
    tone: str = ""


KINDS = {
    "description": Kind("ticket", "described it"),
    "discussion": Kind("message", "wrote, visible to the client"),
    "internal": Kind("lock", "noted internally"),
    "resolution": Kind("check-circle", "wrote the resolution", "ok"),
    "time": Kind("clock", "worked"),
}
ORIGINS = {"run": "by a sync", "live": "on opening the ticket", "push": "by sending an edit", "person": "by a person"}


def priority_tones(choices: Choices) -> dict[str, str]:
    """{priority's name: tone}, for the first two of three or more."""
    names = [name for _, name in choices.priorities]
    return dict(zip(names, URGENT, strict=False)) if len(names) > len(URGENT) else {}
