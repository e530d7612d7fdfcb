"""Sign-in, routing and collections, over the wire."""

from __future__ import annotations

import email.utils
import time
from typing import Any

import pytest

from tests.lab.sandbox.caller import API, Caller

COLLECTIONS = {
    "service/boards": "boards",
    "service/priorities": "priorities",
    "service/sources": "sources",
    "service/locations": "locations",
    "service/tickets": "tickets",
    "system/members": "members",
    "system/userDefinedFields": "user_defined_fields",
    "company/companies": "companies",
    "company/companies/statuses": "company_statuses",
    "company/companies/types": "company_types",
    "company/contacts": "contacts",
    "company/communicationTypes": "communication_types",
    "time/entries": "time_entries",
    "time/workTypes": "work_types",
    "time/workRoles": "work_roles",
}


@pytest.mark.parametrize(("path", "collection"), COLLECTIONS.items())
def test_each_collection_lists_counts_and_gives_what_is_there(reader: Caller, path: str, collection: str) -> None:
    truth = reader.truth(collection)
    assert truth["count"] > 0
    assert reader.walk(path, pageSize=150) == truth["ids"]
    assert reader.get(f"{path}/count").json == {"count": truth["count"]}
    first = reader.get(path, pageSize=1)
    assert reader.get(f"{path}/{truth['ids'][0]}").json == first.json[0]
    assert first.headers["api-current-version"] == "2026.4"


@pytest.mark.parametrize("table", ["statuses", "types", "subtypes", "items", "teams", "typeSubTypeItemAssociations"])
def test_each_board_has_tables_of_its_own(reader: Caller, table: str) -> None:
    first, second = (reader.get(f"service/boards/{board}/{table}", pageSize=1000) for board in (1, 4))
    assert first.ids
    assert set(first.ids).isdisjoint(second.ids)
    assert reader.get(f"service/boards/1/{table}/{first.ids[0]}").status == 200
    assert reader.get(f"service/boards/4/{table}/{first.ids[0]}").status == 404
    assert reader.get(f"service/boards/999/{table}").status == 404


def test_companyinfo_needs_no_credentials_and_knows_its_company_only(reader: Caller) -> None:
    known = reader.send("GET", "/login/companyinfo/training").json
    assert (known["Codebase"], known["IsCloud"]) == ("v2026_4/", True)
    unknown = reader.send("GET", "/login/companyinfo/other")
    assert (unknown.status, unknown.body) == (200, b"null")


@pytest.mark.parametrize("missing", ["Authorization", "clientId"])
def test_without_keys_or_client_id_nothing_is_told(reader: Caller, missing: str) -> None:
    headers = {name: value for name, value in reader.headers.items() if name != missing}
    got = reader.send("GET", API + "system/info", headers=headers)
    assert got.status == 401
    assert got.json == {"code": "ConnectWiseApi", "message": "UserNotAuthenticated", "errors": None}


def test_a_missing_plus_is_a_wrong_key(reader: Caller) -> None:
    headers = reader.headers | {"Authorization": "Basic dHJhaW5pbmc6c2FuZGJveA=="}
    assert reader.send("GET", API + "system/info", headers=headers).status == 401


@pytest.mark.parametrize("codebase", ["v4_6_release", "v2025_1", "v2026_4"])
def test_each_codebase_of_the_vendor_is_routed(reader: Caller, codebase: str) -> None:
    got = reader.send("GET", f"/{codebase}/apis/3.0/system/info", headers=reader.headers)
    assert got.json["version"].startswith("v2026.4")


@pytest.mark.parametrize(
    "path", ["/v1/apis/3.0/system/info", "/apis/3.0/system/info", f"{API}v4_6_release/apis/3.0/system/info"]
)
def test_a_wrong_codebase_is_refused_in_plain_text(reader: Caller, path: str) -> None:
    got = reader.send("GET", path, headers=reader.headers)
    assert (got.status, got.body) == (400, b"Cannot route. Codebase/company is invalid")
    assert got.headers["content-type"].startswith("text/plain")


def test_unknown_endpoints_records_and_methods_differ(reader: Caller) -> None:
    assert reader.get("service/nonsense").json["code"] == "ConnectWiseApi"
    gone = reader.get("company/contacts/9999999")
    assert (gone.status, gone.json) == (404, {"code": "NotFound", "message": "Contact 9999999 not found"})
    assert reader.call("DELETE", "service/boards/1").status == 405


def test_pages_hold_25_and_never_more_than_1000(reader: Caller) -> None:
    assert len(reader.get("service/tickets").ids) == 25
    assert len(reader.get("service/tickets", pageSize=5000).ids) == 400
    past = reader.get("service/tickets", page=99, pageSize=100)
    assert (past.status, past.body) == (200, b"[]")
    assert past.link("next") is None


def test_numbered_pages_add_up_and_link_elsewhere(reader: Caller) -> None:
    pages = [reader.get("service/tickets", page=page, pageSize=150, orderBy="id asc") for page in (1, 2, 3)]
    assert [number for page in pages for number in page.ids] == reader.truth()["ids"]
    assert [bool(page.link("next")) for page in pages] == [True, True, False]
    assert (pages[1].link("next") or "").startswith("https://sandbox-na.myconnectwise.net/v2026_4/apis/3.0/service/")
    assert (pages[0].link("last") or "").endswith("page=3")
    assert (pages[2].link("prev") or "").endswith("page=2")


def test_forward_only_pages_follow_the_ids_and_take_no_order(reader: Caller) -> None:
    page = reader.forward("service/tickets", pageSize=400)
    last = reader.forward("service/tickets", pageSize=400, pageId=page.ids[-1])
    assert page.link("next") is not None
    assert (last.ids, last.headers["link"]) == ([], "")
    assert reader.forward("service/tickets", orderBy="id desc").status == 400
    ids = reader.walk("service/tickets", pageSize=7, conditions="closedFlag = False or id < 0")
    assert ids == reader.truth(conditions="closedFlag = False")["ids"]


def test_keysets_run_both_ways(reader: Caller) -> None:
    ids = reader.truth()["ids"]
    middle = ids[200]
    up = reader.get("service/tickets", conditions=f"id > {middle}", orderBy="id asc", pageSize=3)
    down = reader.get("service/tickets", conditions=f"id < {middle}", orderBy="id desc", pageSize=3)
    assert (up.ids, down.ids) == (ids[201:204], ids[199:196:-1])


def test_what_changed_since_includes_that_very_second(reader: Caller) -> None:
    rows: list[dict[str, Any]] = reader.get("service/tickets", pageSize=1000).json
    stamps = sorted(row["_info"]["lastUpdated"] for row in rows)
    bound = stamps[-10]
    expected = [row["id"] for row in rows if row["_info"]["lastUpdated"] >= bound]
    assert reader.get("service/tickets", conditions=f"lastUpdated >= [{bound}]", pageSize=1000).ids == expected
    later = reader.get("service/tickets", conditions=f"lastUpdated > [{bound}]", pageSize=1000).ids
    assert set(expected) - set(later) == {row["id"] for row in rows if row["_info"]["lastUpdated"] == bound}


def test_orders_and_fields(reader: Caller) -> None:
    got = reader.get("service/tickets", orderBy="board/name desc, id desc", fields="id,board/name,_info/lastUpdated")
    rows = got.json
    assert rows == sorted(rows, key=lambda row: (row["board"]["name"].casefold(), row["id"]), reverse=True)
    assert {name for row in rows for name in row} == {"id", "board", "_info"}
    assert set(rows[0]["board"]) == {"name"}
    assert reader.get("service/tickets", fields="id", pageSize=1).body.startswith(b'[{"id":')
    assert reader.get("service/tickets", fields="nonsense").status == 400
    assert reader.get("service/tickets", orderBy="nonsense").status == 400
    assert reader.get("service/tickets", orderBy="id sideways").status == 400


def test_the_same_question_by_get_and_by_search(reader: Caller) -> None:
    conditions = 'board/name = "Help Desk" and summary contains "a"'
    asked = reader.get("service/tickets", conditions=conditions, orderBy="id desc", pageSize=10)
    body = {"conditions": conditions, "orderBy": "id desc"}
    searched = reader.call("POST", "service/tickets/search", body, pageSize=10)
    assert searched.body == asked.body
    refused = reader.call("POST", "service/tickets/search", body | {"page": 1})
    assert "Could not find member 'page'" in refused.json["message"]


def test_unknown_names_in_conditions(reader: Caller) -> None:
    got = reader.get("service/tickets", conditions='resources/identifier = "x"')
    assert got.status == 400
    assert got.json == {"code": "ApiFindCondition", "message": "resources/identifier is not a recognized name."}
    arrays = reader.get("company/contacts", conditions='communicationItems/value = "x"')
    assert arrays.json["code"] == "ApiFindCondition"


def test_children_are_asked_with_child_conditions(reader: Caller) -> None:
    contact = next(row for row in reader.get("company/contacts", pageSize=100).json if row["communicationItems"])
    item = contact["communicationItems"][0]
    text = f'communicationItems/value="{item["value"]}" AND communicationItems/communicationType="Email"'
    assert contact["id"] in reader.get("company/contacts", childConditions=text).ids
    other = text.replace('"Email"', '"Fax"')
    assert reader.get("company/contacts", childConditions=other).ids == []
    assert reader.get("company/companies/count", childConditions="types/id = 1").json["count"] > 0
    assert reader.get("company/contacts", childConditions='communicationItems/value in ("a")').status == 400


def test_custom_fields_are_asked_by_caption_and_value(reader: Caller) -> None:
    rows = reader.get("service/tickets", pageSize=1000).json
    expected = [
        row["id"] for row in rows for field in row["customFields"] if field["caption"] == "VIP" and field["value"]
    ]
    got = reader.get("service/tickets", customFieldConditions='caption="VIP" AND value="true"', pageSize=1000)
    assert got.ids == expected
    assert expected


def test_time_is_found_by_its_ticket(reader: Caller) -> None:
    entry = reader.get("time/entries", pageSize=1).json[0]
    conditions = f'chargeToId = {entry["chargeToId"]} and chargeToType = "ServiceTicket"'
    found = reader.get("time/entries", conditions=conditions)
    assert entry["id"] in found.ids
    assert {row["chargeToId"] for row in found.json} == {entry["chargeToId"]}
    assert reader.get(f"service/tickets/{entry['chargeToId']}/timeentries").ids == found.ids


def test_the_thread_has_what_the_notes_leave_out(reader: Caller) -> None:
    entry = next(row for row in reader.get("time/entries", pageSize=100).json if row.get("notes"))
    ticket = entry["chargeToId"]
    notes = reader.get(f"service/tickets/{ticket}/notes", pageSize=100).json
    thread = reader.get(f"service/tickets/{ticket}/allNotes", pageSize=100).json
    assert entry["notes"] not in [note["text"] for note in notes]
    kinds = [row["noteType"] for row in thread]
    assert kinds.count("TicketNote") == len(notes)
    assert {"id": entry["id"], "noteType": "TimeEntryNote"}.items() <= next(
        row for row in thread if row["noteType"] == "TimeEntryNote" and row["id"] == entry["id"]
    ).items()


def test_nothing_is_sent_as_null_but_custom_values_and_empty_references_are_objects(reader: Caller) -> None:
    for row in reader.get("service/tickets", pageSize=1000).json:
        assert None not in row.values()
        assert len(row["customFields"]) == 8
    contacts = [row["contact"] for row in reader.get("service/tickets", pageSize=1000).json]
    assert {} in contacts


def test_names_survive_any_script(reader: Caller) -> None:
    names = {row["name"]: row["id"] for row in reader.get("company/companies", pageSize=1000).json}
    for name in ("שלום טכנולוגיות בע״מ", "Bean There ☕ Coffee Roasters", 'Harper, Lane & Co. "Solicitors"'):
        text = name.replace("\\", "\\\\").replace('"', '\\"')
        assert reader.get("company/companies", conditions=f'name = "{text}"').ids == [names[name]]


def test_the_date_header_is_the_servers_clock(reader: Caller) -> None:
    sent = email.utils.parsedate_to_datetime(reader.get("system/info").headers["date"])
    assert abs(sent.timestamp() - time.time()) < 5


def test_addresses_beyond_the_limit_are_refused(reader: Caller) -> None:
    numbers = ",".join(str(number) for number in range(3000))
    assert reader.get("service/tickets", conditions=f"id in ({numbers})").status == 414
