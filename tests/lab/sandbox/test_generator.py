"""What the seed makes: the same each time, well-formed, and like an MSP's."""

from __future__ import annotations

from collections import Counter

import pytest

from lab.sandbox.clock import DAY, read
from lab.sandbox.connectwise.checks import check_shape, check_ticket
from lab.sandbox.connectwise.psa import Psa
from tests.lab.sandbox.caller import NOW, psa

TICKETS = 1500


@pytest.fixture(scope="module")
def world() -> Psa:
    return psa(TICKETS)


def test_the_same_seed_makes_the_same_bytes_and_another_seed_others() -> None:
    def bytes_of(world: Psa) -> list[bytes]:
        return [collection.encoded(slot) for collection in world.collections.values() for slot in collection.slots()]

    first = bytes_of(psa(60))
    assert bytes_of(psa(60)) == first
    assert bytes_of(psa(60, seed=8)) != first


def test_every_record_is_valid_and_its_stamp_is_indexed(world: Psa) -> None:
    for collection in world.collections.values():
        for slot in collection.slots():
            record = collection.record(slot)
            check_shape(collection.shape, collection.wire(record))
            written = record["_info"].get("lastUpdated")
            assert collection.stamp(slot) == (read(written) if written else 0)


def test_every_ticket_satisfies_the_rules_of_its_board(world: Psa) -> None:
    tickets = world["tickets"]
    for slot in tickets.slots():
        record = tickets.record(slot)
        check_ticket(world, dict(record))
        status = world["statuses"].get(record["status"]["id"])
        assert status is not None
        assert record["closedFlag"] == status["closedStatus"]
        assert record["_info"]["dateEntered"] <= record["_info"]["lastUpdated"]
        assert NOW - 3.1 * 365 * DAY < tickets.stamp(slot) <= NOW


def test_quick_ways_to_values_agree_with_the_records(world: Psa) -> None:
    for name in ("tickets", "time_entries"):
        collection = world[name]
        drawn = [slot for slot in collection.slots() if slot not in collection.changed]
        for path, column in collection._columns.items():
            steps = collection.shape.path(path.removeprefix("_info/")) if path != "id" else collection.shape.path("id")
            for slot in drawn[::50]:
                value = steps.of(collection.record(slot))
                assert column(slot) == (read(value) if steps.type == "d" else value), path


def test_tickets_are_spread_as_in_life(world: Psa) -> None:
    rows = [world["tickets"].record(slot) for slot in world["tickets"].slots()]
    still_open = sum(not row["closedFlag"] for row in rows)
    assert 0.10 < still_open / TICKETS < 0.20
    boards = Counter(row["board"]["name"] for row in rows)
    assert boards["Help Desk"] > TICKETS / 5
    assert boards["Development"] > 0
    assert boards["Projects"] == 0
    years = Counter(row["_info"]["dateEntered"][:4] for row in rows)
    assert years["2025"] > years["2024"] > 0
    seconds = Counter(row["_info"]["lastUpdated"] for row in rows)
    assert max(seconds.values()) > 2
    assert any("mergedParentTicket" in row and row["mergedParentTicket"] for row in rows)


def test_a_status_named_completed_is_not_always_a_closing_one(world: Psa) -> None:
    completed = [
        world["statuses"].record(slot)
        for slot in world["statuses"].slots()
        if world["statuses"].record(slot)["name"] == "Completed"
    ]
    assert len(completed) == 12
    assert [row["board"]["name"] for row in completed if not row["closedStatus"]] == ["Procurement"]


def test_captions_repeat_and_hide_characters(world: Psa) -> None:
    fields = world["user_defined_fields"]
    captions = Counter(fields.record(slot)["caption"] for slot in fields.slots())
    assert captions["Location"] == 2
    assert any(not caption.isprintable() for caption in captions)


def test_parents_of_all_children_are_there(world: Psa) -> None:
    tickets = ("tickets", "project_tickets")
    for name, parents in (
        ("notes", tickets),
        ("time_entries", tickets),
        ("sites", ("companies",)),
        ("schedule_entries", tickets),
        ("ticket_configurations", tickets),
        ("documents", tickets),
    ):
        below = [slot for parent in parents for number in world[parent].ids for slot in world[name].children(number)]
        assert below == list(world[name].slots()), name
