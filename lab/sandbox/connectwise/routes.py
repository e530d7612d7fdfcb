"""From an address to its answer: routing, sign-in, rights, and the reading half of the interface."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import unquote

from lab.sandbox.collection import Json
from lab.sandbox.connectwise import attaching, callbacks, conversation, listing, pages, project_writing, sales, writing
from lab.sandbox.connectwise.collection import fixed, without_nulls
from lab.sandbox.connectwise.endpoints import ALL_NOTES, BELOW_TICKETS, BY_LOWER, ENDPOINTS, FORECAST, Endpoint
from lab.sandbox.connectwise.listing import Filter, Source, filter_of
from lab.sandbox.connectwise.psa import VERSION, Psa
from lab.sandbox.connectwise.replies import forbidden, no_endpoint, not_found, refusal, unauthorized
from lab.sandbox.connectwise.shapes import SHAPES
from lab.sandbox.reply import Refusal, Reply, json_reply
from lab.sandbox.request import Request

_API = re.compile(r"/(?:v4_6_release|v\d{4}_\d+)/apis/3\.0/(?P<path>.+)")
_COMPANY_INFO = "/login/companyinfo/"


Handler: TypeAlias = Callable[[Psa, Request, list[int]], Reply]
_WRITERS: dict[tuple[str, str], tuple[str, Handler]] = {
    ("POST", "service/tickets"): ("tickets", writing.create_ticket),
    ("PATCH", "service/tickets/{}"): ("tickets", writing.patch_ticket),
    ("DELETE", "service/tickets/{}"): ("tickets", writing.delete_ticket),
    ("POST", "service/tickets/{}/merge"): ("tickets", writing.merge_tickets),
    ("POST", "service/tickets/{}/notes"): ("tickets", writing.create_note),
    ("PATCH", "service/tickets/{}/notes/{}"): ("tickets", writing.patch_note),
    ("DELETE", "service/tickets/{}/notes/{}"): ("tickets", writing.delete_note),
    ("POST", "time/entries"): ("time", writing.create_time),
    ("PATCH", "time/entries/{}"): ("time", writing.patch_time),
    ("DELETE", "time/entries/{}"): ("time", writing.delete_time),
    ("PATCH", "company/companies/{}"): ("companies", writing.patch_company),
    ("PATCH", "company/contacts/{}"): ("contacts", writing.patch_contact),
    ("POST", "project/tickets"): ("projects", project_writing.create),
    ("PATCH", "project/tickets/{}"): ("projects", project_writing.patch),
    ("DELETE", "project/tickets/{}"): ("projects", project_writing.delete),
    ("POST", "project/tickets/{}/notes"): ("projects", project_writing.create_note),
    ("PATCH", "project/tickets/{}/notes/{}"): ("projects", writing.patch_note),
    ("DELETE", "project/tickets/{}/notes/{}"): ("projects", writing.delete_note),
    ("POST", "service/tickets/{}/configurations"): ("tickets", attaching.attach_configuration),
    ("DELETE", "service/tickets/{}/configurations/{}"): ("tickets", attaching.detach_configuration),
    ("POST", "schedule/entries"): ("schedule", attaching.create_visit),
    ("PATCH", "schedule/entries/{}"): ("schedule", attaching.patch_visit),
    ("DELETE", "schedule/entries/{}"): ("schedule", attaching.delete_visit),
    ("POST", "system/documents"): ("documents", attaching.upload),
    ("DELETE", "system/documents/{}"): ("documents", attaching.delete_document),
    ("POST", "system/callbacks"): ("callbacks", callbacks.create),
    ("PATCH", "system/callbacks/{}"): ("callbacks", callbacks.patch),
    ("DELETE", "system/callbacks/{}"): ("callbacks", callbacks.delete),
}


def answer(psa: Psa, request: Request) -> Reply:
    """The answer to a request of the vendor's interface; refusals are answers too."""
    try:
        reply = _answer(psa, request)
    except Refusal as refused:
        reply = refused.reply
    reply.headers.setdefault("api-current-version", VERSION)
    return reply


def template_of(path: str) -> tuple[str, list[int]]:
    """``service/tickets/12/notes`` → ``service/tickets/{}/notes`` and [12]."""
    ids: list[int] = []
    parts = []
    for part in filter(None, path.split("/")):
        if part.isascii() and part.isdigit():
            ids.append(int(part))
        parts.append("{}" if part.isascii() and part.isdigit() else part)
    return "/".join(parts), ids


def api_path(path: str) -> str | None:
    """What follows ``/apis/3.0/``; None if the codebase is not one of ours."""
    found = _API.fullmatch(path)
    return None if found is None or "/apis/" in found["path"] else found["path"]


def _answer(psa: Psa, request: Request) -> Reply:
    if request.path.startswith(_COMPANY_INFO):
        return _company_info(psa, unquote(request.path.removeprefix(_COMPANY_INFO)).strip("/"))
    path = api_path(request.path)
    if path is None:
        text = b"Cannot route. Codebase/company is invalid"
        return Reply(400, text, content_type="text/plain; charset=utf-8")
    _sign_in(psa, request)
    template, ids = template_of(path)
    if request.method == "GET":
        return _read(psa, request, template, ids)
    if request.method == "POST" and template.endswith("/search"):
        return _search(psa, request, template, ids)
    writer = _WRITERS.get((request.method, template))
    if writer is None:
        raise _not_writable(template)
    module, handler = writer
    if f"{module}:write" in psa.role.denied or module in psa.role.denied:
        raise forbidden()
    return handler(psa, request, ids)


def _not_writable(template: str) -> Refusal:
    known = template.lower().removesuffix("/{}") in BY_LOWER
    return (
        refusal(405, "MethodNotAllowed", "The requested resource does not support this method.")
        if known
        else no_endpoint()
    )


def _company_info(psa: Psa, company: str) -> Reply:
    if company.lower() != psa.credentials.company_id.lower():
        return Reply(body=b"null")
    identity = psa.identity
    return json_reply(
        {
            "CompanyName": identity.company_name,
            "Codebase": identity.codebase,
            "VersionCode": identity.codebase.strip("/").replace("_", "."),
            "VersionNumber": f"v{VERSION}.101",
            "CompanyID": identity.company_id,
            "IsCloud": True,
            "SiteUrl": identity.site_url,
        }
    )


def _sign_in(psa: Psa, request: Request) -> None:
    wanted = psa.credentials
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(token.strip(), validate=True)
    except (binascii.Error, ValueError):
        given = b""
    expected = f"{wanted.company_id}+{wanted.public_key}:{wanted.private_key}".encode()
    client_id = request.headers.get("clientid", "")
    if scheme.lower() != "basic" or not hmac.compare_digest(given, expected) or client_id != wanted.client_id:
        raise unauthorized()


def _read(psa: Psa, request: Request, template: str, ids: list[int]) -> Reply:
    lowered = template.lower()
    if lowered == "system/info":
        return _system_info(psa)
    if lowered in ALL_NOTES:
        return _all_notes(psa, request, ALL_NOTES[lowered], ids[0])
    if lowered == FORECAST:
        return _forecast(psa, ids[0])
    if lowered.startswith("system/documents"):
        return _documents(psa, request, lowered, ids)
    if lowered.removesuffix("/count") in BELOW_TICKETS:
        return _below_ticket(psa, request, lowered, ids[0])
    if endpoint := BY_LOWER.get(lowered):
        return listing.page(_source(psa, endpoint, ids), request, filter_of(request))
    base, _, tail = lowered.rpartition("/")
    endpoint = BY_LOWER.get(base)
    if endpoint is not None and tail == "count":
        return json_reply({"count": listing.count(_source(psa, endpoint, ids), filter_of(request))})
    if endpoint is not None and tail == "{}":
        return _single(psa, request, endpoint, ids)
    raise no_endpoint()


def _source(psa: Psa, endpoint: Endpoint, ids: list[int]) -> Source:
    """The collection below its parent, if it has one. Raises Refusal."""
    if endpoint.module in psa.role.denied:
        raise forbidden()
    if not endpoint.parent:
        return Source(psa, endpoint.name)
    slot = psa[endpoint.parent].slot(ids[0])
    if slot is None or psa.is_hidden(endpoint.parent, slot):
        raise not_found(psa[endpoint.parent].shape.noun.capitalize(), ids[0])
    return Source(psa, endpoint.name, tuple(psa[endpoint.name].children(ids[0])))


def _single(psa: Psa, request: Request, endpoint: Endpoint, ids: list[int]) -> Reply:
    source = _source(psa, endpoint, ids)
    slot = _slot(source, ids[-1])
    if request.query.get("fields"):
        return Reply(body=pages.encoded(source.collection, [slot], request.query["fields"])[0])
    return Reply(body=source.collection.encoded(slot))


def _slot(source: Source, row_id: int) -> int:
    """Where the collection has the row. Raises Refusal."""
    slot = source.collection.slot(row_id)
    outside = slot is not None and source.below is not None and slot not in source.below
    if slot is None or outside or source.psa.is_hidden(source.name, slot):
        raise not_found(source.collection.shape.noun.capitalize(), row_id)
    return slot


def _search(psa: Psa, request: Request, template: str, ids: list[int]) -> Reply:
    endpoint = BY_LOWER.get(template.lower().removesuffix("/search"))
    if endpoint is None or endpoint.parent:
        raise no_endpoint()
    given = request.json_object() if request.body.strip() else {}
    known = {
        "conditions": "conditions",
        "childconditions": "child",
        "customfieldconditions": "custom",
        "orderby": "order",
    }
    filters = {}
    for name, value in given.items():
        if name.lower() not in known:
            message = f"Could not find member '{name}' on object of type 'FilterValues'. Check your accept header"
            raise refusal(400, "ConnectWiseApi", message)
        filters[known[name.lower()]] = str(value or "")
    return listing.page(_source(psa, endpoint, ids), request, Filter(**filters))


def _below_ticket(psa: Psa, request: Request, lowered: str, ticket_id: int) -> Reply:
    module, rows = BELOW_TICKETS[lowered.removesuffix("/count")]
    if module in psa.role.denied:
        raise forbidden()
    source = rows(psa, ticket_id)
    if lowered.endswith("/count"):
        return json_reply({"count": listing.count(source, filter_of(request))})
    return listing.page(source, request, filter_of(request))


def _documents(psa: Psa, request: Request, lowered: str, ids: list[int]) -> Reply:
    if "documents" in psa.role.denied:
        raise forbidden()
    if lowered == "system/documents":
        return attaching.documents(psa, request)
    if lowered == "system/documents/{}":
        return Reply(body=psa["documents"].encoded(_slot(Source(psa, "documents"), ids[0])))
    if lowered == "system/documents/{}/download":
        return attaching.download(psa, ids[0])
    raise no_endpoint()


def _all_notes(psa: Psa, request: Request, path: str, ticket_id: int) -> Reply:
    below = _source(psa, ENDPOINTS[path], [ticket_id]).below or ()
    entries = [psa["time_entries"].record(slot) for slot in psa["time_entries"].children(ticket_id)]
    rows: list[Json] = conversation.thread([psa["notes"].record(slot) for slot in below], entries)
    # Ids of notes and of time entries come from different sequences, so this list has an order of its own.
    ordered = sorted((without_nulls(row) for row in rows), key=lambda row: (row["id"], row["noteType"]))
    collection = fixed(SHAPES["serviceTicketNote"], ordered)
    return listing.page(Source(psa.beside({"thread": collection}), "thread"), request, filter_of(request))


def _forecast(psa: Psa, opportunity_id: int) -> Reply:
    _slot(_source(psa, ENDPOINTS["sales/opportunities"], []), opportunity_id)
    return json_reply(sales.forecast(opportunity_id, psa.seed.dice("forecast", opportunity_id)))


def _system_info(psa: Psa) -> Reply:
    return json_reply(
        {
            "version": f"v{VERSION}.101",
            "isCloud": True,
            "serverTimeZone": "Eastern Standard Time",
            "licenseBits": [{"name": "APIUsers", "activeFlag": True}],
            "cloudRegion": psa.identity.region,
        }
    )
