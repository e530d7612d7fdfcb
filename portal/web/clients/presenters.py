"""How the lists of what companies have are spoken of, and which facts a record's page tells."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clients.selectors import KINDS, Kind
from portal.web.wording import amount_words


@dataclass(frozen=True, slots=True)
class ShownKind:
    """``one`` and ``many``: its nouns. ``facts``: (label, field) of a record's page."""

    kind: Kind
    title: str
    one: str
    many: str
    icon: str
    search: str
    facts: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        return self.kind.key


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a record's page. ``at``: a day or a moment, shown as such. ``parts``: values of which there may be several."""

    label: str
    value: str
    at: dt.date | None = None
    parts: tuple[str, ...] = ()


SHOWN = (
    ShownKind(
        KINDS["contacts"],
        "Contacts",
        "contact",
        "contacts",
        "people",
        "Name, email, phone or company",
        (
            ("Title", "title"),
            ("Type", "type_names"),
            ("Email", "emails"),
            ("Phone", "phones"),
            ("Site", "site"),
            ("Address", "address"),
        ),
    ),
    ShownKind(
        KINDS["assets"],
        "Assets",
        "asset",
        "assets",
        "database",
        "Name, serial number, tag, model, user or company",
        (
            ("Type", "type_name"),
            ("Status", "status_name"),
            ("Manufacturer", "manufacturer"),
            ("Model", "model"),
            ("Serial number", "serial_number"),
            ("Tag", "tag"),
            ("Operating system", "operating_system"),
            ("Site", "site_name"),
            ("Location", "location"),
            ("Contact", "contact_name"),
            ("Last user", "last_user"),
            ("IP address", "ip_address"),
            ("MAC address", "mac_address"),
            ("Purchased", "purchased_on"),
            ("Installed", "installed_on"),
            ("Warranty ends", "warranty_expires_on"),
        ),
    ),
    ShownKind(
        KINDS["agreements"],
        "Agreements",
        "agreement",
        "agreements",
        "note",
        "Name, type, company or purchase order",
        (
            ("Type", "type_name"),
            ("Status", "status_name"),
            ("Contact", "contact_name"),
            ("Starts", "starts_on"),
            ("Ends", "ends_on"),
            ("Cancelled", "cancelled_on"),
            ("Billing cycle", "billing_cycle"),
            ("Amount", "amount"),
            ("Purchase order", "purchase_order"),
        ),
    ),
    ShownKind(
        KINDS["invoices"],
        "Invoices",
        "invoice",
        "invoices",
        "log",
        "Number, company, reference or purchase order",
        (
            ("Type", "type_name"),
            ("Status", "status_name"),
            ("Date", "invoiced_on"),
            ("Due", "due_on"),
            ("Subtotal", "subtotal"),
            ("Tax", "tax"),
            ("Total", "total"),
            ("Paid", "paid"),
            ("Balance", "balance"),
            ("Reference", "reference"),
            ("Purchase order", "purchase_order"),
        ),
    ),
    ShownKind(
        KINDS["opportunities"],
        "Opportunities",
        "opportunity",
        "opportunities",
        "flag",
        "Name, company, contact or owner",
        (
            ("Type", "type_name"),
            ("Stage", "stage_name"),
            ("Status", "status_name"),
            ("Rating", "rating"),
            ("Probability in %", "probability"),
            ("Value", "value"),
            ("Owner", "owner_name"),
            ("Contact", "contact_name"),
            ("Source", "source"),
            ("Expected close", "expected_close_on"),
            ("Closed", "closed_at"),
        ),
    ),
)
BY_KEY = {shown.key: shown for shown in SHOWN}


def facts_of(shown: ShownKind, record: Any) -> list[Fact]:
    """What is known of a record, in the order of its page; what the PSA leaves empty is left out."""
    currency = getattr(record, "currency", "")
    facts = (_fact(label, getattr(record, field), currency) for label, field in shown.facts)
    return [fact for fact in facts if fact.value or fact.at or fact.parts]


def _fact(label: str, value: Any, currency: str) -> Fact:
    if isinstance(value, dt.date):
        return Fact(label, "", value)
    if isinstance(value, Decimal):
        return Fact(label, amount_words(value, currency))
    if isinstance(value, list):
        return Fact(label, "", parts=tuple(filter(None, map(_part, value))))
    return Fact(label, "" if value is None else str(value))


def _part(value: Any) -> str:
    """One of several values: a name, or an address or number with what kind of one the PSA calls it."""
    if not isinstance(value, dict):
        return str(value)
    said = str(value.get("value") or "")
    return f"{said} ({value['type']})" if said and value.get("type") else said
