"""Parents below which the PSA can't be read: each is tried again a little later, then given up by name, and the run goes on.

What is here of such a parent's children stays as it is, whatever the PSA said of them. Many at once are no matter of the parents: then
it is asked about one that is known to be well, and where that fails too, it is the PSA that is unwell, which is the run's own wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from django.db import connection

from foundation.core.staging import staged
from integrations.errors import (
    AddressRefused,
    AuthenticationFailed,
    IntegrationError,
    NotFound,
    PermissionMissing,
    ProtocolError,
    RateLimited,
    TransientError,
    UnsupportedFeature,
)
from integrations.port import StreamSpec
from sync.engine.run.lease import step
from sync.engine.run.locations import below, one_of
from sync.engine.run.plan import too_many_failed
from sync.engine.run.run_log import issue, note
from sync.engine.run.work import Work
from sync.models import RunStream
from sync.streams import FAILURES, TARGETS, stream_words

TRIES = 3
"""How often one parent is asked for before it is given up. Tries while the PSA is unwell do not count."""
REST = 5.0
"""Seconds until a parent that failed is asked for again."""
UNWELL = 3
"""Failures in one batch that may be no matter of the parents any more."""
REFUSED = 96
"""So many parents refused, and none answered: the key may not read the stream at all."""
NAMED = 100
"""Parents given up that have an issue each; the others are counted."""
LOOKED_FOR = 20
"""Parents whose children are not found that are looked for themselves, to see whether they are gone."""
RUNS_OWN = (AuthenticationFailed, AddressRefused, RateLimited)
"""Errors that say nothing of one parent."""
GONE = "gone"


@dataclass(frozen=True, slots=True)
class Failure:
    """One parent that was not answered. ``counts``: towards its tries. ``is_final``: it is not asked for again in this run."""

    parent_id: str
    code: str
    message: str
    counts: bool = True
    is_final: bool = False


class ParentsResting(IntegrationError):
    """Nothing is left to read but parents that failed just now."""

    code = "parents_resting"


class NothingReadable(Exception):
    """The PSA refuses the stream below every parent: how, by code and message, and which right is missing."""

    def __init__(self, code: str, message: str, which: str) -> None:
        super().__init__(message)
        self.code, self.message, self.which = code, message, which


def may_pass(error: IntegrationError) -> bool:
    """Whether the same question may be answered a little later."""
    return isinstance(error, TransientError | ProtocolError)


def failures_of(
    work: Work, spec: StreamSpec, stream: RunStream, errors: Sequence[tuple[str, IntegrationError]], *, counts: bool
) -> list[Failure]:
    """What becomes of each parent that was not answered. Asks the PSA about those whose children it does not find."""
    tried = tries_of(work, spec, [parent_id for parent_id, _ in errors])
    found = []
    for parent_id, error in errors:
        if isinstance(error, NotFound | UnsupportedFeature):
            found.append(not_found(work, spec, stream, parent_id))
            continue
        final = not may_pass(error) or (counts and tried.get(parent_id, 0) + 1 >= TRIES)
        found.append(Failure(parent_id, error.code, words_of(spec, parent_id, error), counts, final))
    return found


def words_of(spec: StreamSpec, parent_id: str, error: IntegrationError) -> str:
    """What is said of a parent that is given up."""
    return unread_words(below(spec, parent_id), error, tried=f" Tried {TRIES} times." if may_pass(error) else "")


def unread_words(what: str, error: IntegrationError, tried: str = "") -> str:
    """The same of anything: ``what`` as "notes of ticket 4711"."""
    quoted = f" The PSA said: “{error.remote_message[:300].rstrip('. ')}”." if error.remote_message else ""
    why = error.message.rstrip(". ")
    return f"The {what} could not be read: {why}.{quoted}{tried} What is here of them stays."


def contradiction_words(stream: str, parent_stream: str, parent_id: str) -> str:
    """What is said of a parent that the PSA shows, and below which it finds nothing."""
    return (
        f"The PSA lists {one_of(parent_stream)} {parent_id}, and says of its {stream_words(stream)} that they are not found. "
        "What is here of them stays."
    )


def not_found(work: Work, spec: StreamSpec, stream: RunStream, parent_id: str) -> Failure:
    """Below a parent that is listed nothing was found: is the parent itself gone since? Anything else is a contradiction."""
    looked_for = stream.coverage.get("looked_for", 0)
    stream.coverage = stream.coverage | {"looked_for": looked_for + 1}
    if looked_for < LOOKED_FOR and is_gone(work, spec, parent_id):
        message = f"The {one_of(spec.parent)} {parent_id} is gone from the PSA since it was listed"
        return Failure(parent_id, GONE, message, is_final=True)
    return Failure(parent_id, NotFound.code, contradiction_words(spec.name, spec.parent, parent_id), is_final=True)


def is_gone(work: Work, spec: StreamSpec, parent_id: str) -> bool:
    """Whether the PSA does not have the parent any more. What it does not answer says nothing."""
    try:
        work.call(work.adapter.read_one, spec.parent, parent_id, work.scope)
    except NotFound:
        return True
    except RUNS_OWN:
        raise
    except IntegrationError:
        return False
    return False


def is_well(work: Work, spec: StreamSpec, answered: str | None) -> bool:
    """Whether the PSA answers about other parents, so that it is the failing ones' own matter. ``answered``: one that it answered about
    in this batch."""
    others = [answered] if answered is not None else others_of(work, spec)
    said = replies_of(work, spec, others) if others else [reply_of(work, work.submit(work.adapter.fingerprint))]
    return not any(isinstance(reply, IntegrationError) and may_pass(reply) for reply in said)


def replies_of(work: Work, spec: StreamSpec, parent_ids: Sequence[str]) -> list[IntegrationError | None]:
    """How the PSA answers about each of these parents: None is well."""
    calls = [work.submit(work.adapter.read_children, spec.name, parent_id, work.scope) for parent_id in parent_ids]
    return [reply_of(work, call) for call in calls]


def reply_of(work: Work, call: Future[Any]) -> IntegrationError | None:
    """How one call ends. Raises the errors that say nothing of one parent."""
    try:
        work.wait(call)
    except RUNS_OWN:
        raise
    except IntegrationError as err:
        return err
    return None


OTHERS = """
SELECT p.remote_id FROM "{parent}" p WHERE p.organization_id = %(organization)s AND p.connection_id = %(connection)s AND p.removed_at IS NULL
    AND NOT EXISTS (SELECT 1 {failed} AND f.stream = %(stream)s AND f.parent_remote_id = p.remote_id)
    AND NOT EXISTS (SELECT 1 FROM sync_issue i WHERE i.organization_id = %(organization)s AND i.connection_id = %(connection)s
        AND i.stream = %(stream)s AND i.parent_remote_id = p.remote_id AND i.cleared_at IS NULL)
ORDER BY p.id DESC LIMIT %(most)s"""


def others_of(work: Work, spec: StreamSpec) -> list[str]:
    """Parents that are here and of which nothing bad is known."""
    sql = OTHERS.format(parent=TARGETS[spec.parent].table, failed=staged(FAILURES, "f"))
    with step(work.lease, progress=False), connection.cursor() as cursor:
        cursor.execute(sql, work.context().parameters(stream=spec.name, most=UNWELL))
        return [row[0] for row in cursor.fetchall()]


def tries_of(work: Work, spec: StreamSpec, parent_ids: Sequence[str]) -> dict[str, int]:
    """How often each of these parents has failed in this run, of tries that count."""
    if not parent_ids:
        return {}
    sql = f"""SELECT parent_remote_id, count(*) FILTER (WHERE counts) {staged(FAILURES, "f")} AND stream = %(stream)s
        AND parent_remote_id = ANY(%(parents)s) GROUP BY 1"""
    with step(work.lease, progress=False), connection.cursor() as cursor:
        cursor.execute(sql, work.context().parameters(stream=spec.name, parents=list(parent_ids)))
        return dict(cursor.fetchall())


KEEP = """
INSERT INTO staging.failures (run_id, organization_id, connection_id, stream, parent_remote_id, failed_at, code, message, counts, is_final)
VALUES (%(run)s, %(organization)s, %(connection)s, %(stream)s, %(parent)s, clock_timestamp(), %(code)s, %(message)s, %(counts)s, %(final)s)"""


def keep_failures(work: Work, spec: StreamSpec, failures: Sequence[Failure]) -> None:
    """Remembers them with the run, in the caller's transaction."""
    rows = [
        work.context().parameters(
            stream=spec.name,
            parent=failure.parent_id,
            code=failure.code,
            message=failure.message,
            counts=failure.counts,
            final=failure.is_final,
        )
        for failure in failures
    ]
    with connection.cursor() as cursor:
        cursor.executemany(KEEP, rows)
    for failure in failures:
        level = "warning" if failure.is_final and failure.code != GONE else "info"
        said = {"parent": failure.parent_id, "code": failure.code}
        note(work.run.pk, work.lease.organization_id, level, failure.message, stream=spec.name, **said)


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Parents of a stream that this run does not ask for again: how many, the codes among them, and some in full."""

    rows: int
    codes: frozenset[str]
    named: list[Failure]


def given_up(work: Work, spec: StreamSpec) -> GivenUp:
    """In the caller's transaction. Parents that are gone themselves are none of them."""
    own = work.context().parameters(stream=spec.name, gone=GONE, named=NAMED)
    final = f"{staged(FAILURES, 'f')} AND stream = %(stream)s AND is_final AND code <> %(gone)s"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), coalesce(array_agg(DISTINCT code), '{{}}') {final}", own)
        rows, codes = cursor.fetchone()
        cursor.execute(
            f"SELECT parent_remote_id, code, message {final} ORDER BY failed_at, parent_remote_id LIMIT %(named)s",
            own,
        )
        named = [Failure(parent, code, message, is_final=True) for parent, code, message in cursor.fetchall()]
    return GivenUp(rows, frozenset(codes), named)


WHOLE = frozenset({PermissionMissing.code, UnsupportedFeature.code, NotFound.code})
"""Codes that, below every parent, are the stream's."""
REFUSAL = "refusal"
"""In the stream's coverage: the first refusal below a parent, while no parent was answered."""


def remember_refusal(stream: RunStream, errors: Sequence[tuple[str, IntegrationError]]) -> None:
    """Keeps what the PSA said first, for the case that it says so below every parent."""
    for _, error in errors:
        if REFUSAL not in stream.coverage and error.code in WHOLE:
            kept = {"code": error.code, "message": error.message, "which": getattr(error, "which", "")}
            stream.coverage = stream.coverage | {REFUSAL: kept}


def check_refused(work: Work, spec: StreamSpec, stream: RunStream, *, ended: bool) -> None:
    """Raises NothingReadable where no parent was answered and all were refused: ``ended``, or enough of them to ask about some others,
    which are refused as well."""
    refusal = stream.coverage.get(REFUSAL)
    if not refusal or stream.coverage.get("parents", 0):
        return
    with step(work.lease, progress=False):
        found = given_up(work, spec)
    if not (found.codes <= WHOLE and (ended or found.rows >= REFUSED)):
        return
    replies = replies_of(work, spec, others_of(work, spec))
    if all(reply is not None and reply.code in WHOLE for reply in replies):
        raise NothingReadable(**refusal)
    stream.coverage = stream.coverage | {REFUSAL: None}


def too_many_given_up(work: Work, spec: StreamSpec, stream: RunStream) -> str:
    """Why a run had better end, in a sentence; "" while it need not."""
    with step(work.lease, progress=False):
        rows = given_up(work, spec).rows
    answered = stream.coverage.get("parents", 0)
    if not too_many_failed(rows, answered, work.settings.fail_percent):
        return ""
    return (
        f"The {stream_words(spec.name)} of {rows:,} of {rows + answered:,} {stream_words(spec.parent)} could not be read, "
        f"more than the {work.settings.fail_percent} % that the error handling of this connection allows."
    )


def name_given_up(work: Work, spec: StreamSpec, stream: RunStream) -> None:
    """An issue for each parent that was given up, where they are many for the first, when the stream ends. In the caller's transaction."""
    found = given_up(work, spec)
    for failure in found.named:
        issue(
            work.run.pk,
            work.lease.organization_id,
            spec.name,
            failure.code,
            failure.message,
            parent_id=failure.parent_id,
        )
    if found.rows > len(found.named):
        more = f"The {stream_words(spec.name)} of {found.rows - len(found.named):,} more {stream_words(spec.parent)} could not be read."
        issue(work.run.pk, work.lease.organization_id, spec.name, "parents_unread", more)
    if found.rows:
        stream.coverage = stream.coverage | {"unread": found.rows}
