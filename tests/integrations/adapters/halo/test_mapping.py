"""From Halo's rows to records."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from integrations.adapters.halo import actions, mapping
from integrations.adapters.halo import payloads as halo
from integrations.adapters.halo.custom_fields import custom_values, definition
from integrations.adapters.halo.mapping import Names
from integrations.adapters.halo.questions import questions_of, written
from integrations.adapters.halo.streams import SOURCES
from integrations.port import ReadRequest, Scope

TICKET = b"""{"id": 1234, "summary": "Printer on fire", "tickettype_id": 1, "status_id": 2, "sla_id": 1, "priority_id": 3,
"client_id": 12.0, "client_name": "Acme", "site_id": 15.0, "site_name": "HQ", "user_id": 77, "user_name": "Jo User",
"team": "1st Line Support", "agent_id": 5, "categoryid_1": 101, "category_1": "Hardware>Printer",
"dateoccurred": "2026-02-10T08:59:58.123", "dateclosed": "1899-12-30T00:00:00", "hasbeenclosed": null,
"lastactiondate": "2026-02-10T09:00:00.1", "last_update": "2026-02-10T09:05:00.1", "merged_into_id": 0, "unknown": [1]}"""
NAMES = Names(
    types={1: "Incident"},
    statuses={2: "In Progress"},
    priorities={(1, 3): "Medium", (3, 3): "Alert Medium"},
    agents={5: "Ada Ivanova"},
    teams={"1st Line Support": 4},
)


def naive(year: int, month: int, day: int) -> dt.datetime:
    """A time as Halo writes it: without a zone."""
    return dt.datetime(year, month, day, tzinfo=dt.UTC).replace(tzinfo=None)


def ticket(**changes: object) -> halo.Ticket:
    row = msgspec.json.decode(TICKET, type=halo.Ticket)
    return msgspec.structs.replace(row, **changes)


def test_a_ticket_gets_the_names_of_its_ids() -> None:
    found = mapping.ticket(ticket(), NAMES)
    assert (found.board_id, found.board_name) == ("1", "Incident")
    assert (found.status_id, found.status_name, found.is_closed) == ("2", "In Progress", False)
    assert (found.priority_id, found.priority_name) == ("3", "Medium")
    assert (found.team_id, found.team_name) == ("4", "1st Line Support")
    assert (found.owner_id, found.owner_name) == ("5", "Ada Ivanova")
    assert (found.company_id, found.site_id, found.contact_id) == ("12", "15", "77")
    assert (found.type_id, found.type_name) == ("101", "Hardware>Printer")
    assert found.merged_into_id is None


def test_details_are_the_description_and_absent_ones_are_none() -> None:
    assert mapping.ticket(ticket(details="It burns."), NAMES).description == "It burns."
    assert [mapping.ticket(ticket(details=text), NAMES).description for text in ("", None)] == [None, None]


def test_times_are_utc_and_dates_of_long_ago_are_none() -> None:
    found = mapping.ticket(ticket(), NAMES)
    assert found.remote_created_at == dt.datetime(2026, 2, 10, 8, 59, 58, 123000, dt.UTC)
    assert found.remote_updated_at == dt.datetime(2026, 2, 10, 9, 5, 0, 100000, dt.UTC)
    assert found.closed_at is None
    for year in (1, 1899, 1900, 1901, 1980):
        assert mapping.utc(naive(year, 1, 1)) is None


def test_either_spelling_of_the_stamp_counts_and_the_last_action_where_there_is_neither() -> None:
    later = naive(2026, 3, 1)
    assert mapping.changed(ticket(lastupdate=later)) == later.replace(tzinfo=dt.UTC)
    alone = ticket(last_update=None, lastactiondate=later)
    assert mapping.changed(alone) == later.replace(tzinfo=dt.UTC)


def test_the_unassigned_agent_is_nobody() -> None:
    assert mapping.ticket(ticket(agent_id=1), NAMES).owner_id is None


def test_closed_is_what_halo_says_and_not_the_absence_of_an_answer() -> None:
    closed = mapping.ticket(ticket(hasbeenclosed=True, dateclosed=naive(2026, 2, 11)), NAMES)
    assert (closed.is_closed, closed.closed_at) == (True, dt.datetime(2026, 2, 11, tzinfo=dt.UTC))


@pytest.mark.parametrize(
    ("value", "expected"), [(10.0, 10), ("10", 10), ("95.0", 95), (0, None), ("x", None), (None, None)]
)
def test_ids_are_read_however_they_are_written(value: halo.Number | None, expected: int | None) -> None:
    assert halo.number(value) == expected


def test_an_action_with_time_is_a_time_entry_and_one_without_a_note() -> None:
    rows = [
        halo.Action(id=1, note="It burns", who="Jo User", actionby_user_id=77),
        halo.Action(id=2, note="Put out", who="Ada", who_agentid=5, timetaken=0.5, hiddenfromuser=True),
        halo.Action(id=3, note="  "),
        halo.Action(id=4, note="Ours alone", who="Ada", who_agentid=5, hiddenfromuser=True),
    ]
    notes, times = actions.notes(rows, "9"), actions.times(rows, "9")
    assert [(n.remote_id, n.kind, n.member_id, n.contact_id) for n in notes] == [
        ("9-1", "discussion", None, "77"),
        ("9-4", "internal", "5", None),
    ]
    assert [(t.remote_id, t.hours, t.notes, t.internal_notes) for t in times] == [("9-2", 0.5, "", "Put out")]


@pytest.mark.parametrize(
    ("text", "html", "expected"),
    [
        ("Plain", "<p>Rich</p>", ("<p>Rich</p>", "html")),
        ("Plain", " ", ("Plain", "plain")),
        ("<div class='a'>Rich</div>", None, ("<div class='a'>Rich</div>", "html")),
        ("a < b and c > d, <user@example.com>", None, ("a < b and c > d, <user@example.com>", "plain")),
        (None, None, ("", "plain")),
    ],
)
def test_a_text_knows_whether_it_is_html(text: str | None, html: str | None, expected: tuple[str, str]) -> None:
    row = halo.Action(id=1, note=text, note_html=html)
    note, entry = actions.note(row, "9"), actions.time_entry(row, "9")
    described = mapping.ticket(ticket(details=text, details_html=html), NAMES)
    assert (note.text, note.body_format) == (entry.notes, entry.body_format) == expected
    assert (described.description or "", described.body_format) == expected


def test_custom_fields_keep_the_words_of_a_choice() -> None:
    values = [
        halo.CustomValue(id=210, label="Alert id", type=0, value="abc"),
        halo.CustomValue(id=211, label="Environment", type=2, value="3", display="Production"),
        halo.CustomValue(
            id=212, label="Systems", type=3, value=[{"id": 1, "name": "Mail"}, {"id": 2, "name": "Files"}]
        ),
        halo.CustomValue(id=213, label="Empty", type=0, value=None),
        halo.CustomValue(id=214, label="Secret", type=0, value="hush", isencrypted=True),
        halo.CustomValue(id=215, label="\u200bVIP", type=6, value=False),
    ]
    found = custom_values(values, None)
    assert {key: field["value"] for key, field in found.items()} == {
        "210": "abc",
        "211": "Production",
        "212": ["Mail", "Files"],
        "215": False,
    }
    assert found["215"]["caption"] == "VIP"
    assert set(custom_values(values, frozenset({"211"}))) == {"211"}


@pytest.mark.parametrize(
    ("value", "display", "expected"),
    [
        ([{"id": 1, "name": "Mail"}, {"id": 3}], None, ["Mail", "3"]),
        ("1,3", None, ["Mail", "Files"]),
        ("1, 3", "Post, Akten", ["Post", "Akten"]),
        ("1,3", "Mail", "Mail"),
        ("1,9", None, ["Mail", "9"]),
        ("3", None, "Files"),
        (3, "Akten", "Akten"),
        ("", None, None),
    ],
)
def test_several_choices_are_a_list_of_their_texts(value: object, display: str | None, expected: object) -> None:
    field = halo.CustomValue(id=212, label="Systems", type=3, value=value, display=display)
    found = custom_values([field], None, {212: {"1": "Mail", "3": "Files"}})
    assert found == ({} if expected is None else {"212": {"caption": "Systems", "type": "list", "value": expected}})


def test_a_contact_with_a_last_name_alone_has_the_first_name_of_its_whole_name() -> None:
    found = mapping.contact(halo.User(id=1, name="John Smith", firstname="", surname="Smith"))
    assert (found.first_name, found.last_name) == ("John", "Smith")
    assert mapping.member(halo.Agent(id=5, name=" ", firstname="Ada", surname="Byrne"), "").name == "Ada Byrne"


def test_only_fields_of_tickets_are_offered_for_tickets() -> None:
    assert definition(halo.FieldDefinition(id=1, name="CFx", usage=1)).record == "tickets"
    assert definition(halo.FieldDefinition(id=2, name="CFy", usage=2)).record == "other"


def test_a_moment_is_sent_in_utc_with_milliseconds() -> None:
    east = dt.timezone(dt.timedelta(hours=2))
    assert written(dt.datetime(2026, 10, 3, 8, 24, 10, 967_400, east)) == "2026-10-03T06:24:10.967Z"
    with pytest.raises(ValueError, match="zone"):
        written(naive(2026, 10, 3))


def test_a_range_is_asked_for_as_what_is_open_what_was_closed_in_it_and_what_changed_meanwhile() -> None:
    scope = Scope(board_ids=("3", "1"), changed_after=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    asked = questions_of(SOURCES["tickets"], ReadRequest(stream="tickets", scope=scope))
    assert [dict(question.params) for question in asked] == [
        {"requesttype": "1,3", "open_only": "true"},
        {"requesttype": "1,3", "closed_only": "true", "lastupdatefromdate": "2026-01-01T00:00:00.000Z"},
        {},
    ]
    assert asked[2].late


def test_changes_since_a_moment_are_asked_for_a_second_earlier_and_of_all_boards() -> None:
    since = dt.datetime(2026, 1, 1, 12, 0, 5, 900_000, dt.UTC)
    request = ReadRequest(stream="tickets", since=since, scope=Scope(board_ids=("1",)))
    (asked,) = questions_of(SOURCES["tickets"], request)
    assert asked.params == {"lastupdatefromdate": "2026-01-01T12:00:04.000Z"}
    assert asked.since == since.replace(microsecond=0)
