"""User-defined fields. They are known by their names: Autotask sends no other key, and a name may equal a system field's.

Source: developer help, "User-defined fields (UDFs)"; field information of live systems in public clients. Values are text,
also of numbers, dates and lists, where they are the number of the chosen value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from integrations.adapters.autotask import payloads as at
from integrations.port import CustomField

KINDS = {
    "string": "text",
    "text": "text",
    "integer": "number",
    "int": "number",
    "long": "number",
    "short": "number",
    "decimal": "number",
    "double": "number",
    "numeric": "number",
    "number": "number",
    "datetime": "date",
    "date": "date",
    "boolean": "checkbox",
}
UNKNOWN_KIND = "unknown"
_SEPARATORS = re.compile("[,;|]")
"""Between the numbers of the values that were chosen of a list, where it allows several."""
RECORDS = {
    "Tickets": "tickets",
    "Companies": "companies",
    "Contacts": "contacts",
    "ConfigurationItems": "assets",
    "Contracts": "agreements",
    "Products": "products",
    "Opportunities": "opportunities",
}
"""The kinds of records that have such fields, and the streams they are."""


def clean_caption(text: str) -> str:
    """The name without invisible characters, blanks folded."""
    visible = "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char) not in ("Cf", "Cc")
    )
    return " ".join(visible.split())


def kind_of(field: at.Field | None) -> str:
    """Our word for a field's type; what is chosen from values is a list."""
    if field is None:
        return UNKNOWN_KIND
    if field.is_pick_list and field.picklist_values:
        return "list"
    return KINDS.get((field.data_type or field.type or "").lower(), UNKNOWN_KIND)


def custom_values(
    values: at.UserFields, defined: Mapping[str, at.Field], wanted: frozenset[str] | None = None
) -> dict[str, Any]:
    """{name: {"caption", "type", "value"}} of the fields that have a value; ``wanted`` None keeps all."""
    kept: dict[str, Any] = {}
    for entry in kept_of(values, wanted):
        name = entry.name or ""
        field = defined.get(name)
        kept[name] = {"caption": clean_caption(name), "type": kind_of(field), "value": _value(entry.value, field)}
    return kept


def kept_of(values: at.UserFields, wanted: frozenset[str] | None) -> list[at.UserField]:
    """The fields that have a value; ``wanted`` None keeps all."""
    return [
        entry
        for entry in values or ()
        if entry.name and entry.value is not None and entry.value != "" and (wanted is None or entry.name in wanted)
    ]


def definitions(entity: str, fields: Sequence[at.Field]) -> list[CustomField]:
    """The fields of an entity as the settings page offers them; ``options`` are the active ones in their order."""
    return [
        CustomField(
            remote_id=field.name,
            caption=clean_caption(field.name) or field.name,
            kind=kind_of(field),
            record=RECORDS[entity],
            options=[
                option.label or str(option.value)
                for option in sorted(field.picklist_values or (), key=lambda option: option.sort_order or 0)
                if option.is_active is not False
            ],
        )
        for field in fields
    ]


def _value(value: Any, field: at.Field | None) -> Any:
    """A list's stored value as its label, several as the list of theirs; everything else as it came."""
    options = (field.picklist_values if field else None) or ()
    label = _label(value, options)
    parts = value if isinstance(value, list) else _SEPARATORS.split(str(value)) if options else []
    if label is not None or len(parts) < 2:
        return value if label is None else label
    labels = [_label(part, options) for part in parts]
    if isinstance(value, list) or None not in labels:
        return [str(part) if label is None else label for part, label in zip(parts, labels, strict=True)]
    return value


def _label(value: Any, options: Sequence[at.PickListValue]) -> str | None:
    """What the value is called; None for one that the list does not hold."""
    text = str(value).strip()
    return next((option.label or text for option in options if str(option.value) == text), None)
