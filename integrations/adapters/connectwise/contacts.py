"""A contact's record. Mail addresses and telephone numbers are rows of ``communicationItems`` with labels of the tenant's."""

from __future__ import annotations

from typing import Any

from integrations.adapters.connectwise import payloads as cw
from integrations.adapters.connectwise.custom_fields import custom_values
from integrations.adapters.connectwise.mapping import changed, name, names, reference, with_extension
from integrations.records import ContactRecord


def contact(row: cw.Contact) -> ContactRecord:
    emails = channels(row, "Email")
    phones = channels(row, "Phone") or default_phone(row)
    return ContactRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        company_id=reference(row.company),
        company_name=name(row.company),
        site_id=reference(row.site),
        first_name=row.first_name or "",
        last_name=row.last_name or "",
        title=row.title or "",
        type_names=names(row.types),
        email=default_of(emails),
        phone=default_of(phones),
        emails=emails,
        phones=phones,
        address=_address(row),
        is_active=not row.inactive_flag,
        is_default=bool(row.default_flag),
        custom_fields=custom_values(row.custom_fields, None),
    )


def channels(row: cw.Contact, kind: str) -> list[dict[str, Any]]:
    """[{"type", "value", "default"}] of one communication type, in the order of the contact."""
    return [
        {
            "type": name(item.type),
            "value": with_extension(item.value, item.extension),
            "default": bool(item.default_flag),
        }
        for item in row.communication_items or ()
        if item.communication_type == kind and item.value
    ]


def default_phone(row: cw.Contact) -> list[dict[str, Any]]:
    """The default number, which some contacts have without it being among their items."""
    number = with_extension(row.default_phone_nbr, row.default_phone_extension)
    return [{"type": row.default_phone_type or "", "value": number, "default": True}] if number else []


def default_of(found: list[dict[str, Any]]) -> str:
    """The value marked as default, else the first."""
    chosen = next((item for item in found if item["default"]), found[0] if found else None)
    return str(chosen["value"]) if chosen else ""


def _address(row: cw.Contact) -> str:
    town = " ".join(part for part in (row.city, row.state, row.zip) if part)
    return "\n".join(line for line in (row.address_line1, row.address_line2, town, name(row.country)) if line)
