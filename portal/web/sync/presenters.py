"""Records and lines as the items and log pages show them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from django.urls import NoReverseMatch, reverse

from foundation.ledger.models import JournalEntry
from portal.web.sync.labels import ACTIONS, LEVELS, WOULD, Badge, field_words, stream_words
from portal.web.wording import at_clock
from sync.models import PreviewRecord, RunLog
from sync.selectors.items import Item

LONGEST = 280
SAID = {"page": "Page committed"}
"""Short marks of the engine, in words."""
PAGES = {"tickets": "web:ticket", "companies": "web:client"}


@dataclass(frozen=True, slots=True)
class ShownValue:
    """A value as text; ``whole`` where it was cut."""

    text: str
    whole: str = ""


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One field, before and after; None is nothing."""

    field: str
    before: ShownValue | None
    after: ShownValue | None


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One changed record. ``href``: its page here, where there is one."""

    entry: JournalEntry | PreviewRecord
    stream: str
    badge: Badge
    href: str
    changes: tuple[ShownChange, ...]


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line of a log. ``clock``: its local time; ``details``: its fields as "name value" pairs."""

    line: RunLog
    clock: str
    text: str
    badge: Badge
    stream: str
    details: str


def shown_item(item: Item) -> ShownItem:
    """A changed record for the page."""
    entry = item.entry
    changes = tuple(
        ShownChange(field_words(c.field), shown_value(c.before), shown_value(c.after)) for c in item.changes
    )
    badges = WOULD if isinstance(entry, PreviewRecord) else ACTIONS
    return ShownItem(entry, stream_words(entry.stream), badges[entry.action], page_of(entry), changes)


def shown_value(value: Any) -> ShownValue | None:
    """A JSON value as text; None for nothing."""
    if value is None or value in ("", [], {}):
        return None
    if isinstance(value, bool):
        return ShownValue("yes" if value else "no")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return ShownValue(text) if len(text) <= LONGEST else ShownValue(f"{text[:LONGEST]}…", text)


def page_of(entry: JournalEntry | PreviewRecord) -> str:
    """The record's page here; "" where it has none or is gone."""
    name = PAGES.get(entry.stream)
    gone = entry.action == "removed" and isinstance(entry, JournalEntry)
    if name is None or gone or entry.record_id is None:
        return ""
    try:
        return reverse(name, args=[entry.record_id])
    except NoReverseMatch:
        return ""


def shown_line(line: RunLog, zone: tzinfo) -> ShownLine:
    """A line for the page, its time in ``zone``."""
    details = ", ".join(f"{name} {value}" for name, value in line.fields.items())
    clock = f"{at_clock(line.at, zone):%H:%M:%S}"
    text = SAID.get(line.message, line.message)
    return ShownLine(line, clock, text, LEVELS[line.level], stream_words(line.stream), details)
