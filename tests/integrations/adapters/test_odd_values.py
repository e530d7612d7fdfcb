"""Every field of every stream of every system, with each odd value in its place: read as bytes by the adapter, behind the boundary."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pytest

from integrations.port import Page, Remark
from integrations.records import Record
from integrations.registry import providers
from tests.integrations.adapters.collections_read import COLLECTIONS, OPENED, Collection, Served, served
from tests.integrations.adapters.odd_values import (
    ABSENT,
    BOUNDED,
    FINE,
    FIRST_ID,
    LEFT_OUT,
    VALUES,
    Field,
    groups_of,
    whole,
    with_values,
)

ROW_OF = re.compile(r"(?:7-|r|s)?(\d+)(?:\.-?\d+)?")
"""A record's own number in its id: behind its ticket's or a prefix, before its line's."""


@pytest.fixture(scope="module")
def systems() -> Iterator[dict[str, Served]]:
    with served("connectwise") as first, served("halo") as second, served("autotask") as third:
        yield {one.system: one for one in (first, second, third)}


def test_every_stream_of_every_system_is_among_them() -> None:
    streams = {(entry.key, spec.name) for entry in providers() if entry.key in OPENED for spec in entry.streams}
    assert {(one.system, one.stream) for one in COLLECTIONS} == streams


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda collection: collection.name)
def test_an_odd_value_costs_itself_and_is_named(collection: Collection, systems: dict[str, Served]) -> None:
    wrong = [
        said
        for group in groups_of(collection.payload, collection.identifier)
        for said in found_wrong(collection, group, systems[collection.system])
    ]
    assert wrong == []


def found_wrong(collection: Collection, group: list[Field], system: Served) -> list[str]:
    """What is not as the table says. The records must be, field by field, those of rows that say the same as the vendor documents it."""
    plain = whole(collection.payload, collection.hints)
    ids = range(FIRST_ID, FIRST_ID + len(VALUES))
    first, *rows, last = (plain | {collection.identifier: number} for number in range(ids[0] - 1, ids[-1] + 2))
    odd, documented = [], []
    for row, name in zip(rows, VALUES, strict=True):
        odd.append(with_values(row, [(one.path, VALUES[name]) for one in group]))
        documented.append(with_values(row, [one.meant(name)[:2] for one in group]))
    around = [msgspec.json.encode(row) for row in (first, last)]
    page, expected = (system.read(collection, [around[0], *between, around[1]]) for between in (odd, documented))
    found, due = by_row(page), by_row(expected)
    said, known = remarks_by_row(page), remarks_by_row(expected)
    wrong = [f"refused: {entry}" for entry in page.rejected]
    for number in (ids[0] - 1, ids[-1] + 1):
        if found.get(number) != due.get(number) or said.get(number):
            wrong.append(f"an undisturbed row is another: {found.get(number)} {said.get(number)}")
    for number, name in zip(ids, VALUES, strict=True):
        if found.get(number) != due.get(number):
            wrong.append(f"{name}: {differences(found.get(number), due.get(number))} of {[one.name for one in group]}")
        new = [remark for remark in said.get(number, []) if remark not in known.get(number, [])]
        wrong += [
            f"{name} in {one.name} is not {one.meant(name)[2]}: {new}" for one in group if not is_said(one, name, new)
        ]
    return wrong


def differences(found: list[Record] | None, due: list[Record] | None) -> object:
    """The fields that are not equal, for people."""
    if found is None or due is None or len(found) != len(due):
        return f"{found} is not {due}"
    return [
        (name, getattr(one, name), getattr(other, name))
        for one, other in zip(found, due, strict=True)
        for name in one.__struct_fields__
        if getattr(one, name) != getattr(other, name)
    ]


def by_row(page: Page) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = {}
    for record in page.records:
        found.setdefault(row_of(record.remote_id), []).append(record)
    return found


def remarks_by_row(page: Page) -> dict[int, list[Remark]]:
    found: dict[int, list[Remark]] = {}
    for remark in page.remarks:
        if remark.remote_id:
            found.setdefault(row_of(remark.remote_id), []).append(remark)
    return found


def row_of(remote_id: str) -> int:
    found = ROW_OF.fullmatch(remote_id)
    assert found is not None, remote_id
    return int(found[1])


def is_said(field: Field, name: str, remarks: list[Remark]) -> bool:
    """Whether what the page says of the field is what it should say."""
    how, said = field.meant(name)[2], [remark for remark in remarks if is_named(remark.field, field)]
    if how in (FINE, BOUNDED):
        return not said
    return bool(said) and (how == LEFT_OUT) == any(not remark.understood for remark in said)


def is_named(said: str, field: Field) -> bool:
    """Whether it is the field, what it is in, or a place in it."""
    return said == field.name or any(
        longer.startswith(shorter) and longer[len(shorter)] in ".["
        for shorter, longer in ((said, field.name), (field.name, said))
        if shorter and len(longer) > len(shorter)
    )


NO_ID = ["null", '"x"', "true", "7.5", "[]", "{}", '[{"a": 1}]', '""', '"  "', "1e400", "NaN", r'"\ud83d"', r'"\u0000"']
AS_TEXT = {'"x"', "7.5", "1e400", "NaN", r'"\u0000"'}
"""What is an id where ids are texts, or one that is said twice."""


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda collection: collection.name)
def test_a_row_whose_id_cannot_be_read_costs_itself_and_is_named(
    collection: Collection, systems: dict[str, Served]
) -> None:
    plain, identifier = whole(collection.payload, collection.hints), collection.identifier
    bad = [raw for raw in NO_ID if identifier != "value" or raw not in AS_TEXT]
    rows = [msgspec.json.encode(plain | {identifier: FIRST_ID})]
    rows += [with_values(plain, [((identifier,), raw)]) for raw in [*bad, ABSENT]]
    rows += [msgspec.json.encode(plain | {identifier: FIRST_ID + 1})]
    page = systems[collection.system].read(collection, [*rows, b"7", b"null", b'"row"', b"[]"])
    assert sorted({row_of(record.remote_id) for record in page.records}) == [FIRST_ID, FIRST_ID + 1]
    assert len(page.rejected) == len(bad) + 5
    assert all(entry.message for entry in page.rejected)
    assert not [remark for remark in page.remarks if remark.remote_id]


def items(*rows: str) -> str:
    return f'{{"items": [{", ".join(rows)}], "pageDetails": {{"count": 1, "nextPageUrl": null}}}}'


BESIDE: list[tuple[str, str, str, str]] = [
    (
        "connectwise opportunities /sales/opportunities",
        "/10/forecast",
        '{"forecastRevenueTotals": {"revenue": "much"}}',
        "10 revenue",
    ),
    ("connectwise items /service/boards/7/items", "Associations", '[{"id": 3, "item": 5}]', "3 item"),
    ("connectwise items /service/boards/7/items", "Associations", '[{"id": null}]', "a id"),
    ("halo members /Agent", "/Agent/10", '{"id": 10, "email": ["a"]}', "10 email"),
    ("halo tickets /Tickets", "/FieldInfo", '[{"id": 3, "usage": 1, "label": ["a"]}]', "3 label"),
    ("halo assets /Asset", "/AssetType", '[{"id": 1}, {"id": "none"}]', "none id"),
    ("autotask tickets /Tickets/query", "/Resources/query", items('{"id": 7, "firstName": ["a"]}'), "7 firstName"),
    ("autotask tickets /Tickets/query", "/Companies/query", items('{"id": 7, "companyName": ["a"]}'), "7 companyName"),
    ("autotask time_entries /TimeEntries/query", "/Roles/query", items('{"id": 7, "name": {}}'), "7 name"),
    (
        "autotask invoices /Invoices/query",
        "/BillingItems/query",
        items('{"id": 5, "invoiceID": 10, "rate": "x"}'),
        "5 rate",
    ),
    (
        "autotask agreement_additions /ContractServices/query",
        "/ContractServiceUnits/query",
        items('{"id": 5, "contractServiceID": 10, "units": "x"}'),
        "5 units",
    ),
    (
        "autotask tickets /Tickets/query",
        "/Tickets/entityInformation/fields",
        '{"fields": [{"name": "source", "picklistValues": [{"value": "4", "label": []}]}]}',
        "4 label",
    ),
]
"""What records get values from that is asked for beside them: (collection, path, an answer with an odd value, what is said)."""


@pytest.mark.parametrize(("name", "path", "answer", "named"), BESIDE, ids=lambda value: value[:60])
def test_an_odd_value_of_what_is_asked_for_beside_a_page_is_named_too(
    name: str, path: str, answer: str, named: str, systems: dict[str, Served]
) -> None:
    collection = next(one for one in COLLECTIONS if one.name == name)
    system = systems[collection.system]
    hints = {**collection.hints, "email": None}
    row = whole(collection.payload, hints) | {collection.identifier: FIRST_ID}
    system.beside = {path: answer.encode()}
    try:
        page = system.read(collection, [msgspec.json.encode(row)])
    finally:
        system.beside = {}
    assert [row_of(record.remote_id) for record in page.records] == [FIRST_ID]
    said = [f"{remark.remote_id} {remark.message}" for remark in page.remarks if not remark.understood]
    where, _, what = named.rpartition(" ")
    assert any(where in one and what in one for one in said), said
    assert bool(page.incomplete) == (path == "/AssetType")
