"""The records that adapters yield: one shape for every PSA.

All ids are remote ids, as text. Times are aware UTC. ``None`` means that the remote has no value.
``remote_updated_at`` is the remote's own stamp of the last change, in the remote's clock.
References come as (id, name): the id links, the name is kept raw for values that are not known here yet.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

import msgspec

BodyFormat = Literal["plain", "html", "markdown"]
"""What the longer texts of a record are written in. Shown as anything else they would be unreadable; trusted they are never."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """What every synced record has. ``remote_id`` is unique within (connection, stream).

    ``unknown_fields``: names of fields that the remote did not tell this time, because a look-up was refused. Not known is not empty:
    what is stored of them stays; a record that is new here gets their values of this record, which are their empty ones.
    """

    remote_id: str
    remote_updated_at: dt.datetime | None = None
    unknown_fields: tuple[str, ...] = ()


class BoardRecord(Record, frozen=True, kw_only=True):
    name: str
    is_active: bool = True
    is_project: bool = False
    location: str = ""
    department: str = ""


class StatusRecord(Record, frozen=True, kw_only=True):
    """A status belongs to one board: the same name on two boards has two ids. ``board_id`` is empty where all boards share it."""

    board_id: str
    name: str
    is_closed: bool = False
    is_default: bool = False
    is_active: bool = True
    sort_order: int = 0


class PriorityRecord(Record, frozen=True, kw_only=True):
    name: str
    color: str = ""
    level: str = ""
    sort_order: int = 0
    is_active: bool = True


class CategoryRecord(Record, frozen=True, kw_only=True):
    """A ticket type, subtype or item. ``parent_ids``: types a subtype, or subtypes an item, may be used with. ``board_id`` is empty where
    all boards share it."""

    board_id: str
    name: str
    is_active: bool = True
    parent_ids: list[str] = []


class TeamRecord(Record, frozen=True, kw_only=True):
    """``board_id`` is empty where all boards share the team."""

    board_id: str
    name: str
    is_active: bool = True
    member_ids: list[str] = []


class MemberRecord(Record, frozen=True, kw_only=True):
    identifier: str
    name: str
    email: str = ""
    title: str = ""
    is_active: bool = True
    time_zone: str = ""


class CompanyStatusRecord(Record, frozen=True, kw_only=True):
    name: str
    is_default: bool = False
    is_active: bool = True


class CompanyTypeRecord(Record, frozen=True, kw_only=True):
    name: str
    is_default: bool = False
    is_vendor: bool = False
    is_active: bool = True


class CompanyRecord(Record, frozen=True, kw_only=True):
    identifier: str = ""
    name: str
    status_id: str | None = None
    status_name: str = ""
    type_ids: list[str] = []
    type_names: list[str] = []
    phone: str = ""
    website: str = ""
    territory: str = ""
    address_line1: str = ""
    address_line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    is_deleted: bool = False
    remote_created_at: dt.datetime | None = None
    custom_fields: dict[str, Any] = {}


class SiteRecord(Record, frozen=True, kw_only=True):
    company_id: str
    name: str
    address_line1: str = ""
    address_line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""
    time_zone: str = ""
    is_primary: bool = False
    is_active: bool = True


class ContactRecord(Record, frozen=True, kw_only=True):
    """``emails`` and ``phones``: [{"type", "value", "default"}]; the default ones also stand alone."""

    company_id: str | None = None
    company_name: str = ""
    site_id: str | None = None
    first_name: str = ""
    last_name: str = ""
    title: str = ""
    type_names: list[str] = []
    email: str = ""
    phone: str = ""
    emails: list[dict[str, Any]] = []
    phones: list[dict[str, Any]] = []
    address: str = ""
    is_active: bool = True
    is_default: bool = False
    custom_fields: dict[str, Any] = {}


class TicketRecord(Record, frozen=True, kw_only=True):
    """``description``: what the ticket was opened with; None where the PSA keeps it among the notes or does not tell it, and so is
    ``resolution``. ``required_on``: the day it is due by, where the PSA has a day; ``required_at`` where it has a moment.
    ``custom_fields``: {remote field id: {"caption", "type", "value"}} of the fields chosen in the settings."""

    summary: str
    description: str | None = None
    resolution: str | None = None
    body_format: BodyFormat = "plain"
    record_type: str = ""
    board_id: str | None = None
    board_name: str = ""
    status_id: str | None = None
    status_name: str = ""
    priority_id: str | None = None
    priority_name: str = ""
    type_id: str | None = None
    type_name: str = ""
    subtype_id: str | None = None
    subtype_name: str = ""
    item_id: str | None = None
    item_name: str = ""
    team_id: str | None = None
    team_name: str = ""
    owner_id: str | None = None
    owner_name: str = ""
    resources: str = ""
    company_id: str | None = None
    company_name: str = ""
    site_id: str | None = None
    site_name: str = ""
    contact_id: str | None = None
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    source: str = ""
    sla: str = ""
    severity: str = ""
    impact: str = ""
    is_closed: bool = False
    is_in_sla: bool | None = None
    closed_at: dt.datetime | None = None
    closed_by: str = ""
    required_at: dt.datetime | None = None
    required_on: dt.date | None = None
    remote_created_at: dt.datetime | None = None
    entered_by: str = ""
    updated_by: str = ""
    budget_hours: float | None = None
    actual_hours: float | None = None
    parent_ticket_id: str | None = None
    merged_into_id: str | None = None
    agreement: str = ""
    external_reference: str = ""
    custom_fields: dict[str, Any] = {}


class NoteRecord(Record, frozen=True, kw_only=True):
    """``kind``: discussion, internal or resolution (the first that applies, in the order resolution, internal, discussion), or
    description: the note that a ticket was opened with, where the PSA keeps it as one."""

    ticket_id: str
    text: str = ""
    body_format: BodyFormat = "plain"
    kind: str = "discussion"
    is_internal: bool = False
    author: str = ""
    member_id: str | None = None
    contact_id: str | None = None
    remote_created_at: dt.datetime | None = None


class TimeEntryRecord(Record, frozen=True, kw_only=True):
    """Work on a ticket. ``hours`` as the PSA computes them. ``worked_on``: the PSA's calendar day of it, where it keeps one apart from the
    moments; it is in no zone."""

    ticket_id: str
    member_id: str | None = None
    member_name: str = ""
    worked_on: dt.date | None = None
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    hours: float | None = None
    billable: str = ""
    work_type: str = ""
    work_role: str = ""
    notes: str = ""
    internal_notes: str = ""
    body_format: BodyFormat = "plain"
    remote_created_at: dt.datetime | None = None
