"""Not known is not empty: what a refused look-up would have named stays as it is, in the merge and in all that agrees with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from django.db import connection as database

from foundation.ledger.merge import BEFORE_AND_AFTER, MergeContext, MergeCounts, changed_sql, merge, remove
from foundation.ledger.models import JournalEntry
from foundation.tenancy.models import Organization
from integrations.models import Connection
from integrations.records import Record, StatusRecord, TicketRecord
from sync.columns import field_of
from sync.engine.audit.compare import differing
from sync.engine.check import report
from sync.engine.read.due_parents import CHANGED
from sync.streams import TARGETS, stage, staged_row, unstage
from tickets.models import Status, Ticket

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
Land = Callable[..., MergeCounts]
TOLD = TicketRecord(
    remote_id="7",
    remote_updated_at=NOON,
    summary="Printer on fire",
    status_id="3",
    status_name="New",
    owner_id="9",
    owner_name="Ada",
    custom_fields={"1": {"caption": "Floor", "type": "text", "value": "4"}},
)
NOT_TOLD: dict[str, Any] = {"status_id": None, "status_name": "", "custom_fields": {}}
"""What a refused look-up leaves of these fields."""


def partly(record: TicketRecord = TOLD, **more: Any) -> TicketRecord:
    """The record as it comes while the look-up of statuses and custom fields is refused."""
    return msgspec.structs.replace(record, **NOT_TOLD, unknown_fields=tuple(NOT_TOLD), **more)


@pytest.fixture
def land(in_tenant: Organization, connection: Connection) -> Land:
    """``land(record)`` stages and merges as one run, each an hour after the last."""
    runs = iter(range(1, 1000))

    def merged(*records: Record, stream: str = "tickets", full: bool = False) -> MergeCounts:
        run = next(runs)
        context = MergeContext(in_tenant.pk, connection.pk, run, full=full, journal_run_id=run)
        stage(TARGETS[stream], context, 1, [(record, True) for record in records], NOON + run * HOUR)
        counts = merge(TARGETS[stream], context)
        unstage(context, [stream])
        return counts

    land_status = StatusRecord(remote_id="3", board_id="1", name="New")
    merged(land_status, stream="statuses")
    return merged


def stored() -> tuple[Any, ...]:
    row = Ticket.objects.get()
    return row.summary, row.status_id, row.status_remote_id, row.status_name, row.owner_name, row.custom_fields


@pytest.mark.parametrize("full", [False, True])
def test_a_record_that_differs_in_unknown_fields_alone_is_not_written(land: Land, full: bool) -> None:
    land(TOLD)
    before = list(Ticket.objects.values())
    assert land(partly(), full=full) == MergeCounts(unchanged=1)
    assert list(Ticket.objects.values()) == before
    assert land(TOLD, full=full) == MergeCounts(unchanged=1)
    assert JournalEntry.objects.filter(stream="tickets").count() == 1


@pytest.mark.parametrize("full", [False, True])
def test_what_is_known_is_updated_and_what_is_not_stays(land: Land, full: bool) -> None:
    land(TOLD)
    status = Status.objects.get()
    newer = partly(summary="Printer out", remote_updated_at=NOON + HOUR)
    assert land(newer, full=full) == MergeCounts(updated=1)
    assert stored() == ("Printer out", status.pk, "3", "New", "Ada", TOLD.custom_fields)
    entry = JournalEntry.objects.latest("id")
    assert (entry.before, entry.after) == ({"summary": "Printer on fire"}, {"summary": "Printer out"})
    assert land(newer, full=full) == MergeCounts(unchanged=1)


@pytest.mark.parametrize("full", [False, True])
def test_when_the_look_up_works_again_only_what_changed_is_written(land: Land, full: bool) -> None:
    land(TOLD)
    newer = partly(summary="Printer out", remote_updated_at=NOON + HOUR)
    land(newer)
    same = msgspec.structs.replace(TOLD, summary="Printer out", remote_updated_at=NOON + HOUR)
    assert land(same, full=full) == MergeCounts(unchanged=1)
    other = msgspec.structs.replace(same, status_id="4", status_name="Closed")
    assert land(other, full=full) == MergeCounts(updated=1)
    assert stored()[1:4] == (None, "4", "Closed")
    assert land(other, full=full) == MergeCounts(unchanged=1)


def test_where_nothing_is_stored_the_unknown_is_empty_and_filled_in_later(land: Land) -> None:
    assert land(partly()) == MergeCounts(created=1)
    assert stored() == ("Printer on fire", None, None, "", "Ada", {})
    assert land(partly()) == MergeCounts(unchanged=1)
    assert land(TOLD) == MergeCounts(updated=1)
    assert stored()[1:4] == (Status.objects.get().pk, "3", "New")
    assert land(TOLD) == MergeCounts(unchanged=1)


def test_a_record_that_comes_back_keeps_what_was_known_of_it(
    land: Land, in_tenant: Organization, connection: Connection
) -> None:
    land(TOLD)
    context = MergeContext(in_tenant.pk, connection.pk, 99)
    remove(TARGETS["tickets"], context, "true", reason="gone", removed_at="%(at)s", at=NOON + HOUR)
    assert land(partly()) == MergeCounts(updated=1)
    assert stored()[2:4] == ("3", "New")


def test_two_records_of_a_page_may_have_different_unknown_fields(land: Land) -> None:
    other = msgspec.structs.replace(TOLD, remote_id="8", owner_name="Bob")
    land(TOLD, other)
    first = partly(summary="One", remote_updated_at=NOON + HOUR)
    second = msgspec.structs.replace(
        other, summary="Two", owner_id=None, owner_name="", unknown_fields=("owner_id", "owner_name")
    )
    assert land(first, second) == MergeCounts(updated=2)
    rows = Ticket.objects.order_by("remote_id").values_list("summary", "status_name", "owner_name")
    assert list(rows) == [("One", "New", "Ada"), ("Two", "New", "Bob")]


def test_a_field_that_no_store_knows_hinders_nothing(land: Land) -> None:
    land(TOLD)
    assert land(msgspec.structs.replace(TOLD, unknown_fields=("remote_id", "colour"))).updated == 0
    assert stored()[3] == "New"


EMPTY: dict[str, Any] = {"text": "", "jsonb": {}, "boolean": False, "text[]": []}


@pytest.mark.parametrize("stream", TARGETS)
def test_every_column_of_every_stream_may_be_unknown(
    stream: str, in_tenant: Organization, connection: Connection
) -> None:
    target = TARGETS[stream]
    shape = msgspec.defstruct(
        "Any", [(field_of(name), Any) for name in target.names], bases=(Record,), frozen=True, kw_only=True
    )
    values = {field_of(name): EMPTY.get(kind, 1 if kind == "integer" else None) for name, kind in target.columns}
    told = shape(remote_id="1", **values)
    for run, record in enumerate((told, msgspec.structs.replace(told, unknown_fields=tuple(values))), start=1):
        context = MergeContext(in_tenant.pk, connection.pk, run, page=1, journal_run_id=run)
        stage(target, context, 1, [(record, True)], NOON + run * HOUR)
        assert merge(target, context) == (MergeCounts(created=1) if run == 1 else MergeCounts(unchanged=1))


def staged(connection: Connection, record: Record, *, run: int) -> MergeContext:
    """The record in staging, to be looked at."""
    context = MergeContext(connection.organization_id, connection.pk, run, journal_run_id=run)
    stage(TARGETS["tickets"], context, 1, [(record, True)], NOON + run * HOUR)
    return context


@pytest.mark.parametrize(
    ("record", "after"),
    [
        (partly(), []),
        (partly(summary="Printer out"), [{"summary": "Printer out"}]),
        (partly(summary="Printer out", owner_name="Bob"), [{"summary": "Printer out", "owner_name": "Bob"}]),
    ],
)
def test_a_preview_names_what_the_merge_would_write(
    land: Land, connection: Connection, record: TicketRecord, after: list[dict[str, str]]
) -> None:
    land(TOLD)
    context = staged(connection, record, run=500)
    sql = f"WITH {changed_sql(TARGETS['tickets'], context)} SELECT d.after FROM changed c LEFT JOIN LATERAL {BEFORE_AND_AFTER} d ON true"
    with database.cursor() as cursor:
        cursor.execute(sql, context.parameters(names=list(TARGETS["tickets"].names)))
        assert [msgspec.json.decode(row[0]) for row in cursor.fetchall()] == after
    assert merge(TARGETS["tickets"], context).updated == len(after)


def row_of(record: TicketRecord) -> dict[str, Any]:
    """A staged record as the report reads it back."""
    names = ("remote_id", "remote_updated_at", "fetched_at", "content_hash", "in_scope", "unknown_columns")
    values = staged_row(TARGETS["tickets"], record, (), NOON, in_scope=True)
    return dict(zip((*names, *TARGETS["tickets"].names), values, strict=True)) | {"custom_fields": "{}"}


@pytest.mark.parametrize(
    ("mine", "theirs", "verdict", "fields"),
    [
        (partly(), partly(), "same", ()),
        (partly(), TOLD, "same", ()),
        (partly(summary="Other"), TOLD, "differs", ("summary",)),
        (partly(), partly(summary="Other"), "differs", ("summary",)),
        (partly(), partly(remote_updated_at=NOON + HOUR), "newer", ()),
    ],
)
def test_the_report_compares_what_is_known(
    mine: TicketRecord, theirs: TicketRecord, verdict: str, fields: tuple[str, ...]
) -> None:
    found = report.judged(TARGETS["tickets"], row_of(mine), theirs)
    assert (found.verdict, found.fields) == (verdict, fields)


def test_an_audit_compares_what_is_known() -> None:
    target = TARGETS["tickets"]
    row = staged_row(target, partly(summary="Other"), (), NOON, in_scope=True)
    assert differing(target, row_of(TOLD), row) == ("summary",)


@pytest.mark.parametrize(
    ("here", "read", "again"),
    [
        (TOLD, TOLD, False),
        (TOLD, partly(), False),
        (TOLD, partly(remote_updated_at=NOON + HOUR), True),
        (TOLD, msgspec.structs.replace(TOLD, summary="Other"), True),
        (partly(), TOLD, False),
    ],
)
def test_children_of_a_parent_are_not_read_again_because_a_look_up_is_refused(
    land: Land, connection: Connection, here: TicketRecord, read: TicketRecord, again: bool
) -> None:
    land(here)
    context = staged(connection, read, run=500)
    sql = f"SELECT {CHANGED} FROM {TARGETS['tickets'].staging} p JOIN tickets_ticket t USING (connection_id, remote_id)"
    with database.cursor() as cursor:
        cursor.execute(f"{sql} WHERE p.run_id = %(run)s", context.parameters())
        assert cursor.fetchone()[0] is again
