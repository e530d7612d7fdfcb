"""The PSA of the harness: a sandbox of its own, of any system, and its control interface."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import requests

from embedded.locations import ROOT
from embedded.supervisor import MORTAL
from integrations.registry import provider
from lab.faults.vendor_requests import WIRES, Match


class Psa:
    """A running sandbox. ``control`` raises requests.HTTPError when the door refuses."""

    def __init__(self, system: str, tickets: int, seed: int, parent: int, host: str = "127.0.0.1") -> None:
        self.system, self.wire = system, WIRES[system]
        sandbox = ("-m", f"lab.sandbox.{system}", "--port", "0", "--host", host, "--tickets", str(tickets))
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(MORTAL), str(parent), sys.executable, *sandbox, "--seed", str(seed)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline() if self.process.stdout else ""
        self.ready: dict[str, str] = json.loads(line)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["X-Control-Token"] = self.ready["control_token"]
        self._drawn = 0
        self._lift()

    def draws(self) -> int:
        """A number that was not given before."""
        self._drawn += 1
        return self._drawn

    @property
    def credentials(self) -> dict[str, str]:
        """What a connection to it takes."""
        return {field.name: self.ready[field.name] for field in provider(self.system).credential_fields}

    def control(self, path: str, *, method: str = "POST", **body: Any) -> Any:
        """The control interface's answer."""
        address, posts = f"{self.ready['control']}/{path}", method == "POST"
        answer = self._session.request(
            method, address, json=body if posts else None, params=None if posts else body, timeout=60
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def fault(self, *rules: dict[str, Any]) -> None:
        """These rules hold from now on, and no others."""
        answer = self._session.post(f"{self.ready['control']}/faults", json=list(rules), timeout=60)
        answer.raise_for_status()

    def watch(self, match: Match) -> None:
        """Counts these requests from now on, beside whatever rules there are."""
        self.control("faults", kind="slow", seconds=0.0, match=match)

    def watched(self, match: Match) -> int:
        """How many of them were made since."""
        rules = self.control("faults", method="GET")
        return sum(rule["hits"] for rule in rules if rule["seconds"] == 0.0 and _same(rule["match"], match))

    def say(self, text: str, **order: Any) -> list[int]:
        """Makes this the text of the tickets of an order; returns their ids."""
        return [int(each) for each in self.control("change", set={self.wire.summary: text}, **order)["ids"]]

    def calm(self) -> None:
        """No faults, no limits, the right time."""
        self.control("reset")
        self._lift()

    def ids(self, collection: str = "tickets", **more: Any) -> list[int]:
        """The ids that are really there."""
        found = self.control("truth", method="GET", collection=collection, **more)
        return [int(each) for each in found["ids"]]

    def _lift(self) -> None:
        """The harness asks for more in an hour than a vendor with an hourly budget gives."""
        if self.wire.unlimited is not None:
            deed, values = self.wire.unlimited
            self.control(deed, **values)

    def end(self) -> None:
        """Ends the process."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def _same(rule: dict[str, Any], match: Match) -> bool:
    return all(rule.get(name) == wanted for name, wanted in match.items())
