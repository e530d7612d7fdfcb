"""ConnectWise's projects, callbacks, and what hangs on tickets, over the wire."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.lab.sandbox.caller import API, Caller

URL = "https://portal.example/hook?recordId="


@pytest.mark.parametrize(
    ("path", "collection"),
    [
        ("project/projects", "projects"),
        ("project/tickets", "project_tickets"),
        ("schedule/entries", "schedule_entries"),
        ("schedule/types", "schedule_types"),
        ("company/configurations/types", "configuration_types"),
        ("company/configurations/statuses", "configuration_statuses"),
        ("finance/agreements/types", "agreement_types"),
    ],
)
def test_each_collection_lists_counts_and_gives_what_is_there(reader: Caller, path: str, collection: str) -> None:
    truth = reader.truth(collection)
    assert truth["count"] > 0
    assert reader.walk(path, pageSize=150) == truth["ids"]
    assert reader.get(f"{path}/count").json == {"count": truth["count"]}
    assert reader.get(f"{path}/{truth['ids'][0]}").json == reader.get(path, pageSize=1).json[0]


def test_project_tickets_share_ids_with_service_tickets_and_are_in_no_list_of_theirs(reader: Caller) -> None:
    ours, theirs = set(reader.truth("project_tickets")["ids"]), set(reader.truth()["ids"])
    assert ours.isdisjoint(theirs)
    row = reader.get("project/tickets", pageSize=1).json[0]
    assert "recordType" not in row
    assert row["board"]["name"] == "Projects"
    assert reader.get(f"project/projects/{row['project']['id']}").json["name"] == row["project"]["name"]
    assert reader.get(f"service/tickets/{row['id']}").status == 404
    assert reader.get(f"project/tickets/{min(theirs)}").status == 404
    found = reader.call("POST", "project/tickets/search", {"conditions": f"project/id = {row['project']['id']}"})
    assert row["id"] in found.ids
    assert {other["project"]["id"] for other in found.json} == {row["project"]["id"]}


def test_time_on_projects_stands_among_all_time_and_notes_below_their_ticket(reader: Caller) -> None:
    entries = reader.get("time/entries", conditions='chargeToType = "ProjectTicket"', pageSize=1000).json
    assert {entry["chargeToId"] for entry in entries} <= set(reader.truth("project_tickets")["ids"])
    number = entries[0]["chargeToId"]
    assert reader.get(f"project/tickets/{number}/timeentries").ids == [entries[0]["id"]]
    notes = reader.get(f"project/tickets/{number}/notes").json
    assert [note["ticketId"] for note in notes] == [number]
    thread = reader.get(f"project/tickets/{number}/allNotes").json
    assert [row["noteType"] for row in thread] == ["TicketNote", "TimeEntryNote"]
    assert reader.get(f"service/tickets/{number}/notes").status == 404


def test_project_tickets_are_created_changed_and_deleted(writer: Caller) -> None:
    pattern = writer.get("project/tickets", pageSize=1).json[0]
    refused = writer.call("POST", "project/tickets", {"summary": "Cables"})
    assert [error["field"] for error in refused.json["errors"]] == ["phase"]
    made = writer.call("POST", "project/tickets", {"summary": "Cables", "phase": {"id": pattern["phase"]["id"]}})
    assert (made.status, made.json["project"], made.json["closedFlag"]) == (201, pattern["project"], False)
    number = made.json["id"]
    assert number > max(writer.truth()["ids"])
    assert writer.control("create", {"n": 1})["ids"] == [number + 1]
    change = [{"op": "replace", "path": "status", "value": {"name": ">Closed"}}]
    assert writer.call("PATCH", f"project/tickets/{number}", change).json["closedFlag"] is True
    note = writer.call("POST", f"project/tickets/{number}/notes", {"text": "So", "resolutionFlag": True})
    assert writer.get(f"project/tickets/{number}/notes").ids == [note.json["id"]]
    worked = {
        "chargeToId": number,
        "chargeToType": "ProjectTicket",
        "timeStart": "2026-03-01T10:00:00Z",
        "actualHours": 1,
    }
    assert writer.call("POST", "time/entries", worked).json["chargeToType"] == "ProjectTicket"
    assert writer.call("DELETE", f"project/tickets/{number}").status == 204
    assert writer.get(f"project/tickets/{number}").status == 404
    assert writer.get("time/entries/count", conditions=f"chargeToId = {number}").json == {"count": 0}


def test_a_renamed_company_shows_its_name_on_its_projects(writer: Caller) -> None:
    row = writer.get("project/tickets", pageSize=1).json[0]
    renamed = {"collection": "companies", "ids": [row["company"]["id"]], "set": {"name": "Renamed"}}
    writer.control("change", renamed)
    assert writer.get(f"project/tickets/{row['id']}").json["company"]["name"] == "Renamed"
    assert writer.get(f"project/projects/{row['project']['id']}").json["company"]["name"] == "Renamed"
    entries = writer.get("time/entries", conditions=f"chargeToId = {row['id']}").json
    assert [entry["company"]["name"] for entry in entries] == ["Renamed"]


def test_callbacks_are_registered_once_switched_and_removed(writer: Caller) -> None:
    given = {"url": URL, "objectId": 0, "type": "Ticket", "level": "owner", "description": "Portal"}
    made = writer.call("POST", "system/callbacks", given)
    shown = {name: made.json[name] for name in ("objectId", "type", "level", "inactiveFlag", "payloadVersion")}
    assert (made.status, shown) == (
        201,
        {"objectId": 1, "type": "ticket", "level": "owner", "inactiveFlag": False, "payloadVersion": "3.0.0"},
    )
    again = writer.call("POST", "system/callbacks", given)
    assert (again.status, again.json["errors"][0]["code"]) == (400, "ObjectExists")
    number = made.json["id"]
    patched = writer.call(
        "PATCH", f"system/callbacks/{number}", [{"op": "replace", "path": "inactiveFlag", "value": True}]
    )
    assert patched.json["inactiveFlag"] is True
    assert writer.get("system/callbacks/count").json == {"count": 1}
    assert writer.get("system/callbacks").ids == [number]
    assert writer.call("DELETE", f"system/callbacks/{number}").status == 204
    assert writer.get("system/callbacks").json == []


def test_a_callback_of_a_wrong_url_or_level_is_refused_with_both_faults(writer: Caller) -> None:
    got = writer.call(
        "POST", "system/callbacks", {"url": "nowhere", "objectId": 1, "type": "contact", "level": "board"}
    )
    assert (got.status, got.json["message"]) == (400, "callbackEntry object is invalid")
    assert [(error["code"], error["field"]) for error in got.json["errors"]] == [
        ("InvalidField", "url"),
        ("InvalidObject", "level"),
    ]


def test_configurations_hang_on_tickets(writer: Caller) -> None:
    number, machines = writer.truth()["ids"][2], writer.truth("configurations")["ids"]
    path = f"service/tickets/{number}/configurations"
    [first] = writer.get(path).ids
    other = next(machine for machine in machines if machine != first)
    assert writer.call("POST", path, {"id": other}).status == 201
    assert writer.call("POST", path, {"id": other}).json["errors"][0]["code"] == "ObjectExists"
    assert writer.call("POST", path, {"id": 1}).status == 404
    assert writer.get(path).ids == sorted([first, other])
    assert writer.get(f"{path}/count").json == {"count": 2}
    assert writer.call("DELETE", f"{path}/{first}").status == 204
    assert writer.get(path).ids == [other]
    assert writer.get("service/tickets/1/configurations").status == 404


def test_visits_are_read_and_written_for_their_ticket(writer: Caller) -> None:
    number = writer.truth()["ids"][0]
    given: dict[str, Any] = {"objectId": number, "member": {"id": 150}, "type": {"identifier": "S"}}
    given |= {"dateStart": "2026-03-02T09:00:00Z", "dateEnd": "2026-03-02T10:30:00Z"}
    made = writer.call("POST", "schedule/entries", given)
    assert (made.status, made.json["hours"], made.json["type"]["id"]) == (201, 1.5, 4)
    assert writer.get(f"service/tickets/{number}/scheduleentries").ids == [made.json["id"]]
    found = writer.get("schedule/entries", conditions=f'objectId = {number} and type/identifier = "S"')
    assert found.ids == [made.json["id"]]
    change = [{"op": "replace", "path": "doneFlag", "value": True}]
    assert writer.call("PATCH", f"schedule/entries/{made.json['id']}", change).json["doneFlag"] is True
    assert writer.call("DELETE", f"schedule/entries/{made.json['id']}").status == 204
    assert writer.get(f"service/tickets/{number}/scheduleentries").json == []
    assert writer.call("POST", "schedule/entries", given | {"type": {"identifier": "C"}}).status == 400


def test_documents_are_listed_for_a_record_sent_as_a_form_and_downloaded(writer: Caller) -> None:
    number = writer.truth()["ids"][0]
    assert writer.get("system/documents").status == 400
    assert writer.call("POST", "system/documents", {"title": "no form"}).status == 415
    parts = {"recordType": "Ticket", "recordId": str(number), "title": "Photo"}
    text = "".join(
        f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts.items()
    )
    text += '--X\r\nContent-Disposition: form-data; name="file"; filename="p.bin"\r\n\r\n\x00\x01\xff\r\n--X--\r\n'
    made = upload(writer, text.encode("latin-1"))
    assert (made["title"], made["fileName"], made["size"]) == ("Photo", "p.bin", 3)
    assert "content" not in made
    listed = writer.get("system/documents", recordType="ticket", recordId=number)
    assert listed.ids == [made["id"]]
    assert writer.get(f"service/tickets/{number}/documents").ids == [made["id"]]
    assert writer.get(f"system/documents/{made['id']}/download").body == b"\x00\x01\xff"
    assert writer.call("DELETE", f"system/documents/{made['id']}").status == 204
    assert writer.get("system/documents", recordType="Ticket", recordId=number).json == []


def upload(caller: Caller, body: bytes) -> Any:
    headers = caller.headers | {"Content-Type": "multipart/form-data; boundary=X"}
    caller._connection.request("POST", f"{API}system/documents", body=body, headers=headers)
    answer = caller._connection.getresponse()
    content = answer.read()
    assert answer.status == 201, content
    return msgspec.json.decode(content)


def test_some_contacts_have_their_number_on_themselves_alone(reader: Caller) -> None:
    rows = reader.get("company/contacts", pageSize=1000).json
    bare = [row for row in rows if not any(item["communicationType"] == "Phone" for item in row["communicationItems"])]
    assert bare
    assert all(row["defaultPhoneNbr"] for row in bare)


def test_a_role_without_the_right_sees_none_of_it(writer: Caller) -> None:
    writer.control("role", {"denied": ["callbacks", "documents", "projects", "schedule", "configurations"]})
    number = writer.truth()["ids"][2]
    for path in (
        *("system/callbacks", "system/documents", "project/projects", "project/tickets", "schedule/entries"),
        *(f"service/tickets/{number}/{name}" for name in ("configurations", "documents", "scheduleentries")),
    ):
        assert writer.get(path).status == 403, path
