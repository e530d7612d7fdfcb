"""What is broken, by cause."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection as database
from django.db.models import Count, Max, Min

from integrations.models import Connection
from sync.models import Issue
from sync.services.issues import like
from sync.streams import TARGETS, parent_stream

OPEN, DISMISSED, CLEARED = "open", "dismissed", "cleared"
MOST_GROUPS = 200
PAGE = 50


@dataclass(frozen=True, slots=True)
class IssueGroup:
    """Issues of one cause. ``pk``: the newest of them, by which the group is addressed. ``records``: how many; ``waiting``: how many
    of them are about to be fetched again. ``message``: of the newest. ``first_at``, ``last_at``: of all."""

    pk: int
    connection: str
    connection_id: int
    stream: str
    code: str
    message: str
    records: int
    waiting: int
    first_at: dt.datetime
    last_at: dt.datetime


@dataclass(frozen=True, slots=True)
class IssuePage:
    """``next``: the id after which the next page begins, None at the end."""

    issues: list[Issue]
    next: int | None


def issue_groups_open(state: str = OPEN, connection: int | None = None) -> list[IssueGroup]:
    """The groups in ``state``, most records first, up to ``MOST_GROUPS``."""
    issues = Issue.objects.filter(**STATES[state])
    if connection is not None:
        issues = issues.filter(connection_id=connection)
    counted = (
        issues.values("connection_id", "stream", "code", "cause")
        .annotate(
            newest=Max("pk"),
            records=Count("pk"),
            waiting=Count("retry_at"),
            since=Min("first_at"),
            until=Max("last_at"),
        )
        .order_by("-records", "-newest")[:MOST_GROUPS]
    )
    rows = list(counted)
    newest = Issue.objects.in_bulk([row["newest"] for row in rows])
    names = dict(Connection.objects.values_list("pk", "name"))
    return [
        IssueGroup(
            pk=row["newest"],
            connection=names.get(row["connection_id"], ""),
            connection_id=row["connection_id"],
            stream=row["stream"],
            code=row["code"],
            message=newest[row["newest"]].message,
            records=row["records"],
            waiting=row["waiting"],
            first_at=row["since"],
            last_at=row["until"],
        )
        for row in rows
    ]


STATES: dict[str, dict[str, Any]] = {
    OPEN: {"cleared_at": None, "dismissed_at": None},
    DISMISSED: {"cleared_at": None, "dismissed_at__isnull": False},
    CLEARED: {"cleared_at__isnull": False},
}


def issue_get(pk: int) -> Issue:
    """One issue with its connection's name. Raises Issue.DoesNotExist."""
    return Issue.objects.select_related("connection", "dismissed_by").defer("connection__credentials").get(pk=pk)


def issues_like(issue: Issue, after: int | None = None) -> IssuePage:
    """The open issues of the same cause, oldest first; a cleared one stands alone."""
    if issue.cleared_at is not None:
        return IssuePage([issue], None)
    found = Issue.objects.filter(**like(issue)).order_by("pk")
    if after is not None:
        found = found.filter(pk__gt=after)
    page = list(found[: PAGE + 1])
    return IssuePage(page[:PAGE], page[PAGE - 1].pk if len(page) > PAGE else None)


def about(issue: Issue) -> tuple[str, str]:
    """(stream, remote id) of the record that the issue is about: that which failed, or that below which a stream could not be read."""
    if issue.parent_remote_id and not issue.remote_id:
        return parent_stream(issue.stream), issue.parent_remote_id
    return issue.stream, issue.remote_id


def issue_labels(issues: list[Issue]) -> dict[str, tuple[str, int]]:
    """{remote id: (label, local id)} of what the issues are about, where that is or was here. They are of one cause."""
    stream = about(issues[0])[0] if issues else ""
    if stream not in TARGETS:
        return {}
    target = TARGETS[stream]
    sql = (
        f'SELECT s.remote_id, left({target.label}, 200), s.id FROM "{target.table}" s '
        "WHERE s.organization_id = %s AND s.connection_id = %s AND s.remote_id = ANY(%s)"
    )
    with database.cursor() as cursor:
        ids = [about(issue)[1] for issue in issues]
        cursor.execute(sql, [issues[0].organization_id, issues[0].connection_id, ids])
        return {remote_id: (label or "", local_id) for remote_id, label, local_id in cursor.fetchall()}
