"""Which attributes no row came with, and which fields of records come from them alone."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.adapters.autotask import mapping as autotask
from integrations.adapters.autotask import payloads as at
from integrations.adapters.autotask.lookups import LOOKUPS
from integrations.adapters.autotask.mapping import Names
from integrations.adapters.halo import mapping as halo
from integrations.adapters.halo import payloads as hp
from integrations.answers import Answer
from integrations.decoding import Frame, listing_of
from integrations.field_origins import sources_of
from integrations.records import ContactRecord, TicketRecord
from tests.integrations.adapters.collections_read import COLLECTIONS, Collection, served
from tests.integrations.adapters.odd_values import FIRST_ID, whole, with_values


@pytest.mark.parametrize(
    ("rows", "absent"),
    [
        (b'{"id": 1, "title": null}, {"id": 2, "title": null}', False),
        (b'{"id": 1}, {"id": 2}', True),
        (b'{"id": 1}, {"id": 2, "title": "x"}', False),
        (b'{"id": 1, "userDefinedFields": [{"name": "title", "title": 1}]}', True),
        (b'{"id": 1, "title": {"odd": 1}}', False),
    ],
)
def test_a_null_is_told_and_what_no_row_has_is_not(rows: bytes, absent: bool) -> None:
    body = b'{"items": [' + rows + b'], "pageDetails": {}}'
    answer = Answer(method="POST", path="x", status=200, headers={}, body=body)
    assert ("title" in listing_of(answer, at.Ticket, Frame(key="items")).absent) is absent


def test_fields_are_known_by_what_they_come_from() -> None:
    tickets = sources_of(at.Ticket, TicketRecord, lambda row: [autotask.ticket(row, Names())], LOOKUPS)
    assert tickets["is_closed"] == {"status"}
    assert tickets["owner_name"] == tickets["owner_id"] == {"assigned_resource_id"}
    assert tickets["external_reference"] == {"ticket_number", "external_id"}
    contacts = sources_of(hp.User, ContactRecord, lambda row: [halo.contact(row)])
    assert contacts["phones"] == {"phonenumber", "mobilenumber", "mobilenumber2"}
    assert "remote_id" not in contacts


ASKED_APART = {"parent_ids", "value"}
"""What ConnectWise tells at addresses of their own, which the server of this test does not have."""


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda collection: collection.name)
def test_a_page_in_which_each_row_has_every_field_lacks_none(collection: Collection) -> None:
    row: dict[str, Any] = whole(collection.payload, collection.hints) | {collection.identifier: FIRST_ID}
    with served(collection.system) as system:
        page = system.read(collection, [with_values(row, [])])
    assert (sorted(set(page.untold) - ASKED_APART), list(page.omitted)) == ([], [])
