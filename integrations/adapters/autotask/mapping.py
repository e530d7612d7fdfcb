"""From Autotask's payloads to records. Pure: the names that the numbers stand for come in as ``Names``.

Times are UTC, also where an answer leaves out the Z. Texts are plain: what was formatted in Autotask loses its format on the way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from integrations.adapters.autotask import client_payloads
from integrations.adapters.autotask import payloads as at
from integrations.adapters.autotask.custom_fields import custom_values
from integrations.adapters.autotask.filters import COMPLETE
from integrations.adapters.autotask.labels import Choice
from integrations.moments import day, utc
from integrations.names import full_name
from integrations.records import (
    CompanyRecord,
    ContactRecord,
    MemberRecord,
    NoteRecord,
    SiteRecord,
    TicketRecord,
    TimeEntryRecord,
)

Picks = Mapping[str, Mapping[str, Choice]]
INTERNAL_PUBLISH = frozenset({2, 4})
"""Internal users only; internal and co-managed. 1 is everybody, the client portal included (defaults of the pick list)."""


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What the numbers in some rows stand for. ``picks``: the entity's pick lists by field in lower case. ``units``: of the
    running period, by service of a contract; ``lines``: by invoice; ``helpers``: the resources of tickets beside the assigned one, by ticket.
    ``failed``: look-ups that were refused or empty, and why (``lookups``)."""

    picks: Picks = {}
    failed: Mapping[str, str] = {}
    fields: Mapping[str, at.Field] = {}
    wanted_fields: frozenset[str] | None = None
    resources: Mapping[int, at.Resource] = {}
    roles: Mapping[int, at.Named] = {}
    work_types: Mapping[int, at.Named] = {}
    countries: Mapping[int, at.Named] = {}
    contracts: Mapping[int, at.Named] = {}
    companies: Mapping[int, at.Named] = {}
    contacts: Mapping[int, at.Contact] = {}
    products: Mapping[int, at.Named] = {}
    services: Mapping[int, at.Named] = {}
    units: Mapping[int, client_payloads.ContractServiceUnit] = {}
    lines: Mapping[int, Sequence[client_payloads.BillingItem]] = {}
    helpers: Mapping[int, Sequence[int]] = {}

    def pick(self, field: str, value: int | None) -> str:
        """The label of a pick list's value; "" for one that the list does not hold."""
        choice = self.picks.get(field.lower(), {}).get(str(value)) if value is not None else None
        return choice.label if choice else ""

    def resource(self, number: int | None) -> str:
        return person_name(self.resources.get(number)) if number is not None else ""

    def company(self, number: int | None) -> str:
        found = self.companies.get(number) if number is not None else None
        return (found.company_name or "") if found else ""


def ticket(row: at.Ticket, names: Names) -> TicketRecord:
    """``remote_updated_at`` is the later of the two stamps: one moves with fields, the other with notes and time."""
    contact = names.contacts.get(row.contact_id) if row.contact_id is not None else None
    contract = names.contracts.get(row.contract_id) if row.contract_id is not None else None
    return TicketRecord(
        remote_id=str(row.id),
        remote_updated_at=latest(row.last_tracked_modification_date_time, row.last_activity_date),
        summary=row.title or "",
        description=row.description or None,
        resolution=row.resolution or None,
        record_type=names.pick("ticketType", row.ticket_type),
        board_id=reference(row.queue_id),
        board_name=names.pick("queueID", row.queue_id),
        status_id=reference(row.status),
        status_name=names.pick("status", row.status),
        priority_id=reference(row.priority),
        priority_name=names.pick("priority", row.priority),
        type_id=reference(row.issue_type),
        type_name=names.pick("issueType", row.issue_type),
        subtype_id=reference(row.sub_issue_type),
        subtype_name=names.pick("subIssueType", row.sub_issue_type),
        owner_id=reference(row.assigned_resource_id),
        owner_name=names.resource(row.assigned_resource_id),
        resources=", ".join(filter(None, map(names.resource, names.helpers.get(row.id, ())))),
        company_id=reference(row.company_id),
        company_name=names.company(row.company_id),
        site_id=reference(row.company_location_id),
        contact_id=reference(row.contact_id),
        contact_name=person_name(contact),
        contact_email=(contact.email_address or "") if contact else "",
        contact_phone=with_extension(contact.phone, contact.extension) if contact else "",
        source=names.pick("source", row.source),
        sla=names.pick("serviceLevelAgreementID", row.service_level_agreement_id),
        is_closed=row.status == COMPLETE,
        is_in_sla=row.service_level_agreement_has_been_met,
        closed_at=utc(row.completed_date),
        closed_by=names.resource(row.completed_by_resource_id),
        required_at=utc(row.due_date_time),
        remote_created_at=utc(row.create_date),
        entered_by=names.resource(row.creator_resource_id),
        updated_by=names.resource(row.last_activity_resource_id),
        budget_hours=row.estimated_hours,
        parent_ticket_id=reference(row.problem_ticket_id),
        agreement=(contract.contract_name or "") if contract else "",
        external_reference=row.ticket_number or row.external_id or "",
        custom_fields=custom_values(row.user_defined_fields, names.fields, names.wanted_fields),
    )


def note(row: at.TicketNote, names: Names) -> NoteRecord:
    """Title and text together, for a note's title often says what it is. A contact's note is a customer's reply."""
    contact = names.contacts.get(row.created_by_contact_id) if row.created_by_contact_id is not None else None
    internal = row.publish in INTERNAL_PUBLISH
    return NoteRecord(
        remote_id=str(row.id),
        remote_updated_at=utc(row.last_activity_date) or utc(row.create_date_time),
        ticket_id=reference(row.ticket_id) or "",
        text="\n\n".join(part for part in (row.title, row.description) if part),
        kind="internal" if internal else "discussion",
        is_internal=internal,
        author=person_name(contact) or names.resource(row.creator_resource_id),
        member_id=reference(row.creator_resource_id),
        contact_id=reference(row.created_by_contact_id),
        remote_created_at=utc(row.create_date_time),
    )


def time_entry(row: at.TimeEntry, names: Names) -> TimeEntryRecord:
    """``dateWorked`` is a calendar day in the resource's sense: it is in no zone."""
    role = names.roles.get(row.role_id) if row.role_id is not None else None
    work = names.work_types.get(row.billing_code_id) if row.billing_code_id is not None else None
    return TimeEntryRecord(
        remote_id=str(row.id),
        remote_updated_at=utc(row.last_modified_date_time),
        ticket_id=reference(row.ticket_id) or "",
        member_id=reference(row.resource_id),
        member_name=names.resource(row.resource_id),
        worked_on=day(row.date_worked),
        started_at=utc(row.start_date_time),
        ended_at=utc(row.end_date_time),
        hours=row.hours_worked,
        billable="" if row.is_non_billable is None else "Non-billable" if row.is_non_billable else "Billable",
        work_type=(work.name or "") if work else "",
        work_role=(role.name or "") if role else "",
        notes=row.summary_notes or "",
        internal_notes=row.internal_notes or "",
        remote_created_at=utc(row.create_date_time),
    )


def company(row: at.Company, names: Names) -> CompanyRecord:
    kind = names.pick("companyType", row.company_type)
    return CompanyRecord(
        remote_id=str(row.id),
        remote_updated_at=utc(row.last_tracked_modified_date_time) or utc(row.last_activity_date),
        identifier=row.company_number or "",
        name=row.company_name or "",
        status_name="" if row.is_active is None else "Active" if row.is_active else "Inactive",
        type_ids=[] if row.company_type is None else [str(row.company_type)],
        type_names=[kind] if kind else [],
        phone=row.phone or "",
        website=row.web_address or "",
        territory=names.pick("territoryID", row.territory_id),
        **_address(row.address1, row.address2, row.city, row.state, row.postal_code),
        country=_country(row.country_id, names),
        remote_created_at=utc(row.create_date),
        custom_fields=custom_values(row.user_defined_fields, names.fields),
    )


def site(row: at.CompanyLocation, names: Names) -> SiteRecord:
    return SiteRecord(
        remote_id=str(row.id),
        company_id=reference(row.company_id) or "",
        name=row.name or "",
        **_address(row.address1, row.address2, row.city, row.state, row.postal_code),
        country=_country(row.country_id, names),
        phone=row.phone or "",
        is_primary=bool(row.is_primary),
        is_active=row.is_active is not False,
    )


def contact(row: at.Contact, names: Names) -> ContactRecord:
    emails = _channels(("Email", row.email_address), ("Email 2", row.email_address2), ("Email 3", row.email_address3))
    phones = _channels(
        ("Phone", with_extension(row.phone, row.extension)),
        ("Mobile", row.mobile_phone),
        ("Alternate", row.alternate_phone),
    )
    town = " ".join(part for part in (row.city, row.state, row.zip_code) if part)
    lines = (row.address_line, row.address_line1, town, _country(row.country_id, names))
    return ContactRecord(
        remote_id=str(row.id),
        remote_updated_at=utc(row.last_modified_date) or utc(row.last_activity_date),
        company_id=reference(row.company_id),
        company_name=names.company(row.company_id),
        site_id=reference(row.company_location_id),
        first_name=row.first_name or "",
        last_name=row.last_name or "",
        title=row.title or "",
        email=emails[0]["value"] if emails else "",
        phone=phones[0]["value"] if phones else "",
        emails=emails,
        phones=phones,
        address="\n".join(line for line in lines if line),
        is_active=bool(row.is_active),
        is_default=bool(row.primary_contact),
        custom_fields=custom_values(row.user_defined_fields, names.fields),
    )


def member(row: at.Resource, names: Names) -> MemberRecord:
    """Who came without a name is called by what they sign in with, unless a name is here already."""
    name = person_name(row)
    return MemberRecord(
        remote_id=str(row.id),
        unknown_fields=() if name else ("name",),
        identifier=row.user_name or "",
        name=name or row.user_name or "",
        email=row.email or "",
        title=row.title or "",
        is_active=row.is_active is not False,
    )


def latest(*moments: dt.datetime | None) -> dt.datetime | None:
    return max((found for moment in moments if (found := utc(moment))), default=None)


def reference(number: int | None) -> str | None:
    """A number as a remote id. 0 is one: the MSP's own company."""
    return None if number is None else str(number)


def person_name(person: at.Resource | at.Contact | None) -> str:
    return "" if person is None else full_name(person.first_name, person.last_name)


def with_extension(number: str | None, extension: str | None) -> str:
    return f"{number} x{extension}" if number and extension else number or ""


def _channels(*named: tuple[str, str | None]) -> list[dict[str, Any]]:
    """[{"type", "value", "default"}], the first being the default one."""
    found = [(name, value) for name, value in named if value]
    return [{"type": name, "value": value, "default": place == 0} for place, (name, value) in enumerate(found)]


def _address(
    line1: str | None, line2: str | None, city: str | None, state: str | None, postal_code: str | None
) -> dict[str, Any]:
    return {
        "address_line1": line1 or "",
        "address_line2": line2 or "",
        "city": city or "",
        "state": state or "",
        "postal_code": postal_code or "",
    }


def _country(number: int | None, names: Names) -> str:
    found = names.countries.get(number) if number is not None else None
    return (found.display_name or found.name or "") if found else ""
