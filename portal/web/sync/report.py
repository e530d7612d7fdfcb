"""The verification report in words."""

from __future__ import annotations

from dataclasses import dataclass

from portal.web.sync.words import Badge, field_words, stream_words
from portal.web.wording import counted
from sync.models import Run
from sync.selectors.verification import RecordLine, UnmappedLine, VerificationReport, verification_report

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
    """The report as the card shows it. ``records``: (badge, stream, line, names of differing fields). ``unmapped``: (sentence, the
    targets that most records name). ``unseen``: (stream, why) of what the key may not read. ``counted``: references were, too."""

    report: VerificationReport
    records: tuple[tuple[Badge, str, RecordLine, str], ...]
    unmapped: tuple[tuple[str, str], ...]
    unseen: tuple[tuple[str, str], ...]
    counted: bool


def shown_report(run: Run) -> ShownReport | None:
    """The report of a run; None where none was made."""
    report = verification_report(run)
    if report is None:
        return None
    records = tuple(
        (
            VERDICTS[line.verdict],
            stream_words(line.stream),
            line,
            ", ".join(field_words(field) for field in line.fields),
        )
        for line in report.newest
    )
    return ShownReport(
        report,
        records,
        tuple((unmapped_words(line), examples_words(line)) for line in report.unmapped),
        tuple((stream_words(stream).capitalize(), why) for stream, why in report.unseen_streams),
        "unmapped" in run.verification,
    )


def unmapped_words(line: UnmappedLine) -> str:
    """ "2 tickets name a company that is not here"."""
    return (
        f"{counted(line.rows)} {stream_words(line.stream)} name a {field_words(line.column).lower()} that is not here"
    )


def examples_words(line: UnmappedLine) -> str:
    """ "45 Wayne (2), 46 Stark (1)": the targets that most records name."""
    return ", ".join(
        f"{remote_id} {name} ({counted(rows)})".replace("  ", " ") for remote_id, name, rows in line.examples
    )
