"""What tickets' values are called here: resolved where tickets are read, so that a mapping counts at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat

from mappings.kinds import KINDS
from mappings.models import Mapping
from mappings.suggestions import folded
from tickets.models import Ticket
from tickets.selectors import TicketFilters
from tickets.selectors.filters import LabelFilter

LISTED = ("status", "priority")
"""Kinds that a list of tickets shows and filters by."""
IS = "is:"
"""Before a value's id, in the address of a list."""


@dataclass(frozen=True, slots=True)
class Word:
    """What something is called here."""

    id: int
    name: str
    tone: str = "neutral"


Key = tuple[str, int, int | None]
"""Kind, id of the row that mirrors the value, id of the only board that it is for (None: all)."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """``words``: None where a board's value is left as it is though it is mapped on the others. ``order``: places of the words in lists.
    ``mine``: members of PSAs who are the person that asks."""

    words: dict[Key, Word | None] = field(default_factory=dict)
    order: dict[int, int] = field(default_factory=dict)
    mine: tuple[int, ...] = ()

    def word(self, kind: str, record_id: int | None, board_id: int | None = None) -> Word | None:
        """The word for a value on a board; None where it is not mapped, or left as it is."""
        if record_id is None:
            return None
        own = (kind, record_id, board_id)
        return self.words[own] if own in self.words else self.words.get((kind, record_id, None))

    def beside(self, kind: str, record_id: int | None, board_id: int | None, raw: str) -> Word | None:
        """The word for a value, where it is not what the PSA says as well."""
        word = self.word(kind, record_id, board_id)
        return None if word is None or folded(word.name) == folded(raw) else word

    def options(self, kind: str) -> list[tuple[str, str]]:
        """(key in an address, name) of the words that something is mapped to."""
        found = {word.id: word for (of, *_), word in self.words.items() if of == kind and word is not None}
        ranked = sorted(found.values(), key=lambda word: (self.order[word.id], word.name))
        return [(f"{IS}{word.id}", word.name) for word in ranked]

    def name(self, value_id: int | None) -> str:
        """The name of a word by its id; "" where nothing is mapped to it."""
        return next((word.name for word in self.words.values() if word is not None and word.id == value_id), "")

    def meaning(self, wanted: TicketFilters) -> TicketFilters:
        """The filters with what their words mean."""
        asked = (("mapped_status", "status"), ("mapped_priority", "priority"))
        meant = tuple(
            (name, self._meant(kind, value_id))
            for name, kind in asked
            if (value_id := getattr(wanted, name)) is not None
        )
        return replace(wanted, meant=meant) if meant else wanted

    def _meant(self, kind: str, value_id: int) -> LabelFilter:
        own = {key: word is not None and word.id == value_id for key, word in self.words.items() if key[0] == kind}
        ids = {row for (_, row, board), is_it in own.items() if board is None and is_it}
        pairs = {(row, board): is_it for (_, row, board), is_it in own.items() if board is not None}
        return LabelFilter(
            tuple(sorted(ids)),
            but=tuple(pair for pair, is_it in pairs.items() if not is_it and pair[0] in ids),
            also=tuple(pair for pair, is_it in pairs.items() if is_it and pair[0] not in ids),
        )


def listed_words(user_id: int | None = None) -> QuerySet[Any]:
    """Rows of (kind, id of the row that mirrors the value, name, place, "id tone board"), to be read along with other lists; also the
    members who are the person with this id."""
    asked = Q(kind__in=LISTED) & (Q(value__isnull=False) | Q(board_id__isnull=False))
    if user_id is not None:
        asked |= Q(kind="member", user_id=user_id)
    rows: QuerySet[Any] = Mapping.objects.filter(asked, record_id__isnull=False)
    kind = Concat(Value("mapped_"), "kind", output_field=CharField())
    blank = Value(" ")
    text = Concat(
        Cast("value_id", CharField()),
        blank,
        "value__tone",
        blank,
        Cast("board_id", CharField()),
        output_field=CharField(),
    )
    name, place = Coalesce("value__name", Value("")), Coalesce("value__position", 0)
    return rows.order_by().values_list(kind, "record_id", name, place, text)


def vocabulary_of(rows: Iterable[tuple[str, int, str, int, str]]) -> Vocabulary:
    """The words of ``listed_words``, whoever read them."""
    words: dict[Key, Word | None] = {}
    order: dict[int, int] = {}
    mine: list[int] = []
    for kind, record_id, name, place, text in rows:
        if kind == "mapped_member":
            mine.append(record_id)
            continue
        value_id, tone, board = text.split(" ")
        key = (kind.removeprefix("mapped_"), record_id, int(board) if board else None)
        words[key] = Word(int(value_id), name, tone) if value_id else None
        if value_id:
            order[int(value_id)] = place
    return Vocabulary(words, order, tuple(sorted(mine)))


def resolved_filters(wanted: TicketFilters) -> TicketFilters:
    """The filters with what their words mean; a query only where they have any."""
    if wanted.mapped_status is None and wanted.mapped_priority is None:
        return wanted
    return vocabulary_of(listed_words()).meaning(wanted)


def words_of(tickets: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """What the values of each of many tickets are called here, {kind: name}; "" where one is left as it is. The tickets have the links of
    their values and ``board_remote_id``. One query."""
    asked = Q(pk__in=())
    links = {kind.key: f"{kind.column}_id" for kind in KINDS.values() if kind.column}
    for key, link in links.items():
        asked |= Q(kind=key, record_id__in={ticket[link] for ticket in tickets} - {None})
    rows = Mapping.objects.filter(asked).select_related("value", "client", "user")
    names = {(row.kind, row.record_id, row.scope): str(row.value or row.client or row.user or "") for row in rows}
    found = []
    for ticket in tickets:
        own = {key: (key, ticket[link], ticket["board_remote_id"] or "") for key, link in links.items()}
        every = {key: names.get((key, ticket[link], "")) for key, link in links.items()}
        words = {key: names.get(place, every[key]) for key, place in own.items()}
        found.append({key: word for key, word in words.items() if word is not None})
    return found


def ticket_words(ticket: Ticket) -> tuple[dict[str, str], dict[str, str]]:
    """What a ticket's values are called here where that is not what the PSA says too: ({kind: name}, {custom field: name}). One query."""
    asked = Q(kind="field", connection_id=ticket.connection_id, remote_id__in=list(ticket.custom_fields))
    raw: dict[str, str] = {}
    for kind in KINDS.values():
        record_id = getattr(ticket, f"{kind.column}_id", None) if kind.column else None
        if record_id is not None:
            asked |= Q(kind=kind.key, record_id=record_id, scope__in=("", ticket.board_remote_id or ""))
            raw[kind.key] = getattr(ticket, f"{kind.column}_name")
    values: dict[str, str] = {}
    fields: dict[str, str] = {}
    # What is for one board alone comes last, and so counts.
    for row in Mapping.objects.filter(asked).select_related("value", "client", "user").order_by("scope"):
        name = str(row.value or row.client or row.user or "")
        if row.kind == "field":
            fields[row.remote_id] = name
        else:
            values[row.kind] = "" if folded(name) == folded(raw[row.kind]) else name
    return {kind: name for kind, name in values.items() if name}, {key: name for key, name in fields.items() if name}
