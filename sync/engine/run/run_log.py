"""The run's log: what the engine did and saw. Ids, counts and statuses; never contents or secrets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import structlog
from django.db.models.functions import Now

from integrations.port import Rejected, Remark
from sync.models import RunIssue, RunLog

log = structlog.get_logger("sync")
CAUSE = "left(regexp_replace({message}, '[0-9]+', '#', 'g'), 300)"
"""A message without its numbers, in SQL: what fails alike has the same."""
CAUSELESS = re.compile(r"[0-9]+")


def note(run_id: int, organization_id: int, level: str, message: str, *, stream: str = "", **fields: Any) -> None:
    """One line, in the caller's transaction and in the process's log."""
    RunLog.objects.create(
        organization_id=organization_id,
        run_id=run_id,
        at=Now(),
        level=level,
        stream=stream,
        message=message,
        fields=fields,
    )
    getattr(log, level)(message, run=run_id, stream=stream, **fields)


def issue(
    run_id: int,
    organization_id: int,
    stream: str,
    code: str,
    message: str,
    *,
    remote_id: str = "",
    parent_id: str = "",
    sample: str = "",
) -> None:
    """Something that could not be merged or read: it counts, and makes the result a Warning at best."""
    made = _issue(run_id, organization_id, stream, code, message, remote_id, sample)
    made.parent_remote_id = parent_id
    made.save(force_insert=True)


LONGEST_ID = 64
LONGEST_SAMPLE = 2000
NUL = "\x00"


def storable(text: str, most: int | None = None) -> str:
    """The text as the database takes it, cut to ``most`` characters."""
    return text.replace(NUL, "")[:most]


def _issue(
    run_id: int, organization_id: int, stream: str, code: str, message: str, remote_id: str, sample: str
) -> RunIssue:
    return RunIssue(
        organization_id=organization_id,
        run_id=run_id,
        stream=stream,
        remote_id=storable(remote_id, LONGEST_ID),
        code=code,
        message=storable(message),
        sample=storable(sample, LONGEST_SAMPLE),
        at=Now(),
    )


REJECTED = "record_rejected"
"""The code of an issue about a record that could not be kept."""
LEFT_OUT = "value_left_out"
"""The code of an issue about values that a record comes without. The record itself is merged, counted and swept like any other."""
WITHHELD_CODE = "removals_withheld"
"""The code of an issue about removals of a stream that wait for a person."""
MOST_WORDS = 1000
MOST_FIELDS = 20


def remarked(
    run_id: int, organization_id: int, stream: str, remarks: Sequence[Remark], refused: Sequence[Rejected] = ()
) -> None:
    """Values of records that were odd: one issue a record for those that were left out, one line of the log for those that were
    understood all the same. A record that was ``refused`` has an issue of its own, which says more."""
    gone = {entry.remote_id for entry in refused if entry.remote_id}
    lost: dict[str, list[Remark]] = {}
    for remark in remarks:
        if not remark.understood and remark.remote_id not in gone:
            lost.setdefault(remark.remote_id, []).append(remark)
    if "" in lost:
        # Of no record alone, such as a look-up that failed: each page says it anew.
        said = RunIssue.objects.filter(run_id=run_id, stream=stream, remote_id="", code=LEFT_OUT)
        if said.filter(message=_said(lost[""])).exists():
            del lost[""]
    RunIssue.objects.bulk_create(
        _issue(run_id, organization_id, stream, LEFT_OUT, _said(found), remote_id, _shown(found))
        for remote_id, found in lost.items()
    )
    if understood := Counter(CAUSELESS.sub("#", remark.field) for remark in remarks if remark.understood):
        fields = dict(understood.most_common(MOST_FIELDS))
        note(
            run_id,
            organization_id,
            "debug",
            "Values written in another way were understood",
            stream=stream,
            fields=fields,
        )


def _said(remarks: Sequence[Remark]) -> str:
    return (". ".join(dict.fromkeys(remark.message.removesuffix(".") for remark in remarks)) + ".")[:MOST_WORDS]


def _shown(remarks: Sequence[Remark]) -> str:
    return "; ".join(f"{remark.field}: {remark.sample}" for remark in remarks if remark.sample)


def incomplete(run_id: int, organization_id: int, stream: str, message: str) -> None:
    """More of a stream was sent than can be read: what is not among it is not known to be gone."""
    said = f"{message} What is here of it stays, and nothing of it is removed."
    issue(run_id, organization_id, stream, "incomplete_answer", said)
    note(run_id, organization_id, "warning", said, stream=stream)


def rejected(run_id: int, organization_id: int, stream: str, records: Sequence[Rejected]) -> None:
    """The records of a page that could not be understood."""
    if not records:
        return
    RunIssue.objects.bulk_create(
        _issue(run_id, organization_id, stream, REJECTED, one.message, one.remote_id, one.sample) for one in records
    )


def odd_of(refused: Sequence[Rejected], remarks: Sequence[Remark]) -> list[dict[str, str]]:
    """Code, words and sample by record, of records that were read outside of runs: those that could not be kept, and those that came without
    a value."""
    found = [
        {"remote_id": one.remote_id, "code": REJECTED, "message": one.message, "sample": one.sample} for one in refused
    ]
    gone = {one.remote_id for one in refused}
    lost: dict[str, list[Remark]] = {}
    for remark in remarks:
        if not remark.understood and remark.remote_id not in gone:
            lost.setdefault(remark.remote_id, []).append(remark)
    found += [
        {"remote_id": remote_id, "code": LEFT_OUT, "message": _said(some), "sample": _shown(some)}
        for remote_id, some in lost.items()
    ]
    most = {"remote_id": LONGEST_ID, "sample": LONGEST_SAMPLE}
    return [{name: storable(text, most.get(name)) for name, text in one.items()} for one in found]
