"""The tables that Halo's rows point into, and what of the records comes from each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from integrations.adapters.halo.client_mapping import WELL_KNOWN
from integrations.adapters.halo.client_payloads import Asset
from integrations.adapters.halo.custom_fields import needs_choices
from integrations.adapters.halo.mapping import UNASSIGNED, Names
from integrations.records import Record
from integrations.untold import Lookup, as_told

FIELDS = "fields"
"""The key of the definitions of custom fields: which of them are asked for, and what their choices are called."""
CLOSING = "closing"
"""The key of which statuses close: the difference of two lists of them."""
CLOSING_WORDS = "statuses that close"
ALIKE = "the list of statuses was the same, or empty, when it was asked for the open ones alone"

LOOKUPS = (
    Lookup(key="boards", words="names of ticket types", needs=(("tickettype_id", ("board_name",)),)),
    Lookup(key="statuses", words="names of statuses", needs=(("status_id", ("status_name",)),)),
    Lookup(key=CLOSING, words=CLOSING_WORDS, needs=(("status_id", ("is_closed", "closed_at")),)),
    Lookup(key="priorities", words="names of priorities", needs=(("priority_id", ("priority_name",)),)),
    Lookup(key="members", words="names of agents", needs=(("agent_id", ("owner_name",)),)),
    Lookup(key="teams", words="ids of teams", needs=(("team", ("team_id",)),)),
    Lookup(key=FIELDS, words="definitions of custom fields", needs=(("id", ("custom_fields",)),)),
)
ASSET_TYPES = "asset types"
"""The key of the types of assets: rows have the fields of their type only where they are asked for type by type."""
ASSET_FIELDS = (*WELL_KNOWN, "custom_fields")
"""What of an asset comes from the fields of its type."""
ASSET_LOOKUPS = (Lookup(key=ASSET_TYPES, words="details of assets", needs=(("id", ASSET_FIELDS),)),)
DETAILS_IN = Lookup(key="", words="details of assets", needs=(("fields", ASSET_FIELDS),))
"""That an asset's details come in this attribute of rows, whatever the fields are called."""
FIELD_LOOKUPS = tuple(lookup for lookup in LOOKUPS if lookup.key == FIELDS)
"""Of rows that hold the names of everything but the choices of their custom fields."""


def as_detailed(record: Record, row: Any) -> Record:
    """The record, with the names of the fields that an asset came without: those of its type, where the row has none of these at all."""
    if not isinstance(row, Asset) or row.fields is not None:
        return record
    return msgspec.structs.replace(record, unknown_fields=tuple(sorted({*record.unknown_fields, *ASSET_FIELDS})))


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
    known: Mapping[str, Mapping[Any, Any]] = {
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
        if key == CLOSING:
            return names.closing is not None and value in names.statuses
        if key == "priorities":
            return bool(names.priorities.get((getattr(row, "sla_id", None) or 0, value)))
        return bool(known[key].get(value))

    return as_told(record, row, lookups, knows)
