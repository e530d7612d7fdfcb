"""Servers that give smaller pages than are asked for, and do not say whether there is more: nothing is lost, below a parent neither."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from integrations.boundary import bounded
from integrations.port import Adapter, Page, ReadRequest
from tests.integrations.adapters.autotask import entity as autotask
from tests.integrations.adapters.connectwise import collection as connectwise
from tests.integrations.adapters.halo import test_answers as halo
from tests.integrations.adapters.test_contract import walk
from tests.loopback import Answer, Loopback, Received, json_reply

ROWS, CAP = 130, 31


def of_connectwise(request: Received) -> Answer:
    """Without a Link header, as some proxies pass answers on."""
    rows = [{"id": number, "name": f"Number {number}", "text": "x"} for number in range(1, ROWS + 1)]
    return connectwise.Collection(rows, "stripped", CAP)(request)


def of_autotask(request: Received) -> Answer:
    """Without ``pageDetails``."""
    if request.path.lower().endswith("/zoneinformation"):
        return autotask.zone(request)
    if not request.path.endswith(("/Companies/query", "/TicketNotes/query")):
        return json_reply({"items": [], "fields": []})
    clauses = msgspec.json.decode(request.body)["filter"]
    above = max([clause["value"] for clause in clauses if (clause["field"], clause["op"]) == ("id", "gt")] or [0])
    rows = [{"id": number, "companyName": "x", "ticketID": 7} for number in range(above + 1, ROWS + 1)]
    return json_reply({"items": rows[:CAP]})


def of_halo(request: Received) -> Answer:
    """Without ``record_count``; actions come as many as are asked for, and 50 where nothing is said."""
    if request.path.endswith("/token"):
        return json_reply(halo.TOKEN)
    rows = [{"id": number, "name": "x", "note": "x", "ticket_id": 7, "timetaken": 0} for number in range(1, ROWS + 1)]
    if request.path.endswith("/Actions"):
        return json_reply({"actions": rows[: int(request.query.get("count", 50))]})
    size = min(int(request.query["page_size"]), CAP)
    start = (int(request.query["page_no"]) - 1) * size
    return json_reply({"clients": rows[start : start + size]})


SYSTEMS: dict[str, tuple[Callable[[Received], Answer], Callable[[Loopback], Any]]] = {
    "connectwise": (of_connectwise, connectwise.adapter_on),
    "autotask": (of_autotask, autotask.adapter_on),
    "halo": (of_halo, halo.adapter_on),
}


def read(key: str, ask: Callable[[Adapter], list[Page]]) -> list[str]:
    answer, opened = SYSTEMS[key]
    with Loopback(answer) as server:
        adapter = bounded(opened(server))
        try:
            return [record.remote_id for page in ask(adapter) for record in page.records]
        finally:
            adapter.close()


@pytest.mark.parametrize("key", list(SYSTEMS))
def test_a_list_is_read_to_its_end(key: str) -> None:
    found = read(key, lambda adapter: walk(adapter, ReadRequest(stream="companies")))
    assert found == [str(number) for number in range(1, ROWS + 1)]


@pytest.mark.parametrize("key", list(SYSTEMS))
def test_what_lies_below_a_parent_is_read_to_its_end(key: str) -> None:
    found = read(key, lambda adapter: [adapter.read_children("notes", "7")])
    assert [int(number.rpartition("-")[2]) for number in found] == list(range(1, ROWS + 1))
