"""The control interface: deeds, faults, limits, clock, role, instance, truth."""

from __future__ import annotations

import http.client
import threading
import time
from typing import Any

import pytest

from tests.lab.sandbox.caller import Caller


def test_the_door_wants_its_token(writer: Caller) -> None:
    assert writer.send("GET", "/_control/stats").status == 401
    assert writer.send("GET", "/_control/stats", headers={"X-Control-Token": "wrong"}).status == 401


def test_nonsense_is_refused_with_a_reason(writer: Caller) -> None:
    token = {"X-Control-Token": writer.told["control_token"]}
    for path, payload in (
        ("change", {"nonsense": 1}),
        ("change", {"collection": "nonsense"}),
        ("faults", {"kind": "nonsense"}),
        ("faults", {"kind": "500", "match": {"path": "("}}),
        ("role", {"denied": ["nonsense"]}),
        ("clock", {"set": "yesterday"}),
        ("move", {"board": "nonsense"}),
    ):
        got = writer.send("POST", f"/_control/{path}", payload, token)
        assert (got.status, got.json["code"]) == (400, "InvalidRequest"), path
    assert writer.send("POST", "/_control/nonsense", {}, token).status == 404
    assert writer.send("POST", "/_control/delete", {"ids": [1]}, token).status == 404


def test_changes_show_and_bump_the_stamp(writer: Caller) -> None:
    before = writer.truth()
    done = writer.control("change", {"n": 4})
    assert len(done["ids"]) == 4
    rows = writer.get("service/tickets", conditions=f"lastUpdated >= [{done['now']}]").json
    assert [row["id"] for row in rows] == done["ids"]
    assert writer.truth()["digest"] != before["digest"]
    one = writer.control("change", {"ids": done["ids"][:1], "set": {"summary": "So"}, "stamp": "2026-01-05T06:07:08Z"})
    row = writer.get(f"service/tickets/{one['ids'][0]}").json
    assert (row["summary"], row["_info"]["lastUpdated"]) == ("So", "2026-01-05T06:07:08Z")
    writer.control("change", {"ids": one["ids"], "set": {"summary": "Silent"}, "stamp": "keep"})
    row = writer.get(f"service/tickets/{one['ids'][0]}").json
    assert (row["summary"], row["_info"]["lastUpdated"]) == ("Silent", "2026-01-05T06:07:08Z")


@pytest.mark.parametrize("collection", ["tickets", "companies", "contacts"])
def test_records_come_change_and_go(writer: Caller, collection: str) -> None:
    before = writer.truth(collection)["ids"]
    made = writer.control("create", {"collection": collection, "n": 3})["ids"]
    assert writer.truth(collection)["ids"] == before + made
    writer.control("change", {"collection": collection, "ids": made})
    writer.control("delete", {"collection": collection, "ids": made[:1]})
    assert writer.truth(collection)["ids"] == before + made[1:]
    path = {"tickets": "service/tickets", "companies": "company/companies", "contacts": "company/contacts"}[collection]
    assert writer.walk(path, pageSize=50) == before + made[1:]


def test_a_fraction_can_vanish(writer: Caller) -> None:
    gone = writer.control("delete", {"fraction": 0.5})["ids"]
    assert len(gone) == 60
    assert set(gone).isdisjoint(writer.walk("service/tickets", pageSize=25))


def test_notes_time_moves_and_merges(writer: Caller) -> None:
    noted = writer.control("note", {"n": 2, "set": {"text": "Hört, hört"}})
    texts = {row["id"]: row["text"] for row in writer.get(f"service/tickets/{noted['ticket']}/notes").json}
    assert [texts[number] for number in noted["ids"]] == ["Hört, hört"] * 2
    booked = writer.control("time", {"ticket": noted["ticket"]})
    assert writer.get(f"time/entries/{booked['ids'][0]}").json["chargeToId"] == noted["ticket"]
    moved = writer.control("move", {"n": 3, "board": "After Hours"})["ids"]
    assert {writer.get(f"service/tickets/{number}").json["board"]["name"] for number in moved} == {"After Hours"}
    merged = writer.control("merge", {"n": 2})
    for number in merged["ids"]:
        assert writer.get(f"service/tickets/{number}").json["mergedParentTicket"]["id"] == merged["parent"]


def test_a_note_touches_its_ticket_only_where_the_instance_is_made_so(writer: Caller) -> None:
    number = writer.truth()["ids"][0]
    before = writer.get(f"service/tickets/{number}").json["_info"]["lastUpdated"]
    writer.control("note", {"ticket": number})
    assert writer.get(f"service/tickets/{number}").json["_info"]["lastUpdated"] == before
    writer.control("instance", {"touch_ticket_on_note": True})
    writer.control("note", {"ticket": number})
    assert writer.get(f"service/tickets/{number}").json["_info"]["lastUpdated"] > before


@pytest.mark.parametrize(
    ("rule", "status", "text"),
    [
        ({"kind": "429", "retry_after": 7}, 429, b'"error":"ConnectWiseAPI"'),
        ({"kind": "401"}, 401, b"UserNotAuthenticated"),
        ({"kind": "403"}, 403, b'"code":"Security"'),
        ({"kind": "500"}, 500, b"Timeout"),
        ({"kind": "503html"}, 503, b"<!DOCTYPE html>"),
        ({"kind": "empty"}, 200, b"[]"),
        ({"kind": "empty", "how": "nothing"}, 200, b""),
        ({"kind": "partial", "fraction": 0.0}, 200, b"[]"),
    ],
)
def test_faults_answer_for_the_server(writer: Caller, rule: dict[str, Any], status: int, text: bytes) -> None:
    writer.control("faults", [rule | {"match": {"path": "service/tickets$"}}])
    got = writer.get("service/tickets", pageSize=2)
    assert got.status == status
    assert text in got.body
    assert got.headers.get("retry-after") == ("7" if status == 429 else None)
    assert writer.get("service/boards").status == 200
    writer.control("faults", method="DELETE")
    assert writer.get("service/tickets", pageSize=2).status == 200


def test_a_fault_waits_strikes_and_is_spent(writer: Caller) -> None:
    writer.control("faults", {"kind": "500", "after": 2, "times": 1, "match": {"method": "get", "query": "pageSize=3"}})
    statuses = [writer.get("service/tickets", pageSize=3).status for _ in range(5)]
    assert statuses == [200, 200, 500, 200, 200]
    (rule,) = writer.control("faults", method="GET")
    assert (rule["seen"], rule["hits"]) == (5, 1)


def test_a_fault_may_be_improbable(writer: Caller) -> None:
    writer.control("faults", {"kind": "500", "probability": 0.5})
    failed = sum(writer.get("service/boards", pageSize=1).status == 500 for _ in range(60))
    assert 10 < failed < 50


def test_truncated_json_and_cut_lines(writer: Caller) -> None:
    writer.control("faults", [{"kind": "truncated", "times": 1}])
    cut = writer.get("service/boards")
    assert cut.body.startswith(b"[{")
    assert not cut.body.endswith(b"]")
    writer.control("faults", [{"kind": "truncated", "how": "wire", "times": 1}])
    with pytest.raises(http.client.IncompleteRead):
        writer.get("service/boards")
    writer.close()
    writer.control("faults", [{"kind": "reset", "times": 1}])
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        writer.get("service/boards")
    writer.close()
    assert writer.get("service/boards").status == 200


def test_pages_drift_and_counts_lie(writer: Caller) -> None:
    clean = writer.get("service/tickets", pageSize=10).ids
    writer.control("faults", [{"kind": "drift", "mode": "shift", "rows": 2}])
    assert writer.get("service/tickets", pageSize=10).ids == clean[2:]
    writer.control("faults", [{"kind": "drift", "mode": "drop", "rows": 3}])
    assert len(set(clean) & set(writer.get("service/tickets", pageSize=10).ids)) == 7
    writer.control("faults", [{"kind": "drift", "mode": "duplicate"}])
    doubled = writer.get("service/tickets", pageSize=10).ids
    assert (len(doubled), set(doubled)) == (11, set(clean))
    writer.control("faults", [{"kind": "count", "offset": 5}, {"kind": "count", "factor": 2}])
    assert writer.get("service/tickets/count").json == {"count": 250}


def test_a_slow_answer_takes_its_time(writer: Caller) -> None:
    writer.control("faults", {"kind": "slow", "seconds": 0.2, "times": 1})
    began = time.monotonic()
    assert writer.get("service/boards").status == 200
    assert time.monotonic() - began >= 0.2


def test_more_than_the_limit_is_refused_until_the_minute_is_over(writer: Caller) -> None:
    writer.control("limit", {"per_minute": 3})
    got = [writer.get("service/boards", pageSize=1) for _ in range(5)]
    assert [answer.status for answer in got] == [200, 200, 200, 429, 429]
    assert 55 <= int(got[-1].headers["retry-after"]) <= 60
    assert got[-1].json["error"] == "ConnectWiseAPI"
    writer.control("limit", {})
    assert writer.get("service/boards", pageSize=1).status == 200
    assert writer.control("stats", method="GET")["too_many"] == 2


def test_more_at_once_than_allowed_is_refused_and_counted(writer: Caller) -> None:
    writer.control("limit", {"concurrency": 1})
    writer.control("faults", {"kind": "slow", "seconds": 1, "times": 1})
    other = Caller(writer.told)
    slow = threading.Thread(target=lambda: other.get("service/boards"))
    slow.start()
    deadline = time.monotonic() + 10
    while not writer.control("faults", method="GET")[0]["hits"]:
        assert time.monotonic() < deadline
    assert writer.get("service/boards").status == 429
    slow.join()
    other.close()
    # The slow one counts until its thread has come back from sending, which is a moment after its answer is here.
    while writer.get("service/boards").status == 429:
        assert time.monotonic() < deadline
    assert writer.control("stats", method="GET")["max_concurrency"] == 2


def test_what_was_asked_is_counted(writer: Caller) -> None:
    writer.control("stats/reset")
    for number in writer.truth()["ids"][:3]:
        writer.get(f"service/tickets/{number}/notes")
    stats = writer.control("stats", method="GET")
    assert (stats["requests"], stats["by_path"]) == (3, {"GET service/tickets/{}/notes": 3})
    assert stats["bytes"] > 0
    assert stats["busy_seconds"] > 0


def test_the_clock_may_be_wrong_stand_still_and_jump(writer: Caller) -> None:
    writer.control("clock", {"set": "2026-05-01T12:00:00Z"})
    assert writer.get("system/info").headers["date"] == "Fri, 01 May 2026 12:00:00 GMT"
    done = writer.control("change", {"n": 1})
    assert done["now"] == "2026-05-01T12:00:00Z"
    writer.control("clock", {"advance": 90})
    assert writer.control("clock", method="GET") == {"now": "2026-05-01T12:01:30Z"}
    skewed = writer.control("clock", {"skew_seconds": -3600})["now"]
    assert abs(time.time() - 3600 - time.mktime(time.strptime(skewed, "%Y-%m-%dT%H:%M:%SZ")) + time.timezone) < 5


def test_a_role_refuses_modules_and_hides_boards(writer: Caller) -> None:
    everything = writer.truth()["count"]
    entry = writer.get("time/entries", pageSize=1).json[0]
    board = writer.get(f"service/tickets/{entry['chargeToId']}").json["board"]["id"]
    writer.control("role", {"denied": ["contacts", "tickets:write"], "hidden_boards": [board]})
    assert writer.get("company/contacts").json == {
        "code": "Security",
        "message": "You do not have security permission to perform this action.",
    }
    assert board not in writer.get("service/boards").ids
    assert writer.get(f"service/boards/{board}/statuses").status == 404
    assert writer.get(f"service/tickets/{entry['chargeToId']}").status == 404
    assert entry["id"] not in writer.walk("time/entries", pageSize=50)
    shown = writer.get("service/tickets/count").json["count"]
    assert 0 < shown < everything == writer.truth()["count"]
    visible = writer.get("service/tickets", pageSize=1).ids[0]
    assert writer.call("PATCH", f"service/tickets/{visible}", []).status == 403
    writer.control("reset")
    assert writer.get("service/tickets/count").json == {"count": everything}


def test_another_instance_answers_at_the_same_address(writer: Caller) -> None:
    before = writer.send("GET", "/login/companyinfo/training").json
    writer.control("instance", {"identity": "southwind", "private_key": "new"})
    after = writer.send("GET", "/login/companyinfo/training").json
    assert after["CompanyID"] == "southwind" != before["CompanyID"]
    assert after["SiteUrl"] != before["SiteUrl"]
    assert writer.get("system/info").status == 401


def test_reset_leaves_the_records_and_lifts_everything_else(writer: Caller) -> None:
    writer.control("faults", {"kind": "500"})
    writer.control("limit", {"per_minute": 0})
    writer.control("instance", {"private_key": "new"})
    gone = writer.control("delete", {"n": 1})["ids"]
    writer.control("reset")
    assert writer.get("service/tickets", conditions=f"id = {gone[0]}").json == []


def test_truth_answers_to_conditions(writer: Caller) -> None:
    found = writer.truth(conditions="closedFlag = False")
    assert (
        found["count"]
        == len(found["ids"])
        == writer.get("service/tickets/count", conditions="closedFlag = False").json["count"]
    )
    stamps = [row["_info"]["lastUpdated"] for row in writer.get("service/tickets", pageSize=1000).json]
    assert writer.truth()["last_updated"] == max(stamps)


def test_time_passes_between_pages_and_between_requests(writer: Caller) -> None:
    writer.control("clock", {"set": "2026-03-02T10:00:00Z", "each_page": 60, "each_request": 1})
    dates = [writer.get("service/tickets", pageSize=2, page=number).headers["date"] for number in (1, 2)]
    dates.append(writer.get("service/tickets/count").headers["date"])
    dates.append(writer.get("service/tickets/count").headers["date"])
    assert [date.split()[4] for date in dates] == ["10:00:00", "10:01:01", "10:02:02", "10:02:03"]
    writer.control("reset")
    writer.control("clock", {"set": "2026-03-02T10:00:00Z"})
    dates = [writer.get("service/tickets", pageSize=2).headers["date"] for _ in range(2)]
    assert [date.split()[4] for date in dates] == ["10:00:00", "10:00:00"]
