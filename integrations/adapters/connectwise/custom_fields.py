"""Fields that a ConnectWise's owner defined.

They are known by id: captions repeat, change, and may hold invisible characters. Sources: OpenAPI 2026.4
(CustomFieldValue, UserDefinedField); recorded answers of 2026 for ``screenId`` and ``screenDescription``.
"""

from __future__ import annotations

import functools
import unicodedata
from typing import Any

from integrations.adapters.connectwise import payloads as cw
from integrations.port import CustomField

KINDS = {
    "Button": "button",
    "Checkbox": "checkbox",
    "Currency": "currency",
    "Date": "date",
    "Hyperlink": "link",
    "IPAddress": "text",
    "Number": "number",
    "Password": "password",
    "Percent": "percent",
    "PhoneNumber": "phone",
    "Text": "text",
    "TextArea": "text_area",
}
UNKNOWN_KIND = "unknown"
_LIST_ENTRY = frozenset({"List", "Option"})
_SCREENS = {"sr100": "tickets", "ct300": "contacts"}
_SCREEN_WORDS = (
    ("configuration", "assets"),
    ("agreement", "agreements"),
    ("opportunity", "opportunities"),
    ("invoice", "invoices"),
    ("product", "products"),
    ("contact", "contacts"),
    ("company", "companies"),
    ("ticket", "tickets"),
    ("service", "tickets"),
)
OTHER_RECORDS = "other"


@functools.lru_cache(maxsize=4096)
def clean_caption(text: str | None) -> str:
    """The caption without invisible characters, blanks folded. Joiners and marks go, letters of all scripts stay."""
    visible = "".join(" " if char.isspace() else char for char in text or "" if not _is_invisible(char))
    return " ".join(visible.split())


def kind_of(field_type: str | None, entry_method: str | None) -> str:
    """Our word for a type and its way of entry: what is chosen from a list is a list, but for a checkbox."""
    if entry_method in _LIST_ENTRY and field_type != "Checkbox":
        return "list"
    return KINDS.get(field_type or "", UNKNOWN_KIND)


def custom_values(values: list[cw.CustomValue] | None, wanted: frozenset[str] | None) -> dict[str, Any]:
    """{field id: {"caption", "type", "value"}} of the fields that have a value; ``wanted`` None keeps all.

    Values of password fields are not copied: a secret belongs where its owner put it.
    """
    kept: dict[str, Any] = {}
    for field in values or ():
        if field.value in (None, "", []) or field.id is None:
            continue
        key = str(field.id)
        if (wanted is None or key in wanted) and field.type != "Password":
            kind = kind_of(field.type, field.entry_method)
            kept[key] = {"caption": clean_caption(field.caption), "type": kind, "value": field.value}
    return kept


def definition(row: cw.FieldDefinition) -> CustomField:
    """A field as the settings page offers it. ``options`` are the active ones in their order."""
    options = sorted(
        (option for option in row.options or () if not option.inactive_flag and option.option_value),
        key=lambda option: option.sort_order or 0,
    )
    return CustomField(
        remote_id=str(row.id),
        caption=clean_caption(row.caption) or f"Field {row.id}",
        kind=kind_of(row.field_type_identifier, row.entry_type_identifier),
        record=_record(row),
        options=[str(option.option_value) for option in options],
    )


def _record(row: cw.FieldDefinition) -> str:
    known = _SCREENS.get((row.screen_id or "").lower())
    if known:
        return known
    words = f"{row.screen_description or ''} {row.pod_description or ''} {row.screen_id or ''}".lower()
    return next((record for word, record in _SCREEN_WORDS if word in words), OTHER_RECORDS)


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in ("Cf", "Cc") and not char.isspace()
