"""What a merge writes, what it leaves alone, and what the journal says of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import ProgrammingError, transaction
from django.db import connection as database
from django.utils import timezone

from clients.models import Company
from foundation.ledger.merge import MergeContext, MergeCounts, merge, relink, remove
from foundation.ledger.models import JournalEntry
from foundation.tenancy.models import Organization
from integrations.models import Connection
from integrations.records import BoardRecord, CompanyRecord, Record, StatusRecord, TicketRecord
from integrations.registry import providers
from sync.columns import field_of
from sync.streams import TARGETS, stage, unstage
from tests.tickets.factories import make_company, make_ticket
from tickets.models import Board, Status, Ticket

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
Land = Callable[..., MergeCounts]


@pytest.fixture
def land(in_tenant: Organization, connection: Connection) -> Land:
    """``land("boards", [record], fetched=NOON)`` stages and merges as one run's page."""
    runs = iter(range(1, 1000))

    def merged(stream: str, records: list[Record], *, fetched: dt.datetime = NOON, full: bool = False) -> MergeCounts:
        run = next(runs)
        context = MergeContext(in_tenant.pk, connection.pk, run, full=full, journal_run_id=run)
        stage(TARGETS[stream], context, 1, [(record, True) for record in records], fetched)
        counts = merge(TARGETS[stream], context)
        unstage(context, [stream])
        return counts

    return merged


def board(
    name: str = "Help Desk", *, updated: dt.datetime | None = NOON, remote_id: str = "1", **more: Any
) -> BoardRecord:
    return BoardRecord(remote_id=remote_id, remote_updated_at=updated, name=name, **more)


def test_a_new_record_is_created_and_journalled_without_a_copy(land: Land) -> None:
    assert land("boards", [board()]) == MergeCounts(created=1)
    entry = JournalEntry.objects.get()
    assert (entry.stream, entry.remote_id, entry.label, entry.action) == ("boards", "1", "Help Desk", "created")
    assert (entry.before, entry.after) == (None, None)


def test_the_journal_knows_a_record_by_the_first_200_characters_of_its_label(
    land: Land, in_tenant: Organization, connection: Connection
) -> None:
    land("boards", [board("😀" * 201)])
    land("boards", [board("😀" * 202)], fetched=NOON + dt.timedelta(hours=1))
    remove(TARGETS["boards"], MergeContext(in_tenant.pk, connection.pk, 99), "true", reason="gone")
    kept = JournalEntry.objects.order_by("pk").values_list("action", "label")
    assert list(kept) == [(action, "😀" * 200) for action in ("created", "updated", "removed")]


def test_the_same_again_writes_nothing(land: Land) -> None:
    land("boards", [board()])
    before = list(Board.objects.values())
    assert land("boards", [board()], fetched=NOON + dt.timedelta(hours=1)) == MergeCounts(unchanged=1)
    assert list(Board.objects.values()) == before
    assert JournalEntry.objects.count() == 1


def test_a_change_keeps_the_local_id_and_journals_the_fields_that_moved(land: Land) -> None:
    land("boards", [board()])
    local = Board.objects.get().pk
    later = NOON + dt.timedelta(minutes=1)
    assert land("boards", [board("Service Desk", updated=later)], fetched=later) == MergeCounts(updated=1)
    assert (Board.objects.get().pk, Board.objects.get().name) == (local, "Service Desk")
    entry = JournalEntry.objects.latest("id")
    assert (entry.before, entry.after) == ({"name": "Help Desk"}, {"name": "Service Desk"})


def test_an_older_version_changes_nothing(land: Land) -> None:
    land("boards", [board("New name", updated=NOON)])
    older = board("Old name", updated=NOON - dt.timedelta(seconds=1))
    assert land("boards", [older], fetched=NOON + dt.timedelta(hours=1)) == MergeCounts(unchanged=1)
    assert Board.objects.get().name == "New name"


def test_what_was_asked_for_after_the_row_was_written_is_newer_whatever_its_stamp(land: Land) -> None:
    land("boards", [board("Before the clock was set back", updated=NOON)])
    again = board("After", updated=NOON - dt.timedelta(hours=1))
    assert land("boards", [again], fetched=timezone.now() + dt.timedelta(seconds=1)) == MergeCounts(updated=1)
    assert (Board.objects.get().name, Board.objects.get().remote_updated_at) == ("After", NOON - dt.timedelta(hours=1))


def test_of_equal_stamps_the_later_fetch_wins(land: Land) -> None:
    land("boards", [board("First read")], fetched=NOON)
    assert land("boards", [board("Earlier read")], fetched=NOON - dt.timedelta(seconds=1)).updated == 0
    assert land("boards", [board("Later read")], fetched=NOON + dt.timedelta(seconds=1)).updated == 1
    assert Board.objects.get().name == "Later read"


def test_a_tombstone_outlives_older_news_and_yields_to_newer(
    land: Land, in_tenant: Organization, connection: Connection
) -> None:
    land("boards", [board()])
    context = MergeContext(in_tenant.pk, connection.pk, 99)
    parameters = {"gone_at": NOON + dt.timedelta(hours=1)}
    assert remove(TARGETS["boards"], context, "true", reason="gone", removed_at="%(gone_at)s", **parameters) == 1
    assert not Board.objects.exists()
    news = board("Again", updated=NOON + dt.timedelta(minutes=30))
    assert land("boards", [news], fetched=NOON + dt.timedelta(minutes=30)).updated == 0
    assert land("boards", [news], fetched=NOON + dt.timedelta(hours=2)).updated == 1
    assert Board.objects.get().name == "Again"
    assert JournalEntry.objects.latest("id").action == "restored"


def test_a_tombstone_has_the_time_of_its_removal_until_the_record_is_back(
    land: Land, in_tenant: Organization, connection: Connection
) -> None:
    land("boards", [board()])
    context = MergeContext(in_tenant.pk, connection.pk, 99)

    def removed(at: dt.datetime) -> int:
        return remove(TARGETS["boards"], context, "true", reason="gone", removed_at="%(at)s", at=at)

    gone = NOON + dt.timedelta(hours=1)
    assert (removed(gone), removed(gone + dt.timedelta(hours=1))) == (1, 0)
    assert Board.with_removed.get().removed_at == gone
    assert JournalEntry.objects.filter(action="removed").count() == 1
    land("boards", [board()], fetched=gone + dt.timedelta(seconds=1))
    assert Board.with_removed.get().removed_at is None
    remove(TARGETS["boards"], context, "true", reason="gone")
    with database.cursor() as cursor:
        cursor.execute("SELECT removed_at BETWEEN now() AND clock_timestamp() FROM tickets_board")
        assert cursor.fetchall() == [(True,)]


@pytest.mark.parametrize(("stored", "read"), [(None, None), (NOON, None), (None, NOON)])
def test_without_stamps_the_later_fetch_wins(land: Land, stored: dt.datetime | None, read: dt.datetime | None) -> None:
    land("boards", [board("First read", updated=stored)], fetched=NOON)
    earlier = board("Earlier read", updated=read)
    assert land("boards", [earlier], fetched=NOON - dt.timedelta(seconds=1)).updated == 0
    assert land("boards", [board("Later read", updated=read)], fetched=NOON + dt.timedelta(seconds=1)).updated == 1
    assert Board.objects.get().name == "Later read"


def test_a_doubled_record_of_a_page_counts_once_and_the_newer_one_stays(land: Land) -> None:
    newer = board("Newer", updated=NOON + dt.timedelta(seconds=5))
    assert land("boards", [newer, board("Older")]) == MergeCounts(created=1)
    assert Board.objects.get().name == "Newer"


def test_comparing_in_full_finds_what_the_hash_does_not(land: Land) -> None:
    land("boards", [board()])
    Board.objects.update(name="Altered here by hand")
    assert land("boards", [board()], fetched=NOON + dt.timedelta(seconds=1)).updated == 0
    assert land("boards", [board()], fetched=NOON + dt.timedelta(seconds=1), full=True).updated == 1
    assert Board.objects.get().name == "Help Desk"


def test_references_link_by_remote_id_and_what_arrives_late_is_linked_later(
    land: Land, in_tenant: Organization, connection: Connection
) -> None:
    ticket = TicketRecord(
        remote_id="7",
        remote_updated_at=NOON,
        summary="x",
        status_id="3",
        status_name="Neu",
        company_id="9",
        company_name="Acme",
    )
    land("statuses", [StatusRecord(remote_id="3", board_id="1", name="New")])
    land("tickets", [ticket])
    row = Ticket.objects.get()
    assert (row.status_id, row.company_id, row.company_remote_id, row.company_name, row.number) == (
        Status.objects.get().pk,
        None,
        "9",
        "Acme",
        7,
    )
    land("companies", [CompanyRecord(remote_id="9", name="Acme")])
    reference = next(r for r in TARGETS["tickets"].references if r.column == "company_id")
    assert relink(TARGETS["tickets"], [reference], MergeContext(in_tenant.pk, connection.pk, 1)) == 1
    assert Ticket.objects.get().company == Company.objects.get()


def test_references_are_linked_within_their_own_connection(in_tenant: Organization, connection: Connection) -> None:
    other = Connection.objects.create(organization_id=in_tenant.pk, provider="connectwise", name="Other")
    ours = make_ticket(connection, company_remote_id="9", company_name="Acme")
    theirs = make_ticket(other, company_remote_id="9", company_name="Acme")
    their_company = make_company(other, remote_id="9")
    reference = next(r for r in TARGETS["tickets"].references if r.column == "company_id")
    linked = relink(TARGETS["tickets"], [reference], MergeContext(in_tenant.pk, connection.pk, 1))
    assert (linked, Ticket.objects.exclude(company=None).exists()) == (0, False)
    our_company = make_company(connection, remote_id="9")
    assert relink(TARGETS["tickets"], [reference], MergeContext(in_tenant.pk, connection.pk, 1)) == 1
    assert dict(Ticket.objects.values_list("pk", "company_id")) == {ours.pk: our_company.pk, theirs.pk: None}
    assert relink(TARGETS["tickets"], [reference], MergeContext(in_tenant.pk, other.pk, 2)) == 1
    assert Ticket.objects.get(pk=theirs.pk).company_id == their_company.pk


def test_text_that_postgresql_cannot_store_is_cleaned_and_the_rest_kept(land: Land) -> None:
    hostile = "nul\x00 \\N \t tab, “quotes”, עברית, 👩‍👩‍👧, ' \" \\"
    land("boards", [board(hostile)])
    assert Board.objects.get().name == hostile.replace("\x00", "")


def test_the_journal_can_be_added_to_and_read_but_not_changed(land: Land) -> None:
    land("boards", [board()])
    for statement in ("UPDATE ledger_journalentry SET action = 'x'", "DELETE FROM ledger_journalentry"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            database.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_every_record_field_has_its_column_and_every_column_its_field() -> None:
    for provider in providers():
        for spec in provider.streams:
            fields = set(spec.record.__struct_fields__) - {
                "remote_id",
                "remote_updated_at",
                "unknown_fields",
                "is_deleted",
            }
            assert {field_of(name) for name in TARGETS[spec.name].names} == fields, spec.name
