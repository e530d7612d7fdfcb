"""One door to the objects that addresses name: a foreign id and an absent one get the same answer."""

from __future__ import annotations

from django.http import Http404

from integrations.models import Connection
from sync.models import DriftAudit, Issue, Run
from sync.selectors.drift import AuditReport, audit_report
from sync.selectors.issues import issue_get
from sync.selectors.runs import connection_get, run_get


def found_connection(pk: int) -> Connection:
    """The connection, or 404."""
    try:
        return connection_get(pk)
    except Connection.DoesNotExist as err:
        raise Http404("There is no such connection.") from err


def found_run(pk: int) -> Run:
    """The run, or 404."""
    try:
        return run_get(pk)
    except Run.DoesNotExist as err:
        raise Http404("There is no such run.") from err


def found_issue(pk: int) -> Issue:
    """The issue, or 404."""
    try:
        return issue_get(pk)
    except Issue.DoesNotExist as err:
        raise Http404("There is no such issue.") from err


def found_audit(pk: int) -> AuditReport:
    """The drift audit with its streams, or 404."""
    try:
        return audit_report(pk)
    except DriftAudit.DoesNotExist as err:
        raise Http404("There is no such audit.") from err
