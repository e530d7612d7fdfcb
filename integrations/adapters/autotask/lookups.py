"""The tables that Autotask's rows point into, and what of the records comes from each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from integrations.adapters.autotask import payloads as at
from integrations.adapters.autotask.custom_fields import kept_of
from integrations.adapters.autotask.labels import FIELDS, PICKS, Choice, name_of
from integrations.adapters.autotask.mapping import Names
from integrations.records import Record
from integrations.untold import NAMELESS, Lookup, as_told

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
        if key == HELPERS and not all(_is_named(names.resources, number) for number in names.helpers.get(value, ())):
            return False
        if key == PICKS:
            return bool(names.pick(at.wire_name(attribute), value))
        if key == FIELDS:
            return all(_is_described(entry, names) for entry in kept_of(value, names.wanted_fields))
        if key in names.failed:
            return False
        return key not in _TABLES or _is_named(getattr(names, _TABLES[key]), value)

    return as_told(record, row, LOOKUPS, knows)


def failed_of(rows: Sequence[at.Row], names: Names) -> Mapping[str, str]:
    """Why look-ups for these rows failed, those too whose answers lack what the rows need of them: a pick list without labels, a user-defined
    field without its definition or without the labels of its list."""
    found = dict(names.failed)
    picks = next(lookup for lookup in LOOKUPS if lookup.key == PICKS)
    pointed = {at.wire_name(name) for name, _ in picks.needs for row in rows if getattr(row, name, None) is not None}
    if any(not _has_labels(names.picks.get(field.lower(), {}).values()) for field in pointed):
        found.setdefault(PICKS, NAMELESS)
    entries = [one for row in rows for one in kept_of(getattr(row, "user_defined_fields", None), names.wanted_fields)]
    if not all(_is_described(entry, names) for entry in entries):
        found.setdefault(FIELDS, NAMELESS)
    return found


def _is_named(table: Mapping[int, at.Row], number: int) -> bool:
    row = table.get(number)
    return row is not None and bool(name_of(row))


def _is_described(entry: at.UserField, names: Names) -> bool:
    """Whether it is known what the field is and, of a list, what its values are called: a number says nothing."""
    field = names.fields.get(entry.name or "")
    return field is not None and (not field.is_pick_list or _has_labels(field.picklist_values or ()))


def _has_labels(values: Iterable[Choice | at.PickListValue]) -> bool:
    return any(value.label for value in values)
