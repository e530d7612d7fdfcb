"""What is sold, and how a sale ends: the catalog and the statuses of opportunities."""

from __future__ import annotations

from integrations.sandbox.collection import Json
from integrations.sandbox.connectwise.collection import Collection, fixed
from integrations.sandbox.connectwise.shapes import SHAPES
from integrations.sandbox.connectwise.tables import info, reference
from integrations.sandbox.seed import Seed

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
OPPORTUNITY_STATUSES = ((1, "Open", False, False), (2, "Won", True, False), (3, "Lost", False, True))


def tables_of(seed: Seed) -> dict[str, Collection]:
    """The catalog and the opportunity statuses, by their names."""
    statuses = [
        {"id": row_id, "name": name, "wonFlag": won, "lostFlag": lost, "closedFlag": won or lost}
        | {"inactiveFlag": False, "defaultFlag": row_id == 1, "_info": info(seed, "opportunity status", row_id)}
        for row_id, name, won, lost in OPPORTUNITY_STATUSES
    ]
    products = [_product(seed, place) for place in range(len(PRODUCTS))]
    return {
        "catalog": fixed(SHAPES["catalogItem"], products),
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
