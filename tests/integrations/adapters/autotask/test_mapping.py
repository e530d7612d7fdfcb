"""From payloads to records. Without I/O."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from integrations.adapters.autotask import mapping, picklists
from integrations.adapters.autotask import payloads as at
from integrations.adapters.autotask.custom_fields import clean_caption, custom_values, definitions, kind_of
from integrations.adapters.autotask.labels import Choice
from integrations.adapters.autotask.mapping import Names

UTC = dt.UTC
TICKET: dict[str, Any] = {
    "id": 100,
    "ticketNumber": "T20260604.0002",
    "title": "Monthly checkup",
    "description": "Check the backups.",
    "resolution": "",
    "companyID": 0,
    "companyLocationID": 55,
    "contactID": 29683586,
    "contractID": 29684183,
    "queueID": 29682833,
    "status": 5,
    "priority": 3,
    "issueType": 10,
    "subIssueType": 136,
    "ticketType": 1,
    "source": -1,
    "serviceLevelAgreementID": 1,
    "serviceLevelAgreementHasBeenMet": True,
    "assignedResourceID": 10,
    "creatorResourceID": 4,
    "completedByResourceID": 10,
    "completedDate": "2026-09-05T08:23:00.000Z",
    "createDate": "2026-08-18T01:00:00Z",
    "dueDateTime": "2026-09-07T01:00:00.0000000Z",
    "estimatedHours": 2.0,
    "lastActivityDate": "2026-09-23T11:00:00.123Z",
    "lastTrackedModificationDateTime": "2026-09-05T08:23:00.000Z",
    "lastActivityResourceID": 4,
    "problemTicketId": 99,
    "externalID": "",
    "userDefinedFields": [
        {"name": "Asset owner", "value": "IT"},
        {"name": "Level", "value": "2"},
        {"name": "Empty", "value": None},
        {"name": "status", "value": "its own"},
    ],
}


def picked(**lists: dict[int, str]) -> dict[str, dict[str, Choice]]:
    return {
        field.lower(): {str(value): Choice(value=str(value), label=label) for value, label in values.items()}
        for field, values in lists.items()
    }


NAMES = Names(
    picks=picked(
        queueID={29682833: "Level I"},
        status={5: "Complete"},
        priority={3: "Low"},
        issueType={10: "Hardware"},
        subIssueType={136: "Printer"},
        ticketType={1: "Service Request"},
        source={-1: "Insourced"},
        serviceLevelAgreementID={1: "Gold"},
    ),
    fields={
        "Level": at.Field(
            name="Level", type="integer", is_pick_list=True, picklist_values=[at.PickListValue(value="2", label="Two")]
        )
    },
    resources={10: at.Resource(id=10, first_name="Ada", last_name="Lund"), 4: at.Resource(id=4, first_name="Autotask")},
    companies={0: at.Named(id=0, company_name="The MSP")},
    contacts={
        29683586: at.Contact(
            id=29683586, first_name="Bo", last_name="Ek", email_address="bo@x.example", phone="1", extension="7"
        )
    },
    contracts={29684183: at.Named(id=29684183, contract_name="Managed")},
    helpers={100: [4, 99, 10], 101: [10]},
)


def payload(kind: Any, values: dict[str, Any]) -> Any:
    return msgspec.json.decode(msgspec.json.encode(values), type=kind)


def test_a_ticket_comes_with_all_that_its_numbers_stand_for() -> None:
    record = mapping.ticket(payload(at.Ticket, TICKET), NAMES)
    expected = {
        "remote_id": "100",
        "remote_updated_at": dt.datetime(2026, 9, 23, 11, 0, 0, 123_000, UTC),
        "summary": "Monthly checkup",
        "description": "Check the backups.",
        "resolution": None,
        "record_type": "Service Request",
        "board_id": "29682833",
        "board_name": "Level I",
        "status_id": "5",
        "status_name": "Complete",
        "priority_id": "3",
        "priority_name": "Low",
        "type_id": "10",
        "type_name": "Hardware",
        "subtype_id": "136",
        "subtype_name": "Printer",
        "owner_id": "10",
        "owner_name": "Ada Lund",
        "resources": "Autotask, Ada Lund",
        "company_id": "0",
        "company_name": "The MSP",
        "site_id": "55",
        "contact_id": "29683586",
        "contact_name": "Bo Ek",
        "contact_email": "bo@x.example",
        "contact_phone": "1 x7",
        "source": "Insourced",
        "sla": "Gold",
        "is_closed": True,
        "is_in_sla": True,
        "closed_at": dt.datetime(2026, 9, 5, 8, 23, tzinfo=UTC),
        "closed_by": "Ada Lund",
        "required_at": dt.datetime(2026, 9, 7, 1, tzinfo=UTC),
        "remote_created_at": dt.datetime(2026, 8, 18, 1, tzinfo=UTC),
        "entered_by": "Autotask",
        "updated_by": "Autotask",
        "budget_hours": 2.0,
        "parent_ticket_id": "99",
        "agreement": "Managed",
        "external_reference": "T20260604.0002",
        "custom_fields": {
            "Asset owner": {"caption": "Asset owner", "type": "unknown", "value": "IT"},
            "Level": {"caption": "Level", "type": "list", "value": "Two"},
            "status": {"caption": "status", "type": "unknown", "value": "its own"},
        },
    }
    assert {name: getattr(record, name) for name in expected} == expected


def test_a_ticket_of_numbers_alone_is_still_a_ticket() -> None:
    record = mapping.ticket(payload(at.Ticket, TICKET | {"status": 8}), Names(wanted_fields=frozenset()))
    assert (record.status_id, record.status_name, record.is_closed) == ("8", "", False)
    assert record.custom_fields == {}
    empty = mapping.ticket(payload(at.Ticket, {"id": 1}), Names())
    assert (empty.remote_id, empty.remote_updated_at, empty.company_id) == ("1", None, None)


@pytest.mark.parametrize(
    ("publish", "kind", "internal"),
    [(1, "discussion", False), (2, "internal", True), (4, "internal", True), (None, "discussion", False)],
)
def test_who_reads_a_note_is_its_publish(publish: int | None, kind: str, internal: bool) -> None:
    row = {
        "id": 1,
        "ticketID": 100,
        "title": "Re",
        "description": "Works.",
        "publish": publish,
        "createdByContactID": 29683586,
    }
    record = mapping.note(payload(at.TicketNote, row), NAMES)
    assert (record.kind, record.is_internal, record.author, record.text) == (kind, internal, "Bo Ek", "Re\n\nWorks.")
    assert (record.ticket_id, record.contact_id, record.member_id) == ("100", "29683586", None)


def test_a_time_entry_begins_when_it_says_and_its_day_stays_a_day() -> None:
    row = {"id": 4, "ticketID": 100, "resourceID": 10, "dateWorked": "2026-01-23T00:00:00.00Z", "hoursWorked": 1.5}
    record = mapping.time_entry(payload(at.TimeEntry, row | {"isNonBillable": True}), NAMES)
    assert (record.worked_on, record.started_at) == (dt.date(2026, 1, 23), None)
    assert (record.hours, record.billable) == (1.5, "Non-billable")
    timed = mapping.time_entry(payload(at.TimeEntry, row | {"startDateTime": "2026-01-23T10:00:00Z"}), NAMES)
    assert (timed.worked_on, timed.started_at) == (dt.date(2026, 1, 23), dt.datetime(2026, 1, 23, 10, tzinfo=UTC))


@pytest.mark.parametrize(("sent", "active"), [(1, True), (0, False), (True, True), (None, False)])
def test_a_contact_is_active_by_a_number_or_a_truth(sent: Any, active: bool) -> None:
    row = {"id": 1, "firstName": "Bo", "isActive": sent, "emailAddress2": "b@x.example", "mobilePhone": "06"}
    record = mapping.contact(payload(at.Contact, row), Names())
    assert (record.is_active, record.email, record.phone) == (active, "b@x.example", "06")
    assert record.emails == [{"type": "Email 2", "value": "b@x.example", "default": True}]


def test_a_company_keeps_its_own_stamp_and_says_whether_it_is_active() -> None:
    row = {"id": 0, "companyName": "MSP", "isActive": False, "lastActivityDate": "2026-02-01T00:00:00Z"}
    stamped = row | {"lastTrackedModifiedDateTime": "2026-01-01T00:00:00Z"}
    record = mapping.company(payload(at.Company, stamped), Names())
    assert (record.remote_id, record.status_name, record.remote_updated_at) == (
        "0",
        "Inactive",
        dt.datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert mapping.company(payload(at.Company, row), Names()).remote_updated_at == dt.datetime(2026, 2, 1, tzinfo=UTC)


def test_a_time_without_a_zone_is_utc() -> None:
    naive = dt.datetime(2026, 1, 1, 8, tzinfo=UTC).replace(tzinfo=None)
    assert mapping.utc(naive) == dt.datetime(2026, 1, 1, 8, tzinfo=UTC)


def test_pick_lists_become_tables_and_only_complete_closes() -> None:
    status = picklists.status(Choice(value="13", label="Closed by phone", sort_order=3))
    assert (status.remote_id, status.is_closed, status.board_id) == ("13", False, "")
    assert picklists.status(Choice(value="5", label="Erledigt")).is_closed
    assert picklists.category(Choice(value="136", label="Printer", parent="10")).parent_ids == ["10"]


def test_captions_lose_what_cannot_be_seen_and_types_have_our_words() -> None:
    assert clean_caption("\u200bSite\u00a0 class") == "Site class"
    assert [kind_of(at.Field(name="x", data_type=kind)) for kind in ("double", "datetime", "odd")] == [
        "number",
        "date",
        "unknown",
    ]
    [field] = definitions("Tickets", [at.Field(name="\u200bLevel", type="string")])
    assert (field.remote_id, field.caption, field.kind, field.record) == ("\u200bLevel", "Level", "text", "tickets")


def test_only_chosen_user_fields_are_kept() -> None:
    rows = payload(at.Ticket, TICKET).user_defined_fields
    assert list(custom_values(rows, {}, frozenset({"Level"}))) == ["Level"]


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("company_id", "companyID"),
        ("id", "id"),
        ("external_id", "externalID"),
        ("due_date_time", "dueDateTime"),
        ("address1", "address1"),
    ],
)
def test_fields_are_spelt_as_autotask_does(name: str, wire: str) -> None:
    assert at.wire_name(name) == wire


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1", "Gold"),
        (3, "Lead"),
        ("1,3", ["Gold", "Lead"]),
        (" 1 ; 3 ", ["Gold", "Lead"]),
        ([1, "3", 9], ["Gold", "Lead", "9"]),
        ("1,9", "1,9"),
        ("Rome, Italy", "Rome, Italy"),
    ],
)
def test_several_values_of_a_list_are_the_list_of_their_labels(value: Any, expected: Any) -> None:
    options = [at.PickListValue(value="1", label="Gold"), at.PickListValue(value=3, label="Lead")]
    field = at.Field(name="Metals", is_pick_list=True, picklist_values=options)
    found = custom_values([at.UserField(name="Metals", value=value)], {"Metals": field})
    assert found == {"Metals": {"caption": "Metals", "type": "list", "value": expected}}
