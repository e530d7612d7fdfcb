"""The fields that this MSP added to its records. Captions repeat, and some hide odd characters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lab.sandbox.clock import DAY, written
from lab.sandbox.connectwise.tables import Json
from lab.sandbox.dice import Dice
from lab.sandbox.seed import Seed


@dataclass(frozen=True, slots=True)
class Definition:
    """One field. ``screen``: where it stands, which tells whose it is; see ``SCREENS``."""

    id: int
    screen: str
    caption: str
    type: str
    entry: str
    options: tuple[str, ...] = ()


SCREENS = {
    "sr100": "Service Ticket",
    "co100": "Company",
    "ct300": "Contact",
    "cf100": "Configuration",
    "ag100": "Agreement",
}
DEFINITIONS = (
    Definition(21, "sr100", "Asset Tag", "Text", "EntryField"),
    Definition(22, "sr100", "Root Cause", "Text", "List", ("Hardware", "Software", "User", "Third party", "Unknown")),
    Definition(23, "sr100", "VIP", "Checkbox", "EntryField"),
    Definition(24, "sr100", "Effort (hrs)", "Number", "EntryField"),
    Definition(25, "sr100", "Go-live", "Date", "Date"),
    Definition(26, "sr100", "Location", "Text", "EntryField"),
    Definition(27, "sr100", "Location", "Text", "List", ("HQ", "Branch", "Home office")),
    Definition(28, "sr100", "\u200bRegion", "Text", "List", ("true", "false", "North", "South")),
    Definition(41, "co100", "Contract Level", "Text", "List", ("Bronze", "Silver", "Gold", "Ad hoc")),
    Definition(42, "co100", "Onboarded", "Date", "Date"),
    Definition(43, "co100", "Co-managed", "Checkbox", "EntryField"),
    Definition(53, "ct300", "Job Level", "Text", "EntryField"),
    Definition(54, "ct300", "Approver", "Checkbox", "EntryField"),
    Definition(61, "cf100", "Rack", "Text", "EntryField"),
    Definition(62, "cf100", "Backup", "Text", "List", ("Daily", "Weekly", "None")),
    Definition(71, "ag100", "Account Manager", "Text", "EntryField"),
    Definition(72, "ag100", "Review", "Date", "Date"),
)


def definition_rows(seed: Seed) -> list[Json]:
    """What ``/system/userDefinedFields`` lists."""
    return [_row(seed, definition, place) for place, definition in enumerate(DEFINITIONS)]


def _row(seed: Seed, definition: Definition, place: int) -> Json:
    options = [
        {"id": definition.id * 10 + order, "optionValue": value, "defaultFlag": False, "inactiveFlag": False}
        | {"sortOrder": order}
        for order, value in enumerate(definition.options)
    ]
    return {
        "id": definition.id,
        "podId": 4,
        "podDescription": f"{SCREENS[definition.screen]} Overview",
        "caption": definition.caption,
        "sequenceNumber": place + 1,
        "screenId": definition.screen,
        "screenDescription": SCREENS[definition.screen],
        "fieldTypeIdentifier": definition.type,
        "numberDecimals": 0,
        "entryTypeIdentifier": definition.entry,
        "requiredFlag": False,
        "displayOnScreenFlag": True,
        "readOnlyFlag": False,
        "listViewFlag": False,
        "options": options or None,
        "businessUnitIds": [],
        "locationIds": [],
        "connectWiseID": seed.guid("field", definition.id),
        "dateCreated": written(seed.now - DAY * 900),
        "_info": {},
    }


def definitions_of(screen: str) -> tuple[Definition, ...]:
    return tuple(definition for definition in DEFINITIONS if definition.screen == screen)


def values(screen: str, dice: Dice, now: int) -> list[Json]:
    """All fields of a record, the empty ones too, as the wire has them."""
    return [entry(definition, _value(definition, dice, now)) for definition in definitions_of(screen)]


def entry(definition: Definition, value: Any) -> Json:
    return {
        "id": definition.id,
        "caption": definition.caption,
        "type": definition.type,
        "entryMethod": definition.entry,
        "numberOfDecimals": 0,
        "value": value,
    }


def _value(definition: Definition, dice: Dice, now: int) -> Any:
    if definition.type == "Checkbox":
        return dice.chance(12)
    if dice.chance(55):
        return None
    if definition.type == "Number":
        return dice.below(40)
    if definition.type == "Date":
        return written((now // DAY - dice.below(700)) * DAY)
    if definition.options:
        return dice.pick(definition.options)
    return (
        f"A-{dice.below(9999):04}" if definition.caption == "Asset Tag" else dice.pick(("Ground floor", "Annex", "B2"))
    )
