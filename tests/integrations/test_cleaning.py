"""What of a record can be kept, whichever adapter it comes from."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from integrations.cleaning import DEEPEST_JSON, LONGEST_ID, MOST_ITEMS, cleaned
from integrations.client_records import InvoiceRecord, OpportunityRecord
from integrations.port import Rejected, Remark
from integrations.records import (
    CompanyRecord,
    ContactRecord,
    NoteRecord,
    Record,
    SiteRecord,
    StatusRecord,
    TicketRecord,
)
from sync.streams import TARGETS

NOON = dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC)
EAST = dt.timezone(dt.timedelta(hours=2))
FIELD = {"caption": "Since", "type": "date", "value": "2026-03-01T00:00:00Z"}
WHOLE = TicketRecord(
    remote_id="1",
    remote_updated_at=NOON,
    summary="Дом \N{GRINNING FACE}",
    board_id="3",
    closed_at=NOON,
    required_on=NOON.date(),
    budget_hours=1.5,
    custom_fields={"7": FIELD},
)


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def kept(record: Record) -> tuple[Record, list[Remark]]:
    found = cleaned(record)
    assert not isinstance(found, Rejected)
    return found


def test_a_clean_record_is_the_very_same() -> None:
    assert kept(WHOLE)[0] is WHOLE
    assert kept(WHOLE)[1] == []


CASES: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({"closed_at": NOON.astimezone(EAST)}, {"closed_at": NOON}, []),
    ({"closed_at": NOON.replace(tzinfo=None)}, {"closed_at": NOON}, []),
    ({"closed_at": dt.datetime(1900, 1, 1, tzinfo=dt.UTC)}, {"closed_at": None}, []),
    ({"closed_at": dt.datetime.max.replace(tzinfo=dt.UTC)}, {"closed_at": None}, []),
    ({"closed_at": dt.datetime(1850, 1, 1, tzinfo=dt.UTC)}, {"closed_at": None}, ["closed_at"]),
    ({"closed_at": dt.datetime(9999, 6, 1, tzinfo=dt.UTC)}, {"closed_at": None}, ["closed_at"]),
    ({"closed_at": "2026-03-01"}, {"closed_at": None}, ["closed_at"]),
    ({"remote_updated_at": dt.datetime(200, 1, 1, tzinfo=dt.UTC)}, {"remote_updated_at": None}, ["remote_updated_at"]),
    ({"required_on": dt.date(1, 1, 1)}, {"required_on": None}, []),
    ({"required_on": dt.date(1800, 1, 1)}, {"required_on": None}, ["required_on"]),
    ({"required_on": NOON}, {"required_on": NOON.date()}, []),
    ({"budget_hours": float("nan")}, {"budget_hours": None}, ["budget_hours"]),
    ({"budget_hours": float("inf")}, {"budget_hours": None}, ["budget_hours"]),
    ({"budget_hours": "7"}, {"budget_hours": None}, ["budget_hours"]),
    ({"is_closed": 1}, {"is_closed": False}, ["is_closed"]),
    ({"is_closed": None}, {"is_closed": False}, ["is_closed"]),
    ({"summary": "a\0b"}, {"summary": "ab"}, []),
    ({"summary": "half \ud83d"}, {"summary": "half \ufffd"}, []),
    ({"summary": 4711}, {"summary": ""}, ["summary"]),
    ({"summary": None}, {"summary": ""}, ["summary"]),
    ({"body_format": "rtf"}, {"body_format": "plain"}, ["body_format"]),
    ({"board_id": "x" * (LONGEST_ID + 1)}, {"board_id": None}, ["board_id"]),
    ({"board_id": "3\n4"}, {"board_id": None}, ["board_id"]),
    ({"board_id": 3}, {"board_id": None}, ["board_id"]),
    ({"custom_fields": {"7": FIELD | {"value": "1900-01-01T00:00:00"}}}, {"custom_fields": {}}, []),
    ({"custom_fields": {"7": FIELD | {"value": "0001-01-01"}, "8": FIELD}}, {"custom_fields": {"8": FIELD}}, []),
    ({"custom_fields": {"7": FIELD | {"type": "text", "value": "1900-01-01"}}}, None, []),  # type: ignore[list-item]
    *[
        ({"custom_fields": {"7": FIELD | {"type": kind, "value": value}}}, {"custom_fields": {}}, [])
        for kind in ("text", "unknown")
        for value in ("1900-01-01T00:00:00", "1899-12-30T00:00:00Z", "0001-01-01 00:00")
    ],
    ({"custom_fields": {"7": FIELD | {"type": "text", "value": "since 1900-01-01T00:00:00"}}}, None, []),  # type: ignore[list-item]
    ({"custom_fields": {"7": FIELD | {"type": "list", "value": "1900-01-01T00:00:00"}}}, None, []),  # type: ignore[list-item]
    (
        {"custom_fields": {"7": FIELD | {"type": "text", "value": "a\0\ud83d"}}},
        {"custom_fields": {"7": FIELD | {"type": "text", "value": "a\ufffd"}}},
        [],
    ),
    ({"custom_fields": {"7": "no field"}}, {"custom_fields": {}}, ["custom_fields"]),
    ({"custom_fields": {"7": FIELD | {"value": "x" * 2_000_000}}}, {"custom_fields": {}}, ["custom_fields"]),
    ({"custom_fields": []}, None, []),  # type: ignore[list-item]
]


@pytest.mark.parametrize(("odd", "expected", "left_out"), CASES)
def test_a_value_that_cannot_be_kept_costs_itself(
    odd: dict[str, Any], expected: dict[str, Any] | None, left_out: list[str]
) -> None:
    record = msgspec.structs.replace(WHOLE, **odd)
    found, remarks = kept(record)
    assert found == (record if expected is None else msgspec.structs.replace(WHOLE, **expected))
    assert [(remark.remote_id, remark.field, remark.understood) for remark in remarks] == [
        ("1", name, False) for name in left_out
    ]


def test_structure_is_bounded_in_depth_and_lists_in_number() -> None:
    found, _ = kept(msgspec.structs.replace(WHOLE, custom_fields={"7": FIELD | {"type": "text", "value": deep(900)}}))
    assert isinstance(found, TicketRecord)
    encoded = msgspec.json.encode(found.custom_fields)
    assert encoded.count(b"[") + encoded.count(b"{") == DEEPEST_JSON
    company, remarks = kept(CompanyRecord(remote_id="1", name="Many", type_names=["Type"] * (MOST_ITEMS + 5)))
    assert isinstance(company, CompanyRecord)
    assert len(company.type_names) == MOST_ITEMS
    assert [remark.field for remark in remarks] == ["type_names"]


@pytest.mark.parametrize(
    "remote_id", ["", "x" * (LONGEST_ID + 1), "1\n2", "1\0", "\ud83d", "1\ufffd", " 1", None, 7, ["1"]]
)
def test_a_record_without_a_usable_id_is_refused(remote_id: Any) -> None:
    found = cleaned(msgspec.structs.replace(WHOLE, remote_id=remote_id))
    assert isinstance(found, Rejected)
    assert found.message.startswith("Its remote_id is ")


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (NoteRecord(remote_id="1", ticket_id="1\n"), "ticket_id"),
        (SiteRecord(remote_id="1", name="Main", company_id="x" * 65), "company_id"),
        (StatusRecord(remote_id="1", name="New", board_id=5), "board_id"),  # type: ignore[arg-type]
    ],
)
def test_a_record_that_cannot_say_what_it_belongs_to_is_refused(record: Record, name: str) -> None:
    found = cleaned(record)
    assert isinstance(found, Rejected)
    assert found.message.startswith(f"Its {name} is ")


def test_amounts_and_numbers_are_bounded() -> None:
    invoice, remarks = kept(InvoiceRecord(remote_id="1", total=Decimal("1e300"), tax=Decimal("NaN"), paid=Decimal(5)))
    assert isinstance(invoice, InvoiceRecord)
    assert (invoice.total, invoice.tax, invoice.paid) == (None, None, Decimal(5))
    assert {remark.field for remark in remarks} == {"total", "tax"}
    deal, remarks = kept(OpportunityRecord(remote_id="1", name="Deal", probability=2**63))
    assert (getattr(deal, "probability", 0), [remark.field for remark in remarks]) == (None, ["probability"])


def test_samples_hold_no_address_and_stay_short() -> None:
    (remark,) = kept(msgspec.structs.replace(WHOLE, budget_hours="jo@example.com " * 1000))[1]
    assert "jo@example.com" not in remark.sample
    assert len(remark.sample) <= 80
    (long,) = kept(msgspec.structs.replace(WHOLE, budget_hours=list(range(10**6))))[1]
    assert len(long.sample) <= 80


def test_every_kind_of_record_that_has_a_store_can_be_cleaned() -> None:
    from integrations.registry import providers

    kinds = {spec.record for entry in providers() for spec in entry.streams}
    assert len(kinds) == len({target.stream for target in TARGETS.values()}) - 2, (
        "types, subtypes and items are one kind"
    )
    for kind in kinds:
        required = {
            name: "1"
            for name in kind.__struct_fields__
            if name in ("name", "identifier", "summary") or name.endswith("_id")
        }
        record = kind(**{"remote_id": "1"} | dict.fromkeys(required, "1"))
        assert kept(record) == (record, [])
        assert kept(ContactRecord(remote_id="1"))[1] == []
