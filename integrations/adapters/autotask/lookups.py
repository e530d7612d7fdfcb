"""The tables that Autotask's rows point into, and what of the records comes from each."""

from __future__ import annotations

from typing import Any

from integrations.adapters.autotask import payloads as at
from integrations.adapters.autotask.labels import FIELDS, PICKS
from integrations.adapters.autotask.mapping import Names
from integrations.records import Record
from integrations.untold import Lookup, as_told

HELPERS, UNITS, LINES = "TicketSecondaryResources", "ContractServiceUnits", "BillingItems"

LOOKUPS = (
    Lookup(
        key="Resources",
        words="names of resources",
        needs=(
            ("assigned_resource_id", ("owner_name",)),
            ("owner_resource_id", ("owner_name",)),
            ("completed_by_resource_id", ("closed_by",)),
            ("creator_resource_id", ("entered_by", "author")),
            ("last_activity_resource_id", ("updated_by",)),
            ("resource_id", ("member_name",)),
        ),
    ),
    Lookup(key="Companies", words="names of companies", needs=(("company_id", ("company_name",)),)),
    Lookup(
        key="Contacts",
        words="names and addresses of contacts",
        needs=(
            ("contact_id", ("contact_name", "contact_email", "contact_phone")),
            ("created_by_contact_id", ("author",)),
        ),
    ),
    Lookup(key="Contracts", words="names of contracts", needs=(("contract_id", ("agreement",)),)),
    Lookup(key="Roles", words="names of roles", needs=(("role_id", ("work_role",)),)),
    Lookup(key="BillingCodes", words="names of work types", needs=(("billing_code_id", ("work_type",)),)),
    Lookup(key="Countries", words="names of countries", needs=(("country_id", ("country", "address")),)),
    Lookup(key="Products", words="names of products", needs=(("product_id", ("manufacturer", "model")),)),
    Lookup(key="Services", words="names of services", needs=(("service_id", ("product_name",)),)),
    Lookup(
        key=PICKS,
        words="labels of pick lists",
        needs=(
            ("queue_id", ("board_name",)),
            ("status", ("status_name",)),
            ("priority", ("priority_name",)),
            ("issue_type", ("type_name",)),
            ("sub_issue_type", ("subtype_name",)),
            ("source", ("source",)),
            ("lead_source", ("source",)),
            ("ticket_type", ("record_type",)),
            ("service_level_agreement_id", ("sla",)),
            ("company_type", ("type_names",)),
            ("territory_id", ("territory",)),
            ("configuration_item_type", ("type_name",)),
            ("rmm_device_audit_manufacturer_id", ("manufacturer",)),
            ("rmm_device_audit_model_id", ("model",)),
            ("product_category", ("category",)),
            ("contract_type", ("type_name",)),
            ("opportunity_category_id", ("type_name",)),
            ("stage", ("stage_name",)),
            ("rating", ("rating",)),
        ),
    ),
    Lookup(
        key=FIELDS, words="definitions of user-defined fields", needs=(("user_defined_fields", ("custom_fields",)),)
    ),
    Lookup(key=HELPERS, words="secondary resources", needs=(("id", ("resources",)),)),
    Lookup(key=UNITS, words="units of services", needs=(("id", ("quantity", "total")),)),
    Lookup(key=LINES, words="lines of invoices", needs=(("id", ("lines", "agreement_id")),)),
)
_TABLES = {
    "Resources": "resources",
    "Companies": "companies",
    "Contacts": "contacts",
    "Contracts": "contracts",
    "Roles": "roles",
    "BillingCodes": "work_types",
    "Countries": "countries",
    "Products": "products",
    "Services": "services",
}
"""The look-ups of which it is known of each id whether it was told, and where ``Names`` has them."""


def told(record: Record, row: at.Row, names: Names) -> Record:
    """The record, with the names of the fields whose look-ups told nothing."""

    def knows(key: str, attribute: str, value: Any) -> bool:
        if key == HELPERS and not all(number in names.resources for number in names.helpers.get(value, ())):
            return False
        if key in names.failed:
            return False
        return key not in _TABLES or value in getattr(names, _TABLES[key])

    return as_told(record, row, LOOKUPS, knows)
