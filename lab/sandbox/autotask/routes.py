"""From an address to its answer: zones, sign-in, rights, queries, single records, field information.

Source: vendor Swagger 2026 (paths); developer help (behaviour). Upper and lower case of a path are one.
"""

from __future__ import annotations

import hmac
import re
from itertools import islice
from typing import Any

import msgspec

from lab.sandbox.autotask import fields
from lab.sandbox.autotask.entity import Entity
from lab.sandbox.autotask.error_bodies import failure, no_permission, refused
from lab.sandbox.autotask.filters import Compiler, Test
from lab.sandbox.autotask.psa import ENTITIES, NAMES, Psa
from lab.sandbox.collection import Json
from lab.sandbox.reply import Refusal, Reply, json_reply
from lab.sandbox.request import Request

LARGEST_PAGE = 500
_API = re.compile(r"(?:/zone(?P<zone>\d+))?/atservicesrest(?:/v1\.0)?/(?P<path>.+)", re.IGNORECASE)
_BY_LOWER = {entity.lower(): entity for entity in ENTITIES.values()}
_WITH_USER_FIELDS = frozenset(
    {"Tickets", "Companies", "Contacts", "ConfigurationItems", "Products", "Contracts", "Opportunities"}
)
_encode = msgspec.json.Encoder().encode


def answer(psa: Psa, request: Request) -> Reply:
    """The answer to a request of the vendor's interface; refusals are answers too."""
    try:
        return _answer(psa, request)
    except Refusal as refusal:
        return refusal.reply


def template_of(path: str) -> str:
    """``/zone5/atservicesrest/v1.0/Tickets/12`` → ``Tickets/{}``."""
    found = _API.fullmatch(path)
    parts = (found["path"] if found else path).strip("/").split("/")
    return "/".join("{}" if part.isdigit() else part for part in parts)


def entity_of(path: str) -> str:
    """The entity that a path is about: what threads are counted by."""
    return template_of(path).split("/")[0].lower()


def _answer(psa: Psa, request: Request) -> Reply:
    found = _API.fullmatch(request.path)
    if found is None:
        return Reply(404, b"<html><body>404 - File or directory not found.</body></html>", content_type="text/html")
    path = found["path"].strip("/")
    if path.lower() == "zoneinformation":
        return _zone(psa, request)
    if path.lower() == "versioninformation":
        return json_reply({"apiVersions": ["V1.0", "V2.0"]})
    if found["zone"] is None or int(found["zone"]) != psa.identity.zone:
        return Reply(401)
    _sign_in(psa, request)
    if path.lower() == "thresholdinformation":
        return _threshold(psa)
    return _of_entity(psa, request, path)


def _zone(psa: Psa, request: Request) -> Reply:
    if request.query.get("user", "").lower() != psa.credentials.username.lower():
        return failure("Zone information could not be determined")
    zone = psa.identity.zone
    base = f"{request.origin}/zone{zone}"
    return json_reply(
        {
            "zoneName": f"Sandbox {zone}",
            "url": f"{base}/atservicesrest/",
            "webUrl": f"{base}/",
            "ci": psa.identity.instance,
        }
    )


def _sign_in(psa: Psa, request: Request) -> None:
    wanted, given = psa.credentials, request.headers
    if not hmac.compare_digest(given.get("apiintegrationcode", "").encode(), wanted.integration_code.encode()):
        raise refused("IntegrationCode is invalid.")
    known = given.get("username", "").lower() == wanted.username.lower()
    if not known or not hmac.compare_digest(given.get("secret", "").encode(), wanted.secret.encode()):
        raise Refusal(Reply(401))


def _threshold(psa: Psa) -> Reply:
    threshold = psa.threshold
    return json_reply(
        {
            "externalRequestThreshold": threshold.limit,
            "requestThresholdTimeframe": 60,
            "currentTimeframeRequestCount": threshold.count,
        }
    )


def _of_entity(psa: Psa, request: Request, path: str) -> Reply:
    head, _, tail = path.partition("/")
    entity = _BY_LOWER.get(head.lower())
    if entity is None:
        raise refused("The requested resource does not exist.", 404)
    if NAMES[entity] in psa.role.denied:
        raise no_permission()
    method, lowered = request.method, tail.lower()
    if lowered in ("query", "query/next"):
        return _query(psa, request, entity)
    if lowered == "query/count":
        return json_reply({"queryCount": _count(psa, entity, _search(request))})
    if method == "GET" and tail.isdigit():
        return _single(psa, entity, int(tail))
    if method == "GET" and lowered == "entityinformation/fields":
        return json_reply({"fields": fields.information(entity)})
    if method == "GET" and lowered == "entityinformation/userdefinedfields":
        if entity not in _WITH_USER_FIELDS:
            raise refused("This entity has no user-defined fields.", 404)
        return json_reply({"fields": fields.user_information(entity)})
    if method == "GET" and lowered == "entityinformation":
        return json_reply({"info": _information(entity)})
    raise refused("The requested resource does not support http method.", 405)


def _information(entity: str) -> Json:
    return {
        "name": fields.noun(entity),
        "canCreate": False,
        "canDelete": False,
        "canQuery": True,
        "canUpdate": False,
        "userAccessForCreate": "None",
        "userAccessForDelete": "None",
        "userAccessForQuery": "All",
        "userAccessForUpdate": "None",
        "hasUserDefinedFields": entity in _WITH_USER_FIELDS,
        "supportsWebhookCallouts": False,
    }


def _search(request: Request) -> Json:
    """The query, from the body or from ``search``. Raises Refusal."""
    raw = request.body if request.method == "POST" else request.query.get("search", "").encode()
    try:
        given = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise refused("The body is not valid JSON.", 400) from err
    if not isinstance(given, dict):
        raise refused("The body is not valid JSON.", 400)
    # A misspelt keyword must fail here, where the vendor would silently do something else.
    if unknown := set(given) - {"filter", "maxRecords", "includeFields"}:
        raise refused(f"Unknown property {sorted(unknown)[0]}.", 400)
    return given


def _tested(psa: Psa, entity: str, clauses: Any) -> Test:
    test = Compiler(entity, psa[NAMES[entity]]).test(clauses)
    hidden = psa.hidden(NAMES[entity])
    return test if hidden is None else lambda slot: not hidden(slot) and test(slot)


def _query(psa: Psa, request: Request, entity: str) -> Reply:
    given, records = _search(request), psa[NAMES[entity]]
    most = given.get("maxRecords", LARGEST_PAGE)
    if not isinstance(most, int) or not 1 <= most <= LARGEST_PAGE:
        raise refused("maxCountOfRecordsToReturn must be between 1 and 500")
    most = min(most, psa.largest_page)
    test = _tested(psa, entity, given.get("filter"))
    after = int(request.query["after"]) if "after" in request.query else None
    walk = (slot for slot in _candidates(records, given["filter"], after) if test(slot))
    slots = list(islice(walk, most + 1))
    more, slots = len(slots) > most, slots[:most]
    target = f"{request.origin}{request.path.removesuffix('/next')}/next"
    details = {
        "count": len(slots),
        "requestCount": most,
        "prevPageUrl": None,
        "nextPageUrl": f"{target}?after={records.ids[slots[-1]]}" if more else None,
    }
    rows = [_row(entity, records, slot, given.get("includeFields")) for slot in slots]
    return Reply(rows=rows, before=b'{"items":[', after=b'],"pageDetails":' + _encode(details) + b"}")


def _candidates(records: Entity, clauses: list[Any], after: int | None) -> Any:
    """The slots that may fit, in the order of ids: a bound on the id is a place in the table, a change a short list."""
    bounds = [int(clause["value"]) for clause in clauses if _bounds_id(clause)]
    lowest = max([*bounds, *([] if after is None else [after])], default=None)
    if (listed := _listed(records, clauses)) is not None:
        return (slot for slot in listed if lowest is None or records.ids[slot] > lowest)
    return records.slots(above=lowest)


def _bounds_id(clause: Any) -> bool:
    return clause.get("op", "").lower() == "gt" and str(clause.get("field", "")).lower() == "id"


def _listed(records: Entity, clauses: list[Any]) -> list[int] | None:
    """The slots of a list of ids; None where the clauses hold none."""
    for clause in clauses:
        if clause.get("op", "").lower() == "in" and str(clause.get("field", "")).lower() == "id":
            found = (records.slot(int(number)) for number in clause["value"])
            return sorted(slot for slot in found if slot is not None)
    return None


def _count(psa: Psa, entity: str, given: Json) -> int:
    test = _tested(psa, entity, given.get("filter"))
    return sum(1 for slot in psa[NAMES[entity]].slots() if test(slot))


def _single(psa: Psa, entity: str, record_id: int) -> Reply:
    records = psa[NAMES[entity]]
    slot, hidden = records.slot(record_id), psa.hidden(NAMES[entity])
    if slot is None or (hidden is not None and hidden(slot)):
        return json_reply({"item": None})
    return Reply(body=b'{"item":' + records.encoded(slot) + b"}")


def _row(entity: str, records: Entity, slot: int, wanted: Any) -> bytes:
    if not wanted:
        return records.encoded(slot)
    record = records.record(slot)
    names = {str(name).lower() for name in wanted}
    kept = {name: record.get(name) for name in fields.FIELDS[entity] if name.lower() in names}
    return _encode(kept | {"userDefinedFields": []})
