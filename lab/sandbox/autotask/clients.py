"""The companies that the MSP works for, with their locations and contacts. Company 0 is the MSP itself."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from lab.sandbox.autotask.entity import Entity, written
from lab.sandbox.autotask.picks import USER_FIELDS
from lab.sandbox.clock import DAY
from lab.sandbox.collection import Json
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

FIRST_COMPANY = 174
FIRST_CONTACT = 29_683_000
FIRST_LOCATION = 55
LOCATIONS = 3
MSP = 0


class Clients:
    """Companies by place: 0 is the MSP, then the clients; the seed gives each its locations and contacts."""

    def __init__(self, seed: Seed) -> None:
        self.seed = seed
        self.count = max(len(SPECIAL_COMPANIES) + 4, seed.tickets // 60)
        sizes = [2 + self._dice("size", place).low(16) for place in range(self.count)]
        self._ends = [0, *accumulate(sizes)]

    def company_id(self, place: int) -> int:
        return MSP if place == 0 else FIRST_COMPANY + place

    def location_id(self, place: int, number: int = 0) -> int:
        return FIRST_LOCATION + place * LOCATIONS + number

    def contacts_of(self, place: int) -> range:
        return range(FIRST_CONTACT + self._ends[place], FIRST_CONTACT + self._ends[place + 1])

    def person(self, contact_id: int) -> tuple[str, str]:
        dice = self._dice("person", contact_id)
        return dice.pick(FIRST_NAMES)[:20], dice.pick(LAST_NAMES)[:20]

    def companies(self) -> Entity:
        changed = [self._changed("company", place) for place in range(self.count)]
        return Entity(
            [self.company_id(place) for place in range(self.count)],
            self._company,
            stamps=("lastTrackedModifiedDateTime", "lastActivityDate"),
            moments=changed,
        )

    def locations(self) -> Entity:
        numbers = [
            (place, number) for place in range(self.count) for number in range(1 + self._dice("sites", place).low(3))
        ]
        return Entity(
            [self.location_id(place, number) for place, number in numbers],
            lambda slot: self._location(*numbers[slot]),
            parent="companyID",
        )

    def contacts(self) -> Entity:
        slots = range(self._ends[-1])
        return Entity(
            [FIRST_CONTACT + slot for slot in slots],
            self._contact,
            stamps=("lastModifiedDate", "lastActivityDate"),
            moments=[self._changed("contact", slot) for slot in slots],
            parent="companyID",
        )

    def _dice(self, *purpose: object) -> Dice:
        return self.seed.dice("autotask client", *purpose)

    def _changed(self, kind: str, number: int) -> int:
        return self.seed.now - 600 - self._dice("changed", kind, number).low(900 * DAY)

    def _name(self, place: int) -> str:
        if place == 0:
            return "Northwind MSP (us)"
        if place <= len(SPECIAL_COMPANIES):
            return SPECIAL_COMPANIES[place - 1][:100]
        dice = self._dice("name", place)
        return f"{dice.pick(COMPANY_HEADS)} {dice.pick(COMPANY_TRADES)} {dice.pick(COMPANY_FORMS)}".strip()

    def _address(self, place: int, number: int = 0) -> Json:
        dice = self._dice("address", place, number)
        town = dice.pick(TOWNS)
        return {
            "address1": f"{dice.pick(STREETS)} {1 + dice.below(240)}",
            "address2": None,
            "city": town[0],
            "state": town[1],
            "postalCode": town[3],
            "countryID": COUNTRIES[town[4]],
        }

    def _company(self, place: int) -> Json:
        dice, changed = self._dice("company", place), self._changed("company", place)
        return {
            "id": self.company_id(place),
            "companyName": self._name(place),
            "companyNumber": f"C{10_000 + place}",
            "companyType": 1 if place == 0 or dice.chance(85) else dice.pick((2, 3, 4, 7)),
            "classification": None,
            "isActive": place == 0 or not dice.chance(6),
            **self._address(place),
            "phone": f"813555{place % 10_000:04}",
            "webAddress": f"https://client{place}.example" if dice.chance(70) else None,
            "territoryID": dice.pick((29683001, 29683002)),
            "ownerResourceID": 29_682_885,
            "parentCompanyID": None,
            "createDate": written(changed - dice.below(900 * DAY)),
            "lastActivityDate": written(changed, place),
            "lastTrackedModifiedDateTime": written(changed, place + 1),
            "userDefinedFields": user_values("Companies", dice, self.seed.now),
        }

    def _location(self, place: int, number: int) -> Json:
        address = self._address(place, number)
        return {
            "id": self.location_id(place, number),
            "companyID": self.company_id(place),
            "name": "Main" if number == 0 else f"{address['city']} branch {number}",
            **address,
            "description": None,
            "phone": f"813556{place % 10_000:04}",
            "isPrimary": number == 0,
            "isActive": number < 2,
        }

    def _contact(self, slot: int) -> Json:
        contact_id, place = FIRST_CONTACT + slot, bisect_right(self._ends, slot) - 1
        dice, changed = self._dice("contact", contact_id), self._changed("contact", slot)
        first, last = self.person(contact_id)
        town = dice.pick(TOWNS)
        return {
            "id": contact_id,
            "companyID": self.company_id(place),
            "companyLocationID": self.location_id(place) if dice.chance(80) else None,
            "firstName": first,
            "lastName": last,
            "title": dice.pick(TITLES) if dice.chance(60) else None,
            "emailAddress": f"contact{contact_id}@client{place}.example" if dice.chance(94) else None,
            "emailAddress2": f"private{contact_id}@mail.example" if dice.chance(15) else None,
            "emailAddress3": None,
            "phone": f"+1 813 555 {contact_id % 10_000:04}",
            "extension": str(100 + slot % 900) if dice.chance(20) else None,
            "mobilePhone": f"+31 6 5550 {contact_id % 10_000:04}" if dice.chance(40) else None,
            "alternatePhone": None,
            "addressLine": f"{dice.pick(STREETS)} {1 + dice.below(240)}",
            "addressLine1": None,
            "city": town[0],
            "state": town[1],
            "zipCode": town[3],
            "countryID": COUNTRIES[town[4]],
            "externalID": None,
            "isActive": 0 if dice.chance(9) else 1,
            "primaryContact": slot == self._ends[place],
            "createDate": written(changed - dice.below(400 * DAY)),
            "lastActivityDate": written(changed, slot),
            "lastModifiedDate": written(changed, slot + 1),
            "userDefinedFields": user_values("Contacts", dice, self.seed.now),
        }


def user_values(entity: str, dice: Dice, now: int) -> list[Json]:
    """All user-defined fields of a record; values are text or null."""
    return [
        {"name": known.name, "value": None if dice.chance(55) else _value(known.type, known.options, dice, now)}
        for known in USER_FIELDS
        if known.entity == entity
    ]


def _value(kind: str, options: tuple[object, ...], dice: Dice, now: int) -> str:
    if options:
        return str(1 + dice.below(len(options)))
    if kind == "double":
        return f"{dice.below(40)}.0000"
    if kind == "datetime":
        return written((now // DAY - dice.below(700)) * DAY)
    return dice.pick(("IT", "Ground floor", "Yes", "Annex – B2"))
