"""Fields that a Halo's owner defined. They are known by id: names are made once, labels change."""

from __future__ import annotations

import functools
import unicodedata
from typing import Any

from integrations.adapters.halo import payloads as halo
from integrations.port import CustomField

KINDS = {
    0: "text",
    1: "text_area",
    2: "list",
    3: "list",
    4: "date",
    5: "text",
    6: "checkbox",
    10: "text_area",
}
"""Our words for Halo's types. Source: the type numbers that the public client django-psa uses."""
UNKNOWN_KIND = "unknown"
_CHOSEN = frozenset({2, 3})
TICKETS = 1
"""``usage`` of a field of tickets."""


@functools.lru_cache(maxsize=4096)
def clean_caption(text: str | None) -> str:
    """The label without invisible characters, blanks folded."""
    visible = "".join(
        " " if char.isspace() else char for char in text or "" if unicodedata.category(char) not in ("Cf", "Cc")
    )
    return " ".join(visible.split())


def custom_values(values: list[halo.CustomValue] | None, wanted: frozenset[str] | None) -> dict[str, Any]:
    """{field id: {"caption", "type", "value"}} of the fields that have a value; ``wanted`` None keeps all.

    Of a choice the text is kept, for its id means nothing here. Encrypted fields stay where their owner put them.
    """
    kept: dict[str, Any] = {}
    for field in values or ():
        value = _value(field)
        if value in (None, "", []) or field.id is None or field.isencrypted:
            continue
        key = str(field.id)
        if wanted is None or key in wanted:
            kind = KINDS.get(-1 if field.type is None else field.type, UNKNOWN_KIND)
            kept[key] = {"caption": clean_caption(field.label or field.name), "type": kind, "value": value}
    return kept


def definition(row: halo.FieldDefinition) -> CustomField:
    """A field as the settings page offers it."""
    return CustomField(
        remote_id=str(row.id),
        caption=clean_caption(row.label) or clean_caption(row.name) or f"Field {row.id}",
        kind=KINDS.get(-1 if row.type is None else row.type, UNKNOWN_KIND),
        record="tickets" if row.usage == TICKETS else "other",
        options=[choice.name for choice in row.values or () if choice.name],
    )


def _value(field: halo.CustomValue) -> Any:
    if field.type in _CHOSEN:
        return field.display or _names(field.value)
    return field.value


def _names(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return ", ".join(str(part.get("name", "")) if isinstance(part, dict) else str(part) for part in value)
