"""The setup tables that all boards share, and the people who work here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lab.sandbox.clock import DAY, written
from lab.sandbox.dice import Dice
from lab.sandbox.names import FIRST_NAMES, LAST_NAMES, MEMBER_TITLES
from lab.sandbox.seed import Seed

Json = dict[str, Any]
HREF = "https://sandbox-na.myconnectwise.net/v2025_1//apis/3.0"
"""The start of every ``*_href``: another host and another codebase than the caller's, and a doubled slash, as seen live."""
API_MEMBER = "MSPSync"
MEMBERS = 25


def reference(kind: str, path: str, record_id: int, /, **values: Any) -> Json:
    """A reference as records hold it, for example ``reference("board", "service/boards", 4, name="Help Desk")``."""
    return {"id": record_id, **values, "_info": {f"{kind}_href": f"{HREF}/{path}/{record_id}"}}


def info(seed: Seed, *purpose: object, by: str = "zadmin") -> Json:
    """``_info`` of a setup record: entered years ago, touched now and then."""
    dice = seed.dice("info", *purpose)
    entered = seed.now - DAY * (1200 + dice.below(900)) + dice.below(DAY)
    updated = entered + dice.below(1000 * DAY)
    return {"lastUpdated": written(updated), "updatedBy": by, "dateEntered": written(entered), "enteredBy": by}


LOCATION = reference("location", "system/locations", 2, name="Tampa Office")
DEPARTMENT = reference("department", "system/departments", 10, identifier="Services", name="Professional Services")
CURRENCY = reference("currency", "finance/currencies", 7, name="US Dollars")
SLA = reference("sla", "service/SLAs", 3, name="Standard SLA")


def priorities(seed: Seed) -> list[Json]:
    rows = (
        (4, "Priority 3 - Normal Response", "Yellow", "Medium", 3, True),
        (6, "Priority 1 - Emergency Response", "Red", "Critical", 1, False),
        (8, "Priority 2 - Quick Response", "Orange", "High", 2, False),
        (9, "Priority 4 - Scheduled Maintenance", "Green", "Low", 4, False),
        (11, "Do Not Respond", "White", "Low", 5, False),
        (12, "VIP 👑", "Purple", "High", 6, False),
    )
    return [
        {
            "id": row_id,
            "name": name,
            "color": colour,
            "sortOrder": order,
            "defaultFlag": default,
            "imageLink": f"{HREF}/service/priorities/{row_id}/image?lm=2020-05-27T14:58:21Z",
            "urgencySortOrder": str(order),
            "level": level,
            "_info": info(seed, "priority", row_id),
        }
        for row_id, name, colour, level, order, default in rows
    ]


def sources(seed: Seed) -> list[Json]:
    names = ("Call", "Email Connector", "Portal", "Monitoring", "Walk-in", "Chat", "Quote", "Renewal")
    return [
        {"id": place, "name": name, "defaultFlag": place == 1, "_info": info(seed, "source", place)}
        for place, name in enumerate(names, 1)
    ]


def service_locations(seed: Seed) -> list[Json]:
    rows = (("On-Site", "OnSite"), ("Remote", "Remote"), ("In-House", "InHouse"))
    return [
        {"id": place, "name": name, "where": where, "defaultFlag": place == 2, "_info": info(seed, "where", place)}
        for place, (name, where) in enumerate(rows, 1)
    ]


def company_statuses(seed: Seed) -> list[Json]:
    rows = (
        (1, "Active", True, False, False),
        (2, "Inactive", False, False, True),
        (3, "Credit Hold", False, False, True),
        (4, "Not-Approved", False, False, False),
        (5, "Prospect", False, False, False),
        (6, "Imported", False, True, False),
    )
    return [
        {
            "id": row_id,
            "name": name,
            "defaultFlag": default,
            "inactiveFlag": inactive,
            "notifyFlag": disallow,
            "disallowSavingFlag": disallow,
            "notificationMessage": f"This company is marked {name}." if disallow else None,
            "_info": info(seed, "company status", row_id),
        }
        for row_id, name, default, inactive, disallow in rows
    ]


def company_types(seed: Seed) -> list[Json]:
    rows = ((1, "Client"), (2, "Prospect"), (3, "Vendor"), (4, "Former Client"), (5, "Owner"), (8, "Partner"))
    return [
        {
            "id": row_id,
            "name": name,
            "defaultFlag": row_id == 1,
            "vendorFlag": name == "Vendor",
            "serviceAlertFlag": name == "Former Client",
            "serviceAlertMessage": "Ask Sales first." if name == "Former Client" else None,
            "_info": info(seed, "company type", row_id),
        }
        for row_id, name in rows
    ]


COMMUNICATION_TYPES = (
    (1, "Email", "Email", True),
    (2, "Direct", "Phone", True),
    (3, "Fax", "Fax", True),
    (4, "Cell", "Phone", False),
    (14, "Shared Mailbox", "Email", False),
    (27, "Work Landline", "Phone", False),
    (31, "Personal Email", "Email", False),
)


def communication_types(seed: Seed) -> list[Json]:
    return [
        {
            "id": row_id,
            "description": name,
            "phoneFlag": kind == "Phone",
            "faxFlag": kind == "Fax",
            "emailFlag": kind == "Email",
            "defaultFlag": default,
            "_info": info(seed, "communication type", row_id),
        }
        for row_id, name, kind, default in COMMUNICATION_TYPES
    ]


def work_types(seed: Seed) -> list[Json]:
    rows = ("Remote", "On-site", "After Hours", "Project", "Travel", "Internal")
    return [
        {
            "id": place,
            "name": name,
            "billTime": "NoCharge" if name == "Internal" else "Billable",
            "rateType": "Multiplier",
            "rate": 1.5 if name == "After Hours" else 1.0,
            "inactiveFlag": name == "Travel",
            "overallDefaultFlag": place == 1,
            "_info": info(seed, "work type", place),
        }
        for place, name in enumerate(rows, 1)
    ]


def work_roles(seed: Seed) -> list[Json]:
    rows = (("Service Desk", 95.0), ("System Engineer", 125.0), ("Senior Engineer", 150.0), ("Project Manager", 140.0))
    return [
        {"id": 10 + place, "name": name, "hourlyRate": rate, "inactiveFlag": False, "_info": info(seed, "role", place)}
        for place, (name, rate) in enumerate(rows, 1)
    ]


@dataclass(slots=True)
class People:
    """The members, and references to them by id."""

    rows: list[Json] = field(default_factory=list)
    references: dict[int, Json] = field(default_factory=dict)
    technicians: list[int] = field(default_factory=list)


def people(seed: Seed) -> People:
    """The members, the API member last."""
    found = People()
    for place in range(MEMBERS):
        dice = seed.dice("member", place)
        first, last = dice.pick(FIRST_NAMES), dice.pick(LAST_NAMES)
        is_api = place == MEMBERS - 1
        identifier = API_MEMBER if is_api else f"{_plain(first)[:1]}{_plain(last)}"[:12].lower() + (f"{place}")
        row = _member(seed, place, identifier, ("API", "Member") if is_api else (first, last), dice)
        found.rows.append(row)
        found.references[row["id"]] = reference(
            "member", "system/members", row["id"], identifier=identifier, name=f"{row['firstName']} {row['lastName']}"
        )
        if not is_api:
            found.technicians.append(row["id"])
    return found


def _member(seed: Seed, place: int, identifier: str, name: tuple[str, str], dice: Dice) -> Json:
    inactive = place % 8 == 7
    mail = f"{identifier.lower()}@northwind-msp.example"
    return {
        "id": 150 + place,
        "identifier": identifier,
        "licenseClass": "A" if identifier == API_MEMBER else "F",
        "disableOnlineFlag": inactive,
        "inactiveFlag": inactive,
        "inactiveDate": written(seed.now - DAY * (30 + dice.below(600))) if inactive else None,
        "firstName": name[0],
        "lastName": name[1],
        "title": dice.pick(MEMBER_TITLES),
        "hireDate": written(seed.now - DAY * (700 + dice.below(3000))),
        "officeEmail": mail,
        "primaryEmail": mail,
        "defaultEmail": "Office",
        "officePhone": f"813-555-{1000 + place * 7}",
        "defaultPhone": "Office",
        "securityRole": reference("securityRole", "system/securityroles", 63, name="Technician"),
        "adminFlag": place == 0,
        "dailyCapacity": 8.0,
        "invoiceScreenDefaultTabFormat": "ShowInvoicingTab",
        "invoicingDisplayOptions": "RemainOnInvoicingScreen",
        "agreementInvoicingDisplayOptions": "RemainOnInvoicingScreen",
        "timeZone": reference("timeZoneSetup", "system/timeZoneSetups", 1, name="US Eastern"),
        "defaultLocation": LOCATION,
        "defaultDepartment": DEPARTMENT,
        "teams": [],
        "customFields": [],
        "_info": info(seed, "member", place),
    }


def _plain(text: str) -> str:
    return "".join(letter for letter in text if letter.isascii() and letter.isalpha()) or "x"
