"""TinyDesk goes through the contract of all systems, once the registry has its line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.registry import PROVIDERS
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.integrations.adapters.test_contract import *  # noqa: F403 - its tests are the tests of this module
from tests.integrations.adapters.test_contract import TICKETS
from tests.integrations.adapters.tinydesk.provider import TinyDeskProvider


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with pytest.MonkeyPatch.context() as registry:
        registry.setitem(PROVIDERS, "tinydesk", TinyDeskProvider())
        with running("tinydesk", tickets=TICKETS) as started:
            yield started
