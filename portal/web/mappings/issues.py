"""What is not mapped, as the page of issues shows it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from integrations.selectors import connection_list
from mappings.selectors.groups import UnmappedGroup, unmapped_groups


@dataclass(frozen=True, slots=True)
class ShownUnmapped:
    """``cause``: what is not mapped; ``what``: the tickets that have it; ``href``: where it is mapped."""

    group: UnmappedGroup
    cause: str
    what: str
    href: str


def unmapped_shown(connection: int | None = None) -> list[ShownUnmapped]:
    """The groups of one connection or of all."""
    rows = connection_list()
    return [_shown(group) for group in unmapped_groups(rows if connection is None else rows.filter(pk=connection))]


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
