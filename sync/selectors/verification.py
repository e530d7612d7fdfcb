"""The verification report of a run, as pages read it from what the engine kept."""

from __future__ import annotations

from dataclasses import dataclass

from sync.models import Run


@dataclass(frozen=True, slots=True)
class BoardLine:
    """One board: the PSA's count (None: it could not say) against what was read."""

    name: str
    remote: int | None
    ours: int

    @property
    def agrees(self) -> bool:
        return self.remote == self.ours


@dataclass(frozen=True, slots=True)
class TicketLine:
    """One of the newest tickets, read again. ``verdict``: same, differs, newer, gone or unread."""

    remote_id: str
    verdict: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnmappedLine:
    """``rows`` records whose reference in ``column`` leads to nothing that is here."""

    stream: str
    column: str
    rows: int


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """``boards_more``: boards that were not counted one by one. ``unseen_boards``: remote ids in the settings that the key does not see."""

    boards: tuple[BoardLine, ...]
    boards_more: int
    newest: tuple[TicketLine, ...]
    unmapped: tuple[UnmappedLine, ...]
    unseen_boards: tuple[str, ...]

    @property
    def same(self) -> int:
        """How many of the tickets read again were the same."""
        return sum(ticket.verdict == "same" for ticket in self.newest)


def verification_report(run: Run) -> VerificationReport | None:
    """The run's report; None where none was made (quick syncs, and runs that ended before it). No query."""
    kept = run.verification
    if "boards" not in kept:
        return None
    return VerificationReport(
        boards=tuple(BoardLine(row["name"] or row["remote_id"], row["remote"], row["ours"]) for row in kept["boards"]),
        boards_more=kept.get("boards_more", 0),
        newest=tuple(TicketLine(row["remote_id"], row["verdict"], tuple(row["fields"])) for row in kept["newest"]),
        unmapped=tuple(
            UnmappedLine(stream, column, rows)
            for stream, counts in kept.get("unmapped", {}).items()
            for column, rows in counts.items()
        ),
        unseen_boards=tuple(kept.get("unseen_boards", ())),
    )
