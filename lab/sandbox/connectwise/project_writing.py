"""Writing on project tickets: by an interface of their own, with the rules of service tickets where they have the same fields."""

from __future__ import annotations

from lab.sandbox.collection import Json
from lab.sandbox.connectwise import custom_fields
from lab.sandbox.connectwise.boards import PROJECT_BOARD
from lab.sandbox.connectwise.checks import check_shape, check_ticket, references
from lab.sandbox.connectwise.psa import Psa
from lab.sandbox.connectwise.replies import invalid, problem
from lab.sandbox.connectwise.tables import API_MEMBER
from lab.sandbox.connectwise.writing import (
    CREATE_ONLY,
    add_note,
    changed,
    created,
    needed,
    patched_record,
    remove_ticket,
    settle_status,
    stored,
)
from lab.sandbox.reply import Reply
from lab.sandbox.request import Request

NAME = "project_tickets"


def create(psa: Psa, request: Request, ids: list[int]) -> Reply:
    """A ticket of the project that its phase belongs to. It is known by the phases of other tickets."""
    given, tickets = request.json_object(), psa[NAME]
    check_shape(tickets.shape, {name: value for name, value in given.items() if name not in CREATE_ONLY})
    pattern = _of_phase(psa, given["phase"])
    number, now = psa.next_ticket_id(), psa.now()
    record: Json = {name: pattern[name] for name in ("project", "phase", "company", "site", "currency")}
    record |= {
        "board": next(board.reference for board in psa.boards.by_id.values() if board.name == PROJECT_BOARD),
        "isIssueFlag": False,
        "customFields": [custom_fields.entry(field, None) for field in custom_fields.definitions_of("sr100")],
        **references(psa, tickets.shape, {name: v for name, v in given.items() if name not in (*CREATE_ONLY, "phase")}),
        "id": number,
        "_info": {"lastUpdated": now, "updatedBy": API_MEMBER, "dateEntered": now},
    }
    check_ticket(psa, record, tickets.shape)
    settle_status(psa, record, now)
    tickets.put(record)
    return created(tickets, number)


def patch(psa: Psa, request: Request, ids: list[int]) -> Reply:
    record = patched_record(psa, NAME, ids[0], request.json())
    check_ticket(psa, record, psa[NAME].shape)
    settle_status(psa, record, psa.now())
    return changed(psa[NAME], stored(psa, NAME, record, API_MEMBER))


def delete(psa: Psa, request: Request, ids: list[int]) -> Reply:
    needed(psa, NAME, ids[0])
    remove_ticket(psa, ids[0], NAME)
    return Reply(204)


def create_note(psa: Psa, request: Request, ids: list[int]) -> Reply:
    needed(psa, NAME, ids[0])
    return created(psa["notes"], add_note(psa, ids[0], request.json_object()))


def _of_phase(psa: Psa, phase: Json) -> Json:
    for slot in psa[NAME].slots():
        record = psa[NAME].record(slot)
        if record["phase"]["id"] == phase.get("id"):
            return record
    message = f"phase {phase.get('id')} not found"
    raise invalid("projectTicket", [problem("NotFound", message, "projectTicket", "phase/id")])
