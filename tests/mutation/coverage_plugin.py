"""Which test runs which line: ``-p tests.mutation.coverage_plugin`` with MUTATION_MAP naming a directory.

Each test process leaves there a file of coverage, with the test as the context of each line, and how long each test took.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest

PACKAGES = ["foundation", "clients", "portal", "integrations", "tickets", "mappings", "sync"]
place = Path(os.environ["MUTATION_MAP"])
measured = coverage.Coverage(data_file=str(place / f"coverage.{os.getpid()}"), source=PACKAGES, config_file=False)
seconds: dict[str, float] = {}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    """Before anything of ours is imported."""
    measured.start()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[bool]:
    measured.switch_context(item.nodeid)
    return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    seconds[report.nodeid] = seconds.get(report.nodeid, 0.0) + report.duration


def pytest_unconfigure() -> None:
    measured.stop()
    measured.save()
    (place / f"seconds.{os.getpid()}.json").write_text(json.dumps(seconds))
