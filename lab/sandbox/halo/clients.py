"""The clients that the MSP works for, with their sites and users. About sixty tickets come from each."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from lab.sandbox.clock import DAY
from lab.sandbox.collection import Records
from lab.sandbox.dice import Dice
from lab.sandbox.halo.setup import Json
from lab.sandbox.halo.stamps import NO_DATE, written
from lab.sandbox.names import (
    COMPANY_FORMS,
    COMPANY_HEADS,
    COMPANY_TRADES,
    FIRST_NAMES,
    LAST_NAMES,
    SPECIAL_COMPANIES,
    STREETS,
    TITLES,
    TOWNS,
)
from lab.sandbox.seed import Seed

UNKNOWN = 1
FIRST_CLIENT = 12
FIRST_USER = 3000
MOST_SITES = 4
ZONES = {"United States": "Eastern Standard Time", "United Kingdom": "GMT Standard Time"}


class Clients:
    """Clients by place: 0, 1, 2 …; the seed gives each its sites and users."""

    def __init__(self, seed: Seed) -> None:
        self.seed = seed
        self.count = max(len(SPECIAL_COMPANIES) + 4, seed.tickets // 60)
        sizes = [3 + self._dice("size", place).low(18) for place in range(self.count)]
        self._ends = [0, *accumulate(sizes)]
        self.sites = [1 + self._dice("sites", place).low(MOST_SITES) for place in range(self.count)]
        self.names = {FIRST_CLIENT + place: self._name(place) for place in range(self.count)}

    def collections(self) -> dict[str, Records]:
        places = range(self.count)
        site_ids = [self.site_id(place, number) for place in places for number in range(self.sites[place])]
        return {
            "companies": Records([FIRST_CLIENT + place for place in places], self._client, _no_stamp),
            "sites": Records(site_ids, lambda slot: self._site(site_ids[slot]), _no_stamp),
            "contacts": Records(range(FIRST_USER, FIRST_USER + self._ends[-1]), self._user, _no_stamp),
        }

    def site_id(self, place: int, number: int = 0) -> int:
        return 100 + place * MOST_SITES + number

    def users_of(self, place: int) -> range:
        return range(FIRST_USER + self._ends[place], FIRST_USER + self._ends[place + 1])

    def person(self, user_id: int) -> tuple[str, str]:
        dice = self._dice("user", user_id)
        return dice.pick(FIRST_NAMES), dice.pick(LAST_NAMES)

    def mail(self, user_id: int, place: int) -> str:
        return f"user{user_id}@client{place}.example"

    def _dice(self, *purpose: object) -> Dice:
        return self.seed.dice("halo client", *purpose)

    def _name(self, place: int) -> str:
        if place == 0:
            return "Northwind MSP (us)"
        if 2 <= place < 2 + len(SPECIAL_COMPANIES):
            return SPECIAL_COMPANIES[place - 2]
        dice = self._dice("name", place)
        return f"{dice.pick(COMPANY_HEADS)} {dice.pick(COMPANY_TRADES)} {dice.pick(COMPANY_FORMS)}".strip()

    def _client(self, place: int) -> Json:
        dice = self._dice("client", place)
        return {
            "id": FIRST_CLIENT + place,
            "name": self.names[FIRST_CLIENT + place],
            "toplevel_id": 1,
            "toplevel_name": "Clients",
            "inactive": dice.chance(7),
            "colour": "#2bd3c6",
            "website": f"https://client{place}.example" if dice.chance(70) else "",
            "main_site_id": float(self.site_id(place)),
            "main_site_name": "Main",
            "main_phonenumber": f"+1 813 555 {place % 10_000:04}",
            "customertype": 0,
            "is_vip": dice.chance(5),
            "datecreated": written(self.seed.now - DAY * (30 + dice.below(2500))),
            "startdate": NO_DATE,
            "use": "client",
        }

    def _site(self, site_id: int) -> Json:
        place, number = divmod(site_id - 100, MOST_SITES)
        dice = self._dice("address", place, number)
        town = dice.pick(TOWNS)
        return {
            "id": site_id,
            "name": "Main" if number == 0 else f"{town[0]} branch {number}",
            # The vendor's own lists write this id as a number with a point.
            "client_id": float(FIRST_CLIENT + place),
            "client_name": self.names[FIRST_CLIENT + place],
            "clientsite_name": f"{self.names[FIRST_CLIENT + place]}/Main",
            "inactive": number == 3,
            "sla_id": 0,
            "phonenumber": f"+1 813 555 {site_id % 10_000:04}",
            "timezone": ZONES.get(town[4], "W. Europe Standard Time"),
            "isinvoicesite": number == 0,
            "isstocklocation": False,
            "delivery_address_line1": f"{dice.pick(STREETS)} {1 + dice.below(240)}",
            "delivery_address_line2": "",
            "delivery_address_line3": town[0],
            "delivery_address_line4": town[2],
            "delivery_address_line5": town[3],
            "country_code_name": town[4],
            "use": "site",
        }

    def _user(self, slot: int) -> Json:
        user_id, place = FIRST_USER + slot, bisect_right(self._ends, slot) - 1
        dice = self._dice("user details", user_id)
        first, last = self.person(user_id)
        return {
            "id": user_id,
            "name": f"{first} {last}",
            "firstname": first,
            "surname": last,
            "initials": f"{first[0]}{last[0]}",
            "title": dice.pick(TITLES) if dice.chance(60) else None,
            "client_id": FIRST_CLIENT + place,
            "client_name": self.names[FIRST_CLIENT + place],
            "site_id": float(self.site_id(place)),
            "site_name": "Main",
            "emailaddress": "" if dice.chance(4) else self.mail(user_id, place),
            "email2": f"private{user_id}@mail.example" if dice.chance(15) else None,
            "email3": None,
            "phonenumber": f"+1 813 555 {user_id % 10_000:04}",
            "mobilenumber": f"+31 6 5550 {user_id % 10_000:04}" if dice.chance(40) else "",
            "inactive": dice.chance(9),
            "isserviceaccount": False,
            "ismaincontact": slot == self._ends[place],
            "neversendemails": False,
            "priority_id": 0,
            "use": "user",
        }


def _no_stamp(record: Json) -> int:
    """Rows of these lists do not say when they changed."""
    return 0
