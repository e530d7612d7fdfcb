"""The verification report of a run, as pages read it from what the engine kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
class RecordLine:
    """One of the newest records, read again. ``verdict``: same, differs, newer, gone or unread."""

    stream: str
    remote_id: str
    verdict: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnmappedLine:
    """``rows`` records whose reference in ``column`` leads to nothing that is here. ``examples``: (remote id, name, records) of the
    targets that most of them name."""

    stream: str
    column: str
    rows: int
    examples: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """``boards_more``: boards that were not counted one by one. ``unseen_boards``: remote ids in the settings that the key does not see;
    ``unseen_streams``: (stream, why) of those that it may not read."""

    boards: tuple[BoardLine, ...]
    boards_more: int
    newest: tuple[RecordLine, ...]
    unmapped: tuple[UnmappedLine, ...]
    unseen_boards: tuple[str, ...]
    unseen_streams: tuple[tuple[str, str], ...] = ()

    @property
    def same(self) -> int:
        """How many of the records read again were the same."""
        return sum(record.verdict == "same" for record in self.newest)


def verification_report(run: Run) -> VerificationReport | None:
    """The run's report; None where none was made (quick syncs, and runs that ended before it). No query."""
    kept = run.verification
    if "boards" not in kept:
        return None
    return VerificationReport(
        boards=tuple(BoardLine(row["name"] or row["remote_id"], row["remote"], row["ours"]) for row in kept["boards"]),
        boards_more=kept.get("boards_more", 0),
        newest=tuple(
            RecordLine(row.get("stream", "tickets"), row["remote_id"], row["verdict"], tuple(row["fields"]))
            for row in kept["newest"]
        ),
        unmapped=tuple(
            UnmappedLine(stream, column, rows, examples_of(kept, stream, column))
            for stream, counts in kept.get("unmapped", {}).items()
            for column, rows in counts.items()
        ),
        unseen_boards=tuple(kept.get("unseen_boards", ())),
        unseen_streams=tuple((row["stream"], row["message"]) for row in kept.get("unseen_streams", ())),
    )


def examples_of(kept: dict[str, Any], stream: str, column: str) -> tuple[tuple[str, str, int], ...]:
    """What the engine kept of a reference's missing targets."""
    rows = kept.get("unmapped_examples", {}).get(stream, {}).get(column, [])
    return tuple((row["remote_id"], row["name"], row["rows"]) for row in rows)
