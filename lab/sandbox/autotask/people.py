"""Who works here, and small tables that records point to."""

from __future__ import annotations

from lab.sandbox.autotask.entity import written
from lab.sandbox.clock import DAY
from lab.sandbox.collection import Json
from lab.sandbox.names import COUNTRIES, FIRST_NAMES, LAST_NAMES, MEMBER_TITLES
from lab.sandbox.seed import Seed

RESOURCES = 24
FIRST_RESOURCE = 29_682_885
SYSTEM = 4
"""The resource that workflow rules act as."""
ROLES = ((8, "IT: Technician I", 95.0), (9, "IT: Technician II", 125.0), (10, "Project Manager", 140.0))
BILLING_CODES = (
    (2, "Finance", 2),
    (29683405, "Remote Support", 1),
    (29683406, "On-site", 1),
    (29683407, "After Hours", 1),
)
CONTRACT_NAMES = ("Managed Workplace", "Block Hours", "Hosted SaaS")


def resources(seed: Seed) -> list[Json]:
    """The system's own resource first, then the technicians."""
    rows = [_resource(SYSTEM, "Autotask", "Administrator", "administrator", "", active=True)]
    for place in range(RESOURCES):
        dice = seed.dice("resource", place)
        first, last = dice.pick(FIRST_NAMES), dice.pick(LAST_NAMES)
        user = f"{_plain(first)[:1]}{_plain(last)}{place}".lower()
        row = _resource(FIRST_RESOURCE + place, first, last, user, dice.pick(MEMBER_TITLES), active=place % 8 != 7)
        row["hireDate"] = written((seed.now // DAY - 400 - dice.below(3000)) * DAY)
        rows.append(row)
    return rows


def technicians() -> tuple[int, ...]:
    return tuple(range(FIRST_RESOURCE, FIRST_RESOURCE + RESOURCES))


def roles() -> list[Json]:
    return [
        {"id": row_id, "name": name, "description": "", "isActive": True, "hourlyFactor": 1, "hourlyRate": rate}
        | {"roleType": 0, "isSystemRole": False}
        for row_id, name, rate in ROLES
    ]


def billing_codes() -> list[Json]:
    return [
        {"id": row_id, "name": name, "useType": use, "isActive": True, "unitCost": 0.0, "unitPrice": 0.0}
        | {"externalNumber": None}
        for row_id, name, use in BILLING_CODES
    ]


def countries() -> list[Json]:
    return [
        {"id": row_id, "name": name, "displayName": name, "countryCode": name[:2].upper(), "isActive": True}
        | {"isDefaultCountry": row_id == 1}
        for name, row_id in COUNTRIES.items()
    ]


def contracts(seed: Seed) -> list[Json]:
    begin = written((seed.now // DAY - 900) * DAY)
    return [
        {"id": 29_684_100 + place, "companyID": 0, "contractName": name, "contractNumber": str(4000 + place)}
        | {"contractType": 7, "status": 1, "startDate": begin, "endDate": None}
        for place, name in enumerate(CONTRACT_NAMES)
    ]


def _resource(row_id: int, first: str, last: str, user: str, title: str, *, active: bool) -> Json:
    return {
        "id": row_id,
        "userName": user,
        "firstName": first,
        "lastName": last,
        "email": f"{user}@northwind-msp.example",
        "title": title,
        "isActive": active,
        "licenseType": 1,
        "locationID": 90682,
        "officePhone": "(813) 555-1000",
        "resourceType": "Employee",
        "userType": 10,
        "hireDate": None,
        "defaultServiceDeskRoleID": 8,
        "userDefinedFields": [],
    }


def _plain(text: str) -> str:
    return "".join(letter for letter in text if letter.isascii() and letter.isalpha()) or "x"
