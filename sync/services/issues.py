"""What people do about failures: try again, dismiss with a reason, take that back."""

from __future__ import annotations

import datetime as dt

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from foundation.core import database_clock
from foundation.core.errors import Refused
from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.audit import audit_record
from integrations.errors import IntegrationError
from integrations.models import Connection
from sync.dispatch import dispatch_retries
from sync.isolation import fault_words, isolated
from sync.models import Issue
from sync.services.replay import record_replay
from sync.services.single import OF_ONE_RECORD

log = structlog.get_logger("sync")
CLAIM = dt.timedelta(minutes=10)
"""How long a worker may take for one record before another one tries it."""
AT_ONCE = 500
"""Records of one press of "Fetch again"."""


def like(issue: Issue) -> dict[str, object]:
    """What the open issues of the same cause have in common, as a filter."""
    return {
        "connection_id": issue.connection_id,
        "stream": issue.stream,
        "code": issue.code,
        "cause": issue.cause,
        "cleared_at": None,
    }


def fetched_again(issue: Issue) -> tuple[str, str]:
    """(stream, remote id) of the record whose fetching may clear the issue; ("", "") where only a sync does. A ticket brings its notes."""
    if issue.remote_id:
        return issue.stream, issue.remote_id
    return ("tickets", issue.parent_remote_id) if issue.parent_remote_id and issue.stream == "notes" else ("", "")


def issues_retry(*, issue: Issue, all_alike: bool, actor: User) -> int:
    """Asks for another try of the record, or of up to ``AT_ONCE`` that failed alike. Returns of how many. Raises Refused."""
    if not fetched_again(issue)[0]:
        raise Refused("A whole sync failed here, or a part of it, not a record: start a sync to try again.")
    wanted = Issue.objects.filter(**like(issue)) if all_alike else Issue.objects.filter(pk=issue.pk, cleared_at=None)
    keys = list(wanted.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    asked = Issue.objects.filter(pk__in=keys).update(retry_at=Now())
    audit_record(action="issue.retried", target=issue, actor=actor, changes={"records": [None, asked]})
    organization_id = issue.organization_id
    transaction.on_commit(lambda: dispatch_retries(organization_id))
    return asked


def issues_dismiss(*, issue: Issue, reason: str, actor: User) -> int:
    """Takes all that failed alike off the list until the cause changes. Returns how many. Raises Refused."""
    if not reason.strip():
        raise Refused("Say why this may stay as it is: others will wonder.", field="reason")
    dismissed = Issue.objects.filter(**like(issue), dismissed_at=None).update(
        dismissed_at=Now(), dismissed_by=actor, dismiss_reason=reason.strip()
    )
    audit_record(
        action="issue.dismissed",
        target=issue,
        actor=actor,
        changes={"records": [None, dismissed], "reason": [None, reason.strip()]},
    )
    return dismissed


def issues_reopen(*, issue: Issue, actor: User) -> int:
    """Puts what was dismissed for this cause back on the list. Returns how many."""
    reopened = Issue.objects.filter(**like(issue)).exclude(dismissed_at=None).update(dismissed_at=None)
    audit_record(action="issue.reopened", target=issue, actor=actor, changes={"records": [None, reopened]})
    return reopened


def retry_next() -> bool:
    """Tries one record that somebody asked for, in the current tenant scope and outside a transaction. Returns whether there was one."""
    with tenant_transaction():
        waiting = Issue.objects.select_for_update(skip_locked=True, no_key=True).filter(
            retry_at__lte=Now(), cleared_at=None
        )
        issue = waiting.order_by("retry_at", "pk").first()
        if issue is None:
            return False
        # Not forgotten until it is done: a worker that dies with it is followed by another one.
        Issue.objects.filter(pk=issue.pk).update(retry_at=Now() + CLAIM)
        connection = Connection.objects.get(pk=issue.connection_id)
    with isolated("fetching a record again", issue.organization_id, issue=issue.pk) as turn:
        retry(issue, connection)
    if turn.reference:
        failed_again(issue, "fault", fault_words(turn.reference))
    return True


def retry(issue: Issue, connection: Connection) -> None:
    """Fetches the issue's record, and clears the issue or says how that failed."""
    stream, remote_id = fetched_again(issue)
    try:
        replayed = record_replay(connection=connection, stream=stream, remote_id=remote_id)
    except IntegrationError as err:
        # Of a record's own errors the reading books an issue itself, which is this one.
        if not (issue.remote_id and isinstance(err, OF_ONE_RECORD)):
            failed_again(issue, err.code, err.sentence)
        return
    except Refused as err:
        failed_again(issue, issue.code, err.message)
        return
    if issue.stream in replayed.unread:
        return  # The reading has booked anew what it could not read.
    log.info("A record was fetched again", stream=issue.stream, written=replayed.written)
    with tenant_transaction(issue.organization_id):
        Issue.objects.filter(pk=issue.pk, cleared_at=None).update(cleared_at=Now(), retry_at=None)


def failed_again(issue: Issue, code: str, message: str) -> None:
    """The other try failed too: says how."""
    with tenant_transaction(issue.organization_id):
        Issue.objects.filter(pk=issue.pk).update(
            code=code, message=message, last_at=database_clock.now(), times=F("times") + 1, retry_at=None
        )
