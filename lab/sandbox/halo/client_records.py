"""What clients have beside tickets: assets, contracts, recurring invoices, invoices, opportunities; and the items that are sold."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

from lab.sandbox.clock import DAY
from lab.sandbox.collection import Json, Records
from lab.sandbox.dice import Dice
from lab.sandbox.halo.clients import FIRST_CLIENT, Clients
from lab.sandbox.halo.setup import CLOSED, OPEN, Setup
from lab.sandbox.halo.stamps import NO_DATE, read, written
from lab.sandbox.seed import Seed

FIRST = {"assets": 5000, "contracts": 40, "recurring": -9_000, "invoices": 20_000, "opportunities": 4_000_000}
"""Recurring invoices have ids below nought, as live ones have."""
ASSET_TYPES = (
    (11, "Workstation", "Microsoft Windows 11 Pro", "Dell", "OptiPlex 7010"),
    (12, "Laptop", "Microsoft Windows 11 Pro", "Lenovo", "ThinkPad T14"),
    (13, "Server", "Microsoft Windows Server 2022", "HPE", "ProLiant DL360"),
    (17, "Firewall", "", "Fortinet", "FortiGate 60F"),
    (25, "Printer", "", "Brother", "HL-L6400"),
)
ITEMS = (
    ("M365-BP", "Microsoft 365 Business Premium", "Licences", 22.0, 17.6),
    ("M365-BS", "Microsoft 365 Business Standard", "Licences", 12.5, 10.0),
    ("EDR-SEAT", "Endpoint protection, per seat", "Security", 4.25, 1.9),
    ("BKP-SRV", "Server backup, 1 TB", "Backup", 89.0, 41.33),
    ("MON-DEV", "Monitoring, per device", "Managed services", 3.0, 0.75),
    ("HRS-BLOCK", "Block of 10 hours", "Labour", 1150.0, 640.0),
)
OLD = "OLD-"
"""How the numbers of items begin that are not sold any more: rows do not say it, default lists leave them out."""
OLD_ITEMS = (
    (f"{OLD}AV", "Antivirus 2015, per seat", "Security", 2.0, 1.1),
    (f"{OLD}FAX", "Fax line", "Telephony", 9.0, 7.5),
)
CONTRACT_TYPES = ("Managed Services", "Prepaid Hours", "Warranty")
STAGES = ("Lead", "Qualified", "Quote sent", "Negotiation")
TAX = 0.07
LINES_PER_INVOICE = 32
OPPORTUNITY = 31
"""The ticket type of opportunities."""


class ClientRecords:
    """By place of a client: the seed gives each its own number of everything."""

    def __init__(self, seed: Seed, setup: Setup, clients: Clients) -> None:
        self.seed, self.setup, self.clients = seed, setup, clients
        places = range(clients.count)
        self._ends = {
            "assets": self._sums([2 + self._dice("assets", place).low(24) for place in places]),
            "contracts": self._sums([self._dice("contracts", place).low(3) for place in places]),
            "recurring": self._sums([self._dice("recurring", place).low(3) for place in places]),
            "invoices": self._sums([self._dice("invoices", place).below(13) for place in places]),
            "opportunities": self._sums([self._dice("opportunities", place).low(5) for place in places]),
        }

    def collections(self) -> dict[str, Records]:
        makers: dict[str, Callable[[int], Json]] = {
            "assets": self._asset,
            "contracts": self._contract,
            "recurring": self._recurring,
            "invoices": self._invoice,
        }
        found = {name: Records(self._ids(name), make, lambda record: 0) for name, make in makers.items()}
        types: list[Json] = [
            {"id": row[0], "guid": self.seed.guid("asset type", row[0]), "name": row[1]} for row in ASSET_TYPES
        ]
        items = [self._item(place) for place in range(len(ITEMS) + len(OLD_ITEMS))]
        return found | {
            "opportunities": Records(self._ids("opportunities"), self._opportunity, stamp_of),
            "asset_types": Records([row["id"] for row in types], types.__getitem__, lambda record: 0),
            "items": Records([row["id"] for row in items], items.__getitem__, lambda record: 0),
        }

    def _asset(self, slot: int) -> Json:
        dice, place = self._dice("asset", slot), self._place("assets", slot)
        type_id, kind, system, maker, model = ASSET_TYPES[min(dice.below(8), 4)]
        bought = self._midnight(dice.below(2200))
        host = f"{kind[:3].upper()}-{slot:04}" if not dice.chance(2) else f"{kind} „Empfang“ <{slot}>"
        values = (
            (51, "Serial Number", None if dice.chance(8) else f"{dice.below(1 << 36):09X}"),
            (52, "Manufacturer", maker),
            (53, "Model", model),
            (54, "Operating System", system or None),
            (55, "IP Address", f"10.{place % 250}.0.{2 + slot % 250}"),
            (56, "Room", dice.pick(("Reception", "Server room", None))),
        )
        inactive = dice.chance(9)
        return {
            "id": FIRST["assets"] + slot,
            "guid": self.seed.guid("asset", slot),
            "inventory_number": f"A-{slot:05}",
            "key_field": host,
            "key_field2": None,
            **self._owner(place),
            "username": self._person(place, dice) if dice.chance(60) else "",
            "assettype_id": type_id,
            "assettype_name": kind,
            "status_id": 2 if inactive else 1,
            "status_name": "Retired" if inactive else "In use",
            "inactive": inactive,
            "supplier_purchasedate": NO_DATE if dice.chance(12) else written(bought),
            "commissiondate": written(bought + 9 * DAY),
            "warranty_end": NO_DATE if dice.chance(15) else written(bought + dice.pick((1, 3, 3, 5)) * 365 * DAY),
            "item_name": "",
            "contract_ref": "",
            # Ids of fields come as numbers with a point.
            "fields": [{"id": float(number), "name": name, "value": value} for number, name, value in values],
        }

    def _item(self, place: int) -> Json:
        code, name, group, price, cost = (*ITEMS, *OLD_ITEMS)[place]
        recurring = group != "Labour"
        return {
            "id": 30 + place,
            "name": name,
            "description": f"{name}.",
            "supplier_part_code": code,
            "assetgroup_name": group,
            "manufacturer_name": "Microsoft" if code.startswith("M365") else "",
            "isrecurringitem": recurring,
            "baseprice": price,
            "costprice": cost,
            "recurringprice": price if recurring else 0.0,
            "recurringcost": cost if recurring else 0.0,
            "lastmodified": written(self._midnight(20 + place)),
        }

    def _contract(self, slot: int) -> Json:
        dice, place = self._dice("contract", slot), self._place("contracts", slot)
        kind, started, endless = dice.below(len(CONTRACT_TYPES)), 30 + dice.below(1500), dice.chance(50)
        end = self._midnight(started - 1095)
        expired = not endless and end < self.seed.now
        return {
            "id": FIRST["contracts"] + slot,
            "ref": f"{CONTRACT_TYPES[kind]} {2020 + slot % 7}",
            **self._owner(place),
            "contracttype": kind + 1,
            "contracttype_name": CONTRACT_TYPES[kind],
            "contract_status": "Expired" if expired else "Active",
            "active": not expired,
            "started": True,
            "expired": expired,
            "start_date": written(self._midnight(started)),
            "end_date": NO_DATE if endless else written(end),
            "billingperiod": 1,
            "periodchargeamount": 50.0 * (1 + dice.below(40)),
            "note": "Signed on paper." if dice.chance(20) else "",
            "last_modified": written(self._midnight(started) + DAY, slot % 1000),
        }

    def _recurring(self, slot: int) -> Json:
        dice, place = self._dice("recurring", slot), self._place("recurring", slot)
        lines = [self._line(slot, number, dice) for number in range(1 + dice.low(6))]
        total = sum(line["net_amount"] for line in lines)
        contracts = range(self._ends["contracts"][place], self._ends["contracts"][place + 1])
        return {
            "id": self._ids("recurring")[slot],
            "name": f"Monthly services {slot + 1}",
            **self._owner(place),
            "contract_id": FIRST["contracts"] + contracts[0] if contracts and dice.chance(70) else 0,
            "periodname": dice.pick(("Monthly", "Monthly", "Quarterly", "Yearly")),
            "startdate": written(self._midnight(30 + dice.below(900))),
            "enddate": NO_DATE,
            "nextcreationdate": written(self._midnight(-9)),
            "is_recurring_invoice": True,
            "total": round(total, 2),
            "currency_code_name": "USD",
            "voided": False,
            "date_created": written(self._midnight(900)),
            "last_modified": written(self._midnight(dice.below(700))),
            "lines": lines,
        }

    def _invoice(self, slot: int) -> Json:
        dice, place = self._dice("invoice", slot), self._place("invoices", slot)
        age, credit = dice.below(400), dice.chance(4)
        lines = [self._line(slot, number, dice) for number in range(1 + dice.low(5))]
        subtotal = round((-1 if credit else 1) * sum(line["net_amount"] for line in lines), 2)
        tax = round(subtotal * TAX, 2)
        total = round(subtotal + tax, 2)
        paid = total if credit or dice.chance(75) else round(total / 2, 2) if dice.chance(20) else 0.0
        return {
            "id": FIRST["invoices"] + slot,
            "invoicenumber": f"{100_000 + slot}",
            "thirdpartyinvoicenumber": "",
            **self._owner(place),
            "contract_id": 0,
            "ticket_id": 0,
            "invoice_date": written(self._midnight(age)),
            "duedate": written(self._midnight(age - 30)),
            "cust_order_number": f"PO-{dice.below(9999):04}" if dice.chance(20) else "",
            "reference": "",
            "currency_code_name": "USD",
            "total": total,
            "tax_total": tax,
            "amountpaid": paid,
            "amountdue": round(total - paid, 2),
            "creditlinkedtoinvoiceid": FIRST["invoices"] if credit else 0,
            "voided": False,
            "posted": True,
            "date_created": written(self._midnight(age)),
            "last_modified": written(self._midnight(age)),
            "lines": lines,
        }

    def _line(self, slot: int, number: int, dice: Dice) -> Json:
        place = dice.below(len(ITEMS))
        _, name, _, price, cost = ITEMS[place]
        quantity = float(1 + dice.low(60))
        return {
            "id": slot * LINES_PER_INVOICE + number + 1,
            "_itemid": 30 + place,
            "item_shortdescription": name,
            "item_longdescription": f"{name}, as agreed.",
            "qty_order": quantity,
            "unit_price": price,
            "unit_cost": cost,
            "net_amount": round(quantity * price, 2),
            "isinactive": False,
            "isgroupdesc": False,
            "startdate": NO_DATE,
            "enddate": NO_DATE,
        }

    def _opportunity(self, slot: int) -> Json:
        dice, place = self._dice("opportunity", slot), self._place("opportunities", slot)
        user = dice.pick(self.clients.users_of(place))
        is_open = dice.chance(60)
        entered = self._midnight(20 + dice.below(500))
        updated = written(min(entered + dice.below(19 * DAY), self.seed.now - 3600), slot % 1000)
        stage = dice.below(len(STAGES))
        return {
            "id": FIRST["opportunities"] + slot,
            "summary": dice.pick(("Firewall refresh", "Microsoft 365 migration", "Backup to the cloud", "New laptops")),
            "details": "Asked for a quote by phone." if dice.chance(40) else "",
            "tickettype_id": OPPORTUNITY,
            "status_id": dice.pick(OPEN) if is_open else CLOSED,
            **self._owner(place),
            "user_id": user,
            "user_name": " ".join(self.clients.person(user)),
            "agent_id": dice.pick(list(self.setup.agents)),
            "opptype": "Existing business",
            "oppvalue": 500.0 * (1 + dice.below(60)),
            "oppconversionprobability": float(dice.pick((10, 25, 50, 75))) if is_open else 100.0,
            "opphear": dice.pick(("Referral", "Web site", "")),
            "pipeline_stage_id": 1 + stage,
            "pipeline_stage_name": STAGES[stage],
            "targetdate": written(entered + 90 * DAY),
            "dateoccurred": written(entered),
            "dateclosed": NO_DATE if is_open else updated,
            "hasbeenclosed": None if is_open else True,
            "last_update": updated,
            "lastactiondate": updated,
        }

    def _owner(self, place: int) -> Json:
        return {
            "client_id": float(FIRST_CLIENT + place),
            "client_name": self.clients.names[FIRST_CLIENT + place],
            "site_id": self.clients.site_id(place),
            "site_name": "Main",
        }

    def _person(self, place: int, dice: Dice) -> str:
        return " ".join(self.clients.person(dice.pick(self.clients.users_of(place))))

    def _dice(self, *purpose: object) -> Dice:
        return self.seed.dice("halo holding", *purpose)

    def _sums(self, sizes: list[int]) -> list[int]:
        return [0, *accumulate(sizes)]

    def _ids(self, name: str) -> range:
        return range(FIRST[name], FIRST[name] + self._ends[name][-1])

    def _place(self, name: str, slot: int) -> int:
        return bisect_right(self._ends[name], slot) - 1

    def _midnight(self, days_ago: int) -> int:
        return (self.seed.now // DAY - days_ago) * DAY


def stamp_of(record: Json) -> int:
    """When an opportunity last changed, in whole seconds."""
    return int(read(record["last_update"]))
