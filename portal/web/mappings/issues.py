"""What is not mapped, as the page of issues shows it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from integrations.selectors import connection_list
from mappings.kinds import Kind
from mappings.selectors.groups import UnmappedGroup, unmapped_groups


@dataclass(frozen=True, slots=True)
class ShownUnmapped:
    """``cause``: what is not mapped; ``what``: the tickets that have it; ``href``: where it is mapped."""

    group: UnmappedGroup
    cause: str
    what: str
    href: str


def unmapped_shown(connection: int | None, readable: frozenset[str]) -> list[ShownUnmapped]:
    """The groups of one connection or of all; of companies and people to those who may see them."""
    rows = connection_list()
    groups = unmapped_groups(rows if connection is None else rows.filter(pk=connection))
    return [_shown(group) for group in groups if kind_told(group.kind, readable)]


def kind_told(kind: Kind, readable: frozenset[str]) -> bool:
    """Whether somebody may see the values of a kind: words are everybody's, companies and people those who may see them."""
    return kind.target == "value" or set(kind.streams) <= readable


def _shown(group: UnmappedGroup) -> ShownUnmapped:
    kind = group.kind
    if not group.name:
        are = f"{kind.one} is" if group.values == 1 else f"{kind.many} are"
        cause, query = f"{group.values:,} {are} not mapped", {"state": "unmapped"}
    else:
        places = f" ({group.values} times)" if group.values > 1 else ""
        cause = f"{kind.one.capitalize()} “{group.name}” is not mapped{places}"
        query = {"state": "unmapped", "q": group.name}
    what = f"{group.open:,} open {'ticket' if group.open == 1 else 'tickets'}"
    if group.every is not None and group.every > group.open:
        what += f", {group.every:,} in all"
    address = reverse("web:connection_mapping", args=[group.connection.pk, kind.slug])
    return ShownUnmapped(group, cause, what, f"{address}?{urlencode(query)}")
