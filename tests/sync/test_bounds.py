"""What is staged fits into the store: texts are cut, numbers left out, each is said, and nothing else is touched."""

from __future__ import annotations

import datetime as dt
import random
import string
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.models import Company, Contact, Opportunity, Product
from foundation.ledger.merge import MergeContext, merge
from foundation.tenancy.models import Organization
from integrations.client_records import OpportunityRecord, ProductRecord
from integrations.models import Connection
from integrations.port import Remark
from integrations.records import (
    BoardRecord,
    CompanyRecord,
    ContactRecord,
    NoteRecord,
    PriorityRecord,
    Record,
    TicketRecord,
    TimeEntryRecord,
)
from integrations.registry import providers
from sync.bounds import INDEXED_BYTES, LIST_LENGTH, MORE, TEXT_BYTES, bounds_of
from sync.columns import field_of
from sync.streams import TARGETS, Staged, stage, staged_row
from tickets.models import Board, Note, Priority, Ticket, TimeEntry

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
Land = Callable[..., Staged]


@pytest.fixture
def land(in_tenant: Organization, connection: Connection) -> Land:
    """``land("boards", record)`` stages and merges, and gives what staging said."""
    runs = iter(range(1, 1000))

    def landed(stream: str, *records: Record) -> Staged:
        run = next(runs)
        context = MergeContext(in_tenant.pk, connection.pk, run, page=1, journal_run_id=run)
        done = stage(
            TARGETS[stream], context, 1, [(record, True) for record in records], NOON + run * dt.timedelta(hours=1)
        )
        merge(TARGETS[stream], context)
        return done

    return landed


def noise(length: int, seed: int = 1) -> str:
    """A text that no compression makes shorter."""
    return "".join(random.Random(seed).choices(string.ascii_letters + string.digits, k=length))


def said(staged: Staged) -> list[tuple[str, str, str]]:
    return [(one.remote_id, one.field, one.message) for one in staged.remarks]


# --- texts --------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        r"\u0000",
        r"C:\u0000\new",
        r"\\u0000",
        r"\\\u0000",
        "\x00",
        "a\x00\x00b",
        "\\\x00",
        "\\\\\x00u0000",
        '"\x00"',
        r"\u0000" + "\x00",
        "\\u0000\x00\\u0000",
    ],
)
def test_a_nul_goes_and_what_only_looks_like_one_stays(land: Land, text: str) -> None:
    fields = {"1": {"caption": text, "type": "Text", "value": [text]}, text: {"value": "in a key"}}
    done = land("tickets", TicketRecord(remote_id="7", summary=text, custom_fields=fields))
    row, clean = Ticket.objects.get(), text.replace("\x00", "")
    assert (done.rows, done.rejected, done.remarks) == (1, [], [])
    assert row.summary == clean
    assert row.custom_fields == {
        "1": {"caption": clean, "type": "Text", "value": [clean]},
        clean: {"value": "in a key"},
    }


@given(st.text(alphabet='\\u0\x00"a', max_size=12))
def test_no_text_is_changed_but_for_its_nuls(text: str) -> None:
    row = staged_row(TARGETS["boards"], BoardRecord(remote_id="1", name=text), (), NOON, in_scope=True)
    assert row[6:][TARGETS["boards"].names.index("name")] == text.replace("\x00", "")


def test_texts_that_a_list_is_sorted_by_are_cut_to_what_an_index_holds(land: Land) -> None:
    long = noise(20_000)
    done = land("companies", CompanyRecord(remote_id="1", name=long, identifier=long))
    row = Company.objects.get()
    assert row.name == long[: INDEXED_BYTES - len(MORE.encode())] + MORE
    assert row.identifier == long
    assert said(done) == [("1", "name", "Name is 20,000 bytes long: it is cut at 1,200.")]


def test_two_long_names_that_share_an_index_fit_into_it(land: Land) -> None:
    done = land("contacts", ContactRecord(remote_id="1", first_name=noise(5000), last_name=noise(5000, 2)))
    row = Contact.objects.get()
    assert [len(name.encode()) for name in (row.first_name, row.last_name)] == [INDEXED_BYTES, INDEXED_BYTES]
    assert [field for _, field, _ in said(done)] == ["first_name", "last_name"]


@pytest.mark.parametrize("text", ["é" * 5000, "🐢" * 5000, "a" + "é" * 5000])
def test_a_text_is_cut_between_characters(land: Land, text: str) -> None:
    land("companies", CompanyRecord(remote_id="1", name=text))
    kept = Company.objects.get().name
    assert len(kept.encode()) <= INDEXED_BYTES
    assert text.startswith(kept.removesuffix(MORE))


def test_a_body_of_a_megabyte_stays_and_a_longer_one_is_cut(land: Land) -> None:
    whole, longer = noise(TEXT_BYTES), noise(2 * TEXT_BYTES)
    first = land("notes", NoteRecord(remote_id="1", ticket_id="7", text=whole))
    second = land("notes", NoteRecord(remote_id="2", ticket_id="7", text=longer))
    kept = dict(Note.objects.values_list("remote_id", "text"))
    assert (kept["1"], first.remarks) == (whole, [])
    assert kept["2"] == longer[: TEXT_BYTES - len(MORE.encode())] + MORE
    assert said(second) == [("2", "text", "Text is 2,000,000 bytes long: it is cut at 1,000,000.")]


def test_a_record_that_was_cut_is_unchanged_when_it_comes_again(
    land: Land, in_tenant: Organization, connection: Connection
) -> None:
    record = CompanyRecord(remote_id="1", name=noise(5000))
    land("companies", record)
    for full in (False, True):
        context = MergeContext(in_tenant.pk, connection.pk, 500 + full, page=1, full=full)
        stage(TARGETS["companies"], context, 1, [(record, True)], NOON + dt.timedelta(days=1))
        assert merge(TARGETS["companies"], context).unchanged == 1


def test_what_a_vendor_writes_longer_than_expected_is_kept(land: Land) -> None:
    land("priorities", PriorityRecord(remote_id="1", name="High", color="linear-gradient(90deg, #ff0000, #00ff00)"))
    land("tickets", TicketRecord(remote_id="1", summary="x", record_type="ProjectTicketWithAVeryLongNameIndeed"))
    assert Priority.objects.get().color == "linear-gradient(90deg, #ff0000, #00ff00)"
    assert Ticket.objects.get().record_type == "ProjectTicketWithAVeryLongNameIndeed"


# --- numbers and structures -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "record", "model", "column", "left"),
    [
        ("priorities", PriorityRecord(remote_id="1", name="x", sort_order=2**40), Priority, "sort_order", 0),
        (
            "opportunities",
            OpportunityRecord(remote_id="1", name="x", probability=-(2**31) - 1),
            Opportunity,
            "probability",
            None,
        ),
        ("products", ProductRecord(remote_id="1", name="x", unit_price=Decimal("1e18")), Product, "unit_price", None),
        ("products", ProductRecord(remote_id="1", name="x", unit_price=Decimal("NaN")), Product, "unit_price", None),
        ("tickets", TicketRecord(remote_id="1", summary="x", budget_hours=float("inf")), Ticket, "budget_hours", None),
        ("time_entries", TimeEntryRecord(remote_id="1", ticket_id="1", hours=float("nan")), TimeEntry, "hours", None),
    ],
)
def test_a_number_that_no_column_holds_is_left_out(
    land: Land, stream: str, record: Record, model: Any, column: str, left: Any
) -> None:
    done = land(stream, record)
    assert getattr(model.objects.get(), column) == left
    words = column.replace("_", " ").capitalize()
    assert said(done) == [("1", column, f"{words} is no number that can be stored: it is left out.")]


def test_the_largest_numbers_that_fit_are_kept(land: Land) -> None:
    done = land("priorities", PriorityRecord(remote_id="1", name="x", sort_order=2**31 - 1))
    done2 = land("products", ProductRecord(remote_id="1", name="x", unit_price=Decimal("999999999999999999.999999")))
    assert (Priority.objects.get().sort_order, done.remarks, done2.remarks) == (2**31 - 1, [], [])
    assert Product.objects.get().unit_price == Decimal("999999999999999999.999999")


def test_a_structure_that_is_too_long_is_left_out(land: Land) -> None:
    fields = {"1": {"caption": "x", "type": "Text", "value": noise(TEXT_BYTES)}}
    done = land("tickets", TicketRecord(remote_id="1", summary="kept", custom_fields=fields))
    row = Ticket.objects.get()
    assert (row.summary, row.custom_fields) == ("kept", {})
    assert said(done) == [("1", "custom_fields", "Custom fields is longer than 1,000,000 bytes: it is left out.")]


def test_a_list_of_too_many_entries_is_cut(land: Land) -> None:
    done = land(
        "companies", CompanyRecord(remote_id="1", name="x", type_names=[str(n) for n in range(LIST_LENGTH + 5)])
    )
    assert Company.objects.get().type_names == [str(n) for n in range(LIST_LENGTH)]
    assert said(done) == [("1", "type_names", "Type names has 10,005 entries: the first 10,000 are kept.")]


def test_a_value_of_another_type_costs_its_record_alone(land: Land) -> None:
    odd: Any = {"name": 5}
    done = land(
        "boards", BoardRecord(remote_id="1", name="fine"), BoardRecord(remote_id="2", **odd | {"name": {1, object}})
    )
    assert (done.rows, [one.remote_id for one in done.rejected]) == (1, ["2"])
    assert done.rejected[0].message.startswith(
        "This record can't be stored. It has a value of another type than its field's ("
    )
    assert Board.objects.get().name == "fine"


# --- every column of every stream -----------------------------------------------------------------------------------------------------------

HUGE: dict[str, Any] = {
    "text": noise(1_500_000),
    "jsonb": {"a": noise(1_500_000)},
    "boolean": True,
    "integer": 2**63,
    "numeric": Decimal("1e40"),
    "double precision": float("nan"),
    "date": dt.date(2026, 1, 1),
    "timestamp with time zone": NOON,
    "text[]": ["x"] * 20_000,
}


def kinds_of_record() -> dict[str, type[Record]]:
    return {spec.name: spec.record for provider in providers() for spec in provider.streams}


@pytest.mark.parametrize("stream", TARGETS)
def test_no_value_of_any_column_hinders_its_record(stream: str, land: Land, in_tenant: Organization) -> None:
    target, kind = TARGETS[stream], kinds_of_record()[stream]
    values = {
        field_of(name): "1" if name in target.identifiers else HUGE[sql.partition("(")[0]]
        for name, sql in target.columns
    }
    empty = {one.name: "x" for one in msgspec.structs.fields(kind) if one.required}
    done = land(stream, kind(**empty | values | {"remote_id": "1"}))
    assert (done.rows, done.rejected) == (1, [])
    bounds = bounds_of(target)
    bounded = [position for position, _ in (*bounds.numbers, *bounds.texts)] + [*bounds.lists, *bounds.structures]
    assert sorted(one.field for one in done.remarks) == sorted(target.names[position] for position in bounded)


def test_a_remark_is_of_its_record() -> None:
    remarks: list[Remark] = []
    record = CompanyRecord(remote_id="77", name=noise(5000))
    staged_row(TARGETS["companies"], record, (), NOON, in_scope=True, remarks=remarks)
    assert [one.remote_id for one in remarks] == ["77"]
