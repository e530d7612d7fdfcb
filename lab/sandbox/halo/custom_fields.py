"""The fields that this MSP added. The list of a Halo holds those of every kind of record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lab.sandbox.clock import DAY
from lab.sandbox.dice import Dice
from lab.sandbox.halo.setup import Json
from lab.sandbox.halo.stamps import written
from lab.sandbox.seed import Seed

TICKETS, CLIENTS = 1, 2


@dataclass(frozen=True, slots=True)
class Definition:
    """One field. Types: 0 text, 1 memo, 2 choice, 3 several, 4 date, 6 checkbox."""

    id: int
    name: str
    label: str
    type: int
    usage: int = TICKETS
    choices: tuple[str, ...] = ()


DEFINITIONS = (
    Definition(210, "CFAlertId", "Alert id", 0),
    Definition(211, "CFEnvironment", "Environment", 2, TICKETS, ("Production", "Test", "Office")),
    Definition(212, "CFSystems", "Systems touched", 3, TICKETS, ("Mail", "Files", "Phones", "Network")),
    Definition(213, "CFGoLive", "\u200bGo-live", 4),
    Definition(214, "CFVip", "VIP", 6),
    Definition(215, "CFRoot", "Location", 1),
    Definition(216, "CFLocation", "Location", 0),
    Definition(301, "CFContractLevel", "Contract level", 2, CLIENTS, ("Bronze", "Silver", "Gold")),
)


def definition_rows(seed: Seed) -> list[Json]:
    """What ``/FieldInfo`` lists."""
    return [
        {
            "id": field.id,
            "guid": seed.guid("field", field.id),
            "name": field.name,
            "label": field.label,
            "type": field.type,
            "custom": 1,
            "usage": field.usage,
            "inputtype": 0,
            "characterlimit": 0,
            "searchable": True,
            "values": [{"id": number, "name": choice} for number, choice in enumerate(field.choices, 1)],
        }
        for field in DEFINITIONS
    ]


def values(dice: Dice, now: int) -> list[Json]:
    """A ticket's fields, the empty ones too."""
    return [_entry(field, dice, now) for field in DEFINITIONS if field.usage == TICKETS]


def _entry(field: Definition, dice: Dice, now: int) -> Json:
    value, display = _value(field, dice, now)
    return {
        "id": field.id,
        "name": field.name,
        "label": field.label,
        "type": field.type,
        "usage": field.usage,
        "value": value,
        "display": display,
    }


def _value(field: Definition, dice: Dice, now: int) -> tuple[Any, str | None]:
    if field.type == 6:
        ticked = dice.chance(12)
        return ticked, "Yes" if ticked else "No"
    if dice.chance(60):
        return None, None
    if field.type == 2:
        number = 1 + dice.below(len(field.choices))
        return str(number), field.choices[number - 1]
    if field.type == 3:
        taken = sorted({dice.below(len(field.choices)) for _ in range(2)})
        return [{"id": n + 1, "name": field.choices[n]} for n in taken], ", ".join(field.choices[n] for n in taken)
    if field.type == 4:
        day = written((now // DAY - dice.below(700)) * DAY)
        return day, day
    text = f"A-{dice.below(9999):04}" if field.id == 210 else dice.pick(("Ground floor", "Annex", "B2"))
    return text, text
