"""Odd values in rows of all three systems: the record lands, the value is made to fit or left out, and the page says which."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from integrations.decoding.repair import Odd, fitted
from tests.integrations.decoding.vendors import AUTOTASK, HALO, VENDORS, Vendor

NOON = dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC)
MIDNIGHT = NOON.replace(hour=0, minute=0)
FINE, UNDERSTOOD, LEFT_OUT = "fine", "understood", "left out"
DEEP = "[" * 100_000 + "]" * 100_000
LONG = "x" * 100_000

CASES: dict[str, list[tuple[bytes | str, Any, str]]] = {
    "number": [
        ("7.5", 7.5, FINE),
        ("7", 7.0, FINE),
        ("null", None, FINE),
        ('""', None, FINE),
        ('"7.5"', 7.5, UNDERSTOOD),
        ('" 12 "', 12.0, UNDERSTOOD),
        ('"12.0"', 12.0, UNDERSTOOD),
        ('"1e2"', 100.0, UNDERSTOOD),
        ('"twelve"', None, LEFT_OUT),
        ('"1,5"', None, LEFT_OUT),
        ('"NaN"', None, LEFT_OUT),
        ("true", None, LEFT_OUT),
        ("[]", None, LEFT_OUT),
        ('{"value": 7.5}', None, LEFT_OUT),
        ("1e400", None, LEFT_OUT),
        ("1" * 400, None, LEFT_OUT),
        ("1" * 5000, None, LEFT_OUT),
        ("NaN", None, LEFT_OUT),
        ("Infinity", None, LEFT_OUT),
        ("-Infinity", None, LEFT_OUT),
        (DEEP, None, LEFT_OUT),
    ],
    "moment": [
        ('"2026-03-01T12:30:00Z"', NOON, FINE),
        ('"2026-03-01T12:30:00.0000000Z"', NOON, FINE),
        ('"2026-03-01T12:30:00"', NOON, FINE),
        ('"2026-03-01T12:30Z"', NOON, FINE),
        ('"2026-03-01 12:30"', NOON, FINE),
        ('" 2026-03- 01T12:30:00Z "', NOON, FINE),
        ('"2026-03-01T14:30:00+0200"', NOON, FINE),
        ('"2026-03-01"', MIDNIGHT, FINE),
        ('"/Date(1772368200000)/"', NOON, FINE),
        ("1772368200", NOON, FINE),
        ("1772368200000", NOON, FINE),
        ("null", None, FINE),
        ('""', None, FINE),
        ('"0000-00-00"', None, FINE),
        ('"0001-01-01T00:00:00"', None, FINE),
        ('"0001-01-01T00:00:00+02:00"', None, FINE),
        ('"1899-12-30T00:00:00Z"', None, FINE),
        ('"1900-01-01T00:00:00Z"', None, FINE),
        ('"9999-12-31T23:59:59.9999999"', None, FINE),
        ('"9999-12-31T23:59:59-08:00"', None, FINE),
        ('"10000-01-01T00:00:00Z"', None, LEFT_OUT),
        ('"9999-06-01T00:00:00Z"', None, LEFT_OUT),
        ('"2026-02-30T00:00:00Z"', None, LEFT_OUT),
        ('"03/01/2026"', None, LEFT_OUT),
        ('"soon"', None, LEFT_OUT),
        ("12", None, LEFT_OUT),
        ("false", None, LEFT_OUT),
        ('["2026-03-01"]', None, LEFT_OUT),
        ("{}", None, LEFT_OUT),
    ],
    "text": [
        ('"plain"', "plain", FINE),
        ('""', "", FINE),
        ("null", "", FINE),
        (f'"{LONG}"', LONG, FINE),
        (r'"a\u0000b"', "ab", FINE),
        (r'"\\u0000"', "\\u0000", FINE),
        (r'"\ud83d\ude00 \u202Eltr"', "\N{GRINNING FACE} \u202eltr", FINE),
        ('"tab\tand\nline"', "tab\tand\nline", FINE),
        ("4711", "4711", UNDERSTOOD),
        ("4711.0", "4711", UNDERSTOOD),
        ("0.5", "0.5", UNDERSTOOD),
        ("true", "", LEFT_OUT),
        ('["a"]', "", LEFT_OUT),
        ('{"text": "a"}', "", LEFT_OUT),
        (DEEP, "", LEFT_OUT),
        (r'"half \ud83d!"', "half \ufffd!", LEFT_OUT),
        (b'"caf\xe9"', "caf\ufffd", LEFT_OUT),
    ],
    "truth": [
        ("true", True, FINE),
        ("false", False, FINE),
        ("1", True, UNDERSTOOD),
        ("0", False, UNDERSTOOD),
        ('"true"', True, UNDERSTOOD),
        ('" No "', False, UNDERSTOOD),
        ('"maybe"', None, LEFT_OUT),
        ("2", None, LEFT_OUT),
        ("[]", None, LEFT_OUT),
        ("{}", None, LEFT_OUT),
    ],
    "reference": [
        ("29", "29", FINE),
        ("null", None, FINE),
        ('""', None, FINE),
        ('"29"', "29", UNDERSTOOD),
        ('" 29.0 "', "29", UNDERSTOOD),
        ("29.0", "29", FINE),
        ('"x"', None, LEFT_OUT),
        ("true", None, LEFT_OUT),
        ("29.5", None, LEFT_OUT),
        ("[29]", None, LEFT_OUT),
        ('{"id": 29}', None, LEFT_OUT),
        ("9" * 70, None, LEFT_OUT),
    ],
}
HALOS_OWN = {'"9999-06-01T00:00:00Z"'}


def test_the_table_is_of_sixty_values_and_more() -> None:
    assert sum(map(len, CASES.values())) >= 60


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.key)
@pytest.mark.parametrize("kind", CASES)
def test_each_odd_value_costs_itself_at_most_and_is_named(vendor: Vendor, kind: str) -> None:
    wire, ours = vendor.fields[kind]
    marker = vendor.fields["text" if kind != "text" else "number"]
    mark = "7.5" if kind == "text" else '"a mark"'
    rows = [
        b'{"id": %d, "%s": %s, "%s": %s}'
        % (
            number,
            wire.encode(),
            value if isinstance(value, bytes) else value.encode(),
            marker[0].encode(),
            mark.encode(),
        )
        for number, (value, _, _) in enumerate(CASES[kind], 1)
    ]
    page = vendor.read(vendor.wrapped(rows), Content_Type="application/json")
    assert page.rejected == []
    assert [record.remote_id for record in page.records] == [str(number) for number in range(1, len(rows) + 1)]
    assert {getattr(record, marker[1]) for record in page.records} == {7.5 if kind == "text" else "a mark"}
    said = {remark.remote_id: remark for remark in page.remarks}
    wrong = {}
    for record, (value, expected, how) in zip(page.records, CASES[kind], strict=True):
        found, remark = getattr(record, ours), said.get(record.remote_id)
        if kind == "truth" and not vendor.fields[kind][1].endswith("sla"):
            expected = bool(expected)
        told = FINE if remark is None else UNDERSTOOD if remark.understood else LEFT_OUT
        named = remark is None or value == DEEP or remark.field in (wire, ours)
        if (found, told, named) != (expected, how, True):
            wrong[str(value)[:40]] = (found, told, remark)
    assert wrong == {}


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.key)
def test_a_row_without_a_usable_id_is_rejected_and_costs_itself_alone(vendor: Vendor) -> None:
    odd = ["null", '"x"', "true", "1.5", "{}", "[]", '""', '[{"a": 1}]', DEEP]
    rows = [f'{{"id": {value}, "note": "odd"}}'.encode() for value in odd]
    rows += [
        b"{}",
        b"7",
        b"null",
        b'"row"',
        b"[1, 2]",
        b'{"id": 4, "summary": tru}',
        b'{"id": 5, "id": 6}',
        b'{"id": "9.0"}',
    ]
    page = vendor.read(vendor.wrapped([b'{"id": 3}', *rows, b'{"id": 7}', b'{"id": "08"}', b'{"id": 7}']))
    assert [record.remote_id for record in page.records] == ["3", "6", "9", "7", "8"]
    assert len(page.rejected) == len(odd) + 6
    assert [entry.remote_id for entry in page.rejected if entry.remote_id.isdecimal()] == ["4"]
    assert page.rows == len(rows) + (3 if vendor is HALO else 4), (
        "HaloPSA's lists overlap: a row that comes twice is counted once"
    )
    assert all(entry.message for entry in page.rejected)


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.key)
def test_custom_fields_of_another_shape_cost_themselves(vendor: Vendor) -> None:
    wire = {"connectwise": "customFields", "halo": "customfields", "autotask": "userDefinedFields"}[vendor.key]
    odd = ['"none"', "7", DEEP, "[[]]", '{"id": 1}', "[null]", '[{"id": [], "name": {}, "value": 1}]', "true"]
    rows = [f'{{"id": {number}, "{wire}": {value}}}'.encode() for number, value in enumerate(odd, 1)]
    page = vendor.read(vendor.wrapped(rows))
    assert page.rejected == []
    assert [(record.remote_id, getattr(record, "custom_fields", None)) for record in page.records] == [
        (str(number), {}) for number in range(1, len(odd) + 1)
    ]


def test_halo_takes_years_up_to_1980_for_no_date() -> None:
    rows = [f'{{"id": {year}, "deadlinedate": "{year}-05-03T10:00:00"}}'.encode() for year in (1850, 1980, 1981)]
    page = HALO.read(HALO.wrapped(rows))
    assert [getattr(record, "required_at", "").__class__.__name__ for record in page.records] == [
        "NoneType",
        "NoneType",
        "datetime",
    ]


class Item(msgspec.Struct):
    id: int | None = None
    name: str = ""


class Row(msgspec.Struct):
    items: list[Item] | None = None


@pytest.mark.parametrize(
    ("value", "found", "said"),
    [
        ([{"id": 1}], 1, []),
        ({"id": 1}, 1, ["was no list"]),
        ({"0": {"id": 1}}, 0, ["is no list: it was left out"]),
        ({}, 0, []),
        ("one", 0, ["is no list: it was left out"]),
        (None, 0, []),
    ],
)
def test_an_object_is_one_of_a_list_where_it_has_a_value_of_one(value: Any, found: int, said: list[str]) -> None:
    odd: list[Odd] = []
    row = fitted({"items": value}, Row, odd)
    assert len(row.items or []) == found
    assert [one.message for one in odd] == said


@pytest.mark.parametrize(("value", "named"), [("{}", False), ('""', False), ('{"0": 1}', True), ('"none"', True)])
def test_user_fields_of_another_shape_are_none_and_named_where_they_say_something(value: str, named: bool) -> None:
    page = AUTOTASK.read(AUTOTASK.wrapped([b'{"id": 7, "userDefinedFields": %s}' % value.encode()]))
    assert [(record.remote_id, record.custom_fields) for record in page.records] == [("7", {})]
    assert [(remark.remote_id, remark.field) for remark in page.remarks] == [("7", "userDefinedFields")] * named
