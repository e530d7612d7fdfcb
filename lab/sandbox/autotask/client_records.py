"""What companies have beside tickets: configuration items, contracts with services, invoices with items, opportunities; and
what is sold."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

from lab.sandbox.autotask import people
from lab.sandbox.autotask.clients import Clients, user_values
from lab.sandbox.autotask.entity import Entity, table, written
from lab.sandbox.clock import DAY
from lab.sandbox.collection import Json
from lab.sandbox.dice import Dice
from lab.sandbox.seed import Seed

FIRST = {
    "assets": 5000,
    "contracts": 29_685_000,
    "contract_services": 700,
    "invoices": 20_000,
    "billing_items": 90_000,
    "opportunities": 3000,
}
FIRST_PRODUCT, FIRST_SERVICE = 29_682_900, 12
PRODUCTS = (
    ("OptiPlex 7010", "Dell", 1, 890.0, 710.0),
    ("ThinkPad T14", "Lenovo", 1, 1390.0, 1120.0),
    ("ProLiant DL360", "HPE", 2, 4200.0, 3650.0),
    ("FortiGate 60F", "Fortinet", 3, 780.0, 560.0),
    ("HL-L6400", "Brother", 1, 310.0, 240.0),
)
SERVICES = (
    ("Microsoft 365 Business Premium", 22.0, 17.6),
    ("Endpoint protection, per seat", 4.25, 1.9),
    ("Server backup, 1 TB", 89.0, 41.33),
    ("Monitoring, per device", 3.0, 0.75),
)
TAX = 0.07
SALES = 29_682_885


class ClientRecords:
    """By place of a company: the seed gives each its own number of everything."""

    def __init__(self, seed: Seed, clients: Clients) -> None:
        self.seed, self.clients = seed, clients
        places = range(clients.count)
        self._ends = {
            "assets": self._sums([2 + self._dice("assets", place).low(24) for place in places]),
            "contracts": self._sums([self._dice("contracts", place).low(4) for place in places]),
            "invoices": self._sums([self._dice("invoices", place).below(13) for place in places]),
            "opportunities": self._sums([self._dice("opportunities", place).low(5) for place in places]),
        }
        contracts, invoices = range(self._ends["contracts"][-1]), range(self._ends["invoices"][-1])
        self._ends["contract_services"] = self._sums([1 + self._dice("services", slot).low(4) for slot in contracts])
        self._ends["billing_items"] = self._sums([1 + self._dice("items", slot).low(5) for slot in invoices])

    def collections(self) -> dict[str, Entity]:
        named = people.contracts(self.seed)
        own = [self._contract(slot) for slot in range(self._ends["contracts"][-1])]
        return {
            "assets": self._entity("assets", self._asset, ("lastModifiedTime",)),
            "products": table([self._product(place) for place in range(len(PRODUCTS))]),
            "services": table([self._service(place) for place in range(len(SERVICES))]),
            "contracts": table([*named, *own]),
            "contract_services": self._entity("contract_services", self._contract_service),
            "contract_units": table(self._units()),
            "invoices": self._entity("invoices", self._invoice),
            "billing_items": self._entity("billing_items", self._item),
            "opportunities": self._entity("opportunities", self._opportunity, ("lastActivity",)),
        }

    def _entity(self, name: str, make: Callable[[int], Json], stamps: tuple[str, ...] = ()) -> Entity:
        slots = range(self._ends[name][-1])
        moments = [self._changed(name, slot) for slot in slots] if stamps else None
        return Entity([FIRST[name] + slot for slot in slots], make, stamps=stamps, moments=moments)

    def _asset(self, slot: int) -> Json:
        dice, place = self._dice("asset", slot), self._place("assets", slot)
        kind = min(dice.below(8), 4)
        bought, changed = self._midnight(dice.below(2200)), self._changed("assets", slot)
        prefix = ("PC", "LT", "SRV", "FW", "PRN")[kind]
        watched = kind < 3 and dice.chance(80)
        return {
            "id": FIRST["assets"] + slot,
            "companyID": self.clients.company_id(place),
            "companyLocationID": self.clients.location_id(place),
            "contactID": dice.pick(self.clients.contacts_of(place)) if dice.chance(60) else None,
            "productID": FIRST_PRODUCT + kind,
            "configurationItemCategoryID": 2,
            "configurationItemType": 1 + kind if dice.chance(90) else None,
            "referenceTitle": f"{prefix}-{slot:04}" if dice.chance(95) else None,
            "referenceNumber": f"A-{slot:05}" if dice.chance(70) else None,
            "serialNumber": None if dice.chance(8) else f"{dice.below(1 << 36):09X}",
            "location": dice.pick(("Reception", "Server room", None)),
            "notes": "Keep the power cable." if dice.chance(10) else None,
            "isActive": not dice.chance(9),
            "installDate": written(bought),
            "warrantyExpirationDate": None if dice.chance(15) else written(bought + dice.pick((1, 3, 5)) * 365 * DAY),
            "createDate": written(bought + 9 * 3600),
            "lastModifiedTime": written(changed, slot),
            "rmmDeviceAuditHostname": f"{prefix}-{slot:04}" if watched else None,
            "rmmDeviceAuditOperatingSystem": ("Microsoft Windows 11 Pro", "Microsoft Windows Server 2022")[kind == 2]
            if watched
            else None,
            "rmmDeviceAuditIPAddress": f"10.{place % 250}.0.{2 + slot % 250}" if watched else None,
            "rmmDeviceAuditMacAddress": ":".join(f"{dice.below(256):02X}" for _ in range(6)) if watched else None,
            "rmmDeviceAuditLastUser": self.clients.person(slot)[0] if watched else None,
            "rmmDeviceAuditManufacturerID": 1 + kind if watched and dice.chance(60) else None,
            "rmmDeviceAuditModelID": None,
            "userDefinedFields": user_values("ConfigurationItems", dice, self.seed.now),
        }

    def _product(self, place: int) -> Json:
        name, maker, category, price, cost = PRODUCTS[place]
        return {
            "id": FIRST_PRODUCT + place,
            "name": name,
            "description": f"{maker} {name}",
            "internalProductID": f"P-{place:03}",
            "sku": None,
            "manufacturerName": maker,
            "productCategory": category,
            "unitPrice": price,
            "unitCost": cost,
            "isActive": place != len(PRODUCTS) - 1,
            "userDefinedFields": [],
        }

    def _service(self, place: int) -> Json:
        name, price, cost = SERVICES[place]
        return {
            "id": FIRST_SERVICE + place,
            "name": name,
            "description": f"{name}, a month.",
            "unitPrice": price,
            "unitCost": cost,
            "isActive": True,
            "lastModifiedDate": written(self._midnight(40 + place)),
        }

    def _contract(self, slot: int) -> Json:
        dice, place = self._dice("contract", slot), self._place("contracts", slot)
        started, active = 30 + dice.below(1500), dice.chance(75)
        return {
            "id": FIRST["contracts"] + slot,
            "companyID": self.clients.company_id(place),
            "contactID": dice.pick(self.clients.contacts_of(place)) if dice.chance(50) else None,
            "contractName": f"{dice.pick(('Managed Services', 'Cloud Licences', 'Monitoring'))} {2020 + slot % 7}",
            "contractNumber": str(5000 + slot),
            "contractType": 7,
            "contractCategory": None,
            "contractPeriodType": dice.pick(("m", "m", "q", "y")),
            "status": int(active),
            "startDate": written(self._midnight(started)),
            "endDate": written(self._midnight(-700 if active else 10)),
            "description": "Signed on paper." if dice.chance(20) else None,
            "purchaseOrderNumber": f"PO-{dice.below(9999):04}" if dice.chance(30) else "",
            "userDefinedFields": user_values("Contracts", self._dice("fields of contract", slot), self.seed.now),
        }

    def _contract_service(self, slot: int) -> Json:
        service = self._dice("service of", slot).below(len(SERVICES))
        name, price, cost = SERVICES[service]
        return {
            "id": FIRST["contract_services"] + slot,
            "contractID": FIRST["contracts"] + self._place("contract_services", slot),
            "serviceID": FIRST_SERVICE + service,
            "unitPrice": price,
            "unitCost": cost,
            "invoiceDescription": f"{name}, as agreed.",
            "internalDescription": None,
        }

    def _units(self) -> list[Json]:
        """Of each service the years before now, the running ones and the years to come."""
        found: list[Json] = []
        for slot in range(self._ends["contract_services"][-1]):
            sold, dice = self._contract_service(slot), self._dice("units", slot)
            for begin, end in ((1500, 401), (400, -3600), (-3601, -7000)):
                units = 1 + dice.low(60)
                found.append(
                    {
                        "id": 1_000 + len(found),
                        "contractID": sold["contractID"],
                        "contractServiceID": sold["id"],
                        "serviceID": sold["serviceID"],
                        "startDate": written(self._midnight(begin)),
                        "endDate": written(self._midnight(end)),
                        "units": units,
                        "price": round(units * sold["unitPrice"], 2),
                        "cost": round(units * sold["unitCost"], 2),
                    }
                )
        return found

    def _invoice(self, slot: int) -> Json:
        dice, place = self._dice("invoice", slot), self._place("invoices", slot)
        age = dice.below(400)
        items = range(self._ends["billing_items"][slot], self._ends["billing_items"][slot + 1])
        net = sum(self._item(item)["extendedPrice"] for item in items)
        tax = round(net * TAX, 2)
        return {
            "id": FIRST["invoices"] + slot,
            "companyID": self.clients.company_id(place),
            "invoiceNumber": f"{100_000 + slot}",
            "invoiceDateTime": written(self._midnight(age)),
            "dueDate": written(self._midnight(age - 30)),
            "paidDate": written(self._midnight(max(age - 20, 0))) if dice.chance(75) else None,
            "invoiceTotal": round(net + tax, 2),
            "totalTaxValue": tax,
            "isVoided": dice.chance(3),
            "orderNumber": f"PO-{dice.below(9999):04}" if dice.chance(20) else None,
            "comments": None,
            "createDateTime": written(self._midnight(age) + 3600),
        }

    def _item(self, slot: int) -> Json:
        dice = self._dice("item", slot)
        name, price, _ = dice.pick(SERVICES)
        quantity = float(1 + dice.low(60))
        invoice = self._place("billing_items", slot)
        contracts = self._contracts_of(self._place("invoices", invoice))
        return {
            "id": FIRST["billing_items"] + slot,
            "invoiceID": FIRST["invoices"] + invoice,
            "contractID": contracts[0] if contracts else None,
            "itemName": name,
            "description": f"{name}, as agreed.",
            "quantity": quantity,
            "rate": price,
            "extendedPrice": round(quantity * price, 2),
        }

    def _opportunity(self, slot: int) -> Json:
        dice, place = self._dice("opportunity", slot), self._place("opportunities", slot)
        status = dice.pick((1, 1, 1, 0, 2, 3, 4))
        closed, changed = status >= 2, self._changed("opportunities", slot)
        return {
            "id": FIRST["opportunities"] + slot,
            "title": dice.pick(("Firewall refresh", "Microsoft 365 migration", "Backup to the cloud", "New laptops")),
            "companyID": self.clients.company_id(place),
            "contactID": dice.pick(self.clients.contacts_of(place)),
            "ownerResourceID": SALES,
            "stage": 1 + dice.below(4),
            "status": status,
            "rating": dice.pick((1, 2, 3, None)),
            "leadSource": dice.pick((1, 2, None)),
            "opportunityCategoryID": None,
            "probability": 100 if status >= 3 else 0 if closed else dice.pick((10, 25, 50, 75)),
            "amount": 500.0 * (1 + dice.below(60)),
            "projectedCloseDate": written(self._midnight(dice.below(200) - (0 if closed else 120))),
            "closedDate": written(changed) if closed else None,
            "description": "Asked for a quote by phone." if dice.chance(40) else None,
            "createDate": written(changed - dice.below(90 * DAY)),
            "lastActivity": written(changed, slot),
            "userDefinedFields": [],
        }

    def _contracts_of(self, place: int) -> Sequence[int]:
        ends = self._ends["contracts"]
        return range(FIRST["contracts"] + ends[place], FIRST["contracts"] + ends[place + 1])

    def _dice(self, *purpose: object) -> Dice:
        return self.seed.dice("autotask holding", *purpose)

    def _sums(self, sizes: list[int]) -> list[int]:
        return [0, *accumulate(sizes)]

    def _place(self, name: str, slot: int) -> int:
        return bisect_right(self._ends[name], slot) - 1

    def _midnight(self, days_ago: int) -> int:
        return (self.seed.now // DAY - days_ago) * DAY

    def _changed(self, kind: str, number: int) -> int:
        return self.seed.now - 600 - self._dice("changed", kind, number).low(700 * DAY)
