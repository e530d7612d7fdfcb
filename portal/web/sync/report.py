"""The verification report in words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from portal.web.sync.labels import Badge, field_words, stream_words
from portal.web.wording import counted
from sync.models import Run
from sync.selectors.verification import RecordLine, UnmappedLine, VerificationReport, verification_report
from sync.streams import TARGETS

HIDDEN = "Not shown with your role"
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


def shown_report(run: Run, readable: frozenset[str]) -> ShownReport | None:
    """The report of a run, with what may be told of records; None where none was made."""
    report = told_report(run, readable)
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


def told_report(run: Run, readable: frozenset[str]) -> VerificationReport | None:
    """The report without the records, boards and examples that the person may not see; counts stay."""
    report = verification_report(run)
    if report is None:
        return None
    return replace(
        report,
        boards=report.boards if "boards" in readable else tuple(replace(line, name=HIDDEN) for line in report.boards),
        newest=tuple(line for line in report.newest if line.stream in readable),
        unmapped=tuple(
            line if {line.stream, referred(line)} <= readable else replace(line, examples=())
            for line in report.unmapped
        ),
    )


def referred(line: UnmappedLine) -> str:
    """The stream that the reference leads to; "" for an unknown one, which nobody may see."""
    target = TARGETS.get(line.stream)
    tables = {known.table: name for name, known in TARGETS.items()}
    references = target.references if target else ()
    return next((tables[r.table] for r in references if r.remote_column == line.column and r.table in tables), "")


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
