"""A worker that can't be told of a run hears of it from the sweeper: nothing fails for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import Celery, current_app

from sync.bells import tell


@pytest.fixture
def without_room(full_disk: str) -> Iterator[Celery]:
    """Celery on a broker that takes nothing new."""
    before = current_app._get_current_object()
    app = Celery("full", broker=full_disk)
    yield app
    app.close()
    before.set_current()


def test_a_broker_with_a_full_disk_fails_nothing(without_room: Celery, caplog: pytest.LogCaptureFixture) -> None:
    tell("sync.advance", [1, 2], queue="bulk", priority=5)
    assert "The broker is away; the sweeper will ring" in caplog.text
