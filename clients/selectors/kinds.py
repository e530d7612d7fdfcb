"""The lists of what companies have: what each shows, how it is ordered, and what it can be narrowed to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from clients.models import Agreement, Asset, Contact, Invoice, Opportunity
from foundation.ledger.models import SyncedRecord

SOON = dt.timedelta(days=90)
"""What ends within this time ends soon."""


@dataclass(frozen=True, slots=True)
class Order:
    """``column`` is never empty, so that a page can begin after any row. ``descending``: the way of the key without "-"."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """A narrowing with a name of its own. ``condition``: which rows, as of a day."""

    label: str
    condition: Callable[[dt.date], Q]


@dataclass(frozen=True, slots=True)
class Kind:
    """One list. ``door``: the search function of the database. ``orders``: by the key of the address; the first one is the default.
    ``type_field``: the column that the type filter names, "" for none. ``related``: what its rows show of other tables."""

    key: str
    model: type[SyncedRecord]
    door: str
    orders: Mapping[str, Order]
    states: Mapping[str, State]
    status_field: str = "status_name"
    type_field: str = "type_name"
    related: tuple[str, ...] = ()


CONTACTS = Kind(
    "contacts",
    Contact,
    "portal_contact_list_search",
    {"name": Order("listed_name")},
    {
        "active": State("Active", lambda today: Q(is_active=True)),
        "inactive": State("Inactive", lambda today: Q(is_active=False)),
        "unreachable": State("Without email", lambda today: Q(email="")),
    },
    status_field="",
    type_field="",
    related=("company", "site"),
)
ASSETS = Kind(
    "assets",
    Asset,
    "portal_asset_list_search",
    {"name": Order("name"), "warranty": Order("warranty_listed_on")},
    {
        "soon": State("Warranty ends within 90 days", lambda today: Q(warranty_listed_on__range=(today, today + SOON))),
        "expired": State("Warranty expired", lambda today: Q(warranty_listed_on__lt=today)),
        "unknown": State("Warranty unknown", lambda today: Q(warranty_expires_on=None)),
        "unserialled": State("No serial number", lambda today: Q(serial_number="")),
        "inactive": State("Inactive", lambda today: Q(is_active=False)),
    },
    related=("company",),
)
AGREEMENTS = Kind(
    "agreements",
    Agreement,
    "portal_agreement_list_search",
    {"name": Order("name")},
    {
        "active": State("In force", lambda today: Q(is_active=True)),
        "soon": State("Ends within 90 days", lambda today: Q(is_active=True, ends_on__range=(today, today + SOON))),
        "overdue": State("Past its end, still in force", lambda today: Q(is_active=True, ends_on__lt=today)),
        "ended": State("Not in force", lambda today: Q(is_active=False)),
    },
    related=("company",),
)
INVOICES = Kind(
    "invoices",
    Invoice,
    "portal_invoice_list_search",
    {"date": Order("listed_on", descending=True)},
    {
        "open": State("To be paid", lambda today: Q(balance__gt=0)),
        "overdue": State("Overdue", lambda today: Q(balance__gt=0, due_on__lt=today)),
        "paid": State("Paid", lambda today: Q(balance__lte=0)),
    },
    related=("company",),
)
OPPORTUNITIES = Kind(
    "opportunities",
    Opportunity,
    "portal_opportunity_list_search",
    {"close": Order("listed_on")},
    {
        "open": State("Open", lambda today: Q(status__is_closed=False) | Q(status=None)),
        "late": State(
            "Open, past its close date",
            lambda today: (Q(status__is_closed=False) | Q(status=None)) & Q(expected_close_on__lt=today),
        ),
        "won": State("Won", lambda today: Q(status__is_won=True)),
        "lost": State("Lost", lambda today: Q(status__is_lost=True)),
    },
    related=("company", "status"),
)
KINDS = {kind.key: kind for kind in (CONTACTS, ASSETS, AGREEMENTS, INVOICES, OPPORTUNITIES)}
