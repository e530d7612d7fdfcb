"""Calls a sandbox as an integration would, and its control interface as a test would."""

from __future__ import annotations

import http.client
import re
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from lab.sandbox.clock import read
from lab.sandbox.connectwise.control import Control
from lab.sandbox.connectwise.psa import Psa
from lab.sandbox.seed import Seed
from lab.sandbox.server import Server

NOW = read("2026-03-02")
API = "/v4_6_release/apis/3.0/"


@dataclass(frozen=True, slots=True)
class Got:
    """An answer. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def ids(self) -> list[int]:
        return [row["id"] for row in self.json]

    def link(self, relation: str) -> str | None:
        """The target of a relation in the Link header."""
        found = re.search(rf'<([^>]*)>; rel="{relation}"', self.headers.get("link", ""))
        return found[1] if found else None


class Caller:
    """One caller with a kept connection."""

    def __init__(self, told: Mapping[str, str]) -> None:
        self.told = told
        self._connection = http.client.HTTPConnection(told["address"].removeprefix("http://"), timeout=30)
        user = f"{told['company_id']}+{told['public_key']}:{told['private_key']}"
        self.headers = {
            "Authorization": f"Basic {b64encode(user.encode()).decode()}",
            "clientId": told["client_id"],
            "Accept": "application/vnd.connectwise.com+json; version=2025.16",
        }

    def send(self, method: str, target: str, payload: Any = None, headers: Mapping[str, str] | None = None) -> Got:
        """One request to any address of the server, with these headers only."""
        body = None if payload is None else msgspec.json.encode(payload)
        self._connection.request(method, target, body=body, headers=dict(headers or {}))
        answer = self._connection.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Got(answer.status, names, answer.read())

    def call(self, method: str, path: str, payload: Any = None, **query: object) -> Got:
        """One signed request to the interface."""
        target = API + path + ("?" + urlencode(query, quote_via=quote) if query else "")
        return self.send(method, target, payload, self.headers)

    def get(self, path: str, **query: object) -> Got:
        return self.call("GET", path, **query)

    def forward(self, path: str, **query: object) -> Got:
        """One forward-only page."""
        target = API + path + "?" + urlencode(query, quote_via=quote)
        return self.send("GET", target, headers=self.headers | {"pagination-type": "forward-only"})

    def walk(self, path: str, **query: object) -> list[int]:
        """The ids of all forward-only pages."""
        found: list[int] = []
        while True:
            page = self.forward(path, **query)
            found += page.ids
            target = page.link("next")
            if target is None:
                return found
            query["pageId"] = target.rpartition("pageId=")[2]

    def control(self, path: str, payload: Any = None, method: str = "POST") -> Any:
        """What the control interface answers; the answer must be a good one."""
        got = self.send(method, "/_control/" + path, payload, {"X-Control-Token": self.told["control_token"]})
        assert got.status == 200, got.body
        return got.json

    def truth(self, collection: str = "tickets", conditions: str = "") -> Any:
        query = urlencode({"collection": collection, "conditions": conditions}, quote_via=quote)
        return self.control(f"truth?{query}", method="GET")

    def close(self) -> None:
        self._connection.close()


def psa(tickets: int = 400, seed: int = 7) -> Psa:
    return Psa(Seed(seed, tickets, NOW, projects=True))


@contextmanager
def served(world: Psa) -> Iterator[Caller]:
    """The PSA behind a server in a thread of this process."""
    control = Control(world)
    server = Server(("127.0.0.1", 0), control)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    given = world.credentials
    caller = Caller(
        {
            "address": f"http://127.0.0.1:{server.server_port}",
            "company_id": given.company_id,
            "public_key": given.public_key,
            "private_key": given.private_key,
            "client_id": given.client_id,
            "control_token": control.token,
        }
    )
    try:
        yield caller
    finally:
        caller.close()
        server.shutdown()
        thread.join()
        server.server_close()
