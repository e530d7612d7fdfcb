"""What a run changed, record by record, and what it could not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from foundation.core.client_input import number_of, text_of
from foundation.ledger.models import JournalEntry
from sync.models import PreviewRecord, Run, RunIssue
from sync.selectors.previews import entries_of
from sync.selectors.readable import Readable, told

PAGE = 50
LONGEST_STREAM = 32
FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """What to show; empty values show all. ``action`` may be "failed"."""

    stream: str = ""
    action: str = ""
    text: str = ""

    @property
    def active(self) -> int:
        return sum(bool(value) for value in (self.stream, self.action, self.text))


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a record, before and after; None is nothing."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Item:
    """One changed record, or one that a preview tells of."""

    entry: JournalEntry | PreviewRecord
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class ItemsPage:
    """``next``: where the next page begins, as text for an address; empty at the end. ``failed_next`` likewise for the issues."""

    items: list[Item]
    failed: list[RunIssue]
    next: str = ""


def items_page(
    run: Run, wanted: ItemFilter, after: str = "", size: int = PAGE, *, readable: Readable = None
) -> ItemsPage:
    """One page of what may be told: on the first, the records that failed; then what changed, by stream in the order of the journal."""
    if wanted.action == FAILED:
        issues = failed_items(run, wanted, number_of(after) or 0, size + 1, readable)
        return ItemsPage([], issues[:size], str(issues[size - 1].pk) if len(issues) > size else "")
    failed = failed_items(run, wanted, 0, 10, readable) if not after and not wanted.action else []
    entries = journal_of(run, wanted, after, size + 1, readable)
    more = len(entries) > size
    entries = entries[:size]
    place = f"{entries[-1].stream}:{entries[-1].pk}" if more else ""
    return ItemsPage([Item(entry, changes_of(entry)) for entry in entries], failed, place)


def failed_items(run: Run, wanted: ItemFilter, after: int, size: int, readable: Readable) -> list[RunIssue]:
    """Records that could not be read or merged, oldest first."""
    issues = RunIssue.objects.filter(told(readable), run_id=run.pk, pk__gt=after).order_by("pk")
    if wanted.stream:
        issues = issues.filter(stream=wanted.stream)
    if wanted.text:
        issues = issues.filter(
            Q(remote_id=wanted.text) | Q(parent_remote_id=wanted.text) | Q(message__icontains=wanted.text)
        )
    return list(issues[:size])


def journal_of(
    run: Run, wanted: ItemFilter, after: str, size: int, readable: Readable
) -> list[JournalEntry | PreviewRecord]:
    """The run's entries behind ``after`` ("stream:id")."""
    entries = entries_of(run).filter(told(readable)).order_by("stream", "pk")
    if wanted.stream:
        entries = entries.filter(stream=wanted.stream)
    if wanted.action:
        entries = entries.filter(action=wanted.action)
    if wanted.text:
        entries = entries.filter(Q(remote_id=wanted.text) | Q(label__icontains=wanted.text))
    stream, _, text = after.partition(":")
    number = number_of(text)
    if number is not None:
        stream = text_of(stream, LONGEST_STREAM)
        entries = entries.filter(stream__gte=stream).exclude(stream=stream, pk__lte=number)
    return list(entries[:size])


def changes_of(entry: JournalEntry | PreviewRecord) -> tuple[FieldChange, ...]:
    """The fields that changed. Where a name changed, the id behind it goes unsaid."""
    before, after = entry.before or {}, entry.after or {}
    names = sorted({*before, *after})
    spoken = [
        name
        for name in names
        if not (name.endswith("_remote_id") and name.removesuffix("_remote_id") + "_name" in names)
    ]
    return tuple(FieldChange(name, before.get(name), after.get(name)) for name in spoken)
