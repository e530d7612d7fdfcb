"""Callbacks: their register. The sandbox keeps it and calls nobody.

Source: ConnectWise developer guide, "PSA Callbacks" (types and levels); answers of live systems of 2026 (refusals, ``objectId``).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from lab.sandbox.collection import Json
from lab.sandbox.connectwise.checks import check_shape
from lab.sandbox.connectwise.psa import Psa
from lab.sandbox.connectwise.replies import invalid, problem
from lab.sandbox.connectwise.tables import API_MEMBER
from lab.sandbox.connectwise.writing import changed, created, needed, patched_record, stored
from lab.sandbox.reply import Reply
from lab.sandbox.request import Request

NOUN = "callbackEntry"
OWN_LEVEL = (
    *("activity", "agreement", "invoice", "schedule", "member", "project"),
    *("expense", "purchaseorder", "productcatalog"),
)
LEVELS: dict[str, tuple[str, ...]] = {
    "ticket": ("owner", "board", "status", "project", "phase", "ticket", "integratortag"),
    "company": ("owner", "status", "type", "territory", "company", "integratortag"),
    "contact": ("owner", "type", "territory", "company", "contact"),
    "configuration": ("owner", "type", "status", "configuration"),
    "time": ("owner", "company", "time"),
    "opportunity": ("owner", "statusid", "company", "opportunity"),
    **{name: ("owner", name) for name in OWN_LEVEL},
}
_SAME = ("url", "type", "level", "objectId")


def create(psa: Psa, request: Request, ids: list[int]) -> Reply:
    """Registers a callback of the API member's."""
    given, callbacks = request.json_object(), psa["callbacks"]
    check_shape(callbacks.shape, given)
    member = next(row["id"] for row in psa.people.rows if row["identifier"] == API_MEMBER)
    number = callbacks.next_id()
    record: Json = {
        "payloadVersion": "3.0.0",
        "inactiveFlag": False,
        "isSoapCallbackFlag": False,
        "isSelfSuppressedFlag": False,
        **{name: value for name, value in given.items() if value is not None},
        "id": number,
        "memberId": member,
        "connectWiseID": psa.seed.guid("callback", number),
        "_info": {"lastUpdated": psa.now(), "updatedBy": API_MEMBER},
    }
    callbacks.put(_checked(psa, record))
    return created(callbacks, number)


def patch(psa: Psa, request: Request, ids: list[int]) -> Reply:
    record = patched_record(psa, "callbacks", ids[0], request.json())
    check_shape(psa["callbacks"].shape, record)
    return changed(psa["callbacks"], stored(psa, "callbacks", _checked(psa, record), API_MEMBER))


def delete(psa: Psa, request: Request, ids: list[int]) -> Reply:
    needed(psa, "callbacks", ids[0])
    psa["callbacks"].drop(ids[0])
    return Reply(204)


def _checked(psa: Psa, record: Json) -> Json:
    """The record as it is stored. Raises Refusal with every fault."""
    record["type"], record["level"] = str(record["type"]).lower(), str(record["level"]).lower()
    if record["level"] == "owner":
        record["objectId"] = 1
    errors = []
    if urlsplit(str(record["url"])).scheme not in ("http", "https"):
        errors.append(problem("InvalidField", "Invalid URL", NOUN, "url"))
    if record["level"] not in LEVELS.get(record["type"], ()):
        message = "Unrecognized level for type, see documentation for supported levels for each type"
        errors.append(problem("InvalidObject", message, NOUN, "level"))
    if not errors and _is_there(psa, record):
        errors.append(problem("ObjectExists", "A matching callback entry already exists", NOUN, "objectId"))
    if errors:
        raise invalid(NOUN, errors)
    return record


def _is_there(psa: Psa, record: Json) -> bool:
    others = (psa["callbacks"].record(slot) for slot in psa["callbacks"].slots())
    return any(other["id"] != record["id"] and all(other[name] == record[name] for name in _SAME) for other in others)
