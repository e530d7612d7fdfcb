"""What is kept of a client beside tickets: assets, agreements, products, invoices, opportunities. One shape for every PSA.

As in ``integrations.records``. Days without a time (``…_on``) are the PSA's calendar days, in no zone. Money is exact, in the
record's ``currency`` (as the PSA names it, empty where it has one alone); None where the PSA has no amount, which is not nought.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.records import BodyFormat, Record

_STEP = Decimal("0.000001")
MOST_AMOUNT = Decimal(10) ** 15
"""The stores keep six places and eighteen digits before them; what is larger is no amount of anybody's, and is left out with a remark
where records are cleaned."""


def amount(value: Decimal | float | str | None) -> Decimal | None:
    """A price or quantity as it is kept: exact, six places; one that is too large as it came. None for none. Raises ValueError for what
    is no number."""
    if value is None:
        return None
    try:
        exact = Decimal(str(value))
    except InvalidOperation as err:
        raise ValueError(f"{value} is not an amount") from err
    return exact.quantize(_STEP) if exact.is_finite() and abs(exact) < MOST_AMOUNT else exact


def summed(values: Iterable[float | None]) -> Decimal | None:
    """The exact sum of what is known of amounts; None where none is."""
    known = [exact for value in values if (exact := amount(value)) is not None]
    return sum(known, Decimal(0)) if known else None


def figure(value: float | None) -> str | None:
    """An amount as text, for JSON has no exact numbers."""
    exact = amount(value)
    if exact is None or exact.is_nan():
        return None
    return f"{exact.normalize():f}" if abs(exact) < MOST_AMOUNT else f"{exact:.6E}"


class AssetRecord(Record, frozen=True, kw_only=True):
    """A thing that is looked after: a configuration item. ``tag``: the MSP's own number of it."""

    name: str
    type_name: str = ""
    status_name: str = ""
    is_active: bool = True
    company_id: str | None = None
    company_name: str = ""
    site_id: str | None = None
    site_name: str = ""
    contact_id: str | None = None
    contact_name: str = ""
    location: str = ""
    manufacturer: str = ""
    model: str = ""
    serial_number: str = ""
    tag: str = ""
    operating_system: str = ""
    ip_address: str = ""
    mac_address: str = ""
    last_user: str = ""
    purchased_on: dt.date | None = None
    installed_on: dt.date | None = None
    warranty_expires_on: dt.date | None = None
    notes: str = ""
    body_format: BodyFormat = "plain"
    remote_created_at: dt.datetime | None = None
    custom_fields: dict[str, Any] = {}


class ProductRecord(Record, frozen=True, kw_only=True):
    """What the MSP sells. ``identifier``: its number in the catalog."""

    identifier: str = ""
    name: str = ""
    description: str = ""
    body_format: BodyFormat = "plain"
    category: str = ""
    manufacturer: str = ""
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None
    currency: str = ""
    is_active: bool = True
    custom_fields: dict[str, Any] = {}


class AgreementRecord(Record, frozen=True, kw_only=True):
    """A contract with a company. ``ends_on``: None where it goes on until it is cancelled. ``amount``: what one billing cycle costs."""

    name: str
    type_name: str = ""
    status_name: str = ""
    is_active: bool = True
    company_id: str | None = None
    company_name: str = ""
    site_id: str | None = None
    contact_id: str | None = None
    contact_name: str = ""
    parent_agreement_id: str | None = None
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    cancelled_on: dt.date | None = None
    billing_cycle: str = ""
    amount: Decimal | None = None
    currency: str = ""
    purchase_order: str = ""
    notes: str = ""
    body_format: BodyFormat = "plain"
    remote_created_at: dt.datetime | None = None
    custom_fields: dict[str, Any] = {}


class AgreementAdditionRecord(Record, frozen=True, kw_only=True):
    """A line of an agreement: so many of a product. ``included``: how many of them the agreement's own price covers.
    ``billing``: the PSA's word for whether and how it is billed."""

    agreement_id: str
    product_id: str | None = None
    product_name: str = ""
    description: str = ""
    quantity: Decimal | None = None
    included: Decimal | None = None
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None
    total: Decimal | None = None
    billing: str = ""
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    serial_number: str = ""
    custom_fields: dict[str, Any] = {}


class InvoiceRecord(Record, frozen=True, kw_only=True):
    """``lines``: [{"description", "quantity", "unit_price", "total"}] in the invoice's order; empty where the PSA gives none with it.
    ``paid``: payments and credits together. ``balance``: what is left to pay, as the PSA has it."""

    number: str = ""
    type_name: str = ""
    status_name: str = ""
    company_id: str | None = None
    company_name: str = ""
    agreement_id: str | None = None
    ticket_id: str | None = None
    invoiced_on: dt.date | None = None
    due_on: dt.date | None = None
    subtotal: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = None
    paid: Decimal | None = None
    balance: Decimal | None = None
    currency: str = ""
    purchase_order: str = ""
    reference: str = ""
    lines: list[dict[str, Any]] = []
    remote_created_at: dt.datetime | None = None
    custom_fields: dict[str, Any] = {}


class OpportunityStatusRecord(Record, frozen=True, kw_only=True):
    """Whether an opportunity is closed, won or lost is its status's to say."""

    name: str
    is_closed: bool = False
    is_won: bool = False
    is_lost: bool = False
    is_active: bool = True


class OpportunityRecord(Record, frozen=True, kw_only=True):
    """``probability``: per cent. ``value``: expected revenue; None where the PSA does not give it with the record."""

    name: str
    type_name: str = ""
    stage_name: str = ""
    status_id: str | None = None
    status_name: str = ""
    rating: str = ""
    probability: int | None = None
    value: Decimal | None = None
    currency: str = ""
    company_id: str | None = None
    company_name: str = ""
    site_id: str | None = None
    contact_id: str | None = None
    contact_name: str = ""
    owner_id: str | None = None
    owner_name: str = ""
    source: str = ""
    expected_close_on: dt.date | None = None
    closed_at: dt.datetime | None = None
    notes: str = ""
    body_format: BodyFormat = "plain"
    remote_created_at: dt.datetime | None = None
    custom_fields: dict[str, Any] = {}
