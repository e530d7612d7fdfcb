"""Creating, changing and deleting, as far as software that works on tickets needs it.

Source: ConnectWise developer guide, "Updating records"; OpenAPI 2026.4. A changed record is checked as a whole.
"""

from __future__ import annotations

from typing import Any

from lab.sandbox.collection import Json
from lab.sandbox.connectwise import custom_fields
from lab.sandbox.connectwise.checks import check_shape, check_ticket, references, whole_second
from lab.sandbox.connectwise.collection import Collection
from lab.sandbox.connectwise.patches import patched
from lab.sandbox.connectwise.psa import Psa
from lab.sandbox.connectwise.replies import invalid, not_found, problem
from lab.sandbox.connectwise.tables import API_MEMBER, reference
from lab.sandbox.connectwise.tickets import FLAGS, ticket_info
from lab.sandbox.reply import Reply, json_reply
from lab.sandbox.request import Request

CREATE_ONLY = (
    "initialDescription",
    "initialInternalAnalysis",
    "initialResolution",
    "initialDescriptionFrom",
    "contactEmailLookup",
    "processNotifications",
    "skipCallback",
)
NOTE_FLAGS = ("detailDescriptionFlag", "internalAnalysisFlag", "resolutionFlag")


def create_ticket(psa: Psa, request: Request, ids: list[int]) -> Reply:
    return created(psa["tickets"], add_ticket(psa, request.json_object()))


def add_ticket(psa: Psa, given: Json) -> int:
    """Stores a new ticket and returns its id. Raises Refusal."""
    tickets, now = psa["tickets"], psa.now()
    check_shape(tickets.shape, given)
    record_id = psa.next_ticket_id()
    record: Json = {
        "id": record_id,
        "recordType": "ServiceTicket",
        "severity": "Medium",
        "impact": "Medium",
        **FLAGS,
        "hasMergedChildTicketFlag": False,
        "customFields": [custom_fields.entry(field, None) for field in custom_fields.definitions_of("sr100")],
    }
    settled = references(psa, tickets.shape, {name: value for name, value in given.items() if name not in CREATE_ONLY})
    record = _with_custom_values(record, settled)
    record["id"] = record_id
    check_ticket(psa, record)
    record["_info"] = ticket_info(record_id, now, API_MEMBER, now) | {"enteredBy": API_MEMBER}
    settle_status(psa, record, now)
    tickets.put(record)
    for name, flag in zip(CREATE_ONLY[:3], NOTE_FLAGS, strict=True):
        if given.get(name):
            add_note(psa, record_id, {"text": given[name], flag: True})
    return record_id


def patch_ticket(psa: Psa, request: Request, ids: list[int]) -> Reply:
    return changed(psa["tickets"], change_ticket(psa, ids[0], request.json()))


def change_ticket(psa: Psa, record_id: int, operations: Any, by: str = API_MEMBER) -> int:
    """Applies JSON-Patch-like operations and returns the id. Raises Refusal."""
    record = patched_record(psa, "tickets", record_id, operations)
    check_ticket(psa, record)
    settle_status(psa, record, psa.now())
    return stored(psa, "tickets", record, by)


def settle_status(psa: Psa, record: Json, now: str) -> None:
    """What follows from the status: whether the ticket is closed, and when and by whom."""
    status = psa["statuses"].get(record["status"]["id"])
    closed = bool(status and status["closedStatus"])
    if closed != record.get("closedFlag"):
        record["closedDate"] = now if closed else None
        record["closedBy"] = API_MEMBER if closed else None
    record["closedFlag"] = closed


def delete_ticket(psa: Psa, request: Request, ids: list[int]) -> Reply:
    needed(psa, "tickets", ids[0])
    remove_ticket(psa, ids[0])
    return Reply(204)


def remove_ticket(psa: Psa, record_id: int, collection: str = "tickets") -> None:
    """Deletes a ticket with its notes and time entries."""
    for name in ("notes", "time_entries"):
        for slot in psa[name].children(record_id):
            psa[name].drop(psa[name].ids[slot])
    psa[collection].drop(record_id)


def merge_tickets(psa: Psa, request: Request, ids: list[int]) -> Reply:
    given = request.json_object()
    merge(psa, ids[0], given.get("mergeTicketIds") or [], given.get("status"))
    return json_reply({"success": True, "message": "Tickets merged."})


def merge(psa: Psa, parent_id: int, child_ids: list[int], status: Json | None = None) -> None:
    """Merges tickets into one. The merged ones stay, closed unless a status is given. Raises Refusal."""
    parent = dict(needed(psa, "tickets", parent_id))
    children = [needed(psa, "tickets", child_id) for child_id in child_ids]
    if not children or parent_id in child_ids:
        raise invalid(
            "ticketMerge", [problem("InvalidField", "Other tickets are needed.", "ticketMerge", "mergeTicketIds")]
        )
    target = reference("ticket", "service/tickets", parent_id, summary=parent["summary"])
    for child in children:
        closing = status or {"id": psa.boards.by_id[child["board"]["id"]].closing[0]}
        operations = [{"op": "replace", "path": "status", "value": closing}]
        record = patched_record(psa, "tickets", child["id"], operations) | {"mergedParentTicket": target}
        check_ticket(psa, record)
        settle_status(psa, record, psa.now())
        stored(psa, "tickets", record, API_MEMBER)
    stored(psa, "tickets", parent | {"hasMergedChildTicketFlag": True}, API_MEMBER)


def create_note(psa: Psa, request: Request, ids: list[int]) -> Reply:
    needed(psa, "tickets", ids[0])
    return created(psa["notes"], add_note(psa, ids[0], request.json_object()))


def add_note(psa: Psa, ticket_id: int, given: Json) -> int:
    """Stores a note and returns its id. Raises Refusal."""
    notes, now = psa["notes"], psa.now()
    check_shape(notes.shape, given)
    record: Json = {**dict.fromkeys(NOTE_FLAGS, False)} | references(psa, notes.shape, given)
    _check_note(record)
    author: Json = record.get("member") or record.get("contact") or {}
    internal = bool(record["internalAnalysisFlag"]) and not record["detailDescriptionFlag"]
    record |= {
        "id": notes.next_id(),
        "ticketId": ticket_id,
        "issueFlag": False,
        "customerUpdatedFlag": bool(record.get("customerUpdatedFlag")),
        "dateCreated": now,
        "createdBy": author.get("identifier") or author.get("name") or API_MEMBER,
        "internalFlag": internal,
        "externalFlag": not internal,
        "_info": {"lastUpdated": now, "updatedBy": API_MEMBER},
    }
    record.pop("processNotifications", None)
    notes.put(record)
    _touch_ticket(psa, ticket_id)
    return int(record["id"])


def patch_note(psa: Psa, request: Request, ids: list[int]) -> Reply:
    _need_below(psa, "notes", "ticketId", ids)
    record = patched_record(psa, "notes", ids[1], request.json())
    _check_note(record)
    check_shape(psa["notes"].shape, record)
    return changed(psa["notes"], stored(psa, "notes", record, API_MEMBER))


def delete_note(psa: Psa, request: Request, ids: list[int]) -> Reply:
    _need_below(psa, "notes", "ticketId", ids)
    psa["notes"].drop(ids[1])
    return Reply(204)


def create_time(psa: Psa, request: Request, ids: list[int]) -> Reply:
    return created(psa["time_entries"], add_time(psa, request.json_object()))


def add_time(psa: Psa, given: Json) -> int:
    """Stores a time entry and returns its id. Raises Refusal."""
    times, now = psa["time_entries"], psa.now()
    check_shape(times.shape, given)
    kind = "ProjectTicket" if given.get("chargeToType") == "ProjectTicket" else "ServiceTicket"
    tickets, path = ("project_tickets", "project") if kind == "ProjectTicket" else ("tickets", "service")
    ticket = psa[tickets].get(int(given.get("chargeToId") or 0))
    if ticket is None:
        raise invalid("timeEntry", [problem("InvalidField", "The ticket does not exist.", "timeEntry", "chargeToId")])
    record: Json = {
        "id": times.next_id(),
        "company": ticket["company"],
        "chargeToType": kind,
        "billableOption": "Billable",
        "addToDetailDescriptionFlag": True,
        "addToInternalAnalysisFlag": False,
        "addToResolutionFlag": False,
        "status": "Open",
        "invoiceFlag": False,
        "enteredBy": API_MEMBER,
        "dateEntered": now,
        "ticket": reference("ticket", f"{path}/tickets", ticket["id"], summary=ticket["summary"]),
        "customFields": [],
    }
    record |= references(psa, times.shape, given)
    _settle_hours(record)
    record["_info"] = {"lastUpdated": now, "updatedBy": API_MEMBER, "dateEntered": now}
    times.put(record)
    _touch_ticket(psa, ticket["id"])
    return int(record["id"])


def patch_time(psa: Psa, request: Request, ids: list[int]) -> Reply:
    record = patched_record(psa, "time_entries", ids[0], request.json())
    check_shape(psa["time_entries"].shape, record)
    _settle_hours(record)
    return changed(psa["time_entries"], stored(psa, "time_entries", record, API_MEMBER))


def delete_time(psa: Psa, request: Request, ids: list[int]) -> Reply:
    needed(psa, "time_entries", ids[0])
    psa["time_entries"].drop(ids[0])
    return Reply(204)


def patch_company(psa: Psa, request: Request, ids: list[int]) -> Reply:
    return changed(psa["companies"], change(psa, "companies", ids[0], request.json()))


def patch_contact(psa: Psa, request: Request, ids: list[int]) -> Reply:
    return changed(psa["contacts"], change(psa, "contacts", ids[0], request.json()))


def change(psa: Psa, name: str, record_id: int, operations: Any, by: str = API_MEMBER) -> int:
    """Applies operations to a record that has no rules of its own. Raises Refusal."""
    if name == "tickets":
        return change_ticket(psa, record_id, operations, by)
    record = patched_record(psa, name, record_id, operations)
    check_shape(psa[name].shape, record)
    return stored(psa, name, record, by)


def patched_record(psa: Psa, name: str, record_id: int, operations: Any) -> Json:
    shape, old = psa[name].shape, needed(psa, name, record_id)
    return references(psa, shape, patched(old, shape, operations), old=old)


def stored(psa: Psa, name: str, record: Json, by: str) -> int:
    record["_info"] = record["_info"] | {"lastUpdated": psa.now(), "updatedBy": by}
    psa[name].put(record)
    if name == "companies":
        psa.company_changed(record)
    return int(record["id"])


def _with_custom_values(record: Json, given: Json) -> Json:
    values = {row.get("id"): row.get("value") for row in given.pop("customFields", None) or ()}
    rows = [row | {"value": values.get(row["id"], row["value"])} for row in record["customFields"]]
    return record | given | {"customFields": rows}


def _settle_hours(record: Json) -> None:
    """Hours follow from start and end; only without an end they count as given."""
    start, end = whole_second(record, "timeStart"), whole_second(record, "timeEnd")
    if start is not None and end is not None:
        record["actualHours"] = round((end - start) / 3600, 2)


def _check_note(record: Json) -> None:
    if not any(record.get(flag) for flag in NOTE_FLAGS):
        message = "At least one of detailDescriptionFlag, internalAnalysisFlag and resolutionFlag is needed."
        raise invalid("serviceNote", [problem("InvalidField", message, "serviceNote", NOTE_FLAGS[0])])


def _touch_ticket(psa: Psa, ticket_id: int) -> None:
    if psa.identity.touch_ticket_on_note:
        stored(psa, "tickets", dict(needed(psa, "tickets", ticket_id)), API_MEMBER)


def needed(psa: Psa, name: str, record_id: int) -> Json:
    slot = psa[name].slot(record_id)
    if slot is None or psa.is_hidden(name, slot):
        raise not_found(psa[name].shape.noun.capitalize(), record_id)
    return psa[name].record(slot)


def _need_below(psa: Psa, name: str, parent: str, ids: list[int]) -> None:
    if needed(psa, name, ids[1])[parent] != ids[0]:
        raise not_found(psa[name].shape.noun.capitalize(), ids[1])


def created(collection: Collection, record_id: int) -> Reply:
    slot = collection.slot(record_id)
    return Reply(201, b"" if slot is None else collection.encoded(slot))


def changed(collection: Collection, record_id: int) -> Reply:
    slot = collection.slot(record_id)
    return Reply(200, b"" if slot is None else collection.encoded(slot))
