"""The tables of the setup: ticket types, statuses, priorities, categories, teams, agents."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lab.sandbox.clock import DAY
from lab.sandbox.halo.stamps import written
from lab.sandbox.names import FIRST_NAMES, LAST_NAMES, MEMBER_TITLES
from lab.sandbox.problems import PROBLEMS
from lab.sandbox.seed import Seed

Json = dict[str, Any]
UNASSIGNED = 1
CLOSED = 9
AGENTS = 24

TICKET_TYPES = (
    (1, "Incident", 1, 42),
    (2, "Change Request", 2, 4),
    (3, "Service Request", 3, 26),
    (4, "Problem", 4, 2),
    (21, "Alert", 21, 18),
    (29, "Onboarding", 3, 5),
    (30, "Security Incident", 1, 3),
    (5, "Project", 22, 0),
    (22, "Old Helpdesk (2019)", 1, 0),
)
"""Id, name, ITIL type and how many of a hundred tickets it gets."""
STATUSES = (
    (1, "New", 0, False),
    (2, "In Progress", 0, False),
    (3, "Action Required", 0, False),
    (4, "With User", 0, False),
    (5, "With Supplier", 0, False),
    (21, "Scheduled", 0, False),
    (23, "On Hold", 0, False),
    (8, "Resolved", 0, True),
    (9, "Closed", 0, True),
    (24, "Cancelled", 0, True),
    (13, "Order Closed", 1, True),
    (15, "Item Received", 2, True),
)
"""Id, name, what it is of (0 tickets, 1 orders, 2 items), and whether it closes."""
OPEN = tuple(row[0] for row in STATUSES if row[2] == 0 and not row[3])
CLOSING = (9, 9, 9, 8, 24)
SLAS = ((1, "Standard SLA"), (2, "Gold SLA"), (3, "Alerts"))
PRIORITIES = ((1, "Critical", "#ff0000"), (2, "High", "#ff8800"), (3, "Medium", "#fcdc00"), (4, "Low", "#00aa00"))
TEAMS = ("1st Line Support", "2nd Line Support", "Network Operations", "Security", "Projects", "Old Field Team")


@dataclass(slots=True)
class Setup:
    """Rows by table, and what tickets refer to."""

    rows: dict[str, list[Json]] = field(default_factory=dict)
    agents: dict[int, str] = field(default_factory=dict)
    filing: list[tuple[tuple[int, str], ...]] = field(default_factory=list)
    """The three categories of each problem: ids and names."""


def setup(seed: Seed) -> Setup:
    found = Setup()
    found.rows["boards"] = [_type(seed, *row[:3]) for row in sorted(TICKET_TYPES)]
    found.rows["statuses"] = [_status(seed, *row) for row in sorted(STATUSES)]
    found.rows["priorities"] = [
        _priority(seed, number, sla, *row)
        for number, (sla, row) in enumerate(((sla, row) for sla, _ in SLAS for row in PRIORITIES), 1)
    ]
    found.rows["teams"] = [_team(seed, number, name) for number, name in enumerate(TEAMS, 1)]
    found.rows["members"] = [_agent(seed, number) for number in range(1, AGENTS + 2)]
    found.agents = {row["id"]: row["namewithinactive"] for row in found.rows["members"] if not row["isdisabled"]}
    found.agents.pop(UNASSIGNED)
    _categories(seed, found)
    return found


def _type(seed: Seed, number: int, name: str, itil: int) -> Json:
    return {
        "id": number,
        "guid": seed.guid("type", number),
        "name": name,
        "use": "ticket",
        "sequence": number,
        "group_id": 1,
        "group_name": "Service Desk",
        "itilrequesttype": itil,
        "visible": not name.startswith("Old"),
        "agentscanselect": True,
        "cancreate": True,
        "default_sla": 1,
        "default_team": TEAMS[0],
    }


def _status(seed: Seed, number: int, name: str, kind: int, closing: bool) -> Json:
    return {
        "id": number,
        "guid": seed.guid("status", number),
        "name": name,
        "shortname": name,
        "type": kind,
        "sequence": number,
        "colour": "#d5d5d5" if closing else "#4f9ed9",
        "slaaction": "N",
        "useworkinghours": 0,
    }


def _priority(seed: Seed, number: int, sla: int, priority: int, name: str, colour: str) -> Json:
    """The same number and, but for alerts, the same name at each service level."""
    return {
        "number": number,
        "id": seed.guid("priority", number),
        "slaid": sla,
        "priorityid": priority,
        "name": f"Alert {name}" if sla == 3 else name,
        "colour": colour,
        "ishidden": False,
        "fixtime": 4.0 * priority,
        "fixunits": "H",
        "responsetime": 1.0 * priority,
        "responseunits": "H",
        "startofdaytime": "00:00:00",
    }


def _team(seed: Seed, number: int, name: str) -> Json:
    return {
        "id": number,
        "guid": seed.guid("team", number),
        "name": name,
        "sequence": number,
        "forrequests": True,
        "foropps": False,
        "forprojects": name == "Projects",
        "inactive": name.startswith("Old"),
        "department_id": 1,
        "department_name": "Service",
        "ticket_count": 0,
        "use": "team",
    }


def _agent(seed: Seed, number: int) -> Json:
    dice = seed.dice("agent", number)
    first, last = dice.pick(FIRST_NAMES), dice.pick(LAST_NAMES)
    name = "Unassigned" if number == UNASSIGNED else f"{first} {last}"
    return {
        "id": number,
        # Some were imported without one.
        "name": None if number % 10 == 6 else name,
        "firstname": first if number > UNASSIGNED else None,
        "surname": last if number > UNASSIGNED else None,
        "namewithinactive": name,
        "initials": name[:2].upper(),
        "email": f"agent{number}@northwind-msp.example" if number > UNASSIGNED else None,
        "jobtitle": dice.pick(MEMBER_TITLES) if number > UNASSIGNED else None,
        "isdisabled": number > UNASSIGNED and number % 8 == 7,
        "is_agent": True,
        "colour": "#4f9ed9",
        "datecreated": written(seed.now - DAY * (700 + dice.below(2000))),
    }


def _categories(seed: Seed, found: Setup) -> None:
    known: dict[tuple[int, str], int] = {}
    rows = found.rows["categories"] = []
    for problem in PROBLEMS:
        filed = []
        for level, name in enumerate((problem.type, problem.subtype, problem.item), 1):
            if (level, name) not in known:
                known[level, name] = 100 + len(known)
                rows.append(
                    {
                        "id": known[level, name],
                        "guid": seed.guid("category", level, name),
                        "value": name,
                        "category_name": name,
                        "type_id": level,
                        "sla_id": 0,
                        "priority_id": 0,
                    }
                )
            filed.append((known[level, name], name))
        found.filing.append(tuple(filed))
