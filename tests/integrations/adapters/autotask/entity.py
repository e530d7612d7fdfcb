"""An Autotask in a few lines: a zone directory and one entity that pages as documented."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from integrations.adapters.autotask.adapter import AutotaskAdapter
from integrations.registry import provider
from tests.loopback import Answer, Loopback, Received, json_reply

DATE = "Sun, 22 Nov 2026 10:00:00 GMT"
API = "/atservicesrest/v1.0"
CREDENTIALS = {"username": "api@acme.example", "secret": "s3cret-of-acme", "integration_code": "CODE1"}


def zone(request: Received, path: str = "", **more: Any) -> bytes:
    """The directory's answer: this very host, below ``path``."""
    base = f"http://{request.headers['host']}{path}"
    told = {"zoneName": "Here", "url": f"{base}/atservicesrest/", "webUrl": f"{base}/", "ci": 77} | more
    return json_reply(told, Date=DATE)


def page(rows: Sequence[dict[str, Any]], more: bool = False) -> bytes:
    details = {"count": len(rows), "requestCount": 500, "prevPageUrl": None}
    details["nextPageUrl"] = "https://169.254.169.254/next" if more else None
    return json_reply({"items": list(rows), "pageDetails": details}, Date=DATE)


def failure(status: int, *sentences: str) -> bytes:
    return json_reply({"errors": list(sentences)}, status)


@dataclass
class Entity:
    """``change``: what happens before each page."""

    rows: list[dict[str, Any]]
    change: Callable[[int], None] = lambda number: None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: Received) -> Answer:
        if request.path.lower().endswith("/zoneinformation"):
            return zone(request)
        if not request.path.endswith("/query"):
            return json_reply({"fields": []}, Date=DATE)
        if not request.path.endswith("/Tickets/query"):
            return page([])
        query = msgspec.json.decode(request.body)
        self.change(len(self.asked))
        self.asked.append(query)
        lowest = max((c["value"] for c in query["filter"] if c.get("op") == "gt" and c["field"] == "id"), default=-1)
        found = sorted((row for row in self.rows if row["id"] > lowest), key=lambda row: int(row["id"]))
        size = query["maxRecords"]
        return page(found[:size], more=len(found) > size)


def adapter_on(server: Loopback, allowed_networks: Sequence[str] = ("127.0.0.0/8",)) -> AutotaskAdapter:
    given = {**CREDENTIALS, "address": server.address}
    adapter = provider("autotask").open(given, allowed_networks=allowed_networks)
    assert isinstance(adapter, AutotaskAdapter)
    return adapter


def in_zone(answer: Callable[[Received], Answer]) -> Callable[[Received], Answer]:
    """``answer`` behind a directory that names this host."""
    return lambda request: zone(request) if request.path.lower().endswith("/zoneinformation") else answer(request)
