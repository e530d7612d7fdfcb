"""What ids on tickets are called, and which custom fields there are: read when first needed, and again for an unknown id.

Rows of ticket lists hold ids where people want names (seen on a live Halo: no name of a status or an agent on any of fifty
rows). The tables behind them are small.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from typing import TypeVar

from integrations.adapters.halo import payloads as halo
from integrations.adapters.halo.client import Halo, R, total_of
from integrations.adapters.halo.client_payloads import AssetType, Item
from integrations.adapters.halo.custom_fields import TICKETS, Choices
from integrations.adapters.halo.lookups import ALIKE, ASSET_TYPES, CLOSING
from integrations.adapters.halo.lookups import FIELDS as FIELD_LOOKUP
from integrations.adapters.halo.mapping import UNASSIGNED, Names, agent_name
from integrations.adapters.halo.paging import LARGEST_PAGE
from integrations.adapters.halo.payloads import number
from integrations.adapters.halo.streams import ASSETS, EXCLUDE_CLOSED, FIELDS, ITEMS, SOURCES, closing
from integrations.decoding import Listing
from integrations.errors import IntegrationError, ProtocolError
from integrations.noticing import notice_beside
from integrations.untold import EMPTY, NAMELESS, Forbearance, why_of

K = TypeVar("K")

AGAIN_AFTER = 60.0
"""Seconds after which an id without a name is worth another look: until then it is taken for one that nobody may see."""
MOST_ITEM_PAGES = 500
FIELD_PARAMS = {"includevalues": "true"}


class Vocabulary:
    """A cache of one adapter: it can be thrown away at any time. Safe to share between threads.

    ``failed``: look-ups that were refused, or came empty, and why, by the keys of ``lookups``. ``nameless_asset_types``: how many types of
    assets said no id, so that theirs cannot be asked for.
    """

    def __init__(self, remote: Halo) -> None:
        self._remote = remote
        self._lock = threading.Lock()
        self._names: Names | None = None
        self._read_at = 0.0
        self._fields: tuple[str, ...] | None = None
        self._choices: Choices | None = None
        self._asset_types: tuple[int, ...] | None = None
        self.failed: dict[str, str] = {}
        self._forbearance = Forbearance()
        self.nameless_asset_types = 0
        self._active_items: frozenset[int] | None = None

    def names_for(self, rows: Iterable[halo.Ticket]) -> Names:
        """Names for all ids of these tickets, as far as Halo tells them. Asks nothing for no tickets."""
        wanted = list(rows)
        with self._lock:
            if not wanted:
                return self._names or Names()
            known = self._names
            stale = time.monotonic() - self._read_at > AGAIN_AFTER
            if known is None or (stale and not all(_is_known(row, known) for row in wanted)):
                known = self._names = self._read()
                self._read_at = time.monotonic()
            return known

    def field_ids(self) -> tuple[str, ...]:
        """The custom fields of tickets; none where the application may not see them."""
        with self._lock:
            if self._fields is None:
                self._fields = self._read_fields()
            return self._fields

    def choices(self) -> Choices:
        """What the choices of custom fields are called, of all kinds of records; none where the application may not see them."""
        with self._lock:
            if self._choices is None:
                self._choices = self._read_choices()
            return self._choices

    def asset_types(self) -> tuple[int, ...]:
        """The types of assets in the order of their ids; none where the application may not see them."""
        with self._lock:
            if self._asset_types is None:
                self._asset_types = self._read_asset_types()
            return self._asset_types

    def active_items(self) -> frozenset[int] | None:
        """The items that are sold: those that the list holds when the others are not asked for; None where it holds none."""
        with self._lock:
            if self._active_items is None:
                self._active_items = self._read_active_items()
            return self._active_items or None

    def _read_active_items(self) -> frozenset[int]:
        found: set[int] = set()
        for page in range(1, MOST_ITEM_PAGES + 1):
            params: dict[str, str | int] = {
                "pageinate": "true",
                "page_no": page,
                "page_size": LARGEST_PAGE,
                "order": "id",
                "orderdesc": "false",
            }
            listing = self._remote.list("Item", Item, params, key="items", permission=ITEMS)
            fresh = set(listing.known_ids) - found
            found |= fresh
            if not fresh or len(found) >= (total_of(listing) or MOST_ITEM_PAGES * LARGEST_PAGE):
                return frozenset(found)
        raise ProtocolError("Halo's list of items does not end.")

    def _read_asset_types(self) -> tuple[int, ...]:
        try:
            listing = self._remote.list("AssetType", AssetType, {}, permission=ASSETS)
        except IntegrationError as err:
            if not self._forbearance.bears(err):
                raise
            self.failed[ASSET_TYPES] = why_of(err)
            return ()
        if listing.sent:
            self.failed.pop(ASSET_TYPES, None)
        else:
            self.failed[ASSET_TYPES] = EMPTY
        notice_beside("AssetType", listing.remarks, listing.rejected)
        self.nameless_asset_types = len(listing.rejected)
        return tuple(sorted({row.id for row in listing.rows}))

    def _read(self) -> Names:
        priorities = self._table("priorities", halo.Priority)
        statuses = self._table("statuses", halo.Status)
        return Names(
            types=self._named("boards", {row.id: row.name for row in self._table("boards", halo.TicketType)}),
            statuses=self._named("statuses", {row.id: row.name for row in statuses}),
            priorities=self._named("priorities", {(row.slaid or 0, row.priorityid): row.name for row in priorities}),
            agents=self._named("members", {row.id: agent_name(row) for row in self._table("members", halo.Agent)}),
            teams=self._ids(self._table("teams", halo.Team)),
            closing=self._closing(statuses),
        )

    def _closing(self, statuses: list[halo.Status]) -> frozenset[int] | None:
        """The statuses that close; None where that cannot be told."""
        if not statuses:
            self.failed[CLOSING] = self.failed["statuses"]
            return None
        left = self._table("statuses", halo.Status, EXCLUDE_CLOSED, key=CLOSING)
        found = closing(statuses, left)
        if found is None and (left or self.failed[CLOSING] == EMPTY):
            self.failed[CLOSING] = ALIKE
        return found

    def _named(self, key: str, names: Mapping[K, str | None]) -> Mapping[K, str]:
        """What the ids are called; that none of them is called anything is a look-up that failed."""
        if names and not any(names.values()):
            self.failed[key] = NAMELESS
        return {number: name or "" for number, name in names.items()}

    def _ids(self, teams: list[halo.Team]) -> Mapping[str, int]:
        found = {row.name: row.id for row in teams if row.name}
        if teams and not found:
            self.failed["teams"] = NAMELESS
        return found

    def _table(self, stream: str, kind: type[R], more: Mapping[str, str] | None = None, *, key: str = "") -> list[R]:
        """A table's rows; none where it may not be read, or is empty, which is remembered by the stream's name or by the key."""
        source, key = SOURCES[stream], key or stream
        try:
            rows = self._remote.list(
                source.path, kind, {**source.params, **(more or {})}, key=source.key, permission=source.spec.permission
            ).rows
        except IntegrationError as err:
            if not self._forbearance.bears(err):
                raise
            self.failed[key] = why_of(err)
            return []
        if rows:
            self.failed.pop(key, None)
        else:
            self.failed[key] = EMPTY
        return rows

    def _read_choices(self) -> Choices:
        rows = self._definitions()
        return {row.id: {str(number(one.id)): one.name for one in row.values or () if one.name} for row in rows}

    def _read_fields(self) -> tuple[str, ...]:
        return tuple(str(row.id) for row in self._definitions() if row.usage == TICKETS)

    def _definitions(self) -> list[halo.FieldDefinition]:
        """The custom fields; none where the application may not see them. That there are none at all is no failure that people are told of."""
        try:
            listing = field_definitions(self._remote)
        except IntegrationError as err:
            if not self._forbearance.bears(err):
                raise
            self.failed[FIELD_LOOKUP] = why_of(err)
            return []
        notice_beside("FieldInfo", listing.remarks, listing.rejected)
        rows = listing.rows
        if rows:
            self.failed.pop(FIELD_LOOKUP, None)
        else:
            self.failed[FIELD_LOOKUP] = EMPTY
        return rows


def field_definitions(remote: Halo) -> Listing[halo.FieldDefinition]:
    """All fields that were defined, with their choices."""
    return remote.list("FieldInfo", halo.FieldDefinition, FIELD_PARAMS, key="fields", permission=FIELDS)


def _is_known(row: halo.Ticket, names: Names) -> bool:
    return (
        (not row.tickettype_id or row.tickettype_id in names.types)
        and (not row.status_id or row.status_id in names.statuses)
        and (not row.priority_id or (row.sla_id or 0, row.priority_id) in names.priorities)
        and (not row.agent_id or row.agent_id <= UNASSIGNED or row.agent_id in names.agents)
        and (not row.team or row.team in names.teams)
    )
