"""What a simulated Halo has around its tickets, and what it shows of agents and hours."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.lab.sandbox.halo.test_halo import Caller, caller, paged

__all__ = ["caller"]


def report(caller: Caller, *reports: dict[str, Any]) -> Any:
    body = msgspec.json.encode(list(reports))
    return caller.send("POST", "/api/Report", body, Authorization=f"Bearer {caller.token}")


@pytest.mark.parametrize(
    ("path", "key", "collection"),
    [
        ("Projects", "tickets", "projects"),
        ("Appointment", "appointments", "appointments"),
        ("Quotation", "quotes", "quotations"),
        ("Supplier", "suppliers", "suppliers"),
    ],
)
def test_each_list_pages_counts_and_gives_single_records(caller: Caller, path: str, key: str, collection: str) -> None:
    truth = caller.control(f"truth?collection={collection}")
    page = caller.get(path, **paged(1, includeinactive="true"))[1]
    assert truth["count"] == page["record_count"] > 0
    assert [row["id"] for row in page[key]] == truth["ids"][:100]
    assert caller.get(f"{path}/{truth['ids'][0]}")[1] == page[key][0]
    assert caller.get(f"{path}/1234567890")[0] == 404


def test_projects_are_in_no_list_of_tickets(caller: Caller) -> None:
    numbers = {row["id"] for row in caller.get("Projects")[1]["tickets"]}
    assert numbers.isdisjoint(caller.control("truth")["ids"])
    assert caller.get(f"Tickets/{min(numbers)}")[0] == 404
    still_open = caller.get("Projects", **paged(1, open_only="true"))[1]
    assert 0 < still_open["record_count"] < len(numbers)


def test_appointments_come_whole_within_a_window_and_of_one_ticket(caller: Caller) -> None:
    every = caller.get("Appointment")[1]["appointments"]
    assert len(every) == caller.control("truth?collection=appointments")["count"] == 75
    middle = sorted(row["start_date"] for row in every)[30]
    inside = [row for row in every if row["start_date"] >= middle]
    assert caller.get("Appointment", start_date=middle)[1]["appointments"] == inside
    assert caller.get("Appointment", end_date=middle)[1]["record_count"] == len(every) - len(inside)
    assert caller.get("Appointment", ticket_id=every[3]["ticket_id"])[1]["appointments"] == [every[3]]
    assert caller.get("Appointment", start_date="soon")[0] == 400


def test_a_report_answers_in_rows_and_tells_its_errors_with_a_good_status(caller: Caller) -> None:
    sql = "SELECT faultid, aareadesc FROM faults JOIN area ON aarea = areaint ORDER BY faultid"
    status, found = report(caller, {"sql": sql, "_testonly": True})
    assert (status, [row["faultid"] for row in found["report"]["rows"]]) == (201, caller.control("truth")["ids"])
    assert found["report"]["rows"][0]["aareadesc"]
    for wrong in ("SELECT nothing FROM faults", "DROP TABLE faults", "SELECT 1 -- one", "PRAGMA database_list"):
        status, found = report(caller, {"sql": wrong})
        assert (status, found["report"]["rows"], bool(found["report"]["load_error"])) == (201, [], True), wrong
    assert report(caller)[0] == 400


def test_the_mail_of_an_agent_is_shown_with_the_agent_alone_and_some_have_no_name(caller: Caller) -> None:
    rows = caller.get("Agent", includedisabled="true")[1]["results"]
    assert not any("email" in row for row in rows)
    nameless = [row for row in rows if row["name"] is None]
    assert nameless
    assert all(row["firstname"] and row["surname"] for row in nameless)
    assert caller.get(f"Agent/{rows[2]['id']}")[1]["email"] == f"agent{rows[2]['id']}@northwind-msp.example"


def test_hours_are_summed_where_they_are_asked_for_and_on_a_ticket_alone(caller: Caller) -> None:
    rows = caller.tickets(**paged(1, includetimetaken="true"))["tickets"]
    row = next(row for row in rows if row["timetaken"] > 0)
    actions = caller.get("Actions", ticket_id=row["id"])[1]["actions"]
    assert row["timetaken"] == sum(action["timetaken"] for action in actions)
    alone = caller.get(f"Tickets/{row['id']}", includedetails="true")[1]
    assert (alone["timetaken"], len(alone["customfields"])) == (row["timetaken"], 7)
    assert "timetaken" not in caller.tickets(**paged(1))["tickets"][0]


@pytest.mark.parametrize(("stays_closed", "says"), [(False, None), (True, True)])
def test_a_reopened_ticket_may_still_say_that_it_was_closed(caller: Caller, stays_closed: bool, says: object) -> None:
    caller.control("instance", {"stays_closed": stays_closed})
    number = caller.tickets(**paged(1, closed_only="true"))["tickets"][0]["id"]
    caller.control("change", {"ids": [number], "set": {"status_id": 1}})
    assert caller.get(f"Tickets/{number}")[1]["hasbeenclosed"] is says
    caller.control("change", {"ids": [number], "set": {"status_id": 9}})
    closed = caller.get(f"Tickets/{number}")[1]
    assert (closed["hasbeenclosed"], closed["dateclosed"][:4]) == (True, "2026")
