"""The kinds of values that are mapped."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models

from clients.models import Company
from tickets.models import Member, Priority, Status, TicketType


@dataclass(frozen=True, slots=True)
class Kind:
    """``one``, ``many``: in words. ``model``: the rows that mirror the values, None for custom fields. ``column``: the ticket's link to them.

    ``target``: the column of a mapping that holds what such a value is mapped to: value, client or user. ``streams``: what brings them.
    """

    key: str
    slug: str
    one: str
    many: str
    target: str
    model: type[models.Model] | None = None
    column: str = ""
    streams: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return self.model._meta.db_table if self.model else ""

    @property
    def on_board(self) -> bool:
        """Whether such a value belongs to a board."""
        return self.has("board_remote_id")

    @property
    def scoped(self) -> bool:
        """Whether a value that boards share may mean something else on one of them."""
        return self.model is not None and self.target == "value"

    def has(self, column: str) -> bool:
        """Whether the rows that mirror the values have this column."""
        return self.model is not None and any(field.attname == column for field in self.model._meta.concrete_fields)


KINDS: dict[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind("status", "statuses", "status", "statuses", "value", Status, "status", ("statuses",)),
        Kind("priority", "priorities", "priority", "priorities", "value", Priority, "priority", ("priorities",)),
        Kind("category", "categories", "category", "categories", "value", TicketType, "type", ("types",)),
        Kind("field", "fields", "custom field", "custom fields", "value"),
        Kind("company", "companies", "company", "companies", "client", Company, "company", ("companies",)),
        Kind("member", "members", "member", "members", "user", Member, "owner", ("members",)),
    )
}
MIRRORED = tuple(kind for kind in KINDS.values() if kind.model is not None)
"""Kinds whose values are rows of a store."""
VALUE_KINDS = tuple(kind.key for kind in KINDS.values() if kind.target == "value")
"""Kinds whose targets are words of the organization."""


def kind_of_slug(slug: str) -> Kind | None:
    """The kind that an address or a command names, in the plural or the singular."""
    return next((kind for kind in KINDS.values() if slug in (kind.slug, kind.key)), None)
