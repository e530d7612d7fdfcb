"""Each request that the adapter makes is one that the vendor specifies: a misspelt parameter would be ignored, and all come.

With ``PSA_SPECS`` naming a directory that holds ``halo*.json``, the vendor's own document is the judge; without it, the table
below, which is that document's part for these paths (March 2025).
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

from integrations.port import Adapter, Reach, ReadRequest, Scope
from integrations.registry import provider
from tests.integrations.adapters.halo.test_answers import adapter_on, served
from tests.loopback import Answer, Received, json_reply

WALK = frozenset({"pageinate", "page_no", "page_size", "order", "orderdesc"})
BOTH = frozenset({"includeactive", "includeinactive"})
TABLE = {
    "/Tickets": WALK
    | {"requesttype", "status", "open_only", "closed_only", "lastupdatefromdate", "search_id"}
    | {"includetimetaken"},
    "/Client": WALK | BOTH,
    "/Client/{}": frozenset(),
    "/Site": WALK | BOTH | {"includeaddress"},
    "/Site/{}": frozenset(),
    "/Users": WALK | BOTH,
    "/Users/{}": frozenset(),
    "/Actions": {"ticket_id", "excludesys", "timeentriesonly", "includehtmlnote", "count"},
    "/Actions/{}": {"ticket_id"},
    "/TicketType": {"showinactive"},
    "/Status": {"excludeclosed"},
    "/Category": {"type_id"},
    "/Team": {"includeenabled", "includedisabled"},
    "/Agent": {"includeenabled", "includedisabled"},
    "/Agent/{}": {"includedetails"},
    "/Priority": frozenset(),
    "/FieldInfo": {"includevalues"},
    "/AssetType": frozenset(),
    "/Asset": WALK | BOTH | {"includeassetfields", "assettype_id"},
    "/Asset/{}": {"includedetails"},
    "/Item": WALK | BOTH,
    "/Item/{}": frozenset(),
    "/ClientContract": WALK | {"includeinactive"},
    "/ClientContract/{}": frozenset(),
    "/RecurringInvoice": WALK | {"includelines"},
    "/RecurringInvoice/{}": {"includedetails"},
    "/Invoice": WALK | {"includelines"},
    "/Invoice/{}": {"includedetails"},
    "/Opportunities": WALK | {"lastupdatefromdate"},
    "/Opportunities/{}": frozenset(),
    "/InstanceInfo": frozenset(),
}
UNSPECIFIED = {("/Tickets", "include_custom_fields")}
"""Not in the vendor's document, and seen to work by two public clients (django-psa, HaloPsa.Api)."""
ALONE = ("/Site/{}", "/Users/{}")
"""By id, like clients; the document at hand was trimmed to other parts."""


def specified() -> dict[str, frozenset[str]]:
    directory = os.environ.get("PSA_SPECS", "")
    if not directory:
        return {path: frozenset(names) for path, names in TABLE.items()}
    document = json.loads(next(iter(sorted(Path(directory).glob("halo*.json")))).read_text())
    return {
        re.sub(r"\{[^}]*\}", "{}", path): frozenset(entry["name"] for entry in methods["get"].get("parameters", []))
        for path, methods in document["paths"].items()
        if "get" in methods
    }


def every_request(adapter: Adapter) -> Iterator[Any]:
    """Calls each operation in each of its forms."""
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    scopes = (
        Scope(),
        Scope(board_ids=("1", "3"), excluded_status_ids=("2",), changed_after=now, custom_field_ids=("7",)),
    )
    for spec in provider("halo").streams:
        if spec.reach is Reach.PER_PARENT:
            yield lambda name=spec.name: adapter.read_children(name, "2")
            yield lambda name=spec.name: adapter.read_one(name, "2-2")
            continue
        yield lambda name=spec.name: adapter.read_one(name, "r2.2" if name == "agreement_additions" else "2")
        for scope in scopes:
            for request in (
                ReadRequest(stream=spec.name, scope=scope),
                ReadRequest(stream=spec.name, scope=scope, since=now),
                ReadRequest(stream=spec.name, scope=scope, newest_first=True),
            ):
                yield lambda request=request: adapter.read_page(request)
                yield lambda request=request: adapter.read_page(request, {"last": 5, "offset": 5})
                yield lambda request=request: adapter.count(request)
    yield adapter.custom_fields
    yield adapter.probe
    yield adapter.fingerprint


def answer(request: Received) -> Answer:
    """One row, and more where rows are counted, so that each way of going on is taken."""
    path = request.path.removeprefix("/api")
    if re.fullmatch(r"/\w+/\d+|/InstanceInfo", path):
        return json_reply({"id": 2, "ticket_id": 2, "usage": 1, "lines": [{"id": 2}]})
    key = {"/Client": "clients", "/Site": "sites", "/Users": "users", "/Agent": "results", "/Tickets": "tickets"}
    key |= {"/Asset": "assets", "/Item": "items", "/ClientContract": "contracts", "/RecurringInvoice": "invoices"}
    key |= {"/Invoice": "invoices", "/Opportunities": "tickets"}
    rows = [{"id": 2, "priorityid": 2, "usage": 1, "timetaken": 1.0}]
    if path == "/Actions":
        return json_reply({"record_count": 1 if "count" in request.query else 2, "actions": rows})
    return json_reply({"record_count": 1, key[path]: rows} if path in key else rows)


@pytest.fixture(scope="module")
def asked() -> dict[str, set[str]]:
    """The parameters of each path, over all requests."""
    found: dict[str, set[str]] = {}
    with served(answer) as server:
        for call in every_request(adapter_on(server)):
            call()
        for request in server.received:
            if not request.path.startswith("/auth/"):
                path = re.sub(r"/\d+(?=/|$)", "/{}", request.path.removeprefix("/api"))
                found.setdefault(path, set()).update(request.query)
    return found


def test_each_path_and_each_parameter_is_specified(asked: dict[str, set[str]]) -> None:
    table = specified()
    unknown = {
        (path, name)
        for path, names in asked.items()
        for name in (names if path in table else {""})
        if name not in table.get(path, frozenset()) and path not in ALONE
    }
    assert unknown == UNSPECIFIED


def test_the_table_is_what_is_asked(asked: dict[str, set[str]]) -> None:
    """Nothing in it that is not sent: else it would allow a parameter that nobody meant."""
    sent = {path: frozenset(names) - {name for at, name in UNSPECIFIED if at == path} for path, names in asked.items()}
    assert sent == {path: frozenset(names) for path, names in TABLE.items()}
