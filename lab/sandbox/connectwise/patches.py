"""ConnectWise's JSON-Patch-like changes: a bare array of add, replace and remove.

Source: ConnectWise developer guide, "PATCH". Paths are case-sensitive and work with and without the leading slash.
"""

from __future__ import annotations

from typing import Any

from lab.sandbox.collection import Json
from lab.sandbox.connectwise.replies import invalid, problem, refusal
from lab.sandbox.connectwise.shapes import Shape
from lab.sandbox.reply import Refusal

_READ_ONLY = frozenset(("id", "_info", "closedFlag", "closedDate", "closedBy", "resources", "ticketId", "recordType"))
_OPERATIONS = ("add", "replace", "remove")


def patched(record: Json, shape: Shape, operations: Any) -> Json:
    """A changed copy of the record. What may not be written is passed over in silence, as live. Raises Refusal."""
    if not isinstance(operations, list) or not all(isinstance(operation, dict) for operation in operations):
        raise refusal(400, "InvalidRequest", "The body must be an array of operations.")
    # Parts are shared with the old record: they are replaced, never written to.
    changed = dict(record)
    for operation in operations:
        kind, path = operation.get("op"), str(operation.get("path", "")).strip("/")
        if kind not in _OPERATIONS:
            raise refusal(400, "InvalidRequest", f"{kind} is not a known operation.")
        _apply(changed, shape, kind, path.split("/"), operation.get("value"))
    return changed


def _apply(record: Json, shape: Shape, kind: str, steps: list[str], value: Any) -> None:
    field = shape.fields.get(steps[0])
    if field is None:
        raise _unknown(shape, "/".join(steps))
    if field.name in _READ_ONLY:
        return
    if len(steps) == 1:
        _set(record, field.name, None if kind == "remove" else value)
    elif field.type == "r" and steps[1] == "id" and kind != "remove":
        record[field.name] = {"id": value}
    elif field.type == "a":
        _in_array(record, shape, kind, steps, value)
    # Any other path into a reference is answered with 200 and changes nothing, as live.


def _set(record: Json, name: str, value: Any) -> None:
    if name == "customFields":
        given = {row.get("id"): row.get("value") for row in value or () if isinstance(row, dict)}
        record[name] = [
            row | {"value": given[row["id"]]} if row["id"] in given else row for row in record.get(name) or ()
        ]
        return
    record[name] = value


def _in_array(record: Json, shape: Shape, kind: str, steps: list[str], value: Any) -> None:
    rows = record[steps[0]] = list(record.get(steps[0]) or ())
    if not steps[1].isdigit() or int(steps[1]) > len(rows) - (kind != "add"):
        raise _unknown(shape, "/".join(steps))
    place = int(steps[1])
    if kind == "add" and len(steps) == 2:
        # Wherever it is put, a new row comes last.
        rows.append(value)
    elif kind == "remove" and len(steps) == 2:
        del rows[place]
    elif len(steps) == 2:
        rows[place] = value
    else:
        rows[place] = rows[place] | {steps[2]: None if kind == "remove" else value}


def _unknown(shape: Shape, path: str) -> Refusal:
    return invalid(shape.noun, [problem("InvalidField", f"{path} is not a valid path.", shape.noun, path)])
