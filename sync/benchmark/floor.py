"""The least that the same job can cost: the same pages by a bare HTTP client, decoded, and COPYed into a table of the same columns."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from django.utils import timezone

from integrations.port import Adapter, Reach, ReadRequest
from integrations.records import Record
from portal.core.merge import MergeContext
from portal.tenancy.scope import tenant_transaction
from sync.benchmark.sandbox import Psa
from sync.streams import TARGETS, stage, unstage

FLOOR_RUN = -(10**12)
"""The key of the floor's staged rows: no run has it."""
API = "/v4_6_release/apis/3.0"


def copy_everything(adapter: Adapter, organization_id: int, connection_id: int, streams: list[str]) -> int:
    """Reads the streams' pages one after the other, the next one under way, and COPYs them. Returns the records."""
    context = MergeContext(organization_id, connection_id, FLOOR_RUN)
    records = 0
    with ThreadPoolExecutor(1) as ahead:
        for name in streams:
            for number, page in enumerate(_pages(adapter, name, ahead), 1):
                with tenant_transaction(organization_id):
                    records += stage(
                        TARGETS[name], context, number, ((record, True) for record in page), timezone.now()
                    )
    with tenant_transaction(organization_id):
        unstage(context)
    return records


def _pages(adapter: Adapter, name: str, ahead: ThreadPoolExecutor) -> Iterator[list[Record]]:
    request = ReadRequest(stream=name)
    coming = ahead.submit(adapter.read_page, request, None)
    while True:
        page = coming.result()
        if page.next is not None:
            coming = ahead.submit(adapter.read_page, request, page.next)
        yield list(page.records)
        if page.next is None:
            return


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


def global_streams(adapter: Adapter, wanted: set[str]) -> list[str]:
    """The names of the wanted streams that are read in pages."""
    return [spec.name for spec in adapter.streams if spec.reach is Reach.GLOBAL and spec.name in wanted]
