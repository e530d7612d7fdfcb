"""Streams that a run leaves out, with a word why: the rest of the run goes on, and what is here of them stays as it is."""

from __future__ import annotations

from integrations.errors import (
    IntegrationError,
    PermissionMissing,
    ProtocolError,
    RateLimited,
    TransientError,
)
from integrations.port import Reach, StreamSpec
from sync.engine.read.due_parents import due_parents
from sync.engine.read.failing_parents import (
    NAMED,
    Failure,
    NothingReadable,
    keep_failures,
    may_pass,
    name_given_up,
    reply_of,
    words_of,
)
from sync.engine.run.finish import Tries, tries_of
from sync.engine.run.lease import step
from sync.engine.run.plan import ESSENTIAL, Mode
from sync.engine.run.run_log import issue, note
from sync.engine.run.work import Work
from sync.engine.write.post_merge import link_references
from sync.models import Issue, RunStream

UNREAD = "stream_unread"
"""Code of the issue about a stream that could not be read."""
NEEDED = frozenset({"companies", "tickets"})
"""Streams without whose news a run is not worth its name."""


def skip(work: Work, stream: RunStream, err: PermissionMissing | NothingReadable) -> None:
    """Leaves a stream out, says which right is missing, and leaves what is here of it as it is."""
    leave_out(work, stream, err.code, err.message, f"Missing: {err.which}." if err.which else "")


def leave_out(work: Work, stream: RunStream, code: str, message: str, more: str = "") -> None:
    """The run goes on without the stream, and what is here of it stays as it is."""
    with step(work.lease) as now:
        stream.state, stream.message, stream.finished_at = RunStream.State.SKIPPED, message, now
        if work.mode is Mode.LIVE:
            link_references(work, [stream])  # what has landed of it
        work.bill(stream)
        stream.save()
        issue(work.run.pk, work.lease.organization_id, stream.name, code, f"{message} {more}".rstrip())
        note(work.run.pk, work.lease.organization_id, "warning", f"Left out: {message}", stream=stream.name)


def refused(work: Work, spec: StreamSpec, stream: RunStream, error: IntegrationError) -> None:
    """Leaves a stream out whose list the PSA does not have, or will not give, whatever the rights are (``REFUSALS``); raises the error where
    others rest on the stream."""
    if spec.name in ESSENTIAL:
        raise error
    leave_out(work, stream, UNREAD, error.sentence, "The rest of the sync went on without it.")


def gives_up(work: Work, spec: StreamSpec, error: TransientError | ProtocolError, tries: Tries) -> bool:
    """Whether a stream that fails again and again, in this run or since an earlier one, is to be left out: the PSA answers, but not about
    this one."""
    if spec.name in NEEDED or isinstance(error, RateLimited):
        return False
    if not (tries.is_last or is_known_unread(work, spec)):
        return False
    reply = reply_of(work, work.submit(work.adapter.fingerprint))
    return not (reply is not None and may_pass(reply))


def is_known_unread(work: Work, spec: StreamSpec) -> bool:
    """Whether the last run that asked for the stream had to leave it out."""
    with step(work.lease, progress=False):
        own = Issue.objects.filter(connection_id=work.connection.pk, stream=spec.name, code=UNREAD)
        return own.filter(cleared_at=None).exists()


def give_up(work: Work, spec: StreamSpec, stream: RunStream, error: TransientError | ProtocolError) -> None:
    """Leaves a stream out that could not be read; raises the error while it may yet be. The parents below which it could not are named, so
    that the next run asks for them."""
    tries = tries_of(work.lease, error)
    if not gives_up(work, spec, error, tries):
        raise error
    if spec.reach is Reach.PER_PARENT:
        parents = [parent.remote_id for parent in due_parents(work, spec, stream, rest=0)[:NAMED]]
        failures = [Failure(parent, error.code, words_of(spec, parent, error), is_final=True) for parent in parents]
        with step(work.lease, progress=False):
            keep_failures(work, spec, failures)
            name_given_up(work, spec, stream)
    leave_out(work, stream, UNREAD, error.sentence, f"{tries.sentence} The rest of the sync went on without it.")
