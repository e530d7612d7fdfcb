"""The least that the same job can cost: the same pages by a bare HTTP client, decoded, and COPYed into a table of the same columns."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from urllib.parse import urlsplit

from django.utils import timezone

from foundation.ledger.merge import MergeContext
from foundation.tenancy.scope import tenant_transaction
from integrations.port import Adapter, Reach, ReadRequest, StreamSpec
from integrations.records import Record
from lab.benchmark.sandbox import Psa
from sync.streams import TARGETS, stage, unstage

FLOOR_RUN = -(10**12)
"""The key of the floor's staged rows: no run has it."""
API = "/v4_6_release/apis/3.0"


def copy_everything(adapter: Adapter, organization_id: int, connection_id: int, specs: Sequence[StreamSpec]) -> int:
    """Reads the streams as a run does, a page after the other or parents side by side, and COPYs them. Returns the records."""
    context = MergeContext(organization_id, connection_id, FLOOR_RUN)
    ids: dict[str, list[str]] = {}
    records = 0
    with ThreadPoolExecutor(adapter.budget.concurrency) as pool:
        for spec in specs:
            found: Iterable[Sequence[Record]] = (
                _pages(adapter, spec.name)
                if spec.reach is Reach.GLOBAL
                else [list(chain.from_iterable(pool.map(partial(_children, adapter, spec.name), ids[spec.parent])))]
            )
            for number, page in enumerate(found, 1):
                with tenant_transaction(organization_id):
                    pairs = ((record, True) for record in page)
                    records += stage(TARGETS[spec.name], context, number, pairs, timezone.now()).rows
                ids.setdefault(spec.name, []).extend(record.remote_id for record in page)
    with tenant_transaction(organization_id):
        unstage(context)
    return records


def _pages(adapter: Adapter, name: str) -> Iterator[Sequence[Record]]:
    request, checkpoint = ReadRequest(stream=name), None
    while True:
        page = adapter.read_page(request, checkpoint)
        yield page.records
        if page.next is None:
            return
        checkpoint = page.next


def _children(adapter: Adapter, name: str, parent: str) -> Sequence[Record]:
    return adapter.read_children(name, parent).records


def bare_requests(psa: Psa, paths: list[str], *, in_flight: int) -> int:
    """The same requests by a bare HTTP client on kept connections, answers decoded and thrown away. Returns rows."""
    parts = [paths[start::in_flight] for start in range(in_flight)]
    with ThreadPoolExecutor(in_flight) as pool:
        return sum(pool.map(lambda part: _fetch(psa, part), parts))


def _fetch(psa: Psa, paths: list[str]) -> int:
    user = f"{psa.credentials['company_id']}+{psa.credentials['public_key']}:{psa.credentials['private_key']}"
    headers = {
        "Authorization": "Basic " + base64.b64encode(user.encode()).decode(),
        "clientId": psa.credentials["client_id"],
        "pagination-type": "forward-only",
    }
    connection = http.client.HTTPConnection(urlsplit(psa.credentials["address"]).netloc)
    rows = 0
    for path in paths:
        connection.request("GET", f"{API}/{path}", headers=headers)
        rows += len(json.loads(connection.getresponse().read()))
    connection.close()
    return rows
