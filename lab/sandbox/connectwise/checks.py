"""What a record must satisfy before it is stored: types, lengths, references, and a ticket's own rules."""

from __future__ import annotations

import re
from typing import Any

from lab.sandbox import clock
from lab.sandbox.collection import Json
from lab.sandbox.connectwise.boards import Board, status_row
from lab.sandbox.connectwise.psa import Psa
from lab.sandbox.connectwise.replies import invalid, problem
from lab.sandbox.connectwise.shapes import Field, Shape
from lab.sandbox.connectwise.tables import reference

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_TARGETS = {
    "board": ("boards", "service/boards"),
    "company": ("companies", "company/companies"),
    "contact": ("contacts", "company/contacts"),
    "priority": ("priorities", "service/priorities"),
    "source": ("sources", "service/sources"),
    "owner": ("members", "system/members"),
    "member": ("members", "system/members"),
    "workType": ("work_types", "time/workTypes"),
    "workRole": ("work_roles", "time/workRoles"),
    "serviceLocation": ("locations", "service/locations"),
}
_LEVELS = ("Low", "Medium", "High")


def check_shape(shape: Shape, record: Json) -> None:
    """Fields, types and lengths. Raises Refusal with every fault."""
    errors = []
    for name in shape.required:
        if record.get(name) in (None, "", {}):
            errors.append(problem("MissingRequiredField", f"The field {name} is required.", shape.noun, name))
    for name, value in record.items():
        field = shape.fields.get(name)
        if field is None:
            errors.append(problem("InvalidField", f"{name} is not a known field.", shape.noun, name))
        elif value is not None and value != "":
            errors += _value_errors(shape, field, value)
    if errors:
        raise invalid(shape.noun, errors)


def _value_errors(shape: Shape, field: Field, value: Any) -> list[dict[str, str]]:
    types: dict[str, Any] = {"s": str, "b": bool, "i": int, "n": (int, float), "r": dict, "a": list, "d": str}
    wanted = types.get(field.type)
    if wanted and (not isinstance(value, wanted) or (field.type in "in" and isinstance(value, bool))):
        return [problem("InvalidField", f"The field {field.name} has the wrong type.", shape.noun, field.name)]
    if field.longest and len(value) > field.longest:
        message = f"The field {field.name} must be a string with a maximum length of {field.longest}."
        return [problem("MaxLengthField", message, shape.noun, field.name)]
    if field.type == "d" and not _DATE.fullmatch(value):
        return [problem("InvalidField", f"Unsupported format applied to {field.name}", shape.noun, field.name)]
    return []


def whole_second(record: Json, name: str) -> int | None:
    """A time of the record in seconds, None if it has none."""
    value = record.get(name)
    return clock.read(value) if value else None


def references(psa: Psa, shape: Shape, values: Json, old: Json | None = None) -> Json:
    """The values with each new reference completed from what it names: an id, an identifier or a name. Raises Refusal."""
    settled = {name: None if value == "" and _is_reference(shape, name) else value for name, value in values.items()}
    for name, (table, path) in _TARGETS.items():
        value = values.get(name)
        if shape.fields.get(name) is None or not value or (old is not None and old.get(name) == value):
            continue
        found = _named(psa, table, value) if isinstance(value, dict) else None
        if found is None:
            message = f"{name} {value.get('id', value) if isinstance(value, dict) else value} not found"
            raise invalid(shape.noun, [problem("NotFound", message, shape.noun, f"{name}/id")])
        settled[name] = _reference_to(psa, name, path, found)
    return settled


def _is_reference(shape: Shape, name: str) -> bool:
    field = shape.fields.get(name)
    return field is not None and field.type == "r"


def _named(psa: Psa, table: str, value: Json) -> Json | None:
    collection = psa[table]
    if value.get("id"):
        return collection.get(value["id"]) if isinstance(value["id"], int) else None
    key = next((key for key in ("identifier", "name") if value.get(key)), None)
    if key is None:
        return None
    wanted = str(value[key]).casefold()
    records = (collection.record(slot) for slot in collection.slots())
    return next((record for record in records if str(record.get(key, "")).casefold() == wanted), None)


def _reference_to(psa: Psa, name: str, path: str, record: Json) -> Json:
    if name in ("owner", "member"):
        return psa.people.references[record["id"]]
    if name == "company":
        return psa.clients.reference(record["id"])
    if name == "contact":
        full = f"{record.get('firstName') or ''} {record.get('lastName') or ''}".strip()
        return reference("contact", path, record["id"], name=full)
    return reference(name, path, record["id"], name=record["name"])


def check_ticket(psa: Psa, record: Json, shape: Shape | None = None) -> None:
    """The rules of tickets, on the record as a whole; completes board, status and priority. Raises Refusal."""
    shape = shape or psa["tickets"].shape
    check_shape(shape, record)
    if not record.get("board"):
        record["board"] = psa.boards.by_id[1].reference
    board = psa.boards.by_id[record["board"]["id"]]
    if not record.get("priority"):
        record["priority"] = reference("priority", "service/priorities", 4, name="Priority 3 - Normal Response")
    errors = [*_settle_status(psa, board, record), *_settle_filing(psa, board, record)]
    for name in ("severity", "impact"):
        if name in shape.fields and record.get(name) not in _LEVELS:
            errors.append(problem("InvalidField", f"{name} must be Low, Medium or High.", "ticket", name))
    if errors:
        raise invalid("ticket", errors)


def _settle_status(psa: Psa, board: Board, record: Json) -> list[dict[str, str]]:
    status = record.get("status") or {"id": board.statuses[0]["id"]}
    status_id = status.get("id")
    if status_id is None:
        named = [row["id"] for row in board.statuses if row["name"].casefold() == str(status.get("name")).casefold()]
        status_id = named[0] if named else status.get("name")
    if not isinstance(status_id, int) or status_row(board, status_id) is None:
        message = f"Service Status {status_id} not found for Service Board {board.id}"
        return [problem("NotFound", message, "ticket", "status/id")]
    record["status"] = psa.boards.status_references[status_id]
    return []


def _settle_filing(psa: Psa, board: Board, record: Json) -> list[dict[str, str]]:
    """Type, subtype and item must be the board's, and a combination that it allows."""
    given: dict[str, Any] = {}
    tables = {"type": "types", "subType": "subtypes", "item": "items", "team": "teams"}
    for name, table in tables.items():
        if not record.get(name):
            continue
        rows = [psa[table].record(slot) for slot in psa[table].children(board.id)]
        wanted = record[name]
        found = next(
            (row for row in rows if wanted.get("id", row["id"]) == row["id"] and _same_name(wanted, row)), None
        )
        if found is None:
            message = f"{name} {wanted.get('id') or wanted.get('name')} not found for Service Board {board.id}"
            return [problem("NotFound", message, "ticket", f"{name}/id")]
        record[name] = reference(name, f"service/boards/{board.id}/{table}", found["id"], name=found["name"])
        given[name] = found["id"]
    chosen = [given.get(name) for name in ("type", "subType", "item")]
    if any(all(want in (None, part["id"]) for want, part in zip(chosen, parts, strict=True)) for parts in board.filing):
        return []
    return [problem("InvalidObject", "Type, subtype and item cannot be combined.", "ticket", "item/id")]


def _same_name(wanted: Json, row: Json) -> bool:
    return "id" in wanted or str(wanted.get("name")).casefold() == row["name"].casefold()
