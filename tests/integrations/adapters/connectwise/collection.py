"""A collection that pages as ConnectWise documents it, or as servers and proxies that do not keep to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import msgspec

from integrations.adapters.connectwise.adapter import ConnectWiseAdapter
from integrations.port import ReadRequest
from integrations.registry import provider
from tests.loopback import Answer, Loopback, Received, json_reply

DATE = "Sun, 22 Nov 2026 10:00:00 GMT"
ELSEWHERE = "https://169.254.169.254/v2026_1//apis/3.0"


@dataclass
class Collection:
    """``obeys``: forward-only as documented, ``numbers``: paged by numbers, ``stripped``: no Link header at all.
    ``cap``: so many rows of a page at most, whatever is asked for."""

    rows: list[dict[str, Any]]
    obeys: str = "forward-only"
    cap: int = 10_000
    change: Callable[[int], None] = lambda page: None
    pages: int = 0
    asked: list[Received] = field(default_factory=list)

    def __call__(self, request: Received) -> Answer:
        self.asked.append(request)
        if request.path.endswith("/count"):
            return json_reply({"count": len(self.rows)})
        filters = msgspec.json.decode(request.body) if request.body else request.query
        found = self._selected(filters)
        size = min(int(request.query["pageSize"]), self.cap)
        forward = request.headers.get("pagination-type") == "forward-only" and self.obeys == "forward-only"
        if forward:
            found = sorted(found, key=lambda row: int(row["id"]))
            found = [row for row in found if row["id"] > int(request.query.get("pageId", 0))]
        page, rest = found[:size], found[size:]
        self.pages += 1
        self.change(self.pages)
        return json_reply(page, Date=DATE, **self._link(forward, page, rest))

    def _selected(self, filters: dict[str, str]) -> list[dict[str, Any]]:
        found = list(self.rows)
        bound = re.search(r"\bid ([<>]) (\d+)", filters.get("conditions", ""))
        if bound:
            above = bound[1] == ">"
            found = [row for row in found if (row["id"] > int(bound[2])) == above and row["id"] != int(bound[2])]
        if "orderBy" in filters:
            found.sort(key=lambda row: int(row["id"]), reverse=filters["orderBy"].endswith("desc"))
        return found

    def _link(self, forward: bool, page: list[dict[str, Any]], rest: list[dict[str, Any]]) -> dict[str, Any]:
        if self.obeys == "stripped":
            return {}
        if forward:
            last = page[-1]["id"] if page else 0
            return {"Link": f'<{ELSEWHERE}/x?pageSize=2&pageId={last}>; rel="next"' if rest else ""}
        return (
            {"Link": f'<{ELSEWHERE}/x?pageSize=2&page=2>; rel="next", <{ELSEWHERE}/x?page=9>; rel="last"'}
            if rest
            else {}
        )


class ServiceOnly(Loopback):
    """A server of a release without projects: what asks for their tickets is answered by a 404, and is not among ``received``."""

    def __enter__(self) -> Self:
        answer = self.answer

        def without_projects(request: Received) -> Answer:
            if "/project/tickets" not in request.path:
                return answer(request)
            self.received.remove(request)
            return json_reply({"code": "ConnectWiseApi", "message": "The endpoint does not exist."}, 404)

        self.answer = without_projects
        return super().__enter__()


def adapter_on(server: Loopback, allowed_networks: Sequence[str] = ("127.0.0.0/8",)) -> ConnectWiseAdapter:
    credentials = {
        "address": server.address,
        "company_id": "acme",
        "public_key": "pub",
        "private_key": "priv",
        "client_id": "4f1d0b0e",
    }
    adapter = provider("connectwise").open(credentials, allowed_networks=allowed_networks)
    assert isinstance(adapter, ConnectWiseAdapter)
    return adapter


def walked(adapter: ConnectWiseAdapter, request: ReadRequest, *, most: int = 50) -> list[str]:
    """The ids of a whole walk, in the order they came; fails when it does not end."""
    ids: list[str] = []
    place: dict[str, Any] | None = None
    for _ in range(most):
        page = adapter.read_page(request, place)
        ids += [record.remote_id for record in page.records]
        if page.next is None:
            return ids
        place = msgspec.json.decode(msgspec.json.encode(page.next))
    raise AssertionError("the walk does not end")


def rows(*ids: int) -> list[dict[str, Any]]:
    return [{"id": number, "summary": f"Ticket {number}"} for number in ids]


def refusal(status: int, code: str, message: str) -> bytes:
    return json_reply({"code": code, "message": message, "errors": None}, status)
