"""One page of tickets as each of the three systems sends it, row by row as bytes, read through the boundary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from integrations.boundary import bounded
from integrations.port import Adapter, Page, ReadRequest
from tests.integrations.adapters.autotask import entity as autotask
from tests.integrations.adapters.connectwise import collection as connectwise
from tests.integrations.adapters.halo import test_answers as halo
from tests.loopback import Answer, Loopback, Received, json_reply, reply

TICKETS = ReadRequest(stream="tickets")


@dataclass(frozen=True)
class Vendor:
    """``fields``: what a number, a moment, a text, a truth and a reference are called there and in the record. ``head`` and ``tail``: what
    stands around the rows."""

    key: str
    fields: dict[str, tuple[str, str]]
    path: str
    opened: Callable[[Loopback], Adapter]
    head: str = "["
    tail: str = "]"

    def wrapped(self, rows: Sequence[bytes]) -> bytes:
        """The body of a page."""
        return self.head.format(rows=len(rows)).encode() + b",".join(rows) + self.tail.encode()

    def read(self, body: bytes, *, status: int = 200, **headers: str) -> Page:
        """The page that comes of these bytes in the place of tickets; all else that is asked for is empty."""

        def answer(request: Received) -> Answer:
            if request.path.endswith(self.path):
                return reply(body, status, **headers)
            if request.path.lower().endswith("/zoneinformation"):
                return autotask.zone(request)
            if request.path.endswith("/token"):
                return json_reply(halo.TOKEN)
            return json_reply({"items": [], "fields": []} if self.key == "autotask" else [])

        with Loopback(answer) as server:
            adapter = bounded(self.opened(server))
            try:
                return adapter.read_page(TICKETS)
            finally:
                adapter.close()


CONNECTWISE = Vendor(
    "connectwise",
    {
        "number": ("budgetHours", "budget_hours"),
        "moment": ("closedDate", "closed_at"),
        "text": ("summary", "summary"),
        "truth": ("closedFlag", "is_closed"),
        "reference": ("parentTicketId", "parent_ticket_id"),
    },
    "/service/tickets",
    connectwise.adapter_on,
)
HALO = Vendor(
    "halo",
    {
        "number": ("estimate", "budget_hours"),
        "moment": ("deadlinedate", "required_at"),
        "text": ("summary", "summary"),
        "truth": ("hasbeenclosed", "is_closed"),
        "reference": ("categoryid_1", "type_id"),
    },
    "/Tickets",
    halo.adapter_on,
    '{{"record_count": {rows}, "tickets": [',
    "]}",
)
AUTOTASK = Vendor(
    "autotask",
    {
        "number": ("estimatedHours", "budget_hours"),
        "moment": ("completedDate", "closed_at"),
        "text": ("title", "summary"),
        "truth": ("serviceLevelAgreementHasBeenMet", "is_in_sla"),
        "reference": ("queueID", "board_id"),
    },
    "/Tickets/query",
    autotask.adapter_on,
    '{{"items": [',
    '], "pageDetails": {{"count": 1, "nextPageUrl": null}}}}'.replace("{{", "{").replace("}}", "}"),
)
VENDORS = (CONNECTWISE, HALO, AUTOTASK)
