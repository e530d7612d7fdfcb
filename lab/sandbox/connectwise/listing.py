"""Collections: filters, order, fields, pages and the Link header.

Source: ConnectWise developer guide, "Pagination" and "Conditions". Pages hold 25 records unless asked otherwise, and
1000 at most. Forward-only pages follow the ids; their Link is empty when there is no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from lab.sandbox.connectwise.collection import Collection
from lab.sandbox.connectwise.conditions import Clause, ConditionError, Moment, Node, conjuncts, parsed
from lab.sandbox.connectwise.matching import Getter, Test, comparable, test_of
from lab.sandbox.connectwise.pages import DEFAULT_PAGE, LARGEST_PAGE, Columns, columns_of, links, rows_of
from lab.sandbox.connectwise.psa import Psa
from lab.sandbox.connectwise.replies import bad_condition, refusal
from lab.sandbox.connectwise.shapes import UnknownName, element_shape
from lab.sandbox.reply import Reply
from lab.sandbox.request import Request

MOST_COUNTS = 200


@dataclass(frozen=True, slots=True)
class Filter:
    """What of a collection is wanted, and in which order."""

    conditions: str = ""
    child: str = ""
    custom: str = ""
    order: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A collection as one endpoint shows it: whole, or what lies below one parent."""

    psa: Psa
    name: str
    below: tuple[int, ...] | None = None

    @property
    def collection(self) -> Collection:
        return self.psa[self.name]


@dataclass(slots=True)
class Bounds:
    """What the conditions say of ids and stamps, so that not everything needs to be looked at."""

    above: int | None = None
    below: int | None = None
    ids: set[int] | None = None
    parent: int | None = None
    since: int | None = None


def filter_of(request: Request) -> Filter:
    query = request.query
    return Filter(
        query.get("conditions", ""),
        query.get("childconditions", ""),
        query.get("customfieldconditions", ""),
        query.get("orderby", ""),
    )


def page(source: Source, request: Request, wanted: Filter) -> Reply:
    """One page. Raises Refusal."""
    size = min(_number(request, "pagesize", DEFAULT_PAGE, LARGEST_PAGE), source.psa.largest_page)
    columns = columns_of(source.collection, request.query.get("fields", ""))
    if request.headers.get("pagination-type", "").lower() == "forward-only":
        return _forward_page(source, request, wanted, size, columns)
    number = _number(request, "page", 1)
    first = (number - 1) * size
    found = list(islice(matching(source, wanted), first, first + size + 1))
    targets = {"next": number + 1} if len(found) > size else {}
    if number > 1:
        targets["prev"] = number - 1
    reply = Reply(rows=rows_of(source.collection, found[:size], columns))
    reply.headers["Link"] = links(request, targets | {"first": 1} | _last(source, wanted, size))
    return reply


def count(source: Source, wanted: Filter) -> int:
    """How many match. Raises Refusal."""
    key = (source.name, source.below, wanted, source.collection.version, frozenset(source.psa.role.hidden_boards))
    memory = source.psa.counts
    if key not in memory:
        if len(memory) > MOST_COUNTS:
            memory.clear()
        unordered = Filter(wanted.conditions, wanted.child, wanted.custom)
        memory[key] = sum(1 for _ in matching(source, unordered))
    return memory[key]


def matching(source: Source, wanted: Filter) -> Iterator[int]:
    """The slots that match, in the order asked for. Raises Refusal at once, not while it is walked through."""
    try:
        node = parsed(wanted.conditions)
        bounds = bounds_of(node, source.collection.parent)
        tests = _tests(source, wanted, node)
        order = _order(source.collection, wanted.order)
    except (ConditionError, UnknownName) as err:
        raise bad_condition(str(err)) from err
    backwards = order == [("id", True)]
    slots: Iterable[int] = _candidates(source, bounds, backwards)
    for test in tests:
        slots = filter(test, slots)
    if order and order[0][0] != "id":
        return iter(_sorted(source.collection, list(slots), order))
    return iter(slots)


def bounds_of(node: Node | None, parent: str | None) -> Bounds:
    """What the clauses that every match satisfies say of ids and stamps."""
    bounds = Bounds()
    for clause in conjuncts(node):
        name, value = clause.name.lower(), clause.value
        if name == "id" and not isinstance(value, bool):
            _bound_id(bounds, clause)
        elif name == "lastupdated" and isinstance(value, Moment) and clause.operator in (">", ">="):
            bounds.since = max(bounds.since or 0, value.seconds)
        elif parent and name == parent.lower() and clause.operator == "=" and isinstance(value, int):
            bounds.parent = value
    return bounds


def _bound_id(bounds: Bounds, clause: Clause) -> None:
    value = clause.value
    if isinstance(value, tuple):
        if clause.operator == "in":
            bounds.ids = {number for number in value if isinstance(number, int)}
        return
    if not isinstance(value, int):
        return
    if clause.operator == "=":
        bounds.ids = {value}
    elif clause.operator in (">", ">="):
        bounds.above = max(bounds.above or 0, value if clause.operator == ">" else value - 1)
    elif clause.operator in ("<", "<="):
        limit = value if clause.operator == "<" else value + 1
        bounds.below = limit if bounds.below is None else min(bounds.below, limit)


def _candidates(source: Source, bounds: Bounds, backwards: bool) -> Iterable[int]:
    collection = source.collection
    found: list[int] | None = None
    if source.below is not None:
        found = list(source.below)
    elif bounds.ids is not None:
        found = sorted(slot for number in bounds.ids if (slot := collection.slot(number)) is not None)
    elif bounds.parent is not None:
        found = collection.children(bounds.parent)
    elif bounds.since is not None:
        found = collection.touched_since(bounds.since)
    if found is None:
        return collection.slots(bounds.above, bounds.below, backwards)
    return reversed(found) if backwards else found


def _tests(source: Source, wanted: Filter, node: Node | None) -> list[Test]:
    collection = source.collection
    tests = [] if node is None else [test_of(node, collection.resolve)]
    if hidden := source.psa.hidden_test(source.name):
        tests.append(lambda slot: not hidden(slot))
    if child := parsed(wanted.child):
        tests.append(_element_test(collection, child))
    if custom := parsed(wanted.custom):
        tests.append(_custom_test(collection, custom))
    return tests


def _element_test(collection: Collection, node: Node) -> Test:
    """Whether one element of the array satisfies the whole condition."""
    arrays: set[str] = set()

    def resolve(name: str) -> tuple[str, Getter]:
        array, path = collection.shape.child_path(name)
        arrays.add(array)
        return path.type, path.of

    test = test_of(node, resolve)
    if len(arrays) != 1 or any(" in" in f" {clause.operator}" for clause in conjuncts(node)):
        raise ConditionError("childConditions compare the values of one array, without in.")
    array = arrays.pop()
    return lambda slot: any(test(element) for element in collection.record(slot).get(array) or ())


def _custom_test(collection: Collection, node: Node) -> Test:
    if "customFields" not in collection.shape.fields:
        raise ConditionError("These records have no custom fields.")
    shape = element_shape("customFields")

    def resolve(name: str) -> tuple[str, Getter]:
        path = shape.path(name)
        return path.type, path.of

    test = test_of(node, resolve)
    return lambda slot: any(test(element) for element in collection.record(slot).get("customFields") or ())


def _order(collection: Collection, text: str) -> list[tuple[str, bool]]:
    """Names with whether they run downwards."""
    order = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, direction = part.partition(" ")
        if direction.strip().lower() not in ("", "asc", "desc"):
            raise ConditionError(f"{part} is not a valid order.")
        collection.shape.path(name)
        order.append((name.lower() if name.lower() == "id" else name, direction.strip().lower() == "desc"))
    return order


def _sorted(collection: Collection, slots: list[int], order: list[tuple[str, bool]]) -> list[int]:
    for name, downwards in reversed(order):
        value_of = comparable(*collection.resolve(name))
        keys = {slot: value_of(slot) for slot in slots}
        slots.sort(key=lambda slot: (keys[slot] is not None, keys[slot]), reverse=downwards)
    return slots


def _forward_page(source: Source, request: Request, wanted: Filter, size: int, columns: Columns) -> Reply:
    if wanted.order:
        raise refusal(400, "InvalidRequest", "orderBy is not supported with forward-only pagination.")
    after = _number(request, "pageid", 0, lowest=0)
    narrowed = f"id > {after}" + (f" and ({wanted.conditions})" if wanted.conditions.strip() else "")
    found = list(islice(matching(source, Filter(narrowed, wanted.child, wanted.custom)), size))
    reply = Reply(rows=rows_of(source.collection, found, columns))
    last = source.collection.ids[found[-1]] if found else 0
    reply.headers["Link"] = links(request, {"next": last}, "pageId") if len(found) == size else ""
    return reply


def _last(source: Source, wanted: Filter, size: int) -> dict[str, int]:
    """The last page's number, except for walks by id, which would make every page count the rest anew."""
    bounds = bounds_of(parsed(wanted.conditions), None)
    if bounds.above is not None or bounds.below is not None:
        return {}
    return {"last": max(1, -(-count(source, wanted) // size))}


def _number(request: Request, name: str, default: int, largest: int | None = None, lowest: int = 1) -> int:
    text = request.query.get(name, "")
    if not text:
        return default
    try:
        number = int(text)
    except ValueError as err:
        raise refusal(400, "InvalidRequest", f"{name} must be a whole number.") from err
    number = max(number, lowest)
    return number if largest is None else min(number, largest)
