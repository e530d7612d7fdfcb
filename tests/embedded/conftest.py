"""Embedded servers of their own for these tests: they start, kill and break them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.servers import Servers


@pytest.fixture
def state() -> Iterator[Path]:
    """A short path that the server user can reach, which pytest's own directories of root are not."""
    path = Path(tempfile.mkdtemp(prefix="pe-"))
    path.chmod(0o711)
    yield path
    Servers(path, fsync=False).stop()
    shutil.rmtree(path)


@pytest.fixture
def servers(state: Path) -> Iterator[Servers]:
    """Running servers."""
    with Servers(state, fsync=False) as running:
        yield running
