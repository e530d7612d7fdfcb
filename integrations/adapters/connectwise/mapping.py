"""From ConnectWise's payloads to records. Pure: no request, no clock.

Times are UTC in whole seconds, also where a server leaves out the Z. Notes of tickets and of time are Markdown, with images
as links (developer guide; django-connectwise).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import msgspec

from integrations.adapters.connectwise import payloads as cw
from integrations.adapters.connectwise.custom_fields import custom_values
from integrations.moments import day, utc
from integrations.names import full_name
from integrations.records import (
    BoardRecord,
    CategoryRecord,
    CompanyRecord,
    CompanyStatusRecord,
    CompanyTypeRecord,
    MemberRecord,
    NoteRecord,
    PriorityRecord,
    Record,
    SiteRecord,
    StatusRecord,
    TeamRecord,
    TicketRecord,
    TimeEntryRecord,
)

NO_INFO = cw.Info()
NOBODY = cw.Reference()
PROJECT_TICKET, PROJECT_ISSUE = PROJECT_KINDS = ("ProjectTicket", "ProjectIssue")
"""Record types of tickets of projects."""


def board(row: cw.Board) -> BoardRecord:
    return BoardRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        name=row.name or "",
        is_active=not row.inactive_flag,
        is_project=bool(row.project_flag),
        location=name(row.location),
        department=name(row.department),
    )


def status(row: cw.Status, board_id: str) -> StatusRecord:
    """``closedStatus`` closes a ticket, whatever the status is called; status tables spell it ``inactive``."""
    return StatusRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        board_id=board_id,
        name=row.name or "",
        is_closed=bool(row.closed_status),
        is_default=bool(row.default_flag),
        is_active=not row.inactive,
        sort_order=row.sort_order or 0,
    )


def category(row: cw.Category, board_id: str) -> CategoryRecord:
    return CategoryRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        board_id=board_id,
        name=row.name or "",
        is_active=not row.inactive_flag,
        parent_ids=[str(number) for number in sorted(row.type_association_ids or ())],
    )


def team(row: cw.Team, board_id: str) -> TeamRecord:
    return TeamRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        board_id=board_id,
        name=row.name or "",
        member_ids=[str(number) for number in sorted(row.members or ())],
    )


def priority(row: cw.Priority) -> PriorityRecord:
    return PriorityRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        name=row.name or "",
        color=row.color or "",
        level=row.level or "",
        sort_order=row.sort_order or 0,
    )


def member(row: cw.Member) -> MemberRecord:
    return MemberRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        identifier=row.identifier or "",
        name=full_name(row.first_name, row.last_name) or row.identifier or "",
        email=_member_email(row),
        title=row.title or "",
        is_active=not row.inactive_flag,
        time_zone=name(row.time_zone),
    )


def company_status(row: cw.CompanyStatus) -> CompanyStatusRecord:
    return CompanyStatusRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        name=row.name or "",
        is_default=bool(row.default_flag),
        is_active=not row.inactive_flag,
    )


def company_type(row: cw.CompanyType) -> CompanyTypeRecord:
    return CompanyTypeRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        name=row.name or "",
        is_default=bool(row.default_flag),
        is_vendor=bool(row.vendor_flag),
    )


def company(row: cw.Company) -> CompanyRecord:
    return CompanyRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        identifier=row.identifier or "",
        name=row.name or "",
        status_id=reference(row.status),
        status_name=name(row.status),
        type_ids=[text for value in row.types or () if (text := reference(value))],
        type_names=names(row.types),
        phone=row.phone_number or "",
        website=row.website or "",
        territory=name(row.territory),
        address_line1=row.address_line1 or "",
        address_line2=row.address_line2 or "",
        city=row.city or "",
        state=row.state or "",
        postal_code=row.zip or "",
        country=name(row.country),
        is_deleted=bool(row.deleted_flag),
        remote_created_at=utc((row.info or NO_INFO).date_entered),
        custom_fields=custom_values(row.custom_fields, None),
    )


def site(row: cw.Site, company_id: str) -> SiteRecord:
    state = row.state_reference or NOBODY
    return SiteRecord(
        remote_id=str(row.id),
        remote_updated_at=changed(row),
        company_id=company_id,
        name=row.name or "",
        address_line1=row.address_line1 or "",
        address_line2=row.address_line2 or "",
        city=row.city or "",
        state=state.identifier or state.name or "",
        postal_code=row.zip or "",
        country=name(row.country),
        phone=with_extension(row.phone_number, row.phone_number_ext),
        time_zone=name(row.time_zone),
        is_primary=bool(row.primary_address_flag),
        is_active=not row.inactive_flag,
    )


def ticket(row: cw.Ticket, custom_field_ids: frozenset[str] | None = None) -> TicketRecord:
    """``custom_field_ids``: which custom fields are kept; None keeps all."""
    info = row.info or NO_INFO
    board, status, priority = row.board or NOBODY, row.status or NOBODY, row.priority or NOBODY
    kind, subtype, item, team = row.type or NOBODY, row.sub_type or NOBODY, row.item or NOBODY, row.team or NOBODY
    owner, company, contact, site = (
        row.owner or NOBODY,
        row.company or NOBODY,
        row.contact or NOBODY,
        row.site or NOBODY,
    )
    return TicketRecord(
        remote_id=str(row.id), remote_updated_at=utc(info.last_updated),
        summary=row.summary or "", record_type=row.record_type or "",
        board_id=_id(board), board_name=board.name or "",
        status_id=_id(status), status_name=status.name or "",
        priority_id=_id(priority), priority_name=priority.name or "",
        type_id=_id(kind), type_name=kind.name or "",
        subtype_id=_id(subtype), subtype_name=subtype.name or "",
        item_id=_id(item), item_name=item.name or "",
        team_id=_id(team), team_name=team.name or "",
        owner_id=_id(owner), owner_name=owner.name or owner.identifier or "", resources=row.resources or "",
        company_id=_id(company), company_name=company.name or company.identifier or "",
        site_id=_id(site), site_name=row.site_name or site.name or "",
        contact_id=_id(contact), contact_name=row.contact_name or contact.name or "",
        contact_email=row.contact_email_address or "",
        contact_phone=with_extension(row.contact_phone_number, row.contact_phone_extension),
        source=name(row.source), sla=name(row.sla), severity=row.severity or "", impact=row.impact or "",
        is_closed=bool(row.closed_flag), is_in_sla=row.is_in_sla,
        closed_at=utc(row.closed_date), closed_by=row.closed_by or "", required_on=day(row.required_date),
        remote_created_at=utc(info.date_entered), entered_by=info.entered_by or "", updated_by=info.updated_by or "",
        budget_hours=row.budget_hours, actual_hours=row.actual_hours,
        parent_ticket_id=str(row.parent_ticket_id) if row.parent_ticket_id else None,
        merged_into_id=reference(row.merged_parent_ticket),
        agreement=name(row.agreement), external_reference=row.external_x_ref or "",
        custom_fields=custom_values(row.custom_fields, custom_field_ids),
    )  # fmt: skip


def project_ticket(row: cw.ProjectTicket, custom_field_ids: frozenset[str] | None = None) -> TicketRecord:
    """A ticket of a project, with the ``recordType`` that it has elsewhere."""
    kind = row.record_type or (PROJECT_ISSUE if row.is_issue_flag else PROJECT_TICKET)
    return msgspec.structs.replace(ticket(row, custom_field_ids), record_type=kind)


def note(row: cw.Note, ticket_id: str) -> NoteRecord:
    """``internalFlag`` is the server's summary of the panes; a note in the customer's panes too is not internal. Which one is the
    description shows only among all notes of a ticket: see ``with_description``."""
    panes = (("resolution", row.resolution_flag), ("internal", row.internal_analysis_flag))
    kind = next((pane for pane, shown in panes if shown), "discussion")
    public = row.resolution_flag or row.detail_description_flag
    info = row.info or NO_INFO
    return NoteRecord(
        remote_id=str(row.id),
        remote_updated_at=utc(info.last_updated),
        ticket_id=ticket_id,
        text=row.text or "",
        body_format="plain" if row.is_markdown_flag is False else "markdown",
        kind=kind,
        is_internal=not public and bool(row.internal_analysis_flag or row.internal_flag),
        author=name(row.member) or name(row.contact) or row.created_by or info.entered_by or "",
        member_id=reference(row.member),
        contact_id=reference(row.contact),
        remote_created_at=utc(row.date_created) or utc(info.date_entered),
    )


def with_description(records: Sequence[Record], rows: Iterable[cw.Row]) -> list[Record]:
    """The notes of one ticket, of which the first in the discussion is its description: ``initialDescription`` is written when a
    ticket is made and read as that note only. ``rows``: the payloads, from which the panes are read."""
    shown = [
        row.id for row in rows if isinstance(row, cw.Note) and row.detail_description_flag and not row.resolution_flag
    ]
    first = str(min(shown, default=""))
    return [
        msgspec.structs.replace(record, kind="description")
        if isinstance(record, NoteRecord) and record.remote_id == first
        else record
        for record in records
    ]


def time_entry(row: cw.TimeEntry) -> TimeEntryRecord:
    info = row.info or NO_INFO
    return TimeEntryRecord(
        remote_id=str(row.id),
        remote_updated_at=utc(info.last_updated),
        ticket_id=str(row.charge_to_id) if row.charge_to_id else "",
        member_id=reference(row.member),
        member_name=name(row.member),
        started_at=utc(row.time_start),
        ended_at=utc(row.time_end),
        hours=row.actual_hours,
        billable=row.billable_option or "",
        work_type=name(row.work_type),
        work_role=name(row.work_role),
        notes=row.notes or "",
        internal_notes=row.internal_notes or "",
        body_format="markdown",
        remote_created_at=utc(row.date_entered) or utc(info.date_entered),
    )


def changed(row: cw.Row) -> dt.datetime | None:
    return utc(row.info.last_updated) if row.info is not None else None


def reference(value: cw.Reference | None) -> str | None:
    """The id of a reference as text; None for a missing or empty one."""
    return _id(value) if value is not None else None


def name(value: cw.Reference | None) -> str:
    return (value.name or value.identifier or "") if value is not None else ""


def names(values: list[cw.Reference] | None) -> list[str]:
    return [text for value in values or () if (text := name(value))]


def with_extension(number: str | None, extension: str | None) -> str:
    return f"{number} x{extension}" if number and extension else number or ""


def _id(value: cw.Reference) -> str | None:
    return str(value.id) if value.id else None


def _member_email(row: cw.Member) -> str:
    """The address that the member chose as default, else the first there is."""
    by_kind = {"Office": row.office_email, "Mobile": row.mobile_email, "Home": row.home_email}
    candidates = (by_kind.get(row.default_email or ""), row.primary_email, *by_kind.values())
    return next((email for email in candidates if email), "")
