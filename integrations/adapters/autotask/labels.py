"""What ids in Autotask's records are called.

Records carry numbers only. What a pick list's numbers mean stands in the entity's field information; people, roles and
other small tables are read once; companies and contacts are looked up for the records at hand. All of it is kept for as
long as the adapter is open, which is a slice of a run.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec

from integrations.adapters.autotask import client_payloads
from integrations.adapters.autotask import payloads as at
from integrations.adapters.autotask.client import LARGEST_PAGE, Autotask, has_more
from integrations.adapters.autotask.filters import EVERY_RECORD, MOST_VALUES, Clause, compare
from integrations.answers import Answer
from integrations.decoding import Listing
from integrations.errors import IntegrationError, ProtocolError
from integrations.names import full_name
from integrations.noticing import notice_beside
from integrations.untold import EMPTY, NAMELESS, Forbearance, why_of

PICKS, FIELDS = "fields", "user fields"
"""What is looked up of each entity apart."""
MANY = 5
"""So many ids of which none is told are no deleted records, but an empty answer."""
ALWAYS = frozenset({"ContractServiceUnits", "BillingItems"})
"""What many records do not all lack. Most tickets have nobody who helps."""
MOST_KEPT = 50_000
"""Names of companies and contacts each; beyond it they are looked up anew."""

T = TypeVar("T")
R = TypeVar("R", bound=at.Row)


def name_of(row: at.Row) -> str:
    """What the row of a table is called, whichever of its attributes says it; "" where none does."""
    if isinstance(row, at.Resource | at.Contact):
        return full_name(row.first_name, row.last_name)
    if isinstance(row, at.Named):
        return row.display_name or row.name or row.contract_name or row.company_name or ""
    return ""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A value of a pick list. ``value`` is the number of the records, as text."""

    value: str
    label: str
    is_active: bool = True
    is_default: bool = False
    sort_order: int = 0
    parent: str = ""


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """An entity's pick lists by the lower-case name of the field: metadata and records differ in case. ``listings``: the same as they came."""

    picks: dict[str, dict[str, Choice]]
    listings: dict[str, Listing[at.PickListValue]]
    answer: Answer


class Looked:
    """What a look-up gave."""

    rows: dict[str, Any]

    def __init__(self) -> None:
        self.rows = {}


class Labels:
    """Safe to share between threads: a table is read by whoever needs it first, the others wait for it."""

    def __init__(self, remote: Autotask) -> None:
        self._remote = remote
        self._lock = threading.RLock()
        self._kept: dict[str, object] = {}
        self._failed: dict[str, str] = {}
        self._forbearance = Forbearance()
        self._people: dict[str, dict[int, at.Row | None]] = {"Companies": {}, "Contacts": {}}

    def described(self, entity: str) -> Described:
        """The entity's pick lists. Raises the errors of ``integrations.errors``."""
        return self._once(f"fields of {entity}", lambda: self._describe(entity))

    def picks(self, entity: str) -> dict[str, dict[str, Choice]]:
        """The entity's pick lists for the names of its rows; none where they can't be read: a name is not worth a record."""
        with self._soft(f"{PICKS} of {entity}") as found:
            described = self.described(entity)
            found.rows = described.picks
            self._once(f"oddities in fields of {entity}", lambda: _tell(entity, described))
        return found.rows

    def field_definitions(self, entity: str) -> dict[str, at.Field]:
        """The same of the entity's user-defined fields."""
        with self._soft(f"{FIELDS} of {entity}") as found:
            found.rows = self.user_fields(entity)
        return found.rows

    def failed_for(self, entity: str) -> dict[str, str]:
        """Why look-ups for rows of the entity failed, by the keys of ``lookups``."""
        own = f" of {entity}"
        return {
            key.removesuffix(own): why for key, why in self._failed.items() if " of " not in key or key.endswith(own)
        }

    def label(self, entity: str, field: str, value: int | None) -> str:
        """What a pick list's value is called; "" for none, and for one that the list does not hold."""
        if value is None:
            return ""
        choice = self.described(entity).picks.get(field.lower(), {}).get(str(value))
        return choice.label if choice else ""

    def user_fields(self, entity: str) -> dict[str, at.Field]:
        """The entity's user-defined fields by name."""
        return self._once(
            f"user fields of {entity}", lambda: {field.name: field for field in self._remote.user_fields(entity)}
        )

    def table(self, entity: str) -> dict[int, at.Named]:
        """A small table by id; empty where the API user may not read it: a name is not worth a record."""
        return self._once(entity, lambda: self._whole(entity, at.Named))

    def resources(self) -> dict[int, at.Resource]:
        """Those who work in Autotask, by id."""
        return self._once("Resources", lambda: self._whole("Resources", at.Resource))

    def companies(self, ids: Iterable[int | None]) -> dict[int, at.Named]:
        """The names of companies, those that can be read."""
        return self._looked_up("Companies", at.Named, ("id", "companyName"), ids)

    def contacts(self, ids: Iterable[int | None]) -> dict[int, at.Contact]:
        """Contacts with name, address and telephone, those that can be read."""
        fields = ("id", "firstName", "lastName", "emailAddress", "phone", "extension")
        return self._looked_up("Contacts", at.Contact, fields, ids)

    def units(self, ids: Iterable[int]) -> dict[int, client_payloads.ContractServiceUnit]:
        """How many are due in the running period, by service of a contract; of two the later one."""
        today = f"{dt.datetime.now(dt.UTC):%Y-%m-%d}T00:00:00Z"
        running = (compare("startDate", "lte", today), compare("endDate", "gte", today))
        rows = self._below(
            "ContractServiceUnits", client_payloads.ContractServiceUnit, "contractServiceID", ids, running
        )
        return {row.contract_service_id: row for row in rows if row.contract_service_id is not None}

    def lines(self, ids: Iterable[int]) -> dict[int, list[client_payloads.BillingItem]]:
        """The billing items of invoices, by invoice, in the order of their ids."""
        found: dict[int, list[client_payloads.BillingItem]] = {}
        for row in self._below("BillingItems", client_payloads.BillingItem, "invoiceID", ids):
            if row.invoice_id is not None:
                found.setdefault(row.invoice_id, []).append(row)
        return found

    def helpers(self, ids: Iterable[int]) -> dict[int, list[int]]:
        """Who works on tickets beside the one whom each is assigned to, by ticket, in the order in which they were added."""
        found: dict[int, list[int]] = {}
        for row in self._below("TicketSecondaryResources", at.SecondaryResource, "ticketID", ids):
            if row.ticket_id is not None and row.resource_id is not None:
                found.setdefault(row.ticket_id, []).append(row.resource_id)
        return found

    def _below(
        self, entity: str, kind: type[R], field: str, ids: Iterable[int], clauses: tuple[Clause, ...] = ()
    ) -> list[R]:
        """The rows that point to one of the records at hand. Not kept: they are needed once."""
        wanted = sorted(set(ids))
        found: list[R] = []
        for start in range(0, len(wanted), MOST_VALUES):
            asked = wanted[start : start + MOST_VALUES]
            part = compare(field, "in", asked)
            rows = self._whole(entity, kind, (part, *clauses))
            if not rows and entity in ALWAYS and entity not in self._failed and len(asked) >= MANY:
                # That there are none of this period may be true where there are some of another.
                rest = self._whole(entity, kind, (part,)) if clauses else {}
                if not rest and entity not in self._failed:
                    self._failed[entity] = EMPTY
            found += rows.values()
        return found

    @contextmanager
    def _soft(self, key: str) -> Iterator[Looked]:
        """A look-up without which records come all the same: that it was refused, or empty, is remembered until it works."""
        looked, why = Looked(), ""
        try:
            yield looked
        except IntegrationError as err:
            if not self._forbearance.bears(err):
                raise
            why = why_of(err)
        if why or not looked.rows:
            self._failed[key] = why or EMPTY
        else:
            self._failed.pop(key, None)

    def _once(self, key: str, read: Callable[[], T]) -> T:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = read()
            return self._kept[key]  # type: ignore[return-value]

    def _describe(self, entity: str) -> Described:
        fields, answer = self._remote.fields(entity)
        listings = {field.name.lower(): listing for field, listing in fields if listing.sent}
        picks = {name: {str(row.value): _choice(row) for row in listing.rows} for name, listing in listings.items()}
        return Described(picks=picks, listings=listings, answer=answer)

    def _whole(self, entity: str, kind: type[R], clauses: tuple[Clause, ...] = ()) -> dict[int, R]:
        """All rows that meet the clauses. None where they may not be read, which is remembered; so is that a whole table is empty."""
        try:
            found = self._walked(entity, kind, clauses)
        except IntegrationError as err:
            if not self._forbearance.bears(err):
                raise
            self._failed[entity] = why_of(err)
            return {}
        if found or clauses:
            self._failed.pop(entity, None)
        else:
            self._failed[entity] = EMPTY
        if found and issubclass(kind, at.Resource | at.Named) and not any(map(name_of, found.values())):
            self._failed[entity] = NAMELESS
        return found

    def _walked(self, entity: str, kind: type[R], clauses: tuple[Clause, ...]) -> dict[int, R]:
        found: dict[int, R] = {}
        clause: Clause = EVERY_RECORD
        last = -1
        while True:
            listing = self._remote.query(entity, kind, [*clauses, clause])
            notice_beside(entity, listing.remarks, listing.rejected)
            found |= {row.id: row for row in listing.rows}
            highest = max(listing.known_ids, default=None)
            if highest is None or not has_more(listing, LARGEST_PAGE):
                return found
            if highest <= last:
                raise ProtocolError("Autotask's paging does not advance.")
            last = highest
            clause = compare("id", "gt", last)

    def _looked_up(
        self, entity: str, kind: type[R], fields: tuple[str, ...], ids: Iterable[int | None]
    ) -> dict[int, R]:
        wanted = {number for number in ids if number is not None}
        with self._lock:
            kept: dict[int, R | None] = self._people[entity]  # type: ignore[assignment]
            missing = sorted(wanted - kept.keys())
            if len(kept) + len(missing) > MOST_KEPT:
                kept.clear()
                missing = sorted(wanted)
            for start in range(0, len(missing), MOST_VALUES):
                part = missing[start : start + MOST_VALUES]
                kept.update({**dict.fromkeys(part), **self._some(entity, kind, fields, part)})
            return {number: row for number in wanted if (row := kept[number]) is not None}

    def _some(self, entity: str, kind: type[R], fields: tuple[str, ...], ids: list[int]) -> dict[int, R]:
        try:
            listing = self._remote.query(entity, kind, [compare("id", "in", ids)], fields=fields)
        except IntegrationError as err:
            if not self._forbearance.bears(err):
                raise
            self._failed[entity] = why_of(err)
            return {}
        notice_beside(entity, listing.remarks, listing.rejected)
        absent = frozenset(map(at.wire_name, listing.absent)) & frozenset(fields)
        if listing.rows and (absent or not any(map(name_of, listing.rows))):
            self._failed[entity] = NAMELESS
        elif listing.rows:
            self._failed.pop(entity, None)
        elif len(ids) >= MANY:
            self._failed[entity] = EMPTY
        return {row.id: row for row in listing.rows}


def _tell(entity: str, described: Described) -> bool:
    for field, listing in described.listings.items():
        notice_beside(f"{entity}.{field}", listing.remarks, listing.rejected)
    return True


def _choice(value: at.PickListValue) -> Choice:
    return Choice(
        value=str(value.value),
        label=value.label or "",
        is_active=value.is_active is not False,
        is_default=bool(value.is_default_value),
        sort_order=value.sort_order or 0,
        parent=str(value.parent_value or ""),
    )
