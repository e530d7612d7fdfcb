"""The tables that Halo's rows point into, and what of the records comes from each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from integrations.adapters.halo.custom_fields import needs_choices
from integrations.adapters.halo.mapping import UNASSIGNED, Names
from integrations.records import Record
from integrations.untold import Lookup, as_told

FIELDS = "fields"
"""The key of the definitions of custom fields: which of them are asked for, and what their choices are called."""

LOOKUPS = (
    Lookup(key="boards", words="names of ticket types", needs=(("tickettype_id", ("board_name",)),)),
    Lookup(key="statuses", words="names of statuses", needs=(("status_id", ("status_name",)),)),
    Lookup(key="priorities", words="names of priorities", needs=(("priority_id", ("priority_name",)),)),
    Lookup(key="members", words="names of agents", needs=(("agent_id", ("owner_name",)),)),
    Lookup(key="teams", words="ids of teams", needs=(("team", ("team_id",)),)),
    Lookup(key=FIELDS, words="definitions of custom fields", needs=(("id", ("custom_fields",)),)),
)
FIELD_LOOKUPS = tuple(lookup for lookup in LOOKUPS if lookup.key == FIELDS)
"""Of rows that hold the names of everything but the choices of their custom fields."""


def told(
    record: Record,
    row: Any,
    lookups: Sequence[Lookup],
    names: Names,
    failed: Mapping[str, str],
    *,
    asks_for_fields: bool,
) -> Record:
    """The record, with the names of the fields that these look-ups did not tell. ``asks_for_fields``: the row has custom fields only where they were
    asked for by their ids, which the definitions tell."""
    known: Mapping[str, Collection[Any]] = {
        "boards": names.types,
        "statuses": names.statuses,
        "members": names.agents,
        "teams": names.teams,
    }
    without_fields = FIELDS in failed and (asks_for_fields or needs_choices(getattr(row, "customfields", None)))

    def knows(key: str, attribute: str, value: Any) -> bool:
        if key == FIELDS:
            return not without_fields
        if isinstance(value, int) and value <= (UNASSIGNED if key == "members" else 0):
            return True
        if key == "priorities":
            return (getattr(row, "sla_id", None) or 0, value) in names.priorities
        return value in known[key]

    return as_told(record, row, lookups, knows)
