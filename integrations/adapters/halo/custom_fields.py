"""Fields that a Halo's owner defined. They are known by id: names are made once, labels change."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Mapping
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
SEVERAL = 3
_CHOSEN = frozenset({2, SEVERAL})
TICKETS = 1
"""``usage`` of a field of tickets."""


@functools.lru_cache(maxsize=4096)
def clean_caption(text: str | None) -> str:
    """The label without invisible characters, blanks folded."""
    visible = "".join(
        " " if char.isspace() else char for char in text or "" if unicodedata.category(char) not in ("Cf", "Cc")
    )
    return " ".join(visible.split())


Choices = Mapping[int, Mapping[str, str]]
"""What the choices of fields are called: {field: {choice: its text}}."""


def custom_values(
    values: list[halo.CustomValue] | None, wanted: frozenset[str] | None, choices: Choices | None = None
) -> dict[str, Any]:
    """{field id: {"caption", "type", "value"}} of the fields that have a value; ``wanted`` None keeps all.

    Of a choice the text is kept, for its id means nothing here; of several the list of theirs. Encrypted fields stay where their owner
    put them.
    """
    kept: dict[str, Any] = {}
    for field in values or ():
        value = _value(field, (choices or {}).get(field.id or 0, {}))
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


def needs_choices(values: list[halo.CustomValue] | None) -> bool:
    """Whether a choice came without its text."""
    return any(
        field.type in _CHOSEN and not field.display and isinstance(field.value, str | int) and field.value != ""
        for field in values or ()
    )


def _value(field: halo.CustomValue, choices: Mapping[str, str]) -> Any:
    if field.type not in _CHOSEN:
        return field.value
    if isinstance(field.value, list):
        return [_called(part, choices) for part in field.value]
    chosen = [part.strip() for part in str(field.value or "").split(",") if part.strip()]
    if field.type == SEVERAL and len(chosen) > 1:
        return _all_called(chosen, field.display or "", choices)
    return field.display or (_called(field.value, choices) if field.value is not None else None)


def _all_called(chosen: list[str], display: str, choices: Mapping[str, str]) -> Any:
    """Several choices: by the texts that came with them where there is one for each, by what the field's choices are called."""
    shown = [part.strip() for part in display.split(",") if part.strip()]
    if len(shown) == len(chosen):
        return shown
    return display or [_called(part, choices) for part in chosen]


def _called(part: Any, choices: Mapping[str, str]) -> str:
    if isinstance(part, dict):
        return str(part.get("name") or part.get("id") or "")
    return choices.get(str(part).strip(), str(part))
