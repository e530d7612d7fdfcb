"""The parts of Autotask's JSON that are read. Field names are those of the vendor's Swagger (2020–2026), in snake case.

Null fields are sent as null, and fields are added between releases without notice, so everything may be missing and
unknown fields are skipped while decoding.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Generic, TypeVar

import msgspec


def wire_name(name: str) -> str:
    """``company_location_id`` → ``companyLocationID``, as Autotask spells its references."""
    first, *rest = name.split("_")
    return first + "".join("ID" if part == "id" else part.capitalize() for part in rest)


class Payload(msgspec.Struct, rename=wire_name, kw_only=True):
    """A JSON object of the vendor's."""


class UserField(Payload):
    """A user-defined field's value: text, whatever the field's type."""

    name: str | None = None
    value: Any = None


UserFields = list[UserField] | None
"""An array; recorded answers hold an empty object as well, which is read as none."""


class Row(Payload):
    """What each record has."""

    id: int


R = TypeVar("R", bound=Row)


class Item(msgspec.Struct, Generic[R]):
    """The answer to a read by id; ``item`` is null for a record that is not there."""

    item: R | None = None


class Ticket(Row):
    title: str | None = None
    description: str | None = None
    resolution: str | None = None
    ticket_number: str | None = None
    company_id: int | None = None
    company_location_id: int | None = None
    contact_id: int | None = None
    contract_id: int | None = None
    queue_id: int | None = None
    status: int | None = None
    priority: int | None = None
    issue_type: int | None = None
    sub_issue_type: int | None = None
    ticket_type: int | None = None
    source: int | None = None
    service_level_agreement_id: int | None = None
    service_level_agreement_has_been_met: bool | None = None
    assigned_resource_id: int | None = None
    creator_resource_id: int | None = None
    completed_by_resource_id: int | None = None
    last_activity_resource_id: int | None = None
    completed_date: dt.datetime | None = None
    due_date_time: dt.datetime | None = None
    create_date: dt.datetime | None = None
    last_activity_date: dt.datetime | None = None
    last_tracked_modification_date_time: dt.datetime | None = None
    estimated_hours: float | None = None
    external_id: str | None = None
    problem_ticket_id: int | None = msgspec.field(name="problemTicketId", default=None)
    user_defined_fields: UserFields = None


class SecondaryResource(Row):
    """Who works on a ticket beside the one whom it is assigned to."""

    ticket_id: int | None = None
    resource_id: int | None = None


class TicketNote(Row):
    ticket_id: int | None = None
    title: str | None = None
    description: str | None = None
    note_type: int | None = None
    publish: int | None = None
    creator_resource_id: int | None = None
    created_by_contact_id: int | None = None
    create_date_time: dt.datetime | None = None
    last_activity_date: dt.datetime | None = None


class TimeEntry(Row):
    ticket_id: int | None = None
    resource_id: int | None = None
    role_id: int | None = None
    billing_code_id: int | None = None
    date_worked: dt.datetime | None = None
    start_date_time: dt.datetime | None = None
    end_date_time: dt.datetime | None = None
    hours_worked: float | None = None
    is_non_billable: bool | None = None
    summary_notes: str | None = None
    internal_notes: str | None = None
    create_date_time: dt.datetime | None = None
    last_modified_date_time: dt.datetime | None = None


class Company(Row):
    company_name: str | None = None
    company_number: str | None = None
    company_type: int | None = None
    is_active: bool | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country_id: int | None = None
    phone: str | None = None
    web_address: str | None = None
    territory_id: int | None = None
    create_date: dt.datetime | None = None
    last_activity_date: dt.datetime | None = None
    last_tracked_modified_date_time: dt.datetime | None = None
    user_defined_fields: UserFields = None


class CompanyLocation(Row):
    company_id: int | None = None
    name: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country_id: int | None = None
    phone: str | None = None
    is_primary: bool | None = None
    is_active: bool | None = None


class Contact(Row):
    """``is_active`` is a number here, 1 or 0, where all other entities have a boolean."""

    company_id: int | None = None
    company_location_id: int | None = None
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    email_address: str | None = None
    email_address2: str | None = None
    email_address3: str | None = None
    phone: str | None = None
    extension: str | None = None
    mobile_phone: str | None = None
    alternate_phone: str | None = None
    address_line: str | None = None
    address_line1: str | None = None
    city: str | None = None
    state: str | None = None
    zip_code: str | None = None
    country_id: int | None = None
    is_active: int | bool | None = None
    primary_contact: bool | None = None
    last_activity_date: dt.datetime | None = None
    last_modified_date: dt.datetime | None = None
    user_defined_fields: UserFields = None


class Resource(Row):
    user_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    title: str | None = None
    is_active: bool | None = None


class Named(Row):
    """A row of a small table that other records point to: roles, billing codes, countries, contracts, companies,
    products, services."""

    name: str | None = None
    display_name: str | None = None
    contract_name: str | None = None
    company_name: str | None = None
    manufacturer_name: str | None = None


class DeletedTicket(Row):
    """A row of ``DeletedTicketLogs``."""

    ticket_id: int | None = None
    ticket_title: str | None = None
    deleted_date_time: dt.datetime | None = None


class PickListValue(Payload):
    """``value`` is text in the metadata (recorded: sometimes a number) where records hold the number."""

    value: str | int
    label: str | None = None
    is_default_value: bool | None = None
    sort_order: int | None = None
    parent_value: str | int | None = None
    is_active: bool | None = None

    @property
    def id(self) -> str | int:
        return self.value


class Field(Payload):
    """A field of an entity, its own or user-defined."""

    name: str
    label: str | None = None
    data_type: str | None = None
    type: str | None = None
    is_pick_list: bool | None = None
    picklist_values: list[PickListValue] | None = None


class Fields(msgspec.Struct):
    fields: list[Field]


class QueryCount(msgspec.Struct):
    query_count: int = msgspec.field(name="queryCount")


class Threshold(Payload):
    """``ThresholdInformation``: requests of all integrations together; the time frame is in minutes."""

    external_request_threshold: int
    request_threshold_timeframe: int = 60
    current_timeframe_request_count: int = 0


class ZoneInformation(Payload):
    """``ci`` is the number of the customer's instance."""

    url: str
    zone_name: str | None = None
    web_url: str | None = msgspec.field(name="webUrl", default=None)
    ci: int | None = None


class Failure(msgspec.Struct):
    """An error body: plain sentences, no codes."""

    errors: list[str]


class FrameworkFailure(msgspec.Struct):
    """What the framework below the interface says by itself, of a path or of authorization."""

    message: str = msgspec.field(name="Message")
