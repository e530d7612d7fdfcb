"""What the contract has to know of a system, to speak of its own doors: in ``contract.py`` of its folder here."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from integrations.errors import IntegrationError


@dataclass(frozen=True, slots=True)
class Facts:
    """``tickets``: where the system answers for tickets, for faults to strike there. ``hides``: {stream: the right behind it, as the control
    door calls it}. ``note``, ``time``: the fields that hold the text of a note or time entry. ``upwards_only``: it gives records in one
    order alone. ``silent_merges``: no field says into which ticket another was merged. ``tells_deletions``: its changes since a moment
    include what was deleted since. ``refused``: what a 401 means that a new token does not mend, where that is not that the
    credentials are wrong. ``sandbox``: the module to run."""

    tickets: str
    hides: Mapping[str, str]
    note: str
    time: str
    upwards_only: bool = False
    silent_merges: bool = False
    tells_deletions: bool = False
    refused: Mapping[str, type[IntegrationError]] = field(default_factory=dict)
    sandbox: str = ""


def facts_of(key: str) -> Facts:
    """The facts of a system."""
    found: Facts = importlib.import_module(f"tests.integrations.adapters.{key}.contract").FACTS
    return found
