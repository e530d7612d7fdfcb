"""The PSA of the benchmarks: a sandbox process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from integrations.registry import provider

ROOT = Path(__file__).resolve().parent.parent.parent
CONNECTWISE = "connectwise"
"""Whose PSA it is where nobody says."""


@dataclass(frozen=True, slots=True)
class Psa:
    """``credentials``: what a connection takes."""

    credentials: dict[str, str]
    control_address: str
    control_token: str

    def control(self, path: str, *, method: str = "POST", **body: Any) -> Any:
        """The JSON answer of the control interface."""
        answer = requests.request(
            method,
            f"{self.control_address}/{path}",
            json=body if method == "POST" else None,
            headers={"X-Control-Token": self.control_token},
            timeout=120,
        )
        answer.raise_for_status()
        return answer.json()

    def busy_seconds(self) -> float:
        """How long the sandbox has been answering since its figures were reset."""
        return float(self.control("stats", method="GET")["busy_seconds"])


@contextmanager
def running(tickets: int, system: str = CONNECTWISE) -> Iterator[Psa]:
    """A sandbox of the ``system`` with so many tickets, on a free port of this machine."""
    command = [
        sys.executable,
        "-m",
        f"lab.sandbox.{system}",
        "--port",
        "0",
        "--tickets",
        str(tickets),
        "--seed",
        "7",
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            ready = json.loads(process.stdout.readline() if process.stdout else "")
            credentials = {field.name: ready[field.name] for field in provider(system).credential_fields}
            yield Psa(credentials, ready["control"], ready["control_token"])
        finally:
            process.terminate()
