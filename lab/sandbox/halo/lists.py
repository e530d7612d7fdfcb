"""Collections as Halo lists them: filters, order, pages, envelopes. What it does not know it ignores."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from lab.sandbox.collection import Json, Records
from lab.sandbox.halo.client_records import OLD
from lab.sandbox.halo.error_bodies import malformed
from lab.sandbox.halo.psa import Psa
from lab.sandbox.halo.setup import OPEN, STATUSES
from lab.sandbox.halo.stamps import read
from lab.sandbox.reply import Reply
from lab.sandbox.request import Request

LARGEST_PAGE = 100
DEFAULT_PAGE = 50
MOST_COUNTED = 1000
CUSTOM = b',"customfields":'
Keep = Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted. ``number`` 0: not by pages."""

    number: int
    size: int

    def of(self, slots: list[int]) -> list[int]:
        first = (self.number - 1) * self.size if self.number else 0
        return slots[first : first + self.size]


def tickets(psa: Psa, request: Request) -> Reply:
    """``/Tickets``: pages of 100 at most, newest first unless asked otherwise."""
    collection = psa["tickets"]
    slots: Iterable[int] = _candidates(collection, request)
    for keep in _ticket_tests(psa, request):
        slots = filter(keep, slots)
    found = list(slots)
    if request.query.get("order") != "id" or is_true(request, "orderdesc"):
        found.reverse()
    page = page_of(request, min(LARGEST_PAGE, psa.largest_page), DEFAULT_PAGE)
    rows = [_shown(psa, slot, request) for slot in page.of(found)]
    total = len(found) if page.number else min(len(found), MOST_COUNTED)
    return envelope("tickets", rows, total, page)


def clients(psa: Psa, request: Request, name: str, key: str) -> Reply:
    """``/Client``, ``/Site``, ``/Users``: active ones only, unless the others are asked for; by name unless by id."""
    collection = psa[name]
    found = list(collection.slots())
    if not is_true(request, "includeinactive"):
        found = [slot for slot in found if not collection.record(slot)["inactive"]]
    if request.query.get("order") != "id":
        found.sort(key=lambda slot: str(collection.record(slot)["name"]))
    elif is_true(request, "orderdesc"):
        found.reverse()
    page = page_of(request, min(MOST_COUNTED, psa.largest_page), len(found))
    return envelope(key, [collection.encoded(slot) for slot in page.of(found)], len(found), page)


def client_records(psa: Psa, request: Request, name: str, key: str) -> Reply:
    """What clients have: pages of 100 at most, the newest first unless asked otherwise. Fields of assets are on rows only
    where one type is asked for, lines of invoices only where they are asked for."""
    collection = psa[name]
    found = list(collection.slots())
    if not is_true(request, "includeinactive"):
        found = [slot for slot in found if _is_active(collection.record(slot))]
    if (kind := number_of(request, "assettype_id")) is not None and name == "assets":
        found = [slot for slot in found if collection.record(slot)["assettype_id"] == kind]
    if (since := request.query.get("lastupdatefromdate")) and name == "opportunities":
        moment = _moment(since)
        found = [slot for slot in found if read(_last_update(collection, slot)) >= moment]
    if request.query.get("order") != "id" or is_true(request, "orderdesc"):
        found.reverse()
    hidden = set() if is_true(request, "includelines") else {"lines"}
    if not (is_true(request, "includeassetfields") and kind is not None):
        hidden.add("fields")
    page = page_of(request, min(LARGEST_PAGE, psa.largest_page), DEFAULT_PAGE)
    shown = (collection.record(slot) for slot in page.of(found))
    rows = [msgspec.json.encode({field: row[field] for field in row if field not in hidden}) for row in shown]
    return envelope(key, rows, len(found), page)


def agents(psa: Psa, request: Request) -> Reply:
    """``/Agent``: under a key of its own; disabled ones and the unassigned one only when they are asked for. Their e-mail is
    shown with each alone."""
    collection = psa["members"]
    shown = [
        slot
        for slot in collection.slots()
        if (is_true(request, "includedisabled") or not collection.record(slot)["isdisabled"])
        and (collection.ids[slot] > 1 or is_true(request, "includeunassigned"))
    ]
    rows = [msgspec.json.encode(_bare(collection.record(slot), "email")) for slot in shown]
    return envelope("results", rows, len(shown), Page(0, len(shown)))


def table(psa: Psa, request: Request, name: str) -> Reply:
    """A bare list. ``/Status`` ignores its ``type``, and leaves out what closes when it is asked to."""
    collection = psa[name]
    closing = {row[0] for row in STATUSES if row[3]}
    hidden: dict[str, Keep] = {
        "statuses": lambda slot: is_true(request, "excludeclosed") and collection.ids[slot] in closing,
        "teams": lambda slot: not is_true(request, "includedisabled") and collection.record(slot)["inactive"],
        "boards": lambda slot: not is_true(request, "showinactive") and not collection.record(slot)["visible"],
        "categories": lambda slot: (
            str(collection.record(slot)["type_id"])
            != request.query.get("type_id", str(collection.record(slot)["type_id"]))
        ),
    }
    hide = hidden.get(name, lambda slot: False)
    return Reply(rows=[collection.encoded(slot) for slot in collection.slots() if not hide(slot)])


def projects(psa: Psa, request: Request) -> Reply:
    """``/Projects``: tickets of their own, under the same key, listed as they are."""
    collection = psa["projects"]
    found = list(collection.slots())
    if is_true(request, "open_only"):
        found = [slot for slot in found if collection.record(slot)["status_id"] in OPEN]
    if since := request.query.get("lastupdatefromdate"):
        moment = _moment(since)
        found = [slot for slot in found if read(_last_update(collection, slot)) >= moment]
    if request.query.get("order") != "id" or is_true(request, "orderdesc"):
        found.reverse()
    page = page_of(request, min(LARGEST_PAGE, psa.largest_page), DEFAULT_PAGE)
    return envelope("tickets", [collection.encoded(slot) for slot in page.of(found)], len(found), page)


def appointments(psa: Psa, request: Request) -> Reply:
    """``/Appointment``: all of a window of time, unless it is asked for by pages."""
    collection = psa["appointments"]
    begin, end = (
        _moment(text, name) if (text := request.query.get(name)) else limit
        for name, limit in (("start_date", float("-inf")), ("end_date", float("inf")))
    )
    ids = {name: number_of(request, name) for name in ("ticket_id", "client_id")}
    found = []
    for slot in collection.slots():
        record = collection.record(slot)
        inside = begin <= read(record["start_date"]) < end
        if inside and all(number in (None, record[name]) for name, number in ids.items()):
            found.append(slot)
    page = page_of(request, min(MOST_COUNTED, psa.largest_page), len(found))
    return envelope("appointments", [collection.encoded(slot) for slot in page.of(found)], len(found), page)


def actions(psa: Psa, request: Request) -> Reply:
    """``/Actions`` of one ticket, the newest first, all of them."""
    ticket = number_of(request, "ticket_id")
    collection = psa["actions"]
    found = collection.children(ticket or 0)
    if is_true(request, "timeentriesonly"):
        found = [slot for slot in found if collection.record(slot)["timetaken"]]
    found.reverse()
    page = Page(0, number_of(request, "count") or len(found))
    return envelope("actions", [collection.encoded(slot) for slot in page.of(found)], len(found), page)


def page_of(request: Request, largest: int, default: int) -> Page:
    """Without ``pageinate`` numbers of pages do nothing."""
    if not is_true(request, "pageinate"):
        count = number_of(request, "count")
        return Page(0, default if count is None else min(count, MOST_COUNTED))
    size = number_of(request, "page_size") or DEFAULT_PAGE
    return Page(max(1, number_of(request, "page_no") or 1), max(1, min(size, largest)))


def envelope(key: str, rows: list[bytes], total: int, page: Page) -> Reply:
    numbers = f'"page_no":{page.number},"page_size":{page.size},' if page.number else ""
    before = f'{{{numbers}"record_count":{total},"{key}":['
    return Reply(rows=rows, before=before.encode(), after=b"]}")


def _is_active(record: Json) -> bool:
    is_old = str(record.get("supplier_part_code") or "").startswith(OLD)
    return not (is_old or record.get("inactive")) and record.get("active") is not False


def is_true(request: Request, name: str) -> bool:
    """Only the word counts: 1 is not true."""
    return request.query.get(name, "").lower() == "true"


def number_of(request: Request, name: str) -> int | None:
    text = request.query.get(name, "")
    if not text:
        return None
    try:
        return int(text)
    except ValueError as err:
        raise malformed(name, text) from err


def numbers_of(request: Request, name: str) -> set[int] | None:
    """The ids of a parameter with commas in it; None where it is not given."""
    text = request.query.get(name, "")
    try:
        return {int(part) for part in text.split(",")} if text else None
    except ValueError as err:
        raise malformed(name, text) from err


def _candidates(collection: Records, request: Request) -> Iterable[int]:
    since = request.query.get("lastupdatefromdate")
    wanted = numbers_of(request, "ticketids") or numbers_of(request, "search_id")
    if wanted is not None:
        return sorted(slot for number in wanted if (slot := collection.slot(number)) is not None)
    touched = collection.touched_since(int(_moment(since))) if since else None
    return collection.slots() if touched is None else touched


def _ticket_tests(psa: Psa, request: Request) -> list[Keep]:
    collection, drawn = psa["tickets"], psa.drawn
    tests: list[Keep] = []

    def column(name: str, quick: Callable[[int], int]) -> Callable[[int], int]:
        return lambda slot: collection.changed[slot][name] if slot in collection.changed else quick(slot)

    status, kind = column("status_id", drawn.status.__getitem__), column("tickettype_id", drawn.type.__getitem__)
    if is_true(request, "open_only"):
        tests.append(lambda slot: status(slot) in OPEN)
    if is_true(request, "closed_only"):
        tests.append(lambda slot: status(slot) not in OPEN)
    for name, value in (("status", status), ("status_id", status), ("requesttype", kind), ("requesttype_id", kind)):
        wanted = numbers_of(request, name)
        if wanted is not None:
            tests.append(lambda slot, wanted=wanted, value=value: value(slot) in wanted)  # type: ignore[misc]
    if since := request.query.get("lastupdatefromdate"):
        moment = _moment(since)
        tests.append(lambda slot: read(_last_update(collection, slot)) >= moment)
    return tests


def _last_update(collection: Records, slot: int) -> str:
    return str(collection.record(slot)["last_update"])


def _moment(text: str, name: str = "lastupdatefromdate") -> float:
    try:
        return read(text)
    except ValueError as err:
        raise malformed(name, text) from err


def _bare(record: Json, *hidden: str) -> Json:
    return {name: value for name, value in record.items() if name not in hidden}


def timed(psa: Psa, slot: int) -> bytes:
    """A ticket with the hours of all its actions."""
    worked = (psa["actions"].record(place)["timetaken"] for place in psa["actions"].children(psa["tickets"].ids[slot]))
    bare, _, rest = psa["tickets"].encoded(slot).rpartition(CUSTOM)
    return bare + b',"timetaken":%s' % msgspec.json.encode(round(sum(worked), 4)) + CUSTOM + rest


def _shown(psa: Psa, slot: int, request: Request) -> bytes:
    row = timed(psa, slot) if is_true(request, "includetimetaken") else psa["tickets"].encoded(slot)
    return _without_custom(row, request)


def _without_custom(row: bytes, request: Request) -> bytes:
    """Rows of lists hold only the custom fields that are asked for by id."""
    wanted = numbers_of(request, "include_custom_fields")
    bare, _, rest = row.rpartition(CUSTOM)
    if wanted is None:
        return bare + b"}"
    fields: list[Json] = [field for field in msgspec.json.decode(rest[:-1]) if field["id"] in wanted]
    return bare + CUSTOM + msgspec.json.encode(fields) + b"}"
