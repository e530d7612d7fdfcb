"""A small PSA behind a server, one a module for tests that only read, one a test for those that write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.sandbox.caller import Caller, psa, served


@pytest.fixture(scope="module")
def reader() -> Iterator[Caller]:
    with served(psa()) as caller:
        yield caller


@pytest.fixture
def writer() -> Iterator[Caller]:
    with served(psa(tickets=120)) as caller:
        yield caller
