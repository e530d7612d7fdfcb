"""Service boards, each with statuses, types, subtypes, items, teams and allowed combinations of its own.

The same names carry other ids on each board. On the board "Procurement" the status "Completed" is not a closing one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.sandbox.connectwise.tables import DEPARTMENT, LOCATION, Json, People, info, reference
from lab.sandbox.problems import PROBLEMS
from lab.sandbox.seed import Seed

BOARDS = (
    ("Help Desk", 34),
    ("Network Operations", 12),
    ("Alerts", 18),
    ("Projects", 0),
    ("Onsite Service", 8),
    ("Security Operations", 6),
    ("Procurement", 5),
    ("Onboarding & Offboarding", 5),
    ("After Hours", 4),
    ("Managed Backup", 5),
    ("Development", 2),
    ("Legacy – Clearwater", 1),
)
"""Name and how many of a hundred tickets it gets."""
TYPICAL = {
    "Network Operations": ("Network", "Server"),
    "Alerts": ("Server", "Backup", "Security"),
    "Onsite Service": ("Hardware", "Network"),
    "Security Operations": ("Security",),
    "Procurement": ("Procurement",),
    "Onboarding & Offboarding": ("Users",),
    "Managed Backup": ("Backup",),
}
"""The types of most tickets on a board; a board that is not named gets everything."""
PROJECT_BOARD = "Projects"
INACTIVE_BOARDS = ("Development", "Legacy – Clearwater")

STATUSES = (
    ("New", False, "NotResponded"),
    ("New (email)", False, "NotResponded"),
    ("Assigned", False, "Responded"),
    ("Scheduled", False, "ResolutionPlan"),
    ("In Progress", False, "ResolutionPlan"),
    ("Waiting on Client", False, "NoEscalation"),
    ("Waiting on Vendor", False, "NoEscalation"),
    ("Re-Opened", False, "Responded"),
    ("Completed", True, "Resolved"),
    (">Closed", True, "Resolved"),
    ("Cancelled", True, "Resolved"),
    ("Escalated (old)", False, "Responded"),
)


@dataclass(slots=True)
class Board:
    """One board and what tickets on it may refer to. References are shared and must not be written to."""

    id: int
    name: str
    reference: Json
    statuses: list[Json] = field(default_factory=list)
    open: list[int] = field(default_factory=list)
    closing: list[int] = field(default_factory=list)
    filing: list[tuple[Json, Json, Json]] = field(default_factory=list)
    """Type, subtype and item of each problem."""
    teams: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class Boards:
    """All boards, and the rows of their tables by name."""

    rows: dict[str, list[Json]] = field(default_factory=dict)
    by_id: dict[int, Board] = field(default_factory=dict)
    status_references: dict[int, Json] = field(default_factory=dict)

    def add(self, table: str, row: Json) -> int:
        self.rows.setdefault(table, []).append(row)
        return int(row["id"])


def boards(seed: Seed, people: People) -> Boards:
    """The boards of the world."""
    found = Boards()
    for place, (name, _) in enumerate(BOARDS):
        board = Board(place * 3 + 1, name, reference("board", "service/boards", place * 3 + 1, name=name))
        found.by_id[board.id] = board
        found.add("boards", _board_row(seed, board))
        _add_statuses(seed, found, board, 20 + place * 40)
        _add_filing(seed, found, board, 100 + place * 100)
        _add_teams(seed, found, board, people, 20 + place * 5)
    return found


def _board_row(seed: Seed, board: Board) -> Json:
    return {
        "id": board.id,
        "name": board.name,
        "location": LOCATION,
        "department": DEPARTMENT,
        "inactiveFlag": board.name in INACTIVE_BOARDS,
        "projectFlag": board.name == PROJECT_BOARD,
        "sendToContactFlag": True,
        "sendToResourceFlag": True,
        "billTime": "NoDefault",
        "billExpense": "NoDefault",
        "billProduct": "NoDefault",
        "markFirstNoteIssueFlag": True,
        "connectWiseId": seed.guid("board", board.id),
        "_info": info(seed, "board", board.id),
    }


def _add_statuses(seed: Seed, found: Boards, board: Board, first: int) -> None:
    for place, (name, closing, escalation) in enumerate(STATUSES):
        # A name is no promise: here the goods have come, and the bill has not.
        closing = closing and not (board.name == "Procurement" and name == "Completed")
        row_id = first + place
        row = {
            "id": row_id,
            "name": name,
            "board": board.reference,
            "sortOrder": place * 5,
            "displayOnBoard": not closing,
            "inactive": name.endswith("(old)"),
            "closedStatus": closing,
            "timeEntryNotAllowed": name == "Cancelled",
            "defaultFlag": place == 0,
            "escalationStatus": escalation,
            "customerPortalDescription": name.strip(">"),
            "customerPortalFlag": True,
            "_info": info(seed, "status", row_id),
        }
        found.add("statuses", row)
        board.statuses.append(row)
        if not row["inactive"]:
            (board.closing if closing else board.open).append(row_id)
        path = f"service/boards/{board.id}/statuses"
        found.status_references[row_id] = reference("status", path, row_id, name=name)


def _add_filing(seed: Seed, found: Boards, board: Board, first: int) -> None:
    """Types, subtypes and items of the problems, and which go together."""
    known: dict[tuple[str, str], Json] = {}
    path = f"service/boards/{board.id}"
    for problem in PROBLEMS:
        names = (
            ("types", "type", problem.type),
            ("subtypes", "subType", problem.subtype),
            ("items", "item", problem.item),
        )
        for table, name, value in names:
            if (table, value) not in known:
                known[table, value] = reference(name, f"{path}/{table}", first + len(known), name=value)
        type_, subtype, item = (known[table, value] for table, _, value in names)
        board.filing.append((type_, subtype, item))
    combinations = list({tuple(part["id"] for part in parts): parts for parts in board.filing}.values())
    for place, (type_, subtype, item) in enumerate(combinations):
        row = {"id": first * 10 + place, "type": type_, "subType": subtype, "item": item, "board": board.reference}
        found.add("associations", {**row, "_info": {}})
    for (table, name), part in known.items():
        found.add(table, _filing_row(seed, board, table, {"id": part["id"], "name": name}, combinations))


def _filing_row(seed: Seed, board: Board, table: str, row: Json, combinations: Sequence[tuple[Json, ...]]) -> Json:
    row |= {"inactiveFlag": row["name"] == "Training", "board": board.reference}
    if table == "types":
        row |= {"category": "Proactive" if row["name"] in ("Server", "Backup") else "Reactive", "defaultFlag": False}
        row |= {"requestForChangeFlag": False, "location": LOCATION, "department": DEPARTMENT}
    if table == "subtypes":
        row["typeAssociationIds"] = sorted({parts[0]["id"] for parts in combinations if parts[1]["id"] == row["id"]})
    return {**row, "_info": info(seed, table, row["id"])}


def _add_teams(seed: Seed, found: Boards, board: Board, people: People, first: int) -> None:
    for place, name in enumerate(("Service Team", "Tier 2")):
        dice = seed.dice("team", board.id, place)
        members = sorted({dice.pick(people.technicians) for _ in range(6)})
        row: Json = {
            "id": first + place,
            "name": name,
            "teamLeader": people.references[members[0]],
            "members": members,
            "defaultFlag": place == 0,
            "boardId": board.id,
            "locationId": 2,
            "businessUnitId": 10,
            "_info": info(seed, "team", first + place),
        }
        found.add("teams", row)
        board.teams.append(reference("team", f"service/boards/{board.id}/teams", row["id"], name=name))


def typical_problems() -> list[list[int]]:
    """For each board the problems that it is there for, by their places."""
    return [
        [place for place, problem in enumerate(PROBLEMS) if problem.type in TYPICAL.get(name, (problem.type,))]
        for name, _ in BOARDS
    ]


def by_weight() -> list[int]:
    """Board places, each as often as it gets tickets, so that one draw chooses a board."""
    return [place for place, (_, weight) in enumerate(BOARDS) for _ in range(weight)]


def status_row(board: Board, status_id: int) -> dict[str, Any] | None:
    """The board's status with this id, or None."""
    return next((row for row in board.statuses if row["id"] == status_id), None)
