"""From Halo's payloads to records. Pure: no request, no clock."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

import msgspec

from integrations import moments
from integrations.adapters.halo import payloads as halo
from integrations.adapters.halo.custom_fields import Choices, custom_values
from integrations.adapters.halo.payloads import number
from integrations.names import first_and_last, full_name
from integrations.records import (
    BoardRecord,
    BodyFormat,
    CategoryRecord,
    CompanyRecord,
    ContactRecord,
    MemberRecord,
    PriorityRecord,
    SiteRecord,
    StatusRecord,
    TeamRecord,
    TicketRecord,
)

NO_DATE_UNTIL = 1980
"""Years up to this one mean "no date": Halo writes 1899-12-30, 1900-01-01, 1901-01-01 and 0001-01-01."""
PROJECTS = 22
"""The ITIL type of projects."""
UNASSIGNED = 1
"""The agent that stands for nobody."""
_TAG = re.compile(
    r"<(?:p|div|br|span|table|ul|ol|a|b|strong|em|html|body|img|h[1-6]|font|pre|style)\b[^<>]{0,500}>", re.IGNORECASE
)


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What the ids on a ticket are called; rows of lists carry ids only. ``priorities`` by (service level, priority);
    ``teams`` is the other way round, for tickets name their team. ``closing``: the statuses that close; None where
    that is not known."""

    types: Mapping[int, str] = {}
    statuses: Mapping[int, str] = {}
    priorities: Mapping[tuple[int, int], str] = {}
    agents: Mapping[int, str] = {}
    teams: Mapping[str, int] = {}
    closing: frozenset[int] | None = None


def board(row: halo.TicketType) -> BoardRecord:
    """A ticket type is the board: it decides which statuses, fields and steps a ticket has."""
    return BoardRecord(
        remote_id=str(row.id),
        name=row.name or "",
        is_active=row.visible is not False,
        is_project=row.itilrequesttype == PROJECTS,
        department=row.group_name or "",
    )


def status(row: halo.Status, *, is_closed: bool | None) -> StatusRecord:
    """``is_closed``: None where it could not be learnt."""
    return StatusRecord(
        remote_id=str(row.id),
        unknown_fields=() if is_closed is not None else ("is_closed",),
        board_id="",
        name=row.name or "",
        is_closed=bool(is_closed),
        sort_order=row.sequence or 0,
    )


def category(row: halo.Category) -> CategoryRecord:
    return CategoryRecord(remote_id=str(row.id), board_id="", name=row.value or row.category_name or "")


def team(row: halo.Team) -> TeamRecord:
    return TeamRecord(remote_id=str(row.id), board_id="", name=row.name or "", is_active=not row.inactive)


def priority(row: halo.Priority) -> PriorityRecord:
    return PriorityRecord(
        remote_id=str(row.priorityid),
        name=row.name or "",
        color=row.colour or "",
        sort_order=row.priorityid,
        is_active=not row.ishidden,
    )


def member(row: halo.Agent, email: str | None) -> MemberRecord:
    """``email``: None where it could not be learnt."""
    name = agent_name(row)
    return MemberRecord(
        remote_id=str(row.id),
        identifier=name,
        name=name,
        unknown_fields=() if email is not None else ("email",),
        email=email or "",
        title=row.jobtitle or "",
        is_active=not row.isdisabled,
    )


def agent_name(row: halo.Agent) -> str:
    """An agent's name as a whole; some have its parts alone."""
    return full_name(row.name) or full_name(row.firstname, row.surname) or full_name(row.namewithinactive)


def company(row: halo.Client) -> CompanyRecord:
    """Halo's clients have no status beside being inactive or not; that much is said in its own words."""
    return CompanyRecord(
        remote_id=str(row.id),
        name=row.name or "",
        status_name="Inactive" if row.inactive else "Active",
        phone=row.main_phonenumber or "",
        website=row.website or "",
        territory=row.toplevel_name or "",
        remote_created_at=utc(row.datecreated),
    )


def site(row: halo.Site) -> SiteRecord:
    """Lines 3, 4 and 5 of an address are town, county and country in Halo's own forms."""
    return SiteRecord(
        remote_id=str(row.id),
        company_id=reference(row.client_id) or "",
        name=row.name or "",
        address_line1=row.delivery_address_line1 or "",
        address_line2=row.delivery_address_line2 or "",
        city=row.delivery_address_line3 or "",
        state=row.delivery_address_line4 or "",
        postal_code=row.delivery_address_line5 or "",
        country=row.country_code_name or "",
        phone=row.phonenumber or "",
        time_zone=row.timezone or "",
        is_primary=bool(row.isinvoicesite),
        is_active=not row.inactive,
    )


def contact(row: halo.User) -> ContactRecord:
    emails = [address for address in (row.emailaddress, row.email2, row.email3) if address]
    phones = [("Phone", row.phonenumber), ("Mobile", row.mobilenumber), ("Mobile 2", row.mobilenumber2)]
    numbers = [(kind, value) for kind, value in phones if value]
    first, last = first_and_last(row.name, row.firstname, row.surname)
    return ContactRecord(
        remote_id=str(row.id),
        company_id=reference(row.client_id),
        company_name=row.client_name or "",
        site_id=reference(row.site_id),
        first_name=first,
        last_name=last,
        title=row.title or "",
        email=emails[0] if emails else "",
        phone=numbers[0][1] if numbers else "",
        emails=[{"type": "Email", "value": value, "default": place == 0} for place, value in enumerate(emails)],
        phones=[{"type": kind, "value": value, "default": place == 0} for place, (kind, value) in enumerate(numbers)],
        is_active=not row.inactive,
        is_default=bool(row.ismaincontact),
    )


def ticket(
    row: halo.Ticket,
    names: Names,
    custom_field_ids: frozenset[str] | None = None,
    choices: Choices | None = None,
) -> TicketRecord:
    """``custom_field_ids``: which custom fields are kept; None keeps all. ``choices``: what theirs are called."""
    closed = is_closed(row, names)
    owner = row.agent_id if row.agent_id and row.agent_id > UNASSIGNED else None
    team_id = names.teams.get(row.team or "")
    description, body_format = body(row.details, row.details_html)
    return TicketRecord(
        remote_id=str(row.id), remote_updated_at=changed(row),
        summary=row.summary or "", description=description or None, body_format=body_format,
        board_id=reference(row.tickettype_id), board_name=names.types.get(row.tickettype_id or 0, ""),
        status_id=reference(row.status_id), status_name=names.statuses.get(row.status_id or 0, ""),
        priority_id=reference(row.priority_id),
        priority_name=names.priorities.get((row.sla_id or 0, row.priority_id or 0), ""),
        type_id=reference(row.categoryid_1), type_name=row.category_1 or "",
        subtype_id=reference(row.categoryid_2), subtype_name=row.category_2 or "",
        item_id=reference(row.categoryid_3), item_name=row.category_3 or "",
        team_id=reference(team_id), team_name=row.team or "",
        owner_id=reference(owner), owner_name=names.agents.get(owner or 0, ""),
        company_id=reference(row.client_id), company_name=row.client_name or "",
        site_id=reference(row.site_id), site_name=row.site_name or "",
        contact_id=reference(row.user_id), contact_name=row.user_name or "", contact_email=row.user_email or "",
        sla=row.sla_name or "", severity=_level(row.urgency), impact=_level(row.impact),
        is_closed=closed, closed_at=utc(row.dateclosed) if closed else None, required_at=utc(row.deadlinedate) or utc(row.fixbydate),
        remote_created_at=utc(row.dateoccurred), entered_by=row.reportedby or "",
        budget_hours=row.estimate or None, actual_hours=row.timetaken,
        parent_ticket_id=reference(row.parent_id), merged_into_id=reference(row.merged_into_id),
        agreement=row.contract_ref or "",
        custom_fields=custom_values(row.customfields, custom_field_ids, choices),
    )  # fmt: skip


def is_closed(row: halo.Ticket, names: Names) -> bool:
    """Whether the ticket is closed now. ``hasbeenclosed`` may go on being true once a ticket is reopened, so that its status decides, where
    the table of statuses could be read."""
    if names.closing is not None and row.status_id in names.statuses:
        return row.status_id in names.closing
    return row.hasbeenclosed is True


def utc(moment: dt.datetime | None) -> dt.datetime | None:
    """Halo's times are UTC without saying so; its ways of writing "no date" become None."""
    return None if moment is None or moment.year <= NO_DATE_UNTIL else moments.utc(moment)


def body(text: str | None, html: str | None = None) -> tuple[str, BodyFormat]:
    """A longer text and what it is written in: Halo's HTML where it gives that, else its text, which older rows have as HTML too."""
    if html and html.strip():
        return html, "html"
    return text or "", "html" if text and _TAG.search(text) else "plain"


def changed(row: halo.Ticket) -> dt.datetime | None:
    """The last change; both spellings of the field occur, and old rows have the last action's time only."""
    stamps = [stamp for value in (row.last_update, row.lastupdate) if (stamp := utc(value)) is not None]
    return max(stamps) if stamps else utc(row.lastactiondate)


def reference(value: halo.Number | None) -> str | None:
    """An id as text; None for none. Ids of zero and below stand for nothing."""
    found = number(value)
    return str(found) if found is not None and found > 0 else None


def _level(value: int | None) -> str:
    """Impact and urgency are numbers, 1 the gravest; what they are called is each Halo's own."""
    return str(value) if value and value > 0 else ""
