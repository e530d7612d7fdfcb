"""The companies that the MSP works for, with their sites and contacts. About sixty tickets come from each."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Any

from lab.sandbox.clock import DAY, written
from lab.sandbox.connectwise import custom_fields
from lab.sandbox.connectwise.collection import Collection
from lab.sandbox.connectwise.shapes import SHAPES
from lab.sandbox.connectwise.tables import COMMUNICATION_TYPES, LOCATION, Json, reference
from lab.sandbox.dice import Dice
from lab.sandbox.names import (
    COMPANY_FORMS,
    COMPANY_HEADS,
    COMPANY_TRADES,
    COUNTRIES,
    FIRST_NAMES,
    LAST_NAMES,
    SPECIAL_COMPANIES,
    STREETS,
    TITLES,
    TOWNS,
)
from lab.sandbox.seed import Seed

FIRST_COMPANY = 250
FIRST_CONTACT = 3000
SITES_PER_COMPANY = 4
STATUS_NAMES = {1: "Active", 2: "Inactive", 3: "Credit Hold", 5: "Prospect"}


class Clients:
    """Companies by place: 0, 1, 2 …; the seed gives each its sites and contacts."""

    def __init__(self, seed: Seed) -> None:
        self.seed = seed
        self.count = max(len(SPECIAL_COMPANIES) + 4, seed.tickets // 60)
        sizes = [3 + self._dice("size", place).low(18) for place in range(self.count)]
        self._contact_ends = [0, *accumulate(sizes)]
        self.sites = [1 + self._dice("sites", place).low(SITES_PER_COMPANY) for place in range(self.count)]
        self._references: dict[int, Json] = {}
        self._contact_references: dict[int, Json] = {}

    def collections(self) -> dict[str, Collection]:
        """Companies, sites and contacts."""
        places = range(self.count)
        site_ids = [self.site_id(place, number) for place in places for number in range(self.sites[place])]
        return {
            "companies": Collection(
                SHAPES["company"],
                [FIRST_COMPANY + place for place in places],
                self._company,
                stamps=[self._updated("company", place) for place in places],
            ),
            "sites": Collection(
                SHAPES["companySite"],
                site_ids,
                lambda slot: self._site(site_ids[slot]),
                parent="company",
                children=lambda company_id: self._site_slots(site_ids, company_id),
            ),
            "contacts": Collection(
                SHAPES["contact"],
                range(FIRST_CONTACT, FIRST_CONTACT + self._contact_ends[-1]),
                self._contact,
                stamps=[self._updated("contact", slot) for slot in range(self._contact_ends[-1])],
            ),
        }

    def site_id(self, place: int, number: int = 0) -> int:
        return 1000 + place * SITES_PER_COMPANY + number

    def reference(self, company_id: int) -> Json:
        """A reference to a company. Shared: not to be written to."""
        found = self._references.get(company_id)
        if found is None:
            place = company_id - FIRST_COMPANY
            name = self._name(place)
            found = reference(
                "company", "company/companies", company_id, identifier=_identifier(name, place), name=name
            )
            self._references[company_id] = found
        return found

    def rename(self, company: Json) -> None:
        """From now on references carry the company's name and identifier of now."""
        self._references[company["id"]] = reference(
            "company", "company/companies", company["id"], identifier=company["identifier"], name=company["name"]
        )

    def contacts_of(self, place: int) -> range:
        """The ids of a company's contacts."""
        return range(FIRST_CONTACT + self._contact_ends[place], FIRST_CONTACT + self._contact_ends[place + 1])

    def person(self, contact_id: int) -> tuple[str, str]:
        """A contact's first and last name."""
        dice = self._dice("contact", contact_id)
        return dice.pick(FIRST_NAMES), "" if dice.chance(2) else dice.pick(LAST_NAMES)

    def contact_reference(self, contact_id: int) -> Json:
        found = self._contact_references.get(contact_id)
        if found is None:
            name = " ".join(self.person(contact_id)).strip()
            found = reference("contact", "company/contacts", contact_id, name=name)
            self._contact_references[contact_id] = found
        return found

    def mail(self, contact_id: int, place: int) -> str:
        first, last = self.person(contact_id)
        letters = "".join(
            letter for letter in f"{first}.{last}".lower() if letter.isascii() and letter in _MAIL_LETTERS
        )
        return f"{letters.strip('.') or 'info'}{contact_id % 10}@{_domain(self._name(place), place)}"

    def phone(self, contact_id: int) -> str:
        return f"+1 813 555 {contact_id % 10_000:04}"

    def address(self, place: int, number: int = 0) -> tuple[str, tuple[str, str, str, str, str]]:
        """Street with number, and town."""
        dice = self._dice("address", place, number)
        return f"{dice.pick(STREETS)} {1 + dice.below(240)}", dice.pick(TOWNS)

    def _dice(self, *purpose: object) -> Dice:
        return self.seed.dice("client", *purpose)

    def _name(self, place: int) -> str:
        if 2 <= place < 2 + len(SPECIAL_COMPANIES):
            return SPECIAL_COMPANIES[place - 2]
        if place == 0:
            return "Northwind MSP (us)"
        dice = self._dice("name", place)
        return f"{dice.pick(COMPANY_HEADS)} {dice.pick(COMPANY_TRADES)} {dice.pick(COMPANY_FORMS)}".strip()

    def _updated(self, kind: str, number: int) -> int:
        return self.seed.now - 600 - self._dice("updated", kind, number).low(900 * DAY)

    def _info(self, kind: str, number: int) -> Json:
        updated = self._updated(kind, number)
        entered = updated - self._dice("entered", kind, number).below(400 * DAY)
        return {"lastUpdated": written(updated), "updatedBy": "zadmin", "dateEntered": written(entered)}

    def _company(self, place: int) -> Json:
        dice = self._dice("company", place)
        company_id, name = FIRST_COMPANY + place, self._name(place)
        street, town = self.address(place)
        status = 1 if dice.chance(88) else dice.pick((2, 3, 5))
        deleted = place > 20 and dice.chance(2)
        type_ = 5 if place == 0 else {2: 4, 5: 2}.get(status, 3 if dice.chance(4) else 1)
        return {
            "id": company_id,
            "identifier": _identifier(name, place),
            "name": name,
            "status": reference("status", "company/companies/statuses", status, name=STATUS_NAMES[status]),
            **_address(street, town, state="state"),
            "phoneNumber": f"813555{place % 10_000:04}",
            "website": f"https://{_domain(name, place)}" if dice.chance(70) else "",
            "territory": LOCATION,
            "accountNumber": f"C{10_000 + place}",
            "dateAcquired": written((self.seed.now // DAY - dice.below(3000)) * DAY),
            "numberOfEmployees": 3 + dice.low(400),
            "leadFlag": False,
            "unsubscribeFlag": False,
            "deletedFlag": deleted,
            "dateDeleted": written(self._updated("company", place)) if deleted else None,
            "deletedBy": "zadmin" if deleted else None,
            "isVendorFlag": type_ == 3,
            "mobileGuid": self.seed.guid("company", place),
            "types": [reference("type", "company/companies/types", type_, name=_TYPE_NAMES[type_])],
            "site": reference("site", f"company/companies/{company_id}/sites", self.site_id(place), name="Main"),
            "market": {},
            "customFields": custom_fields.values("co100", dice, self.seed.now),
            "_info": {**self._info("company", place), "enteredBy": "zadmin"},
        }

    def _site_slots(self, site_ids: list[int], company_id: int) -> range:
        place = company_id - FIRST_COMPANY
        if not 0 <= place < self.count:
            return range(0)
        end = bisect_right(site_ids, self.site_id(place, SITES_PER_COMPANY - 1))
        return range(end - self.sites[place], end)

    def _site(self, site_id: int) -> Json:
        place, number = divmod(site_id - 1000, SITES_PER_COMPANY)
        street, town = self.address(place, number)
        return {
            "id": site_id,
            "name": "Main" if number == 0 else f"{town[0]} branch {number}",
            **{name: value for name, value in _address(street, town).items() if name != "state"},
            "stateReference": {"id": 1 + len(town[1]), "identifier": town[1], "name": town[2]},
            "phoneNumber": f"813555{site_id % 10_000:04}",
            "primaryAddressFlag": number == 0,
            "defaultShippingFlag": number == 0,
            "defaultBillingFlag": number == 0,
            "defaultMailingFlag": number == 0,
            "inactiveFlag": number == 3,
            "timeZone": reference("timeZoneSetup", "system/timeZoneSetups", 1, name="US Eastern"),
            "company": self.reference(FIRST_COMPANY + place),
            "_info": {"lastUpdated": written(self._updated("site", site_id)), "updatedBy": "zadmin"},
        }

    def _contact(self, slot: int) -> Json:
        contact_id = FIRST_CONTACT + slot
        place = bisect_right(self._contact_ends, slot) - 1
        dice = self._dice("contact details", contact_id)
        first, last = self.person(contact_id)
        orphan = dice.chance(1)
        company_id = FIRST_COMPANY + place
        return {
            "id": contact_id,
            "firstName": first,
            "lastName": last or None,
            "company": {} if orphan else self.reference(company_id),
            "site": {}
            if orphan
            else reference("site", f"company/companies/{company_id}/sites", self.site_id(place), name="Main"),
            "relationshipOverride": "",
            "inactiveFlag": dice.chance(9),
            "title": dice.pick(TITLES) if dice.chance(60) else None,
            "marriedFlag": False,
            "childrenFlag": False,
            "portalSecurityLevel": 1,
            "disablePortalLoginFlag": True,
            "unsubscribeFlag": False,
            "mobileGuid": self.seed.guid("contact", contact_id),
            "defaultPhoneType": "Direct",
            "defaultPhoneNbr": self.phone(contact_id),
            "defaultBillingFlag": False,
            "defaultFlag": slot == self._contact_ends[place],
            "companyLocation": LOCATION,
            "communicationItems": self._communication(contact_id, place, dice),
            "types": [],
            "customFields": custom_fields.values("ct300", dice, self.seed.now),
            "ignoreDuplicates": False,
            "_info": self._info("contact", slot),
        }

    def _communication(self, contact_id: int, place: int, dice: Dice) -> list[Json]:
        mail, phone = self.mail(contact_id, place), self.phone(contact_id)
        items = [(COMMUNICATION_TYPES[0], mail), (COMMUNICATION_TYPES[1], phone)]
        if dice.chance(40):
            items.append((COMMUNICATION_TYPES[3], f"+31 6 5550 {contact_id % 10_000:04}"))
        if dice.chance(15):
            items.append((COMMUNICATION_TYPES[6], f"private{contact_id}@mail.example"))
        if dice.chance(4):
            items = items[1:]
        if self._dice("no direct line", contact_id).chance(3):
            # The number is on the contact itself alone, as on records that were imported long ago.
            items = [item for item in items if item[0][2] != "Phone"]
        seen: set[str] = set()
        found: list[Json] = []
        for number, ((type_id, label, kind, _), value) in enumerate(items):
            found.append(
                communication(contact_id * 8 + number, type_id, label, kind, value) | {"defaultFlag": kind not in seen}
            )
            seen.add(kind)
        return found


def communication(item_id: int, type_id: int, label: str, kind: str, value: str) -> Json:
    """One row of a contact's ``communicationItems``."""
    item: dict[str, Any] = {
        "id": item_id,
        "type": reference("type", "company/communicationTypes", type_id, name=label),
        "value": value,
        "defaultFlag": False,
        "communicationType": kind,
    }
    return item | ({"domain": "@" + value.rpartition("@")[2]} if kind == "Email" else {})


_MAIL_LETTERS = "abcdefghijklmnopqrstuvwxyz."
_TYPE_NAMES = {1: "Client", 2: "Prospect", 3: "Vendor", 4: "Former Client", 5: "Owner"}


def _letters(name: str) -> str:
    return "".join(letter for letter in name if letter.isascii() and letter.isalnum())


def _identifier(name: str, place: int) -> str:
    return f"{_letters(name)[:18] or 'Company'}{place}"


def _domain(name: str, place: int) -> str:
    return f"{_letters(name)[:18].lower() or 'company'}{place}.example"


def _address(street: str, town: tuple[str, str, str, str, str], state: str = "state") -> Json:
    country = reference("country", "company/countries", COUNTRIES[town[4]], name=town[4], identifier=town[4])
    return {"addressLine1": street, "city": town[0], state: town[1], "zip": town[3], "country": country}
