"""Asking a PSA whether it lets us in, and what it offers. Network: call these outside a transaction, inside a tenant scope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import IntegrityError, transaction

from foundation.core import database_clock
from foundation.core.errors import Refused
from foundation.tenancy.scope import tenant_transaction
from integrations.catalog import Catalog, catalog_read
from integrations.errors import AuthenticationFailed, IntegrationError, PermissionMissing
from integrations.models import Connection
from integrations.port import Check, ProbeReport, ReadRequest
from integrations.selectors import connected_to
from integrations.services.health import connection_answered, connection_failing
from integrations.services.opening import adapter_on, connection_open, connection_open_unless_refused
from integrations.settings_schema import ConnectionSettings, range_start, scope_from

INSTANCE = "Instance"


class InstanceRefused(Refused):
    """The credentials lead to another PSA instance than the one that the stored data came from."""


def instance_problem(known: str, found: str) -> str:
    """A sentence when ``found`` is another instance than the ``known`` one; "" when it is not, or one of them is unknown."""
    if not known or not found or known == found:
        return ""
    return (
        f"These credentials lead to another PSA ({found}) than the one that the data here came from ({known}). Nothing was changed. "
        "To move to the other PSA, change the instance on the connection's page; to have both, connect it as a connection of its own."
    )


class InstanceTaken(Refused):
    """Another connection of the organization leads to this PSA instance."""


TAKEN = "instance_taken"


def taken_words(provider: str, fingerprint: str, *, besides: int = 0) -> str:
    """A sentence when another connection leads to the instance already; "" when none does. In a tenant scope."""
    with tenant_transaction():
        other = connected_to(provider, fingerprint, besides=besides)
    if other is None:
        return ""
    return (
        f"This PSA ({fingerprint}) is connected already, as “{other.name}”. Connected twice, all that is in it would be here twice. "
        f"Use “{other.name}”, or remove it first."
    )


def fingerprint_kept(connection: Connection, fingerprint: str) -> None:
    """Remembers which instance the connection leads to, in the caller's transaction. Raises InstanceTaken; of two at once one is refused."""
    try:
        with transaction.atomic():
            Connection.objects.filter(pk=connection.pk).update(fingerprint=fingerprint)
    except IntegrityError as err:
        if "connection_instance_once" not in str(err):
            raise
        raise InstanceTaken(taken_words(connection.provider, fingerprint, besides=connection.pk)) from err


def instance_of(connection: Connection) -> str:
    """Of which PSA instance the data here are; "" while none are: until setting up is finished, people may think better of it."""
    known: str = "" if connection.setup_step else connection.fingerprint
    return known


def credentials_probe(
    provider: str, credentials: dict[str, str], *, known_fingerprint: str = "", besides: int = 0
) -> ProbeReport:
    """A test with credentials that are not stored; ``besides``: the connection that they are for, where there is one. Raises
    CredentialsInvalid; everything else is a failed check, also that another connection of the organization leads there."""
    adapter = adapter_on(provider, credentials)
    try:
        return with_instance(adapter.probe(), known_fingerprint, provider, besides)
    finally:
        adapter.close()


def with_instance(report: ProbeReport, known: str, provider: str, besides: int) -> ProbeReport:
    """The report with a failed check more when it was another instance that answered, or one that is connected already."""
    if problem := instance_problem(known, report.fingerprint):
        return with_problem(report, problem, "another_instance", "Enter the credentials of the first PSA again.")
    if problem := taken_words(provider, report.fingerprint, besides=besides):
        return with_problem(report, problem, TAKEN)
    return report


def with_problem(report: ProbeReport, problem: str, code: str, action: str = "") -> ProbeReport:
    """The report with a failed check more about the instance."""
    check = Check(name=INSTANCE, ok=False, message=problem, action=action, error=code)
    return msgspec.structs.replace(report, checks=[*report.checks, check])


def connection_test(*, connection: Connection) -> ProbeReport:
    """Tests the stored credentials and notes what came of it: state, reason, product, and at first success the instance."""
    try:
        adapter = connection_open(connection)
    except AuthenticationFailed as err:
        action = "Enter the credentials again."
        report = ProbeReport(checks=[Check(name="Keys", ok=False, message=err.message, action=action, error=err.code)])
    else:
        try:
            report = with_instance(adapter.probe(), instance_of(connection), connection.provider, besides=connection.pk)
        finally:
            adapter.close()
    return connection_tested(connection=connection, report=report)


def connection_tested(*, connection: Connection, report: ProbeReport) -> ProbeReport:
    """Stores a test's outcome. Returns the report, with a failed check more where another connection got to the same instance meanwhile."""
    try:
        _store(connection, report)
    except InstanceTaken as err:
        report = with_problem(report, err.message, TAKEN)
        _store(connection, report)
    return report


def _store(connection: Connection, report: ProbeReport) -> None:
    with tenant_transaction(connection.organization_id):
        now = database_clock.now()
        values: dict[str, Any] = {"last_test": stored_report(report, now)}
        if usable(report.checks):
            values |= {"product": report.product, "version": report.version}
            if not instance_of(connection):
                fingerprint_kept(connection, report.fingerprint)
            connection_answered(connection_id=connection.pk, at=now)
            values["state_reason"] = reason_of(report.checks)
        else:
            state = Connection.State.REFUSED if refused(report.checks) else Connection.State.FAILING
            connection_failing(connection_id=connection.pk, state=state, reason=reason_of(report.checks))
        Connection.objects.filter(pk=connection.pk).update(**values)


def refused(checks: Sequence[Check]) -> bool:
    """Whether it was the credentials that were not accepted."""
    return any(check.error == AuthenticationFailed.code for check in checks if not check.ok)


def usable(checks: Sequence[Check]) -> bool:
    """Whether syncs can work: all is well, or all that fails are rights to single collections."""
    return all(check.ok or check.error == PermissionMissing.code for check in checks)


def reason_of(checks: Sequence[Check]) -> str:
    """The failed checks in sentences."""
    return " ".join(check.message for check in checks if not check.ok)


def reason_and_action(checks: Sequence[Check]) -> str:
    """The failed checks in sentences, each with what to do about it."""
    return " ".join(f"{check.message} {check.action}".strip() for check in checks if not check.ok)


def stored_report(report: ProbeReport, at: dt.datetime) -> dict[str, Any]:
    """A report as it is kept with the connection."""
    stored: dict[str, Any] = msgspec.to_builtins(
        {"at": at, "checks": list(report.checks), "fingerprint": report.fingerprint}
    )
    return stored


def connection_catalog_read(*, connection: Connection) -> Catalog:
    """Asks the PSA for boards, statuses and custom fields, and keeps the answer. Raises the errors of ``integrations.errors``."""
    adapter = connection_open_unless_refused(connection)
    try:
        catalog = catalog_read(adapter, database_clock.now())
    except IntegrationError as err:
        if isinstance(err, AuthenticationFailed):
            connection_failing(connection_id=connection.pk, state=Connection.State.REFUSED, reason=err.message)
        raise
    finally:
        adapter.close()
    with tenant_transaction(connection.organization_id):
        Connection.objects.filter(pk=connection.pk).update(catalog=msgspec.to_builtins(catalog))
    connection_answered(connection_id=connection.pk)
    return catalog


MOST_COUNTED, AT_ONCE = 2000, 100
"""Companies whose tickets are counted to be taken off, and how many one request names."""


def connection_scope_count(
    *, connection: Connection, settings: ConnectionSettings, outside: Sequence[str] = ()
) -> int | None:
    """How many tickets the PSA counts with other settings; None where it can't count them. ``outside``: the companies that those
    leave out, whose tickets are counted by themselves and taken off. Raises the errors of ``integrations.errors``."""
    if len(outside) > MOST_COUNTED:
        return None
    kept = connection.settings.get("date_range_days", 365) == settings.date_range_days
    start = connection.range_start if kept else range_start(settings, database_clock.now())
    adapter = connection_open_unless_refused(connection)
    try:
        scope = scope_from(settings, start)
        parts = [tuple(outside[place : place + AT_ONCE]) for place in range(0, len(outside), AT_ONCE)]
        asked = [scope, *(msgspec.structs.replace(scope, company_ids=part) for part in parts)]
        counts = [adapter.count(ReadRequest(stream="tickets", scope=part)) for part in asked]
        known = [count for count in counts if count is not None]
        return known[0] - sum(known[1:]) if len(known) == len(counts) else None
    finally:
        adapter.close()
