"""One ticket and its story; open tickets in figures."""

from __future__ import annotations

import datetime as dt

import pytest

from foundation.ledger.models import JournalEntry
from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from tests.tickets.factories import (
    NOON,
    hours_before,
    make_board,
    make_company,
    make_member,
    make_note,
    make_status,
    make_ticket,
    make_time,
)
from tickets.models import Ticket
from tickets.selectors import open_by_company, open_figures, ticket_get, ticket_history, ticket_story, tickets_related
from tickets.selectors.export import COLUMNS, ticket_rows
from tickets.selectors.filters import TicketFilters

pytestmark = pytest.mark.usefixtures("in_tenant")


def test_notes_and_time_are_one_story_the_oldest_first(connection: Connection) -> None:
    ticket = make_ticket(connection)
    make_note(ticket, "third", remote_created_at=hours_before(1))
    make_note(ticket, "first", kind="internal", is_internal=True, remote_created_at=hours_before(3))
    make_note(ticket, "gone", removed_at=NOON)
    make_time(
        ticket, 1.5, notes="second", internal_notes="not for them", started_at=hours_before(2), billable="Billable"
    )
    make_note(make_ticket(connection), "of another ticket")
    story = ticket_story(ticket)
    assert [(m.kind, m.text) for m in story] == [("internal", "first"), ("time", "second"), ("discussion", "third")]
    assert (story[1].hours, story[1].billable, story[1].internal_text) == (1.5, "Billable", "not for them")


def test_the_story_says_what_its_texts_are_written_in_and_on_which_day_was_worked(connection: Connection) -> None:
    ticket = make_ticket(connection, description="<p>It burns.</p>", body_format="html")
    make_note(ticket, "**Done**", body_format="markdown", remote_created_at=hours_before(2))
    make_time(ticket, 1, worked_on=NOON.date(), started_at=None, remote_created_at=hours_before(1))
    story = ticket_story(ticket)
    assert [(m.kind, m.body_format) for m in story] == [
        ("description", "html"),
        ("discussion", "markdown"),
        ("time", "plain"),
    ]
    assert (story[2].worked_on, story[2].started_at) == (NOON.date(), None)


def test_the_story_begins_with_the_description_and_says_nothing_twice(connection: Connection) -> None:
    ticket = make_ticket(
        connection,
        description="It burns.",
        resolution="Put out.",
        contact_name="Zoë",
        closed_by="Ada",
        closed_at=hours_before(2),
    )
    make_note(ticket, "before it was opened", remote_created_at=hours_before(9))
    make_note(ticket, "after", remote_created_at=hours_before(1))
    told = [(m.kind, m.author, m.text) for m in ticket_story(ticket)]
    assert [told[0], told[2]] == [("description", "Zoë", "It burns."), ("resolution", "Ada", "Put out.")]
    assert [text for _, _, text in told] == ["It burns.", "before it was opened", "Put out.", "after"]
    make_note(ticket, " It burns.\n", kind="description", remote_created_at=hours_before(0))
    assert [m.text for m in ticket_story(ticket)] == [" It burns.\n", "before it was opened", "Put out.", "after"]
    assert ticket_story(make_ticket(connection, description=None, resolution=None)) == []


def test_history_tells_fields_in_words_the_newest_first(connection: Connection) -> None:
    ticket = make_ticket(connection)
    base = {
        "organization_id": connection.organization_id,
        "connection_id": connection.pk,
        "stream": "tickets",
        "record_id": ticket.pk,
    }
    JournalEntry.objects.create(**base, at=hours_before(2), remote_id="1", action="created", run_id=4)
    before, after = {"owner_name": "", "owner_remote_id": None}, {"owner_name": "Ada", "owner_remote_id": "7"}
    JournalEntry.objects.create(**base, at=NOON, remote_id="1", action="updated", before=before, after=after, run_id=5)
    history = ticket_history(ticket)
    assert [(c.action, c.run, c.fields) for c in history] == [
        ("Updated", 5, (("Owner", "", "Ada"),)),
        ("Created", 4, ()),
    ]


def test_parents_children_and_merged_tickets_are_found_within_the_connection(connection: Connection) -> None:
    parent = make_ticket(connection)
    child = make_ticket(connection, parent_ticket_remote_id=parent.remote_id)
    merged = make_ticket(connection, merged_into_remote_id=parent.remote_id)
    assert tickets_related(child) == {"parent": [parent], "merged_into": [], "children": [], "merged": []}
    assert tickets_related(merged)["merged_into"] == [parent]
    assert tickets_related(parent) == {"parent": [], "merged_into": [], "children": [child], "merged": [merged]}


def test_a_removed_ticket_is_readable_and_a_foreign_one_is_not(
    connection: Connection, other_organization: Organization
) -> None:
    ticket = make_ticket(connection, removed_at=NOON)
    assert ticket_get(ticket.pk).removed_at == NOON
    with tenant_transaction(other_organization.pk), pytest.raises(Ticket.DoesNotExist):
        ticket_get(ticket.pk)


def test_figures_add_up(connection: Connection) -> None:
    board, member = make_board(connection), make_member(connection)
    status = make_status(connection, board, "New")
    for days in (0, 1, 3, 4, 7, 8, 30, 31):
        at = NOON - dt.timedelta(days=days)
        make_ticket(connection, remote_created_at=at, board=board, status=status, owner=member if days < 5 else None)
    make_ticket(connection, remote_created_at=NOON, owner_remote_id="404", owner_name="Not synced")
    make_ticket(connection, is_closed=True)
    figures = open_figures(NOON.replace(hour=0))
    assert (figures.total, figures.unassigned) == (9, 4)
    assert [f.value for f in figures.by_age] == [2, 2, 2, 2, 1]
    assert [(f.label, f.value) for f in figures.by_status] == [("New", 8), ("Unknown status", 1)]
    assert [(f.label, f.value) for f in figures.by_board] == [("Service desk", 8), ("No board", 1)]
    assert [(f.label, f.value, f.key) for f in figures.by_technician] == [
        ("Unassigned", 4, "none"),
        ("Ada Byrne", 4, member.pk),
        ("Somebody not synced", 1, None),
    ]


def test_many_bars_are_summed_up(connection: Connection) -> None:
    for i in range(11):
        make_ticket(connection, board=make_board(connection, f"Board {i:02}"))
    bars = open_figures(NOON).by_board
    assert (len(bars), bars[-1].label, bars[-1].value, bars[-1].rest) == (9, "3 others", 3, True)


def test_open_tickets_are_counted_by_company(connection: Connection) -> None:
    busy, idle = make_company(connection, "Busy"), make_company(connection, "Idle")
    for closed in (False, False, True):
        make_ticket(connection, company=busy, is_closed=closed)
    assert open_by_company([busy.pk, idle.pk]) == {busy.pk: 2}


def test_the_file_has_every_row_of_the_list_in_its_order(connection: Connection) -> None:
    made = [make_ticket(connection, f"Ticket {i}", remote_updated_at=hours_before(i)) for i in range(5)]
    make_ticket(connection, is_closed=True)
    rows, cursor = ticket_rows(TicketFilters(), None, 3, tuple(COLUMNS))
    rest, _ = ticket_rows(TicketFilters(), cursor, 3, tuple(COLUMNS))
    assert [row[0] for row in [*rows, *rest]] == [ticket.pk for ticket in made]
    assert rows[0][list(COLUMNS).index("summary")] == "Ticket 0"
