"""What a simulated PSA is made from."""

from __future__ import annotations

from dataclasses import dataclass

from lab.sandbox.dice import Dice


@dataclass(frozen=True, slots=True)
class Seed:
    """What the whole world is made from. ``now``: its newest day's midnight, in seconds. ``projects``: with project tickets, where the
    system keeps them apart."""

    number: int
    tickets: int
    now: int
    projects: bool = False

    def dice(self, *purpose: object) -> Dice:
        return Dice(self.number, *purpose)

    def guid(self, *purpose: object) -> str:
        dice = self.dice("guid", *purpose)
        part = [f"{dice.below(1 << bits):0{bits // 4}x}" for bits in (32, 16, 12, 16, 48)]
        return f"{part[0]}-{part[1]}-4{part[2]}-{part[3]}-{part[4]}"
