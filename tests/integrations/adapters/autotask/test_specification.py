"""Each request that the adapter makes is one that the vendor specifies, field by field.

With ``PSA_SPECS`` naming a directory that holds ``autotask*.openapi.json``, that document is the judge; without it, the
table below, which is its part for these paths.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from integrations.adapters.autotask import client_payloads
from integrations.adapters.autotask import payloads as at
from integrations.errors import IntegrationError, NotFound
from integrations.port import ReadRequest, Scope
from integrations.registry import provider
from lab.sandbox.autotask.fields import FIELDS
from tests.integrations.adapters.autotask.entity import adapter_on, in_zone, page
from tests.loopback import Answer, Loopback, Received, json_reply

ENTITIES = {
    "BillingCodes": "BillingCode",
    "BillingItems": "BillingItem",
    "ConfigurationItems": "ConfigurationItem",
    "ContractServiceUnits": "ContractServiceUnit",
    "ContractServices": "ContractService",
    "Invoices": "Invoice",
    "Opportunities": "Opportunity",
    "Products": "Product",
    "Services": "Service",
    "Companies": "Company",
    "CompanyLocations": "CompanyLocation",
    "Contacts": "Contact",
    "Contracts": "Contract",
    "Countries": "Country",
    "DeletedTicketLogs": "DeletedTicketLog",
    "Resources": "Resource",
    "Roles": "Role",
    "TicketNotes": "TicketNote",
    "TicketSecondaryResources": "TicketSecondaryResource",
    "Tickets": "Ticket",
    "TimeEntries": "TimeEntry",
}
KEYWORDS = {"filter", "maxRecords", "includeFields"}
OPERATORS = {"eq", "noteq", "gt", "gte", "lt", "lte", "exist", "in", "notIn", "or"}
SINCE = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def by_hand() -> dict[str, set[str]]:
    table = {"GET /V1.0/ZoneInformation", "GET /V1.0/ThresholdInformation"}
    for entity in ENTITIES:
        table |= {f"POST /V1.0/{entity}/query", f"POST /V1.0/{entity}/query/count", f"GET /V1.0/{entity}/{{}}"}
        table |= {f"GET /V1.0/{entity}/entityInformation/{part}" for part in ("fields", "userDefinedFields")}
    return {"paths": table, **{entity: set(fields) for entity, fields in FIELDS.items()}}


def by_vendor(directory: Path) -> dict[str, set[str]]:
    document = json.loads(next(iter(sorted(directory.glob("autotask*.openapi.json")))).read_text())
    paths = {
        f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path)}"
        for path, methods in document["paths"].items()
        for method in methods
    }
    schemas = document["components"]["schemas"]
    return {"paths": paths, **{entity: set(schemas[noun]["properties"]) for entity, noun in ENTITIES.items()}}


def specified() -> dict[str, set[str]]:
    directory = os.environ.get("PSA_SPECS", "")
    return by_vendor(Path(directory)) if directory else by_hand()


def answer(request: Received) -> Answer:
    if request.path.endswith("/ThresholdInformation"):
        return json_reply({"externalRequestThreshold": 10, "requestThresholdTimeframe": 60})
    if request.path.endswith("/count"):
        return json_reply({"queryCount": 1})
    if re.search(r"/\d+$", request.path):
        return json_reply({"item": {"id": 1}})
    if request.method == "GET":
        return json_reply({"fields": []})
    row = {
        "id": 9,
        "companyID": 1,
        "contactID": 2,
        "contractID": 3,
        "ticketID": 4,
        "createdByContactID": 2,
        "productID": 5,
    }
    return page([row | {"userDefinedFields": [{"name": "x", "value": "y"}]}])


def every_request(server: Loopback) -> Iterator[Any]:
    adapter = adapter_on(server)
    scope = Scope(board_ids=("8",), excluded_status_ids=("5",), changed_after=SINCE)
    for spec in provider("autotask").streams:
        yield lambda name=spec.name: adapter.read_one(name, "1")
        if spec.name == "products":
            yield lambda: adapter.read_one("products", "s1")
            yield lambda: adapter.read_page(ReadRequest(stream="products"), {"also": True, "after": "5"})
        for request in (
            ReadRequest(stream=spec.name),
            ReadRequest(stream=spec.name, scope=scope),
            ReadRequest(stream=spec.name, since=SINCE) if spec.incremental else ReadRequest(stream=spec.name),
        ):
            yield lambda request=request: adapter.read_page(request)
            yield lambda request=request: adapter.read_page(request, {"after": "5"})
            yield lambda request=request: adapter.count(request)
    yield lambda: adapter.read_page(ReadRequest(stream="tickets", since=SINCE), {"deleted_after": ""})
    for stream in ("notes", "time_entries", "sites"):
        yield lambda stream=stream: adapter.read_children(stream, "1", scope)
    yield from (adapter.custom_fields, adapter.probe, adapter.fingerprint, adapter.usage)


@pytest.fixture(scope="module")
def requests() -> list[Received]:
    with Loopback(in_zone(answer)) as server:
        for call in every_request(server):
            with suppress(NotFound):  # the pick lists of this server hold nothing
                call()
        return server.received


def entity_of(request: Received) -> str:
    return request.path.split("/")[3]


def template(request: Received) -> str:
    path = "/" + request.path.split("/", 2)[2].replace("v1.0", "V1.0", 1).replace("zoneInf", "ZoneInf")
    return f"{request.method} {re.sub(r'/[0-9]+(?=/|$)', '/{}', path)}"


def fields_of(clauses: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for clause in clauses:
        if "items" in clause:
            assert clause["op"] in ("or", "and")
            yield from fields_of(clause["items"])
        else:
            assert set(clause) <= {"op", "field", "value"}
            yield clause["op"], clause["field"]


def test_each_path_is_specified(requests: list[Received]) -> None:
    table = specified()["paths"]
    assert {template(request) for request in requests} - table == set()


def test_each_field_and_operator_of_each_query_is_specified(requests: list[Received]) -> None:
    table = specified()
    queries = [request for request in requests if request.method == "POST"]
    for request in queries:
        query, known = msgspec.json.decode(request.body), table[entity_of(request)]
        assert set(query) <= KEYWORDS
        assert query["filter"]
        for op, field in fields_of(query["filter"]):
            assert op in OPERATORS
            assert field in known, (request.path, field)
        assert set(query.get("includeFields", ())) <= known
    assert len(queries) > 40


def test_each_field_that_is_read_is_specified() -> None:
    read = {
        "Tickets": at.Ticket,
        "TicketNotes": at.TicketNote,
        "TicketSecondaryResources": at.SecondaryResource,
        "TimeEntries": at.TimeEntry,
        "Companies": at.Company,
        "CompanyLocations": at.CompanyLocation,
        "Contacts": at.Contact,
        "Resources": at.Resource,
        "BillingItems": client_payloads.BillingItem,
        "ConfigurationItems": client_payloads.ConfigurationItem,
        "Contracts": client_payloads.Contract,
        "ContractServices": client_payloads.ContractService,
        "ContractServiceUnits": client_payloads.ContractServiceUnit,
        "Invoices": client_payloads.Invoice,
        "Opportunities": client_payloads.Opportunity,
        "Products": client_payloads.Product,
        "Services": client_payloads.Service,
        "DeletedTicketLogs": at.DeletedTicket,
    }
    table = specified()
    for entity, payload in read.items():
        wire = {field.encode_name for field in msgspec.structs.fields(payload)}
        assert wire - table[entity] - {"userDefinedFields"} == set(), entity


def test_every_entity_was_asked_for(requests: list[Received]) -> None:
    asked = {entity_of(request) for request in requests if request.path.count("/") > 2}
    assert asked >= set(ENTITIES)


def test_an_unknown_answer_raises_only_errors_of_the_tree() -> None:
    with Loopback(in_zone(lambda request: b"HTTP/1.1 299 ?\r\nContent-Length: 2\r\n\r\n\xff\xfe")) as server:
        for call in every_request(server):
            try:
                call()
            except IntegrationError:
                continue
