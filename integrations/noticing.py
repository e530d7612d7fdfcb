"""What was odd about a record that is read by itself, or about what was asked for beside a page, told to whoever wants to know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from integrations.port import Rejected, Remark


@dataclass(slots=True)
class Noticed:
    """``untold``: fields of the record that it came without."""

    remarks: list[Remark] = field(default_factory=list)
    untold: set[str] = field(default_factory=set)


_listening: ContextVar[Noticed | None] = ContextVar("noticed", default=None)


@contextmanager
def noticing() -> Iterator[Noticed]:
    """Gathers what is noticed of what is read one by one in the block, in this thread and in those that it waits for (``CallPool``)."""
    found = Noticed()
    token = _listening.set(found)
    try:
        yield found
    finally:
        _listening.reset(token)


def notice(remarks: Iterable[Remark]) -> None:
    """Tells of what was odd; nobody may be listening."""
    listening = _listening.get()
    if listening is not None:
        listening.remarks += remarks


def notice_untold(fields: Iterable[str]) -> None:
    """Tells which fields a record came without; nobody may be listening."""
    listening = _listening.get()
    if listening is not None:
        listening.untold.update(fields)


def notice_beside(table: str, remarks: Sequence[Remark], rejected: Sequence[Rejected] = ()) -> None:
    """Tells of what was odd in a table that records get values from: of no record of the stream alone."""
    odd: list[Remark | Rejected] = [*(one for one in remarks if not one.understood), *rejected]
    notice(
        Remark(
            remote_id="",
            field=f"{table}.{entry.field}" if isinstance(entry, Remark) else table,
            message=f"{table} {entry.remote_id}".rstrip() + f": {entry.message}",
            sample=entry.sample,
        )
        for entry in odd
    )
