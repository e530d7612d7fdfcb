"""Reports: one query in SQL over a few of the vendor's tables. An error in it is told with status 200, as live.

Names of tables and columns: public catalogues of queries for Halo's reports.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from typing import Any

from lab.sandbox.collection import Json
from lab.sandbox.halo.error_bodies import refused
from lab.sandbox.halo.psa import Psa
from lab.sandbox.reply import Reply, json_reply
from lab.sandbox.request import Request

MOST_ROWS = 50_000
MOST_STEPS = 50_000_000
_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION}
TABLES: dict[str, tuple[str, dict[str, str]]] = {
    "faults": (
        "tickets",
        {
            "faultid": "id",
            "symptom": "summary",
            "status": "status_id",
            "requesttypenew": "tickettype_id",
            "areaint": "client_id",
            "userid": "user_id",
            "assignedtoint": "agent_id",
            "dateoccured": "dateoccurred",
            "datecleared": "dateclosed",
            "flastupdate": "last_update",
        },
    ),
    "area": ("companies", {"aarea": "id", "aareadesc": "name", "aisinactive": "inactive"}),
    "users": ("contacts", {"uid": "id", "uusername": "name", "uemail": "emailaddress"}),
    "uname": ("members", {"unum": "id", "uname": "namewithinactive", "usmtp": "email"}),
    "tstatus": ("statuses", {"tstatus": "id", "tstatusdesc": "name"}),
}
"""The vendor's table: our collection, and its columns."""


def run(psa: Psa, request: Request) -> Reply:
    """``POST /Report``: an array of one report, with its SQL. Raises Refusal."""
    given = request.json()
    if not isinstance(given, list) or len(given) != 1 or not isinstance(given[0], dict):
        raise refused("A report must be given as an array of one.")
    report = given[0]
    found = _content(psa, str(report.get("sql") or ""))
    return json_reply({"id": 0, "name": report.get("name") or "", "sql": report.get("sql"), "report": found}, 201)


def _content(psa: Psa, sql: str) -> Json:
    base: Json = {"loaded": True, "load_error": None, "rows": []}
    if "--" in sql:
        return base | {"load_error": "Comments are not allowed in report SQL.", "loaded": False}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        try:
            _fill(psa, database, sql.lower())
            database.set_authorizer(
                lambda action, *rest: sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY
            )
            database.set_progress_handler(lambda: 1, MOST_STEPS)
            database.row_factory = sqlite3.Row
            rows = database.execute(sql).fetchmany(MOST_ROWS)
        except (sqlite3.Error, sqlite3.Warning) as err:
            return base | {"load_error": str(err), "loaded": False}
    return base | {"rows": [dict(row) for row in rows]}


def _fill(psa: Psa, database: sqlite3.Connection, sql: str) -> None:
    """The tables that the query names."""
    for table, (name, columns) in TABLES.items():
        if table in sql:
            database.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
            places = ", ".join("?" * len(columns))
            database.executemany(f"INSERT INTO {table} VALUES ({places})", _rows(psa, name, columns.values()))


def _rows(psa: Psa, name: str, fields: Iterable[str]) -> Iterable[list[Any]]:
    wanted = list(fields)
    collection = psa[name]
    return ([collection.record(slot).get(field) for field in wanted] for slot in collection.slots())
