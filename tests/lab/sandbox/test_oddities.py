"""Odd answers: each form is what it says, on lists, on single records, and on nothing else."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from lab.sandbox.oddities import BODIES
from tests.lab.sandbox.caller import Caller, Got

TICKETS = {"path": "service/tickets"}


def odd(caller: Caller, kind: str, **oddity: Any) -> None:
    caller.control("faults", [{"kind": kind, "match": TICKETS, "odd": oddity}])


def test_another_answer_takes_the_place_of_the_real_one(writer: Caller) -> None:
    odd(writer, "answer", status=302, headers={"Location": "https://login.example/"}, body="<html>Log in</html>")
    got = writer.get("service/tickets")
    assert (got.status, got.headers["location"], got.body) == (302, "https://login.example/", b"<html>Log in</html>")
    odd(writer, "answer", status=299, content_type="application/json", body="[]")
    assert (writer.get("service/tickets").status, writer.get("service/boards").status) == (299, 200)


def test_headers_are_changed_and_left_out(writer: Caller) -> None:
    odd(writer, "headers", headers={"Date": "Fri, 31 Dec 99999 23:59:59 GMT", "Link": None, "Retry-After": "-1"})
    got = writer.get("service/tickets", pageSize=2)
    assert (got.headers["date"], got.headers["retry-after"]) == ("Fri, 31 Dec 99999 23:59:59 GMT", "-1")
    assert "link" not in got.headers
    assert len(got.json) == 2


@pytest.mark.parametrize("form", sorted(set(BODIES) - {"many", "gzip_bomb", "deep", "spaces"}))
def test_a_body_has_the_form_that_is_asked_for(writer: Caller, form: str) -> None:
    plain = writer.get("service/tickets", pageSize=2).body
    odd(writer, "body", form=form)
    got = writer.get("service/tickets", pageSize=2)
    assert got.body == (BODIES[form](plain) if form != "gzip" else got.body)
    if form in ("gzip", "gzip_cut", "gzip_not"):
        assert got.headers["content-encoding"] == "gzip"
    if form == "gzip":
        assert gzip.decompress(got.body) == plain


def test_a_million_rows_are_small(writer: Caller) -> None:
    odd(writer, "body", form="many")
    body = writer.get("service/tickets").body
    assert (body.count(b"{"), len(body) < 16 << 20) == (1_000_000, True)


def test_text_is_replaced_where_a_pattern_finds_it(writer: Caller) -> None:
    odd(writer, "body", pattern=r'"count":\d+', body='"count":"many"')
    assert writer.get("service/tickets/count").body == b'{"count":"many"}'


def test_values_of_one_record_become_raw_text_in_lists_and_alone(writer: Caller) -> None:
    first, second = writer.truth()["ids"][:2]
    odd(writer, "row", ids=[second], set={"budgetHours": "NaN", "company/id": "null", "summary": '"\\ud83d"'})
    page: Got = writer.get("service/tickets", pageSize=2)
    assert page.body.count(b"NaN") == page.body.count(b'"summary":"\\ud83d"') == 1
    assert page.body.index(b"NaN") > page.body.index(b'{"id":%d' % second)
    assert b'"company":{"id":null,' in writer.get(f"service/tickets/{second}").body
    assert writer.get(f"service/tickets/{first}").json["id"] == first
    odd(writer, "row", ids=[first], raw="[]")
    assert writer.get("service/tickets", pageSize=2).body.startswith(b"[[],{")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("repeat", [[0, 1], [0, 1], [0, 1]]),
        ("reverse", [[1, 0], [3, 2], [5, 4]]),
        ("shrink", [[0], [], []]),
        ("gap", [[0, 1], [], [4, 5]]),
    ],
)
def test_lists_page_as_they_should_not(writer: Caller, form: str, expected: list[list[int]]) -> None:
    ids = writer.truth()["ids"]
    odd(writer, "pages", form=form)
    pages = [writer.get("service/tickets", pageSize=2, page=number).ids for number in (1, 2, 3)]
    assert pages == [[ids[place] for place in places] for places in expected]


def test_an_endless_list_never_gives_an_id_twice(writer: Caller) -> None:
    odd(writer, "pages", form="endless")
    pages = [writer.get("service/tickets", pageSize=2, page=number).ids for number in range(1, 60)]
    assert len({number for page in pages for number in page}) == 118


def test_rows_of_other_shapes_stand_among_the_others(writer: Caller) -> None:
    odd(writer, "pages", form="foreign")
    assert writer.get("service/tickets", pageSize=2).json[2:] == [
        {"kind": "weather", "rain": True},
        7,
        None,
        "a row",
        [1, 2],
    ]


def test_a_server_may_give_fewer_rows_than_it_is_asked_for(writer: Caller) -> None:
    writer.control("limit", {"page": 7})
    page = writer.get("service/tickets", pageSize=1000)
    assert len(page.ids) == 7
    assert page.link("next") is not None
    assert len(writer.walk("service/tickets", pageSize=1000)) == 120
    writer.control("limit", {})
    assert len(writer.get("service/tickets", pageSize=1000).ids) == 120


@pytest.mark.parametrize("wrong", [{"form": "nonsense"}, {"pattern": "("}, {"nonsense": 1}])
def test_nonsense_is_refused(writer: Caller, wrong: dict[str, Any]) -> None:
    token = {"X-Control-Token": writer.told["control_token"]}
    got = writer.send("POST", "/_control/faults", {"kind": "body", "odd": wrong}, token)
    assert (got.status, got.json["code"]) == (400, "InvalidRequest")
