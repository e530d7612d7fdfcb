"""How soon what ended is started again: at once, and ever more rarely while it goes on ending."""

from __future__ import annotations

from dataclasses import dataclass

AT_ONCE = 2
"""So many ends in a row are answered without a pause."""
STEADY_SECONDS = 60.0
"""What ran for so long ends for a new reason."""
LONGEST_PAUSE = 30.0


@dataclass(slots=True)
class Restarts:
    """The ends of one program, one after the other. ``in_row``: how many since it last ran steadily."""

    in_row: int = 0

    def pause_after(self, lived: float) -> float:
        """Counts an end after ``lived`` seconds; returns the seconds to wait before the next start."""
        self.in_row = 1 if lived >= STEADY_SECONDS else self.in_row + 1
        if self.in_row <= AT_ONCE:
            return 0.0
        return float(min(2 ** min(self.in_row - AT_ONCE - 1, 10), LONGEST_PAUSE))
