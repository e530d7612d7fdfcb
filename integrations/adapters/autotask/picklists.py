"""Tables that Autotask keeps as pick lists of a field: queues, statuses, priorities, issue types, company types."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from integrations.adapters.autotask.filters import COMPLETE
from integrations.adapters.autotask.labels import Choice, Described
from integrations.records import (
    BoardRecord,
    CategoryRecord,
    CompanyTypeRecord,
    PriorityRecord,
    Record,
    StatusRecord,
)

ToRecord = Callable[[Choice], Record]


def records_of(described: Described, field: str, to: ToRecord) -> list[Record]:
    """The values of a field's pick list, inactive ones too, for old records use them; in the order of their numbers."""
    choices: Iterable[Choice] = described.picks.get(field.lower(), {}).values()
    return [to(choice) for choice in sorted(choices, key=lambda choice: (len(choice.value), choice.value))]


def board(choice: Choice) -> BoardRecord:
    return BoardRecord(remote_id=choice.value, name=choice.label, is_active=choice.is_active)


def status(choice: Choice) -> StatusRecord:
    """Statuses are the same on all queues. Only Complete ends a ticket, whatever others are called."""
    return StatusRecord(
        remote_id=choice.value,
        board_id="",
        name=choice.label,
        is_closed=choice.value == str(COMPLETE),
        is_default=choice.is_default,
        is_active=choice.is_active,
        sort_order=choice.sort_order,
    )


def priority(choice: Choice) -> PriorityRecord:
    """The numbers are in no order; ``sortOrder`` is."""
    return PriorityRecord(
        remote_id=choice.value, name=choice.label, sort_order=choice.sort_order, is_active=choice.is_active
    )


def category(choice: Choice) -> CategoryRecord:
    return CategoryRecord(
        remote_id=choice.value,
        board_id="",
        name=choice.label,
        is_active=choice.is_active,
        parent_ids=[choice.parent] if choice.parent else [],
    )


def company_type(choice: Choice) -> CompanyTypeRecord:
    return CompanyTypeRecord(
        remote_id=choice.value, name=choice.label, is_default=choice.is_default, is_active=choice.is_active
    )
