"""Creating, changing and deleting over the wire."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.sandbox.caller import Caller


def ticket(writer: Caller, conditions: str = "closedFlag = False") -> dict[str, Any]:
    found: dict[str, Any] = writer.get("service/tickets", conditions=conditions, pageSize=1).json[0]
    return found


def replace(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def test_a_ticket_takes_a_summary_and_a_company(writer: Caller) -> None:
    given = {"summary": "Printer offline", "company": {"id": 251}, "initialDescription": "First line.\n\nSecond."}
    made = writer.call("POST", "service/tickets", given)
    assert made.status == 201
    row = made.json
    assert (row["board"]["name"], row["status"]["name"], row["closedFlag"]) == ("Help Desk", "New", False)
    assert (row["severity"], row["impact"], row["priority"]["id"]) == ("Medium", "Medium", 4)
    assert row["id"] == writer.truth()["ids"][-1]
    assert "initialDescription" not in row
    (note,) = writer.get(f"service/tickets/{row['id']}/notes").json
    assert (note["text"], note["detailDescriptionFlag"]) == ("First line.\n\nSecond.", True)
    assert writer.get(f"service/tickets/{row['id']}").json == row


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"company": {"id": 251}}, "MissingRequiredField", "summary"),
        ({"summary": "x"}, "MissingRequiredField", "company"),
        ({"summary": "x" * 101, "company": {"id": 251}}, "MaxLengthField", "summary"),
        ({"summary": "x", "company": {"id": 1}}, "NotFound", "company/id"),
        ({"summary": "x", "company": {"id": 251}, "status": {"id": 60}}, "NotFound", "status/id"),
        ({"summary": "x", "company": {"id": 251}, "colour": "red"}, "InvalidField", "colour"),
        (
            {"summary": "x", "company": {"id": 251}, "requiredDate": "2026-01-01T00:00:00.5Z"},
            "InvalidField",
            "requiredDate",
        ),
    ],
)
def test_what_is_wrong_is_named(writer: Caller, given: dict[str, Any], code: str, field: str) -> None:
    got = writer.call("POST", "service/tickets", given)
    assert (got.status, got.json["code"]) == (400, "InvalidObject")
    assert (code, field) in [(entry["code"], entry["field"]) for entry in got.json["errors"]]


def test_a_change_answers_with_the_whole_record_and_a_new_stamp(writer: Caller) -> None:
    before = ticket(writer)
    got = writer.call(
        "PATCH",
        f"service/tickets/{before['id']}",
        [replace("/summary", "Neu"), replace("owner", {"identifier": "MSPSync"}), replace("poNumber", "4711")],
    )
    assert got.status == 200
    row = got.json
    assert (row["summary"], row["owner"]["identifier"], row["poNumber"]) == ("Neu", "MSPSync", "4711")
    assert row["_info"]["lastUpdated"] > before["_info"]["lastUpdated"]
    assert row["_info"]["updatedBy"] == "MSPSync"
    assert row["company"] == before["company"]
    since = writer.get("service/tickets", conditions=f"lastUpdated >= [{row['_info']['lastUpdated']}]")
    assert since.ids == [row["id"]]


def test_a_closing_status_closes_and_another_reopens(writer: Caller) -> None:
    row = ticket(writer)
    path = f"service/tickets/{row['id']}"
    closed = writer.call("PATCH", path, [replace("status", {"name": ">Closed"})]).json
    assert (closed["closedFlag"], "closedDate" in closed) == (True, True)
    opened = writer.call("PATCH", path, [replace("status", {"name": "Re-Opened"})]).json
    assert (opened["closedFlag"], "closedDate" in opened) == (False, False)


def test_a_status_must_be_the_boards(writer: Caller) -> None:
    row = ticket(writer, 'board/name = "Help Desk"')
    refused = writer.call("PATCH", f"service/tickets/{row['id']}", [replace("status", {"id": 60})])
    assert refused.json["errors"][0]["message"] == "Service Status 60 not found for Service Board 1"
    alone = writer.call("PATCH", f"service/tickets/{row['id']}", [replace("board", {"id": 4})])
    assert alone.status == 400
    moved = writer.call(
        "PATCH",
        f"service/tickets/{row['id']}",
        [
            replace("board", {"id": 4}),
            replace("status", {"id": 60}),
            *(replace(name, {"name": row[name]["name"]}) for name in ("type", "subType", "item")),
            {"op": "remove", "path": "team"},
        ],
    )
    assert (moved.status, moved.json["board"]["name"]) == (200, "Network Operations")


def test_custom_fields_that_are_not_sent_are_kept(writer: Caller) -> None:
    row = ticket(writer)
    got = writer.call("PATCH", f"service/tickets/{row['id']}", [replace("customFields", [{"id": 21, "value": "A-1"}])])
    before = {field["id"]: field["value"] for field in row["customFields"]}
    assert {field["id"]: field["value"] for field in got.json["customFields"]} == before | {21: "A-1"}


def test_paths_are_exact_and_into_references_only_ids_count(writer: Caller) -> None:
    row = ticket(writer)
    path = f"service/tickets/{row['id']}"
    assert writer.call("PATCH", path, [replace("Summary", "x")]).status == 400
    ignored = writer.call("PATCH", path, [replace("company/identifier", "Other")])
    assert (ignored.status, ignored.json["company"]) == (200, row["company"])
    assert writer.call("PATCH", path, [replace("company/id", 252)]).json["company"]["id"] == 252
    assert writer.call("PATCH", path, {"op": "replace"}).status == 400
    assert writer.call("PATCH", path, [{"op": "test", "path": "summary"}]).status == 400


def test_deleting_a_ticket_takes_its_notes_and_time_along(writer: Caller) -> None:
    number = writer.get("time/entries", pageSize=1).json[0]["chargeToId"]
    assert writer.call("DELETE", f"service/tickets/{number}").status == 204
    gone = writer.get(f"service/tickets/{number}")
    assert (gone.status, gone.json["message"]) == (404, f"Ticket {number} not found")
    assert writer.get("time/entries", conditions=f"chargeToId = {number}").ids == []
    assert writer.get(f"service/tickets/{number}/notes").status == 404
    assert number not in writer.walk("service/tickets", pageSize=50)
    assert writer.get("service/tickets/count").json == {"count": 119}


def test_merged_tickets_stay_and_point_to_their_parent(writer: Caller) -> None:
    parent, child = writer.truth(conditions="closedFlag = False")["ids"][:2]
    assert writer.call("POST", f"service/tickets/{parent}/merge", {"mergeTicketIds": [child]}).status == 200
    row = writer.get(f"service/tickets/{child}").json
    assert (row["mergedParentTicket"]["id"], row["closedFlag"]) == (parent, True)
    assert writer.get(f"service/tickets/{parent}").json["hasMergedChildTicketFlag"] is True


def test_notes_want_a_pane_and_live_with_their_ticket(writer: Caller) -> None:
    row = ticket(writer)
    notes = f"service/tickets/{row['id']}/notes"
    assert writer.call("POST", notes, {"text": "no pane"}).status == 400
    made = writer.call("POST", notes, {"text": "Hallo", "internalAnalysisFlag": True, "processNotifications": False})
    assert (made.status, made.json["internalFlag"], made.json["createdBy"]) == (201, True, "MSPSync")
    number = made.json["id"]
    changed = writer.call("PATCH", f"{notes}/{number}", [replace("text", "Hallo!")])
    assert changed.json["text"] == "Hallo!"
    assert number in writer.get(notes, pageSize=100).ids
    assert writer.call("DELETE", f"{notes}/{number}").status == 204
    assert number not in writer.get(notes, pageSize=100).ids
    assert writer.get(f"service/tickets/{row['id']}").json["_info"] == row["_info"]


def test_time_is_booked_on_a_ticket(writer: Caller) -> None:
    row = ticket(writer)
    given = {"chargeToId": row["id"], "chargeToType": "ServiceTicket", "timeStart": "2026-03-01T10:00:00Z"}
    made = writer.call("POST", "time/entries", given | {"timeEnd": "2026-03-01T11:30:00Z", "notes": "Work"})
    assert (made.status, made.json["actualHours"]) == (201, 1.5)
    fraction = writer.call("POST", "time/entries", given | {"timeStart": "2026-03-01T10:00:00.123Z"})
    assert fraction.json["errors"][0]["message"] == "Unsupported format applied to timeStart"
    longer = writer.call(
        "PATCH",
        f"time/entries/{made.json['id']}",
        [replace("actualHours", 9), replace("timeEnd", "2026-03-01T12:00:00Z")],
    )
    assert longer.json["actualHours"] == 2.0
    assert made.json["id"] in writer.get("time/entries", conditions=f"chargeToId = {row['id']}").ids
    assert writer.call("DELETE", f"time/entries/{made.json['id']}").status == 204


def test_a_company_that_is_renamed_is_renamed_everywhere(writer: Caller) -> None:
    row = ticket(writer)
    company = row["company"]["id"]
    assert writer.call("PATCH", f"company/companies/{company}", [replace("name", "Renamed & Co")]).status == 200
    assert writer.get(f"service/tickets/{row['id']}").json["company"]["name"] == "Renamed & Co"
    assert writer.get("service/tickets", conditions='company/name = "renamed & co"').ids


def test_communication_items_change_by_their_place(writer: Caller) -> None:
    contact = next(row for row in writer.get("company/contacts").json if len(row["communicationItems"]) > 1)
    path = f"company/contacts/{contact['id']}"
    got = writer.call(
        "PATCH",
        path,
        [replace("/communicationItems/1/value", "+1 2"), {"op": "remove", "path": "communicationItems/0"}],
    )
    assert got.json["communicationItems"][0]["value"] == "+1 2"
    assert len(got.json["communicationItems"]) == len(contact["communicationItems"]) - 1
