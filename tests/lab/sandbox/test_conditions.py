"""The filter language, on plain records."""

from __future__ import annotations

from typing import Any

import pytest

from lab.sandbox.connectwise.conditions import Clause, ConditionError, Moment, conjuncts, parsed
from lab.sandbox.connectwise.matching import test_of as build
from lab.sandbox.connectwise.shapes import SHAPES, UnknownName

RECORD: dict[str, Any] = {
    "id": 7,
    "summary": 'Drucker "Büro" [2] C:\\temp 100%',
    "board": {"id": 3, "name": "Help Desk"},
    "company": {"id": 250, "identifier": "Acme", "name": "Acme & Söhne"},
    "closedFlag": False,
    "budgetHours": 1.5,
    "requiredDate": "2026-02-01T00:00:00Z",
    "_info": {"lastUpdated": "2026-01-31T10:00:00Z", "updatedBy": "jdoe"},
}


def matches(text: str) -> bool:
    def resolve(name: str) -> Any:
        path = SHAPES["ticket"].path(name)
        return path.type, path.of

    node = parsed(text)
    assert node is not None
    return build(node, resolve)(RECORD)


@pytest.mark.parametrize(
    "text",
    [
        "id = 7",
        "id=7 and closedFlag=False",
        "id in (1, 7)",
        "id not in (1,2)",
        "id > 6 and id < 8 AND id >= 7 and id <= 7",
        "id != 8",
        'board/name = "help desk"',
        "board/name = 'HELP DESK'",
        "board/id in (1,2,3)",
        'company/identifier = "acme"',
        'summary contains "büro"',
        'summary like "Drucker*"',
        'summary like "%[[]2]%"',
        'summary contains "\\"Büro\\""',
        'summary contains "C:\\\\temp"',
        'summary not contains "Outlook"',
        'summary not like "Outlook%"',
        'summary in ("x", "y") or id = 7',
        "budgetHours >= 1.5",
        "contact/id = null",
        "owner/identifier = null and board/id != null",
        "closedFlag = false",
        "closedFlag != True",
        "lastUpdated >= [2026-01-31T10:00:00Z]",
        "lastUpdated > [2026-01-31T09:59:59Z]",
        "LastUpdated < [2026-02-01]",
        "requiredDate = [2026-02-01]",
        'updatedBy = "JDOE"',
        "id = 1 or id = 7 and closedFlag = False",
        "(id = 1 or id = 7) and (closedFlag = False or lastUpdated > [2030-01-01T00:00:00Z])",
    ],
)
def test_what_is_true_of_the_record_matches(text: str) -> None:
    assert matches(text)


@pytest.mark.parametrize(
    "text",
    [
        "id = 8",
        "(id = 7 or id = 1) and closedFlag = True",
        "id = 7 and closedFlag = True or id = 8",
        "lastUpdated > [2026-01-31T10:00:00Z]",
        'summary like "rucker"',
        "contact/id != 4",
        "contact/id not in (4)",
        'contactName not contains "x"',
        "contact/id < 4",
    ],
)
def test_what_is_not_true_or_compares_with_nothing_does_not_match(text: str) -> None:
    assert not matches(text)


@pytest.mark.parametrize(
    "text",
    [
        "id",
        "id =",
        "= 7",
        "id = 7 and",
        "id = 7 id = 8",
        "(id = 7",
        "id = 7)",
        "id in 7",
        "id in ()",
        "id not = 7",
        "id ~ 7",
        "id = 7abc",
        'summary = "open',
        "lastUpdated >= [2026-01-31T10:00:00.5Z]",
        "lastUpdated >= [2026-01-31T10:00:00+01:00]",
        "lastUpdated >= [yesterday]",
        "lastUpdated >= [2026-02-30]",
        'lastUpdated >= "2026-01-31"',
        'id = "7"',
        "summary = 7",
        "closedFlag = 1",
        "id contains 7",
        "summary < null",
    ],
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(ConditionError):
        matches(text)


@pytest.mark.parametrize(
    "name",
    ["resources/identifier", "board", "board/colour", "_info/lastUpdated", "customFields", "nonsense", "summary/id"],
)
def test_unknown_names_are_said(name: str) -> None:
    with pytest.raises(UnknownName, match=f"{name} is not a recognized name"):
        matches(f"{name} = null")


def test_only_what_every_match_satisfies_is_a_conjunct() -> None:
    node = parsed("id > 5 and (board/id = 1 or board/id = 2) and lastUpdated >= [2026-01-01]")
    assert list(conjuncts(node)) == [
        Clause("id", ">", 5),
        Clause("lastUpdated", ">=", Moment(1767225600)),
    ]
    assert list(conjuncts(parsed("id > 5 or id < 2"))) == []
    assert parsed("  ") is None
