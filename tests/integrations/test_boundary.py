"""On this side of the boundary there are records that can be kept and errors of one tree, whatever an adapter does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from integrations.boundary import MOST_REMARKS, bounded
from integrations.errors import AuthenticationFailed, IntegrationError, NotFound, ProtocolError
from integrations.noticing import noticing
from integrations.port import Budget, Metered, Page, ReadRequest, Rejected, Remark, Usage
from integrations.records import NoteRecord, TicketRecord
from tests.integrations.adapters.connectwise.collection import adapter_on
from tests.loopback import Loopback, json_reply

TICKETS = ReadRequest(stream="tickets")
SECRET = "api_key=hush-hush"


class Foreign:
    """An adapter from anywhere: what it gives is told by ``page``, ``record`` and ``counted``, errors are raised."""

    streams = ()
    budget = Budget()

    def __init__(self, given: Any = None) -> None:
        self.given = given

    def _give(self, *arguments: object) -> Any:
        if isinstance(self.given, BaseException):
            raise self.given
        return self.given

    probe = fingerprint = count = read_page = read_children = read_one = in_scope = custom_fields = page_url = _give

    def close(self) -> None:
        pass


class ForeignMetered(Foreign):
    def usage(self) -> Usage:
        found: Usage = self._give()
        return found


CALLS: dict[str, Callable[[Any], object]] = {
    "probe": lambda adapter: adapter.probe(),
    "fingerprint": lambda adapter: adapter.fingerprint(),
    "count": lambda adapter: adapter.count(TICKETS),
    "read_page": lambda adapter: adapter.read_page(TICKETS),
    "read_children": lambda adapter: adapter.read_children("notes", "7"),
    "read_one": lambda adapter: adapter.read_one("tickets", "7"),
    "in_scope": lambda adapter: adapter.in_scope(TicketRecord(remote_id="1", summary=""), None),
    "custom_fields": lambda adapter: adapter.custom_fields(),
    "page_url": lambda adapter: adapter.page_url("tickets", "7"),
    "usage": lambda adapter: adapter.usage(),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    "raised",
    [
        ValueError(SECRET),
        KeyError("x"),
        RecursionError(),
        OverflowError(),
        TypeError(),
        UnicodeDecodeError("utf-8", b"", 0, 1, ""),
    ],
)
def test_whatever_an_adapter_raises_is_an_error_of_the_tree(name: str, raised: Exception) -> None:
    with pytest.raises(ProtocolError) as caught:
        CALLS[name](bounded(ForeignMetered(raised)))
    assert caught.value.message.startswith("MSPortal did not understand what the system answered")
    assert caught.value.__cause__ is raised
    assert "hush-hush" not in caught.value.sample + caught.value.remote_message


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("raised", [NotFound("gone"), AuthenticationFailed("no")])
def test_its_own_errors_pass_as_they_are(name: str, raised: IntegrationError) -> None:
    with pytest.raises(IntegrationError) as caught:
        CALLS[name](bounded(ForeignMetered(raised)))
    assert caught.value is raised


def test_a_press_of_the_keyboard_is_no_odd_answer() -> None:
    with pytest.raises(KeyboardInterrupt):
        bounded(Foreign(KeyboardInterrupt())).read_page(TICKETS)


def test_only_what_is_metered_stays_metered() -> None:
    assert isinstance(bounded(ForeignMetered()), Metered)
    assert not isinstance(bounded(Foreign()), Metered)


@pytest.mark.parametrize("counted", [-1, "many", 1.5, 2**60])
def test_a_count_that_is_none_is_an_error(counted: object) -> None:
    with pytest.raises(ProtocolError, match="counts"):
        bounded(Foreign(counted)).count(TICKETS)


def test_a_page_is_cleaned_and_of_two_records_with_one_id_the_later_counts() -> None:
    page = Page(
        records=[
            TicketRecord(remote_id="1", summary="old"),
            TicketRecord(remote_id="", summary="nobody"),
            TicketRecord(remote_id="2", summary="odd", budget_hours=float("nan")),
            TicketRecord(remote_id="1", summary="new\0"),
        ],
        next=None,
        rejected=[Rejected(remote_id="9\0" * 60, message="a\0b", sample="\ud83d")],
        remarks=[Remark(remote_id="9" + "\ufffd9" * 31 + "\ufffd", field="x", message="y")],
    )
    found = bounded(Foreign(page)).read_page(TICKETS)
    assert [(record.remote_id, getattr(record, "summary", "")) for record in found.records] == [
        ("1", "new"),
        ("2", "odd"),
    ]
    assert [(remark.remote_id, remark.field) for remark in found.remarks if remark.field != "x"] == [
        ("2", "budget_hours")
    ]
    assert [(len(entry.remote_id), entry.message, entry.sample) for entry in found.rejected] == [
        (64, "a\ufffdb", "\ufffd"),
        (0, "Its remote_id is missing.", ""),
    ]


def test_a_record_that_is_refused_has_no_remarks_beside_that() -> None:
    page = Page(
        records=[NoteRecord(remote_id="5", ticket_id="1\n")],
        next=None,
        remarks=[Remark(remote_id="5", field="text", message="text is no text: it was left out")],
    )
    found = bounded(Foreign(page)).read_children("notes", "1")
    assert ([entry.remote_id for entry in found.rejected], found.remarks) == (["5"], [])


def test_remarks_are_bounded_and_the_rest_is_counted() -> None:
    odd = [Remark(remote_id=str(number), field="x", message="y") for number in range(MOST_REMARKS + 7)]
    found = bounded(Foreign(Page(records=(), next=None, remarks=odd))).read_page(TICKETS)
    assert len(found.remarks) == MOST_REMARKS + 1
    assert found.remarks[-1].message == "7 more values of the same page were odd."


def test_half_of_a_parents_children_is_none_of_them() -> None:
    page = Page(records=[NoteRecord(remote_id="5", ticket_id="1")], next=None, incomplete="Too many came.")
    with pytest.raises(ProtocolError, match="Too many came"):
        bounded(Foreign(page)).read_children("notes", "1")


def test_a_place_that_is_too_long_to_be_kept_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="place"):
        bounded(Foreign(Page(records=(), next={"after": "x" * 20_000}))).read_page(TICKETS)


def test_a_record_that_cannot_be_kept_is_no_record() -> None:
    with pytest.raises(ProtocolError, match="cannot be kept: Its remote_id is missing"):
        bounded(Foreign(TicketRecord(remote_id="", summary=""))).read_one("tickets", "1")


def test_what_was_odd_about_a_single_record_is_told_to_whoever_listens() -> None:
    row = {"id": 7, "summary": 5, "budgetHours": "many", "closedDate": "9999-06-01T00:00:00Z"}
    with Loopback(lambda request: json_reply(row)) as server, noticing() as noticed:
        record = bounded(adapter_on(server)).read_one("tickets", "7")
    assert (record.remote_id, getattr(record, "closed_at", dt.datetime.now(dt.UTC))) == ("7", None)
    assert [(remark.field, remark.understood) for remark in noticed.remarks] == [
        ("summary", True),
        ("budgetHours", False),
        ("closed_at", False),
    ]
