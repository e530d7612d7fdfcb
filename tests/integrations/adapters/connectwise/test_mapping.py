"""From payloads to records."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pytest

from integrations.adapters.connectwise import mapping
from integrations.adapters.connectwise import payloads as cw
from integrations.adapters.connectwise.contacts import contact
from integrations.adapters.connectwise.custom_fields import clean_caption, definition
from integrations.port import CustomField
from integrations.records import (
    BoardRecord,
    CategoryRecord,
    CompanyRecord,
    CompanyStatusRecord,
    CompanyTypeRecord,
    ContactRecord,
    MemberRecord,
    NoteRecord,
    PriorityRecord,
    SiteRecord,
    StatusRecord,
    TeamRecord,
    TicketRecord,
    TimeEntryRecord,
)

PAYLOADS = Path(__file__).parent / "payloads"


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def loaded(kind: type[Any], file: str, key: str = "") -> Any:
    value = msgspec.json.decode((PAYLOADS / f"{file}.json").read_bytes())
    return msgspec.json.decode(msgspec.json.encode(value[key] if key else value), type=kind)


def test_a_ticket_with_everything() -> None:
    assert mapping.ticket(loaded(cw.Ticket, "ticket")) == TicketRecord(
        remote_id="4711",
        remote_updated_at=at("2026-11-20T08:09:10"),
        summary="Mail stays in the outbox – Büro Köln",
        record_type="ServiceTicket",
        board_id="3",
        board_name="Help Desk",
        status_id="31",
        status_name="In Progress",
        priority_id="2",
        priority_name="Priority 2",
        type_id="5",
        type_name="Incident",
        subtype_id="6",
        subtype_name="Mail",
        item_id="7",
        item_name="Outbox",
        team_id="8",
        team_name="First line",
        owner_id="9",
        owner_name="Ann Smith",
        resources="asmith, bjones",
        company_id="250",
        company_name="Köln GmbH & Co.",
        site_id=None,
        site_name="Main",
        contact_id="12",
        contact_name="Jo R. Roe",
        contact_email="jo@example.com",
        contact_phone="5550100 x7",
        source="Email",
        sla="Gold",
        severity="Medium",
        impact="Low",
        is_closed=False,
        is_in_sla=True,
        required_on=dt.date(2026, 11, 30),
        remote_created_at=at("2026-11-19T07:00:00"),
        entered_by="portal",
        updated_by="bjones",
        budget_hours=2.0,
        actual_hours=1.25,
        parent_ticket_id="4000",
        merged_into_id="4001",
        agreement="Care",
        external_reference="X-1",
        custom_fields={
            "53": {"caption": "Asset tag", "type": "text", "value": "A-7"},
            "54": {"caption": "Asset tag", "type": "list", "value": "true"},
            "55": {"caption": "On site", "type": "checkbox", "value": False},
            "56": {"caption": "Hours", "type": "number", "value": 1.5},
            "59": {"caption": "New", "type": "unknown", "value": "x"},
        },
    )


def test_a_ticket_with_nothing_but_an_id() -> None:
    assert mapping.ticket(cw.Ticket(id=1)) == TicketRecord(remote_id="1", summary="")


@pytest.mark.parametrize(("wanted", "kept"), [(None, 5), (frozenset(), 0), (frozenset({"56", "57", "999"}), 1)])
def test_only_the_chosen_custom_fields_are_kept(wanted: frozenset[str] | None, kept: int) -> None:
    assert len(mapping.ticket(loaded(cw.Ticket, "ticket"), wanted).custom_fields) == kept


def test_a_password_field_is_never_copied() -> None:
    record = mapping.ticket(loaded(cw.Ticket, "ticket"), frozenset({"58"}))
    assert record.custom_fields == {}


def test_a_contacts_mail_and_telephone_come_from_its_communication_items() -> None:
    assert contact(loaded(cw.Contact, "contact")) == ContactRecord(
        remote_id="12",
        remote_updated_at=at("2026-11-20T08:09:10"),
        company_id="250",
        company_name="Köln GmbH & Co.",
        site_id="3",
        first_name="Jo",
        last_name="Roe",
        title="Buyer",
        type_names=["Approver"],
        email="jo@example.com",
        phone="5550100 x7",
        emails=[
            {"type": "Private", "value": "jo@home.example", "default": False},
            {"type": "Work", "value": "jo@example.com", "default": True},
        ],
        phones=[{"type": "Direct", "value": "5550100 x7", "default": True}],
        address="Ring 1\nKöln 50667\nGermany",
        is_active=True,
        is_default=True,
    )


def test_a_contact_without_a_default_shows_its_first_address() -> None:
    items = [cw.CommunicationItem(value="a@example.com", communication_type="Email")]
    assert contact(cw.Contact(id=1, communication_items=items)).email == "a@example.com"


def test_a_contact_with_a_default_number_alone_has_it_and_items_go_before_it() -> None:
    row = cw.Contact(id=1, default_phone_type="Direct", default_phone_nbr="813 555 0100", default_phone_extension="7")
    found = contact(row)
    assert found.phone == "813 555 0100 x7"
    assert found.phones == [{"type": "Direct", "value": "813 555 0100 x7", "default": True}]
    row.communication_items = [cw.CommunicationItem(value="1", communication_type="Phone")]
    assert [phone["value"] for phone in contact(row).phones] == ["1"]
    assert contact(cw.Contact(id=1, default_phone_type="Direct")).phones == []


def test_a_company() -> None:
    assert mapping.company(loaded(cw.Company, "company")) == CompanyRecord(
        remote_id="250",
        remote_updated_at=at("2026-11-20T08:09:10"),
        identifier="KoelnGmbH",
        name="Köln GmbH & Co.",
        status_id="1",
        status_name="Active",
        type_ids=["1", "2"],
        type_names=["Client", "Partner"],
        phone="022155501",
        website="https://koeln.example",
        territory="West",
        address_line1="Ring 1",
        city="Köln",
        state="NW",
        postal_code="50667",
        country="Germany",
        is_deleted=True,
        remote_created_at=at("2020-01-01T00:00:00"),
    )


def test_setup_tables() -> None:
    assert mapping.board(loaded(cw.Board, "small", "board")) == BoardRecord(
        remote_id="3", name="Help Desk", is_active=False, is_project=True, location="Tampa", department="Services"
    )
    assert mapping.status(loaded(cw.Status, "small", "status"), "3") == StatusRecord(
        remote_id="31", remote_updated_at=at("2026-01-01T00:00:00"), board_id="3", name="Completed",
        is_closed=False, is_default=True, is_active=False, sort_order=4,
    )  # fmt: skip
    assert mapping.category(loaded(cw.Category, "small", "subtype"), "3") == CategoryRecord(
        remote_id="6", board_id="3", name="Mail", parent_ids=["5", "31"]
    )
    assert mapping.team(loaded(cw.Team, "small", "team"), "3") == TeamRecord(
        remote_id="8", board_id="3", name="First line", member_ids=["4", "9"]
    )
    assert mapping.priority(loaded(cw.Priority, "small", "priority")) == PriorityRecord(
        remote_id="2", name="Priority 2", color="#FF8800", level="High", sort_order=2
    )
    assert mapping.company_status(loaded(cw.CompanyStatus, "small", "company_status")) == CompanyStatusRecord(
        remote_id="1", name="Active", is_default=True
    )
    assert mapping.company_type(loaded(cw.CompanyType, "small", "company_type")) == CompanyTypeRecord(
        remote_id="2", name="Vendor", is_vendor=True
    )


def test_a_member_has_the_mail_address_chosen_as_default() -> None:
    assert mapping.member(loaded(cw.Member, "small", "member")) == MemberRecord(
        remote_id="9", identifier="asmith", name="Ann Smith", email="ann@home.example", title="Engineer",
        is_active=False, time_zone="US Eastern",
    )  # fmt: skip
    assert mapping.member(cw.Member(id=1, identifier="api")).name == "api"


def test_a_site() -> None:
    assert mapping.site(loaded(cw.Site, "small", "site"), "250") == SiteRecord(
        remote_id="3", company_id="250", name="Main", address_line1="Ring 1", city="Köln", state="NW",
        postal_code="50667", phone="0221 x9", time_zone="Berlin", is_primary=True,
    )  # fmt: skip


def test_a_time_entry() -> None:
    assert mapping.time_entry(loaded(cw.TimeEntry, "small", "time_entry")) == TimeEntryRecord(
        remote_id="70", remote_updated_at=at("2026-11-20T09:21:00"), ticket_id="4711", member_id="9",
        member_name="Ann Smith", started_at=at("2026-11-20T08:00:00"), ended_at=at("2026-11-20T09:15:00"), hours=1.25,
        billable="Billable", work_type="Remote", work_role="Engineer", notes="Looked.", internal_notes="Odd.",
        body_format="markdown", remote_created_at=at("2026-11-20T09:20:00"),
    )  # fmt: skip


def test_a_note() -> None:
    assert mapping.note(loaded(cw.Note, "small", "note"), "4711") == NoteRecord(
        remote_id="90", remote_updated_at=at("2026-11-20T08:00:00"), ticket_id="4711", text="Done.", body_format="markdown", kind="resolution",
        author="Ann Smith", member_id="9", remote_created_at=at("2026-11-20T08:00:00"),
    )  # fmt: skip


@pytest.mark.parametrize(("flag", "said"), [(None, "markdown"), (True, "markdown"), (False, "plain")])
def test_a_note_is_markdown_unless_the_server_says_that_it_is_not(flag: bool | None, said: str) -> None:
    assert mapping.note(cw.Note(id=1, text="**Done**", is_markdown_flag=flag), "1").body_format == said


@pytest.mark.parametrize(
    ("discussion", "internal", "resolution", "kind", "is_internal"),
    [
        (True, False, False, "discussion", False),
        (False, True, False, "internal", True),
        (True, True, False, "internal", False),
        (False, True, True, "resolution", False),
        (False, False, False, "discussion", False),
    ],
)
def test_a_notes_kind_and_who_sees_it(
    discussion: bool, internal: bool, resolution: bool, kind: str, is_internal: bool
) -> None:
    row = cw.Note(id=1, detail_description_flag=discussion, internal_analysis_flag=internal, resolution_flag=resolution)
    record = mapping.note(row, "1")
    assert (record.kind, record.is_internal) == (kind, is_internal)


def test_times_without_a_zone_are_utc() -> None:
    row = msgspec.json.decode(
        b'{"id":1,"closedDate":"2026-01-02T03:04:05","_info":{"lastUpdated":"2026-01-02T03:04:05+02:00"}}',
        type=cw.Ticket,
    )
    record = mapping.ticket(row)
    assert record.closed_at == at("2026-01-02T03:04:05")
    assert record.remote_updated_at == at("2026-01-02T01:04:05")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("\u200bSite\u200d code\ufeff", "Site code"),
        ("  A \u00a0 B\n", "A B"),
        ("Größe – 数", "Größe – 数"),
        (None, ""),
        ("\u202eabc", "abc"),
    ],
)
def test_captions_lose_what_cannot_be_seen(text: str | None, clean: str) -> None:
    assert clean_caption(text) == clean


@pytest.mark.parametrize(
    ("screen", "described", "record"),
    [
        ("sr100", "Service Ticket", "tickets"),
        ("ct300", "Contact", "contacts"),
        ("xx1", "Company", "companies"),
        ("cf1", "Configuration", "assets"),
        ("ag1", "Agreement", "agreements"),
        (None, None, "other"),
    ],
)
def test_a_definition_says_of_which_records_it_is(screen: str | None, described: str | None, record: str) -> None:
    options = [
        cw.FieldOption(option_value="b", sort_order=2),
        cw.FieldOption(option_value="a", sort_order=1),
        cw.FieldOption(option_value="old", inactive_flag=True),
    ]
    row = cw.FieldDefinition(
        id=7, caption="Kind\u200b", screen_id=screen, screen_description=described, field_type_identifier="Text",
        entry_type_identifier="List", options=options,
    )  # fmt: skip
    assert definition(row) == CustomField(remote_id="7", caption="Kind", kind="list", record=record, options=["a", "b"])
