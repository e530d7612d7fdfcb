"""The PSA of the harness: a ConnectWise sandbox of its own, and its control door."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import requests

from portal.embedded.places import ROOT
from portal.embedded.supervisor import MORTAL

KEYS = ("company_id", "public_key", "private_key", "client_id")


class Psa:
    """A running sandbox. ``control`` raises requests.HTTPError when the door refuses."""

    def __init__(self, tickets: int, seed: int, parent: int) -> None:
        sandbox = ("-m", "integrations.sandbox.connectwise", "--port", "0", "--tickets", str(tickets))
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

    @property
    def credentials(self) -> dict[str, str]:
        """What a connection to it takes."""
        return {"address": self.ready["address"], **{name: self.ready[name] for name in KEYS}}

    def control(self, path: str, *, method: str = "POST", **body: Any) -> Any:
        """The control door's answer."""
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

    def calm(self) -> None:
        """No faults, no limits, the right time."""
        self.control("reset")

    def ids(self, collection: str = "tickets", **more: Any) -> list[int]:
        """The ids that are really there."""
        found = self.control("truth", method="GET", collection=collection, **more)
        return [int(each) for each in found["ids"]]

    def end(self) -> None:
        """Ends the process."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
