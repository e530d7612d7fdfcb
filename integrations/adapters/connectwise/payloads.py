"""The parts of ConnectWise's JSON that are read. Field names are those of OpenAPI 2026.4, in snake case.

ConnectWise leaves out what is null and sends empty references as ``{}``, so everything may be missing. Unknown fields
are skipped while decoding, which is where most of a ticket's bytes go.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec


class Payload(msgspec.Struct, rename="camel", kw_only=True):
    """A JSON object of the vendor's."""


class Reference(msgspec.Struct, gc=False):
    """A reference to another record: id with a name, an identifier, or both."""

    id: int | None = None
    name: str | None = None
    identifier: str | None = None


class Info(Payload, gc=False):
    """The ``_info`` object: stamps in UTC, whole seconds."""

    last_updated: dt.datetime | None = None
    date_entered: dt.datetime | None = None
    entered_by: str | None = None
    updated_by: str | None = None


class CustomValue(Payload):
    id: int | None = None
    caption: str | None = None
    type: str | None = None
    entry_method: str | None = None
    value: Any = None


class Row(Payload):
    """What each listed record has."""

    id: int
    info: Info | None = msgspec.field(name="_info", default=None)


class Board(Row):
    name: str | None = None
    location: Reference | None = None
    department: Reference | None = None
    inactive_flag: bool | None = None
    project_flag: bool | None = None


class Status(Row):
    name: str | None = None
    board: Reference | None = None
    sort_order: int | None = None
    inactive: bool | None = None
    closed_status: bool | None = None
    default_flag: bool | None = None


class Category(Row):
    """A board's type, subtype or item."""

    name: str | None = None
    board: Reference | None = None
    inactive_flag: bool | None = None
    type_association_ids: list[int] | None = None


class Association(Row):
    """One allowed combination of type, subtype and item."""

    type: Reference | None = None
    sub_type: Reference | None = None
    item: Reference | None = None


class Team(Row):
    name: str | None = None
    board_id: int | None = None
    members: list[int] | None = None


class Priority(Row):
    name: str | None = None
    color: str | None = None
    level: str | None = None
    sort_order: int | None = None


class Member(Row):
    identifier: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    default_email: str | None = None
    primary_email: str | None = None
    office_email: str | None = None
    mobile_email: str | None = None
    home_email: str | None = None
    inactive_flag: bool | None = None
    time_zone: Reference | None = None


class CompanyStatus(Row):
    name: str | None = None
    default_flag: bool | None = None
    inactive_flag: bool | None = None


class CompanyType(Row):
    name: str | None = None
    default_flag: bool | None = None
    vendor_flag: bool | None = None


class Company(Row):
    identifier: str | None = None
    name: str | None = None
    status: Reference | None = None
    types: list[Reference] | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: Reference | None = None
    phone_number: str | None = None
    website: str | None = None
    territory: Reference | None = None
    deleted_flag: bool | None = None
    custom_fields: list[CustomValue] | None = None


class Site(Row):
    name: str | None = None
    company: Reference | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    city: str | None = None
    state_reference: Reference | None = None
    zip: str | None = None
    country: Reference | None = None
    phone_number: str | None = None
    phone_number_ext: str | None = None
    primary_address_flag: bool | None = None
    inactive_flag: bool | None = None
    time_zone: Reference | None = None


class CommunicationItem(Payload):
    """One address of a contact. ``communication_type``: Email, Phone or Fax; ``type`` is the tenant's own label."""

    type: Reference | None = None
    value: str | None = None
    extension: str | None = None
    default_flag: bool | None = None
    communication_type: str | None = None


class Contact(Row):
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    company: Reference | None = None
    site: Reference | None = None
    types: list[Reference] | None = None
    communication_items: list[CommunicationItem] | None = None
    default_phone_type: str | None = None
    default_phone_nbr: str | None = None
    default_phone_extension: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: Reference | None = None
    inactive_flag: bool | None = None
    default_flag: bool | None = None
    custom_fields: list[CustomValue] | None = None


class Ticket(Row):
    summary: str | None = None
    record_type: str | None = None
    board: Reference | None = None
    status: Reference | None = None
    priority: Reference | None = None
    type: Reference | None = None
    sub_type: Reference | None = None
    item: Reference | None = None
    team: Reference | None = None
    owner: Reference | None = None
    resources: str | None = None
    company: Reference | None = None
    site: Reference | None = None
    site_name: str | None = None
    contact: Reference | None = None
    contact_name: str | None = None
    contact_email_address: str | None = None
    contact_phone_number: str | None = None
    contact_phone_extension: str | None = None
    source: Reference | None = None
    sla: Reference | None = None
    severity: str | None = None
    impact: str | None = None
    closed_flag: bool | None = None
    is_in_sla: bool | None = None
    closed_date: dt.datetime | None = None
    closed_by: str | None = None
    required_date: dt.datetime | None = None
    budget_hours: float | None = None
    actual_hours: float | None = None
    parent_ticket_id: int | None = None
    merged_parent_ticket: Reference | None = None
    agreement: Reference | None = None
    external_x_ref: str | None = msgspec.field(name="externalXRef", default=None)
    custom_fields: list[CustomValue] | None = None


class ProjectTicket(Ticket):
    """A row of ``/project/tickets``, which has ``isIssueFlag`` in the place of ``recordType``."""

    is_issue_flag: bool | None = None


class Note(Row):
    ticket_id: int | None = None
    text: str | None = None
    detail_description_flag: bool | None = None
    internal_analysis_flag: bool | None = None
    resolution_flag: bool | None = None
    internal_flag: bool | None = None
    is_markdown_flag: bool | None = None
    member: Reference | None = None
    contact: Reference | None = None
    created_by: str | None = None
    date_created: dt.datetime | None = None


class TimeEntry(Row):
    charge_to_id: int | None = None
    charge_to_type: str | None = None
    member: Reference | None = None
    time_start: dt.datetime | None = None
    time_end: dt.datetime | None = None
    actual_hours: float | None = None
    billable_option: str | None = None
    work_type: Reference | None = None
    work_role: Reference | None = None
    notes: str | None = None
    internal_notes: str | None = None
    date_entered: dt.datetime | None = None


class FieldOption(Payload):
    option_value: str | None = None
    inactive_flag: bool | None = None
    sort_order: int | None = None


class FieldDefinition(Row):
    """A user defined field. ``screen_id`` and ``screen_description`` are sent by servers, though the specification
    leaves them out; they tell the kind of record."""

    caption: str | None = None
    screen_id: str | None = None
    screen_description: str | None = None
    pod_description: str | None = None
    field_type_identifier: str | None = None
    entry_type_identifier: str | None = None
    options: list[FieldOption] | None = None


class CompanyInfo(msgspec.Struct, rename="pascal"):
    """``/login/companyinfo/{companyId}``, which needs no credentials."""

    company_name: str | None = None
    version_code: str | None = None
    company_id: str | None = msgspec.field(name="CompanyID", default=None)


class Count(Payload):
    count: int


class Failure(msgspec.Struct):
    """An error body. The limiter says ``error`` where all else says ``code``."""

    code: str | None = None
    error: str | None = None
    message: str | None = None
    errors: list[FailureDetail] | None = None


class FailureDetail(msgspec.Struct):
    code: str | None = None
    message: str | None = None
    field: str | None = None
