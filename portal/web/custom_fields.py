"""Custom fields as pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field that the PSA's owner defined. ``href``: where its value leads, of web addresses alone."""

    caption: str
    value: str
    href: str = ""


def custom_fields_shown(stored: Mapping[str, Any]) -> list[CustomField]:
    """The fields of a record that have a value, by caption."""
    fields = (_shown(field) for field in stored.values() if isinstance(field, dict))
    return sorted((field for field in fields if field.value), key=lambda field: field.caption)


def _shown(field: dict[str, Any]) -> CustomField:
    value, kind = field.get("value"), str(field.get("type") or "").lower()
    if isinstance(value, bool):
        return CustomField(str(field.get("caption")), "Yes" if value else "No")
    text = "" if value is None else str(value)
    if kind == "date":
        text = text.partition("T")[0]
    href = text if text.startswith(("https://", "http://")) and " " not in text else ""
    return CustomField(str(field.get("caption")), text, href)
