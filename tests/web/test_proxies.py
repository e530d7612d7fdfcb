"""A proxy in front has to be named: otherwise everybody seems to come from one address."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.web.proxies import problems

ROOT = Path(__file__).resolve().parents[2]
ENTRANCE = "import portal.config.asgi"


def started(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", *arguments],
        check=False,
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("arguments", [("-c", ENTRANCE), ("manage.py", "check")])
def test_without_a_named_proxy_nothing_starts(arguments: tuple[str, ...]) -> None:
    done = started(*arguments, BEHIND_PROXY="1", TRUSTED_PROXIES="")
    assert done.returncode != 0
    assert "TRUSTED_PROXIES names no proxy" in done.stderr


@pytest.mark.parametrize(
    "environment",
    [
        {"BEHIND_PROXY": "1", "TRUSTED_PROXIES": "172.31.240.0/24, 2001:db8::7"},
        {"BEHIND_PROXY": "0", "TRUSTED_PROXIES": ""},
        {"BEHIND_PROXY": "0", "TRUSTED_PROXIES": "10.0.0.5"},
    ],
)
def test_with_one_or_without_a_proxy_it_starts(environment: dict[str, str]) -> None:
    done = started("-c", f"{ENTRANCE}; print('started')", **environment)
    assert done.stdout == "started\n"


@pytest.mark.parametrize("everybody", ["0.0.0.0/0", "::/0", "0.0.0.0/1", "2000::/3"])
def test_nobody_names_everybody(everybody: str) -> None:
    assert ["which is everybody" in said for said in problems(behind_proxy=True, trusted=["10.0.0.5", everybody])] == [
        True
    ]


@pytest.mark.parametrize("misspelt", ["proxy.example.com", "10.0.0.300", "10.0.0.0/33", "", "10.0.0.5:80", "*"])
def test_what_is_no_address_is_told(misspelt: str) -> None:
    assert ["which is no address" in said for said in problems(behind_proxy=False, trusted=[misspelt])] == [True]
