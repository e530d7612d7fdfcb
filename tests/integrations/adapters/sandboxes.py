"""Sandboxes of any system for tests."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from integrations.boundary import bounded
from integrations.port import Adapter, Observer
from integrations.registry import provider
from tests.integrations.adapters.facts import facts_of
from tests.sandbox_forks import World, changed, forked


class Sandbox:
    """A running sandbox: what to connect with, and its control interface."""

    def __init__(self, key: str, told: dict[str, Any]) -> None:
        self.key = key
        self.told = told
        fields = [field.name for field in provider(key).credential_fields]
        self.credentials: dict[str, str] = {name: str(told[name]) for name in fields}

    def open(self, observer: Observer | None = None, changed: Mapping[str, str] | None = None) -> Adapter:
        credentials = {**self.credentials, **(changed or {})}
        return bounded(provider(self.key).open(credentials, allowed_networks=["127.0.0.0/8"], observer=observer))

    def control(self, method: str, path: str, payload: object = None) -> Any:
        """One request to the control interface; the decoded answer, None for an empty one."""
        if method != "GET":
            changed(str(self.told["address"]))
        body = None if payload is None else msgspec.json.encode(payload)
        headers = {"X-Control-Token": str(self.told["control_token"]), "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.told['control']}/{path}", data=body, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = answer.read()
        return msgspec.json.decode(content) if content else None

    @contextmanager
    def fault(self, **rule: Any) -> Iterator[None]:
        """Something goes wrong inside the block."""
        self.control("POST", "faults", rule)
        try:
            yield
        finally:
            self.control("DELETE", "faults")


@contextmanager
def running(key: str, *, tickets: int, seed: int = 7, projects: bool = False) -> Iterator[Sandbox]:
    """The sandbox of a system in its own process, which ends with the block."""
    module = facts_of(key).sandbox or f"lab.sandbox.{key}"
    with forked(World(module, tickets, seed, projects)) as told:
        yield Sandbox(key, told)
