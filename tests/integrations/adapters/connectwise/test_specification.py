"""Each request that the adapter makes is one that the vendor specifies.

With ``PSA_SPECS`` naming a directory that holds ``connectwise*.openapi.json``, the vendor's own document is the judge;
without it, the table below, which is that document's part for these paths (OpenAPI 2026.4).
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations.errors import IntegrationError
from integrations.port import Adapter, Reach, ReadRequest, Scope
from integrations.registry import provider
from tests.integrations.adapters.connectwise.collection import adapter_on
from tests.loopback import Answer, Loopback, Received, json_reply

PREFIX = "/v4_6_release/apis/3.0"
LIST_PARAMETERS = frozenset(
    {"conditions", "childConditions", "customFieldConditions", "orderBy", "fields", "page", "pageSize", "pageId"}
)
COLLECTIONS = (
    "/company/companies",
    "/company/companies/statuses",
    "/company/companies/types",
    "/company/configurations",
    "/company/contacts",
    "/finance/agreements",
    "/finance/invoices",
    "/sales/opportunities",
    "/sales/opportunities/statuses",
    "/project/tickets",
    "/service/boards",
    "/service/priorities",
    "/service/tickets",
    "/system/members",
    "/system/userDefinedFields",
    "/time/entries",
)
BELOW = (
    "/company/companies/{}/sites",
    "/finance/agreements/{}/additions",
    "/service/boards/{}/items",
    "/service/boards/{}/statuses",
    "/service/boards/{}/subtypes",
    "/service/boards/{}/teams",
    "/service/boards/{}/typeSubTypeItemAssociations",
    "/service/boards/{}/types",
    "/service/tickets/{}/notes",
    "/project/tickets/{}/notes",
)
UNSPECIFIED = {
    "/login/companyinfo/{}",
    *("/procurement/catalog", "/procurement/catalog/{}", "/procurement/catalog/count"),
    "/sales/opportunities/{}/forecast",
}
"""Not part of the OpenAPI document at hand. Company: ConnectWise developer guide, "Authentication"; catalog and forecast:
CatalogItemsApi and ForecastsApi of clients generated from the whole document (tjone270/pyconnectwise-psa)."""


def by_hand() -> dict[tuple[str, str], frozenset[str]]:
    table: dict[tuple[str, str], frozenset[str]] = {}
    for path in COLLECTIONS + BELOW:
        table["GET", path] = table["GET", f"{path}/count"] = LIST_PARAMETERS
    for path in COLLECTIONS:
        table["GET", path + "/{}"] = frozenset({"fields"})
    for kind in ("service", "project"):
        table["POST", f"/{kind}/tickets/search"] = frozenset({"page", "pageSize"})
    return table


def by_vendor(directory: Path) -> dict[tuple[str, str], frozenset[str]]:
    document = json.loads(next(iter(sorted(directory.glob("connectwise*.openapi.json")))).read_text())
    named = {key: entry["name"] for key, entry in document["components"]["parameters"].items()}
    table: dict[tuple[str, str], frozenset[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            names = {
                entry.get("name") or named[entry["$ref"].rsplit("/", 1)[-1]]
                for entry in operation.get("parameters", [])
            }
            table[method.upper(), re.sub(r"\{[^}]*\}", "{}", path)] = frozenset(names)
    # The developer guide puts the page of a search into the query; the document lists no query for it at all.
    for kind in ("service", "project"):
        table["POST", f"/{kind}/tickets/search"] |= {"page", "pageSize"}
    return table


def specified() -> dict[tuple[str, str], frozenset[str]]:
    directory = os.environ.get("PSA_SPECS", "")
    return by_vendor(Path(directory)) if directory else by_hand()


def every_request(adapter: Adapter) -> Iterator[Any]:
    """Calls each operation in each of its forms."""
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    scopes = (Scope(), Scope(board_ids=("1",), excluded_status_ids=("2",), changed_after=now))
    long = Scope(board_ids=tuple(str(number) for number in range(10_000, 10_500)))
    for spec in provider("connectwise").streams:
        if spec.reach is Reach.PER_PARENT:
            yield lambda name=spec.name: adapter.read_children(name, "1")
            yield lambda name=spec.name: adapter.read_children(name, "2")
            continue
        yield lambda name=spec.name: adapter.read_one(name, "1")
        for scope in (*scopes, long):
            for request in (
                ReadRequest(stream=spec.name, scope=scope),
                ReadRequest(stream=spec.name, scope=scope, since=now),
                ReadRequest(stream=spec.name, scope=scope, newest_first=True),
            ):
                yield lambda request=request: adapter.read_page(request)
                yield lambda request=request: adapter.read_page(request, {"page_id": "5", "after": "5"})
                yield lambda request=request: adapter.count(request)
    yield adapter.custom_fields
    yield adapter.probe
    yield adapter.fingerprint


def answer(request: Received) -> Answer:
    if "companyinfo" in request.path:
        return json_reply({"CompanyID": "acme"})
    if request.path.endswith("/count"):
        return json_reply({"count": 1})
    if request.path.endswith("/service/tickets/2/notes"):
        return json_reply({"code": "NotFound", "message": "Ticket 2 not found"}, 404)
    if re.search(r"/\d+$|/forecast$", request.path):
        return json_reply({"id": 1})
    return json_reply([{"id": 9}], Link="")


@pytest.fixture(scope="module")
def requests() -> list[Received]:
    with Loopback(answer) as server:
        adapter = adapter_on(server)
        for call in every_request(adapter):
            call()
        return server.received


def template(path: str) -> str:
    return re.sub(r"/(\d+|acme)(?=/|$)", "/{}", path.removeprefix(PREFIX))


def test_each_path_and_each_parameter_is_specified(requests: list[Received]) -> None:
    table = specified()
    unknown: set[tuple[str, ...]] = set()
    for request in requests:
        key = (request.method, template(request.path))
        if key[1] in UNSPECIFIED:
            continue
        unknown |= {key} if key not in table else {(*key, name) for name in request.query if name not in table[key]}
    assert unknown == set()


def test_every_stream_was_asked_for(requests: list[Received]) -> None:
    asked = {template(request.path) for request in requests}
    assert asked >= {*COLLECTIONS, *BELOW, "/service/tickets/search", "/service/tickets/count", *UNSPECIFIED}


def test_no_address_is_too_long(requests: list[Received]) -> None:
    assert max(len(request.target) for request in requests) < 2100


def test_an_unknown_answer_raises_only_errors_of_the_tree() -> None:
    with Loopback(lambda request: b"HTTP/1.1 299 ?\r\nContent-Length: 2\r\n\r\n\xff\xfe") as server:
        adapter = adapter_on(server)
        for call in every_request(adapter):
            try:
                call()
            except IntegrationError:
                continue
