"""Rows as they came: those that were understood, those that were not, and what was odd about them."""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import attrgetter
from typing import Any, Generic, Self, TypeVar

import msgspec

from integrations.answers import Answer
from integrations.port import Rejected, Remark

R = TypeVar("R", bound=msgspec.Struct)
_IS_NUMBER = re.compile(r"-?[0-9]{1,18}")


class Listing(msgspec.Struct, Generic[R], kw_only=True):
    """``head``: what stands beside the list in the answer's object, as it came. ``incomplete``: a sentence where not all rows were read.
    ``absent``: attributes of the rows that none of them came with, not even as null."""

    rows: list[R]
    answer: Answer
    rejected: list[Rejected] = []
    remarks: list[Remark] = []
    head: dict[str, Any] = {}
    incomplete: str = ""
    absent: tuple[str, ...] = ()

    @property
    def sent(self) -> int:
        """How many rows were read, those that were not understood too."""
        return len(self.rows) + len(self.rejected)

    @property
    def ids(self) -> list[int]:
        """The numbers of the rows that were understood, in their order."""
        return list(map(attrgetter("id"), self.rows))

    @property
    def known_ids(self) -> list[int]:
        """Those and the numbers of rows that were not understood, where they say one: what a walk by ids goes by."""
        return [*self.ids, *(int(one.remote_id) for one in self.rejected if _IS_NUMBER.fullmatch(one.remote_id))]

    def called(self, name: Callable[[str], str]) -> Self:
        """The same where a row's own id is not yet the id of its record."""
        return msgspec.structs.replace(
            self,
            rejected=[_renamed(entry, name) for entry in self.rejected],
            remarks=[_renamed(entry, name) for entry in self.remarks],
        )


Entry = TypeVar("Entry", Rejected, Remark)


def _renamed(entry: Entry, name: Callable[[str], str]) -> Entry:
    return msgspec.structs.replace(entry, remote_id=name(entry.remote_id)) if entry.remote_id else entry
