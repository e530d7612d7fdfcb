"""What hangs on tickets, as it is listed and written: configurations, visits in the calendar, documents.

Source: OpenAPI 2026.4; that documents come as a form, and JSON is refused with 415: ConnectWise developer guide, "API requests".
"""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP
from typing import cast

from lab.sandbox import clock
from lab.sandbox.collection import Json
from lab.sandbox.connectwise import listing
from lab.sandbox.connectwise.checks import check_shape, references, whole_second
from lab.sandbox.connectwise.collection import fixed
from lab.sandbox.connectwise.listing import Source, filter_of
from lab.sandbox.connectwise.psa import Psa
from lab.sandbox.connectwise.replies import invalid, not_found, problem, refusal
from lab.sandbox.connectwise.shapes import SHAPES
from lab.sandbox.connectwise.tables import API_MEMBER, reference
from lab.sandbox.connectwise.writing import changed, created, needed, patched_record, stored
from lab.sandbox.reply import Reply
from lab.sandbox.request import Request

SERVICE = 4
"""The type of a visit for a ticket."""


def configurations(psa: Psa, ticket_id: int) -> Source:
    """The configurations of a ticket, as references in the order of their ids."""
    needed(psa, "tickets", ticket_id)
    links = psa["ticket_configurations"]
    numbers = sorted({links.record(slot)["configurationId"] for slot in links.children(ticket_id)})
    rows = [
        {"id": number, "deviceIdentifier": "", "_info": {"name": record["name"]}}
        for number in numbers
        if (record := psa["configurations"].get(number)) is not None
    ]
    return Source(psa.beside({"rows": fixed(SHAPES["configurationReference"], rows)}), "rows")


def visits(psa: Psa, ticket_id: int) -> Source:
    """The visits of a ticket, as references."""
    needed(psa, "tickets", ticket_id)
    entries = psa["schedule_entries"]
    rows = [
        {"id": entries.ids[slot], "description": entries.record(slot)["name"], "_info": {}}
        for slot in entries.children(ticket_id)
    ]
    return Source(psa.beside({"rows": fixed(SHAPES["scheduleEntryReference"], rows)}), "rows")


def documents(psa: Psa, request: Request) -> Reply:
    """``/system/documents?recordType=…&recordId=…``: what hangs on one record."""
    kind, number = request.query.get("recordtype", ""), request.query.get("recordid", "")
    if not kind or not number.isdecimal():
        raise refusal(400, "InvalidRequest", "recordType and recordId are required.")
    return listing.page(_documents_of(psa, kind, int(number)), request, filter_of(request))


def documents_of_ticket(psa: Psa, ticket_id: int) -> Source:
    """The same by the older address."""
    needed(psa, "tickets", ticket_id)
    return _documents_of(psa, "Ticket", ticket_id)


def download(psa: Psa, number: int) -> Reply:
    """A document's content."""
    record = needed(psa, "documents", number)
    reply = Reply(body=str(record["content"]).encode("latin-1", "replace"), content_type="application/octet-stream")
    reply.headers["Content-Disposition"] = f'attachment; filename="{record["fileName"]}"'
    return reply


def _documents_of(psa: Psa, kind: str, number: int) -> Source:
    found = psa["documents"]
    slots = found.children(number)
    return Source(
        psa, "documents", tuple(s for s in slots if found.record(s)["recordType"].casefold() == kind.casefold())
    )


def attach_configuration(psa: Psa, request: Request, ids: list[int]) -> Reply:
    needed(psa, "tickets", ids[0])
    number = request.json_object().get("id")
    record = psa["configurations"].get(number) if isinstance(number, int) else None
    if record is None:
        raise not_found("Configuration", number if isinstance(number, int) else 0)
    links = psa["ticket_configurations"]
    if any(links.record(slot)["configurationId"] == number for slot in links.children(ids[0])):
        errors = [problem("ObjectExists", "The configuration is attached already.", "configurationReference", "id")]
        raise invalid("configurationReference", errors)
    link = {"id": links.next_id(), "ticketId": ids[0], "configurationId": number}
    links.put(link | {"_info": {"lastUpdated": psa.now(), "updatedBy": API_MEMBER}})
    attached = configurations(psa, ids[0]).collection
    return created(attached, cast(int, number))


def detach_configuration(psa: Psa, request: Request, ids: list[int]) -> Reply:
    needed(psa, "tickets", ids[0])
    links = psa["ticket_configurations"]
    found = [slot for slot in links.children(ids[0]) if links.record(slot)["configurationId"] == ids[1]]
    if not found:
        raise not_found("Configuration", ids[1])
    links.drop(links.ids[found[0]])
    return Reply(204)


def create_visit(psa: Psa, request: Request, ids: list[int]) -> Reply:
    given, entries = request.json_object(), psa["schedule_entries"]
    check_shape(entries.shape, given)
    ticket = needed(psa, "tickets", int(given.get("objectId") or 0))
    number = entries.next_id()
    record: Json = {
        "id": number,
        "name": ticket["summary"],
        "status": reference("status", "schedule/statuses", 2, name="Firm"),
        "doneFlag": False,
        "acknowledgedFlag": False,
        "ownerFlag": False,
        "meetingFlag": False,
        "mobileGuid": psa.seed.guid("visit by hand", number),
        **references(psa, entries.shape, given),
        "type": _visit_type(given["type"]),
        "_info": {"lastUpdated": psa.now(), "updatedBy": API_MEMBER},
    }
    entries.put(_with_hours(record))
    return created(entries, number)


def patch_visit(psa: Psa, request: Request, ids: list[int]) -> Reply:
    record = patched_record(psa, "schedule_entries", ids[0], request.json())
    check_shape(psa["schedule_entries"].shape, record)
    return changed(psa["schedule_entries"], stored(psa, "schedule_entries", _with_hours(record), API_MEMBER))


def delete_visit(psa: Psa, request: Request, ids: list[int]) -> Reply:
    needed(psa, "schedule_entries", ids[0])
    psa["schedule_entries"].drop(ids[0])
    return Reply(204)


def upload(psa: Psa, request: Request, ids: list[int]) -> Reply:
    """A document, as a form with a file."""
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        raise refusal(415, "UnsupportedMediaType", "The request must be multipart/form-data.")
    form, name = _form(kind, request.body)
    if "file" not in form or not form.get("recordtype") or not form.get("recordid", b"").isdigit():
        raise refusal(400, "InvalidRequest", "file, recordType and recordId are required.")
    number, documents = psa["documents"].next_id(), psa["documents"]
    if form["recordtype"].lower() == b"ticket":
        needed(psa, "tickets", int(form["recordid"]))
    documents.put(
        {
            "id": number,
            "title": (form.get("title") or name.encode()).decode("utf-8", "replace"),
            "fileName": name,
            "owner": API_MEMBER,
            "publicFlag": form.get("privateflag", b"").lower() == b"false",
            "size": len(form["file"]),
            "guid": psa.seed.guid("document by hand", number),
            "recordType": form["recordtype"].decode("utf-8", "replace"),
            "recordId": int(form["recordid"]),
            "content": form["file"].decode("latin-1"),
            "_info": {"lastUpdated": psa.now(), "updatedBy": API_MEMBER},
        }
    )
    return created(documents, number)


def delete_document(psa: Psa, request: Request, ids: list[int]) -> Reply:
    needed(psa, "documents", ids[0])
    psa["documents"].drop(ids[0])
    return Reply(204)


def _visit_type(given: Json) -> Json:
    number = given.get("id")
    if number not in (None, SERVICE) or (number is None and given.get("identifier") != "S"):
        errors = [problem("NotFound", "Only the type S is for tickets.", "scheduleEntry", "type")]
        raise invalid("scheduleEntry", errors)
    return reference("type", "schedule/types", SERVICE, identifier="S")


def _with_hours(record: Json) -> Json:
    start, end = whole_second(record, "dateStart"), whole_second(record, "dateEnd")
    if start is not None and end is not None:
        record["hours"] = round((end - start) / clock.HOUR, 2)
    return record


def _form(kind: str, body: bytes) -> tuple[dict[str, bytes], str]:
    """The fields by lower-case name, and the file's name."""
    found: dict[str, bytes] = {}
    name = "upload"
    head = b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n"
    for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
        field = str(part.get_param("name", "", "content-disposition")).lower()
        content = part.get_payload(decode=True)
        found[field] = content if isinstance(content, bytes) else b""
        name = part.get_filename() or name
    return found, name
