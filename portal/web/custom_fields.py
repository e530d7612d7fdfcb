"""Custom fields as pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field that the PSA's owner defined. ``href``: where its value leads, of web addresses alone. ``own``: the PSA's caption, where the
    field is called something else here."""

    caption: str
    value: str
    href: str = ""
    own: str = ""


def custom_fields_shown(stored: Mapping[str, Any], names: Mapping[str, str] | None = None) -> list[CustomField]:
    """The fields of a record that have a value, by caption. ``names``: what fields are called here, by their keys."""
    called = names or {}
    fields = (_named(_shown(field), called.get(key, "")) for key, field in stored.items() if isinstance(field, dict))
    return sorted((field for field in fields if field.value), key=lambda field: field.caption)


def _named(field: CustomField, name: str) -> CustomField:
    if not name or name == field.caption:
        return field
    return replace(field, caption=name, own=field.caption)


def _shown(field: dict[str, Any]) -> CustomField:
    value, kind = field.get("value"), str(field.get("type") or "").lower()
    if isinstance(value, bool):
        return CustomField(str(field.get("caption")), "Yes" if value else "No")
    text = ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    if kind == "date":
        text = text.partition("T")[0]
    href = text if text.startswith(("https://", "http://")) and " " not in text else ""
    return CustomField(str(field.get("caption")), text, href)
