"""The list as a file: the organization's words beside the PSA's, columns as asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from foundation.core.keyset import Cursor
from integrations.models import Connection
from mappings.kinds import KINDS
from mappings.models import Client, PortalValue
from mappings.selectors.files import HEADINGS, USUAL, columns_of, file_rows
from mappings.services import MappingChange, mappings_set
from tests.mappings.conftest import set_to
from tests.tickets.factories import make_board, make_company, make_priority, make_status, make_ticket, synced
from tickets.models import TicketType
from tickets.selectors.filters import TicketFilters


def rows_of(*columns: str) -> list[dict[str, Any]]:
    rows, _ = file_rows(TicketFilters(state="all"), None, columns)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def test_words_stand_beside_those_of_the_psa_and_the_psas_own_where_there_are_no_others(
    psa: Connection, value: Callable[[str, str], PortalValue]
) -> None:
    board = make_board(psa)
    vendor, plain = make_status(psa, board, "Awaiting vendor"), make_status(psa, board, "Odd one")
    urgent, company = make_priority(psa, "P1"), make_company(psa, "Nordwind Ltd.")
    hardware = TicketType.objects.create(**synced(psa, name="HW"))
    client = Client.objects.create(organization_id=psa.organization_id, name="Nordwind")
    set_to(psa, "status", vendor.remote_id, value("status", "closed").pk)
    set_to(psa, "status", plain.remote_id, "keep")
    set_to(psa, "company", company.remote_id, client.pk)
    first = make_ticket(
        psa, board=board, status=vendor, priority=urgent, company=company, type=hardware, type_name="HW"
    )
    second = make_ticket(psa, board=board, status=plain)
    found = {
        row.pop("pk"): row
        for row in rows_of("pk", "status", "status_name", "priority", "priority_name", "type", "company_name", "client")
    }
    assert found[first.pk] == {
        "status": value("status", "closed").name,
        "status_name": "Awaiting vendor",
        "priority": "P1",
        "priority_name": "P1",
        "type": "HW",
        "company_name": "Nordwind Ltd.",
        "client": "Nordwind",
    }
    assert (found[second.pk]["status"], found[second.pk]["client"]) == ("Odd one", "")


def test_a_word_for_one_board_counts_there_alone(psa: Connection, value: Callable[[str, str], PortalValue]) -> None:
    here, there = make_board(psa, "Service desk"), make_board(psa, "Projects")
    shared = make_priority(psa, "P1")
    low, high = PortalValue.objects.filter(kind="priority").order_by("position")[:2]
    mappings_set(connection=psa, kind=KINDS["priority"], wanted=[MappingChange(shared.remote_id, low.pk)])
    mappings_set(
        connection=psa, kind=KINDS["priority"], wanted=[MappingChange(shared.remote_id, high.pk, scope=here.remote_id)]
    )
    one = make_ticket(psa, board=here, priority=shared)
    other = make_ticket(psa, board=there, priority=shared)
    assert {row["pk"]: row["priority"] for row in rows_of("pk", "priority")} == {one.pk: high.name, other.pk: low.name}


def test_batches_go_on_in_the_lists_order_and_end(psa: Connection) -> None:
    made = [make_ticket(psa, f"Ticket {number}", description="It jams") for number in range(5)]
    columns, cursor, found = columns_of("summary,description"), None, []
    while True:
        rows, cursor = file_rows(TicketFilters(), cursor, columns, 2)
        if not rows:
            break
        assert isinstance(cursor, Cursor)
        found += rows
    assert sorted(found) == [[ticket.pk, ticket.summary, "It jams"] for ticket in made]


def test_a_batch_asks_the_same_few_questions_whatever_it_holds(psa: Connection, django_assert_num_queries: Any) -> None:
    for size in (1, 3):
        make_ticket(psa, f"Ticket {size}", status=make_status(psa, make_board(psa)))
        with django_assert_num_queries(3):
            rows_of(*HEADINGS)


@pytest.mark.parametrize(
    ("asked", "columns"),
    [
        ("", USUAL),
        ("nonsense,", USUAL),
        ("all", tuple(HEADINGS)),
        ("status,pk,summary,status,nonsense", ("pk", "status", "summary")),
    ],
)
def test_columns_are_those_that_are_asked_for(asked: str, columns: tuple[str, ...]) -> None:
    assert columns_of(asked) == columns


def test_only_long_texts_have_to_be_asked_for() -> None:
    assert set(HEADINGS) - set(USUAL) == {"description"}
    assert [HEADINGS[name] for name in ("status", "status_name", "client")] == ["Status", "Status in the PSA", "Client"]
