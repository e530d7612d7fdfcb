"""What was odd about a record that is read by itself, told to whoever wants to know, beside the record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from integrations.port import Remark

_listening: ContextVar[list[Remark] | None] = ContextVar("remarks", default=None)


@contextmanager
def noticing() -> Iterator[list[Remark]]:
    """Gathers the remarks about the records that are read one by one in the block, in this thread."""
    found: list[Remark] = []
    token = _listening.set(found)
    try:
        yield found
    finally:
        _listening.reset(token)


def notice(remarks: Iterable[Remark]) -> None:
    """Tells of what was odd; nobody may be listening."""
    listening = _listening.get()
    if listening is not None:
        listening += remarks
