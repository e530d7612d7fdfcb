"""What companies have beside tickets: configurations, agreements with additions, invoices, opportunities; and the catalog."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

from lab.sandbox.clock import DAY, written
from lab.sandbox.collection import Json
from lab.sandbox.connectwise import custom_fields
from lab.sandbox.connectwise.catalog import (
    AGREEMENT_TYPES,
    CONFIGURATION_STATUSES,
    OPPORTUNITY_STATUSES,
    PRODUCTS,
    tables_of,
)
from lab.sandbox.connectwise.clients import FIRST_COMPANY, Clients
from lab.sandbox.connectwise.collection import Collection
from lab.sandbox.connectwise.sales import invoice_sums
from lab.sandbox.connectwise.shapes import SHAPES
from lab.sandbox.connectwise.tables import CURRENCY, DEPARTMENT, LOCATION, People, reference
from lab.sandbox.dice import Dice
from lab.sandbox.seed import Seed

FIRST = {"configurations": 5000, "agreements": 400, "additions": 9000, "invoices": 20_000, "opportunities": 700}
KINDS = (
    (1, "Managed Workstation", "PC", ("Dell", "OptiPlex 7010"), "Microsoft Windows 11 Pro x64"),
    (2, "Managed Laptop", "LT", ("Lenovo", "ThinkPad T14"), "Microsoft Windows 11 Pro x64"),
    (3, "Managed Server", "SRV", ("HPE", "ProLiant DL360"), "Microsoft Windows Server 2022"),
    (4, "Firewall", "FW", ("Fortinet", "FortiGate 60F"), ""),
    (5, "Printer", "PRN", ("Brother", "HL-L6400"), ""),
)
STAGES = ("1.Lead", "2.Qualified", "3.Quote", "4.Negotiation")
TAX = 0.07


class ClientRecords:
    """By place of a company: the seed gives each its own number of everything."""

    def __init__(self, seed: Seed, clients: Clients, people: People) -> None:
        self.seed, self.clients, self.people = seed, clients, people
        places = range(clients.count)
        self._ends = {
            "configurations": self._sums([2 + self._dice("assets", place).low(24) for place in places]),
            "agreements": self._sums([self._dice("agreements", place).low(4) for place in places]),
            "invoices": self._sums([self._dice("invoices", place).below(13) for place in places]),
            "opportunities": self._sums([self._dice("opportunities", place).low(5) for place in places]),
        }
        agreements = range(self._ends["agreements"][-1])
        self._additions = self._sums([1 + self._dice("additions", slot).low(6) for slot in agreements])

    def collections(self) -> dict[str, Collection]:
        """The collections of companies, each by its end point's name."""
        makers: dict[str, tuple[str, Callable[[int], Json]]] = {
            "configurations": ("configuration", self._configuration),
            "agreements": ("agreement", self._agreement),
            "invoices": ("invoice", self._invoice),
            "opportunities": ("opportunity", self._opportunity),
        }
        found = {name: self._collection(name, noun, make) for name, (noun, make) in makers.items()}
        return found | {"additions": self._additions_collection(), **tables_of(self.seed)}

    def _collection(self, name: str, noun: str, make: Callable[[int], Json]) -> Collection:
        slots = range(self._ends[name][-1])
        first = FIRST[name]
        stamps = [self._updated(name, slot) for slot in slots]
        return Collection(SHAPES[noun], range(first, first + len(slots)), make, stamps=stamps)

    def _additions_collection(self) -> Collection:
        slots = range(self._additions[-1])
        return Collection(
            SHAPES["addition"],
            range(FIRST["additions"], FIRST["additions"] + len(slots)),
            self._addition,
            stamps=[self._updated("additions", slot) for slot in slots],
            parent="agreementId",
            children=self._addition_slots,
        )

    def _addition_slots(self, agreement_id: int) -> range:
        slot = agreement_id - FIRST["agreements"]
        if not 0 <= slot < len(self._additions) - 1:
            return range(0)
        return range(self._additions[slot], self._additions[slot + 1])

    def _configuration(self, slot: int) -> Json:
        place, dice = self._place("configurations", slot), self._dice("configuration", slot)
        kind_id, kind, prefix, (maker, model), system = KINDS[min(dice.below(8), 4)]
        statuses = CONFIGURATION_STATUSES
        status_id, status = statuses[0] if dice.chance(85) else dice.pick(statuses[1:])
        bought = self._midnight(dice.below(2200))
        name = f"{prefix}-{slot:04}" if not dice.chance(2) else f"{prefix} „Empfang“ <{slot}>"
        return {
            "id": FIRST["configurations"] + slot,
            "name": name,
            "type": reference("type", "company/configurations/types", kind_id, name=kind),
            "status": reference("status", "company/configurations/statuses", status_id, name=status),
            "company": self._company(place),
            "contact": self._contact(place, dice) if dice.chance(60) else {},
            "site": self._site(place),
            "locationId": 2,
            "businessUnitId": 10,
            "serialNumber": None if dice.chance(8) else f"{dice.below(1 << 36):09X}",
            "modelNumber": model,
            "tagNumber": f"A-{slot:05}" if dice.chance(70) else None,
            "purchaseDate": None if dice.chance(12) else written(bought),
            "installationDate": written(bought + 9 * DAY),
            "warrantyExpirationDate": None
            if dice.chance(15)
            else written(bought + dice.pick((1, 3, 3, 5)) * 365 * DAY),
            "macAddress": ":".join(f"{dice.below(256):02X}" for _ in range(6)),
            "lastLoginName": f"{prefix}\\{self.clients.person(self._contact(place, dice)['id'])[0]}",
            "ipAddress": f"10.{place % 250}.0.{2 + slot % 250}",
            "osType": system or None,
            "osInfo": "10.0.22631" if "11" in system else None,
            "manufacturer": reference("manufacturer", "procurement/manufacturers", kind_id, name=maker),
            "notes": "Stands in the meeting room.\nKeep the power cable." if dice.chance(10) else None,
            "activeFlag": status_id in (1, 4),
            "billFlag": False,
            "questions": [],
            "customFields": custom_fields.values("cf100", self._dice("fields of configuration", slot), self.seed.now),
            "_info": self._info("configurations", slot),
        }

    def _agreement(self, slot: int) -> Json:
        place, dice = self._place("agreements", slot), self._dice("agreement", slot)
        kind = dice.below(len(AGREEMENT_TYPES))
        started, cancelled, open_ended = 30 + dice.below(1500), dice.chance(10), dice.chance(50)
        end = self._midnight(started - 1095)
        expired = not open_ended and end < self.seed.now
        status = "Cancelled" if cancelled else "Expired" if expired else "Active"
        return {
            "id": FIRST["agreements"] + slot,
            "name": f"{AGREEMENT_TYPES[kind]} {2020 + slot % 7}",
            "type": reference("type", "finance/agreements/types", kind + 1, name=AGREEMENT_TYPES[kind]),
            "company": self._company(place),
            "contact": self._contact(place, dice),
            "site": self._site(place),
            "customerPO": f"PO-{dice.below(9999):04}" if dice.chance(30) else None,
            "location": LOCATION,
            "department": DEPARTMENT,
            "startDate": written(self._midnight(started)),
            "endDate": None if open_ended else written(end),
            "noEndingDateFlag": open_ended,
            "cancelledFlag": cancelled,
            "dateCancelled": written(self._midnight(dice.below(started))) if cancelled else None,
            "billingCycle": reference("billingCycle", "finance/billingCycles", 2, name="Monthly"),
            "billAmount": 50.0 * (1 + dice.below(40)) + dice.pick((0.0, 0.5, 0.99)),
            "currency": CURRENCY,
            "agreementStatus": status,
            "customFields": custom_fields.values("ag100", self._dice("fields of agreement", slot), self.seed.now),
            "_info": self._info("agreements", slot),
        }

    def _addition(self, slot: int) -> Json:
        dice, product = self._dice("addition", slot), self._dice("product of", slot).below(len(PRODUCTS))
        identifier, description, _, price, cost = PRODUCTS[product]
        quantity = float(1 + dice.low(60))
        return {
            "id": FIRST["additions"] + slot,
            "product": reference("product", "procurement/catalog", 30 + product, identifier=identifier),
            "quantity": quantity,
            "lessIncluded": float(dice.pick((0, 0, 0, 1))),
            "unitPrice": price,
            "unitCost": cost,
            "billCustomer": "Billable" if dice.chance(90) else "DoNotBill",
            "effectiveDate": written(self._midnight(dice.below(900))),
            "cancelledDate": written(self._midnight(-30)) if dice.chance(6) else None,
            "taxableFlag": True,
            "agreementId": FIRST["agreements"] + bisect_right(self._additions, slot) - 1,
            "description": description,
            "extPrice": round(quantity * price, 2),
            "extCost": round(quantity * cost, 2),
            "customFields": [],
            "_info": self._info("additions", slot),
        }

    def _invoice(self, slot: int) -> Json:
        place, dice = self._place("invoices", slot), self._dice("invoice", slot)
        age = dice.below(400)
        credit = dice.chance(4)
        subtotal = round((-1 if credit else 1) * (40 + dice.below(400_000) / 100), 2)
        sums = invoice_sums(subtotal, self._dice("sums of invoice", slot))
        tax = round(subtotal * TAX, 2)
        paid = round(subtotal + tax, 2) if dice.chance(80) or credit else 0.0
        status = (4, "Paid") if paid else (2, "Sent")
        return {
            "id": FIRST["invoices"] + slot,
            "invoiceNumber": f"{100_000 + slot}",
            "type": "CreditMemo" if credit else dice.pick(("Agreement", "Standard", "Miscellaneous")),
            "status": reference("status", "finance/billingStatuses", status[0], name=status[1]),
            "company": self._company(place),
            "billToCompany": self._company(place),
            "date": written(self._midnight(age)),
            "dueDate": written(self._midnight(age - 30)),
            "customerPO": f"PO-{dice.below(9999):04}" if dice.chance(20) else None,
            "currency": CURRENCY,
            **sums,
            "subtotal": subtotal,
            "salesTax": tax,
            "total": round(subtotal + tax, 2),
            "payments": paid,
            "credits": 0.0,
            "balance": round(subtotal + tax - paid, 2),
            "customFields": [],
            "_info": self._info("invoices", slot),
        }

    def _opportunity(self, slot: int) -> Json:
        place, dice = self._place("opportunities", slot), self._dice("opportunity", slot)
        status_id, status, won, lost = dice.pick((*OPPORTUNITY_STATUSES[:1] * 3, *OPPORTUNITY_STATUSES))
        stage = dice.below(len(STAGES))
        closed = won or lost
        percent = 100 if won else 0 if lost else dice.pick((10, 25, 50, 75))
        return {
            "id": FIRST["opportunities"] + slot,
            "name": dice.pick(("Firewall refresh", "Microsoft 365 migration", "Backup to the cloud", "New laptops")),
            "expectedCloseDate": written(self._midnight(dice.below(200) - (0 if closed else 120))),
            "type": reference("type", "sales/opportunities/types", 2, name="Product"),
            "stage": reference("stage", "sales/stages", 5 + stage, name=STAGES[stage]),
            "status": reference("status", "sales/opportunities/statuses", status_id, name=status),
            "probability": reference("probability", "sales/probabilities", 1 + percent // 10, name=str(percent)),
            "rating": reference("rating", "sales/opportunities/ratings", 4, name=dice.pick(("Hot", "Warm", "Cold"))),
            "primarySalesRep": self.people.references[dice.pick(self.people.technicians)],
            "source": dice.pick(("Referral", "Web site", "Renewal", "")),
            "company": self._company(place),
            "contact": self._contact(place, dice),
            "site": self._site(place),
            "closedDate": written(self._midnight(dice.below(90))) if closed else None,
            "notes": "Asked for a quote by phone." if dice.chance(40) else None,
            "customFields": [],
            "_info": self._info("opportunities", slot),
        }

    def _dice(self, *purpose: object) -> Dice:
        return self.seed.dice("holding", *purpose)

    def _sums(self, sizes: list[int]) -> list[int]:
        return [0, *accumulate(sizes)]

    def _place(self, name: str, slot: int) -> int:
        return bisect_right(self._ends[name], slot) - 1

    def _company(self, place: int) -> Json:
        return self.clients.reference(FIRST_COMPANY + place)

    def _contact(self, place: int, dice: Dice) -> Json:
        return self.clients.contact_reference(dice.pick(self.clients.contacts_of(place)))

    def _site(self, place: int) -> Json:
        path = f"company/companies/{FIRST_COMPANY + place}/sites"
        return reference("site", path, self.clients.site_id(place), name="Main")

    def _midnight(self, days_ago: int) -> int:
        return (self.seed.now // DAY - days_ago) * DAY

    def _updated(self, kind: str, number: int) -> int:
        return self.seed.now - 600 - self._dice("updated", kind, number).low(700 * DAY)

    def _info(self, kind: str, number: int) -> Json:
        updated = self._updated(kind, number)
        entered = updated - self._dice("entered", kind, number).below(300 * DAY)
        return {
            "lastUpdated": written(updated),
            "updatedBy": "zadmin",
            "dateEntered": written(entered),
            "enteredBy": "zadmin",
        }
