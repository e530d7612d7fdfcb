"""What is sold, how a sale ends, and of which kinds configurations and agreements are: tables that records point to."""

from __future__ import annotations

from lab.sandbox.collection import Json
from lab.sandbox.connectwise.collection import Collection, fixed
from lab.sandbox.connectwise.shapes import SHAPES
from lab.sandbox.connectwise.tables import info, reference
from lab.sandbox.seed import Seed

PRODUCTS = (
    ("M365-BP", "Microsoft 365 Business Premium", "Licences", 22.0, 17.6),
    ("M365-BS", "Microsoft 365 Business Standard", "Licences", 12.5, 10.0),
    ("EDR-SEAT", "Endpoint protection, per seat", "Security", 4.25, 1.9),
    ("BKP-SRV", "Server backup, 1 TB", "Backup", 89.0, 41.33),
    ("BKP-WS", "Workstation backup", "Backup", 7.9, 3.05),
    ("MON-DEV", "Monitoring, per device", "Managed services", 3.0, 0.75),
    ("HRS-BLOCK", "Block of 10 hours", "Labour", 1150.0, 640.0),
    ("FW-SUB", "Firewall subscription, 1 year", "Security", 412.49, 298.0),
    ("DOM-NAME", "Domain name, 1 year", "Hosting", 18.0, 9.87),
    ("OLD-AV", "Antivirus (discontinued)", "Security", 2.0, 1.0),
)
KINDS = ((1, "Managed Workstation"), (2, "Managed Laptop"), (3, "Managed Server"), (4, "Firewall"), (5, "Printer"))
CONFIGURATION_STATUSES = ((1, "Active"), (2, "Inactive"), (3, "Retired"), (4, "In stock"))
AGREEMENT_TYPES = ("Managed Services", "Block Time", "Cloud Licences")
OPPORTUNITY_STATUSES = ((1, "Open", False, False), (2, "Won", True, False), (3, "Lost", False, True))


def tables_of(seed: Seed) -> dict[str, Collection]:
    """The tables, by their names."""
    statuses = [
        {"id": row_id, "name": name, "wonFlag": won, "lostFlag": lost, "closedFlag": won or lost}
        | {"inactiveFlag": False, "defaultFlag": row_id == 1, "_info": info(seed, "opportunity status", row_id)}
        for row_id, name, won, lost in OPPORTUNITY_STATUSES
    ]
    kinds = [_agreement_type(seed, place, name) for place, name in enumerate(AGREEMENT_TYPES, 1)]
    products = [_product(seed, place) for place in range(len(PRODUCTS))]
    return {
        "catalog": fixed(SHAPES["catalogItem"], products),
        "agreement_types": fixed(SHAPES["agreementType"], kinds),
        "configuration_types": fixed(SHAPES["configurationType"], [_configuration_type(seed, *row) for row in KINDS]),
        "configuration_statuses": fixed(
            SHAPES["configurationStatus"], [_configuration_status(seed, *row) for row in CONFIGURATION_STATUSES]
        ),
        "opportunity_statuses": fixed(SHAPES["opportunityStatus"], statuses),
    }


def _product(seed: Seed, place: int) -> Json:
    identifier, description, category, price, cost = PRODUCTS[place]
    return {
        "id": 30 + place,
        "identifier": identifier,
        "description": description,
        "customerDescription": description,
        "inactiveFlag": identifier == "OLD-AV",
        "subcategory": reference("subcategory", "procurement/subcategories", 1 + place, name=category),
        "category": reference("category", "procurement/categories", 1 + place, name=category),
        "type": reference("type", "procurement/types", 3, name="Product"),
        "price": price,
        "cost": cost,
        "customFields": [],
        "_info": info(seed, "catalog", place),
    }


def _configuration_type(seed: Seed, row_id: int, name: str) -> Json:
    made = {"id": row_id, "name": name, "inactiveFlag": name == "Printer", "systemFlag": False}
    return made | {"_info": info(seed, "configuration type", row_id)}


def _configuration_status(seed: Seed, row_id: int, text: str) -> Json:
    """These have a description where other tables have a name."""
    made = {
        "id": row_id,
        "description": text,
        "closedFlag": text in ("Inactive", "Retired"),
        "defaultFlag": row_id == 1,
    }
    return made | {"_info": info(seed, "configuration status", row_id)}


def _agreement_type(seed: Seed, row_id: int, name: str) -> Json:
    return {
        "id": row_id,
        "name": name,
        "defaultFlag": row_id == 1,
        "inactiveFlag": False,
        "prePaymentFlag": name == "Block Time",
        "applicationUnits": "Hours" if name == "Block Time" else "Amount",
        "employeeCompRate": "Actual",
        "employeeCompNotExceed": "Billing",
        "invoicingCycle": "CalendarYear",
        "billTime": "Billable",
        "billExpenses": "Billable",
        "billProducts": "Billable",
        "_info": info(seed, "agreement type", row_id),
    }
