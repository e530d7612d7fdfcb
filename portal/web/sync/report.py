"""The verification report in words."""

from __future__ import annotations

from dataclasses import dataclass

from portal.web.sync.words import Badge, field_words, stream_words
from portal.web.wording import counted
from sync.models import Run
from sync.selectors.verification import TicketLine, VerificationReport, verification_report

VERDICTS: dict[str, Badge] = {
    "same": Badge("ok", "check", "Same", "Read again, and equal in every field."),
    "differs": Badge(
        "bad", "x-circle", "Differs", "Read again, and not what the copy has, though its stamp is no newer."
    ),
    "newer": Badge("info", "edit", "Changed since", "Somebody changed it after it was read; the next sync brings it."),
    "gone": Badge("warn", "trash", "Gone since", "It was deleted after it was read."),
    "unread": Badge("neutral", "minus", "Not read", "The PSA did not answer this one question."),
}


@dataclass(frozen=True, slots=True)
class ShownReport:
    """The report as the card shows it. ``tickets``: (badge, line, names of differing fields). ``counted``: references were, too."""

    report: VerificationReport
    tickets: tuple[tuple[Badge, TicketLine, str], ...]
    unmapped: tuple[str, ...]
    counted: bool


def shown_report(run: Run) -> ShownReport | None:
    """The report of a run; None where none was made."""
    report = verification_report(run)
    if report is None:
        return None
    tickets = tuple(
        (VERDICTS[line.verdict], line, ", ".join(field_words(field) for field in line.fields)) for line in report.newest
    )
    unmapped = tuple(
        f"{counted(line.rows)} {stream_words(line.stream)} name a {field_words(line.column).lower()} that is not here"
        for line in report.unmapped
    )
    return ShownReport(report, tickets, unmapped, "unmapped" in run.verification)
