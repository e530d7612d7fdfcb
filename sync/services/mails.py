"""Mails about syncs: once per cause when a connection fails, an all-clear when it works again, and a digest for the morning.

A mail is sent outside of every transaction, and booked when the mail server has taken it: what is killed in between is sent again.
"""

from __future__ import annotations

import datetime as dt
import smtplib
from collections.abc import Sequence
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import BadHeaderError, EmailMessage, get_connection
from django.db.models import Q
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse

from foundation.core import database_clock
from foundation.tenancy.models import Membership, Organization, TenantManager, User
from foundation.tenancy.scope import system_transaction, tenant_transaction
from foundation.tenancy.zones import zone_named
from integrations.models import Connection
from sync.isolation import isolated
from sync.models import Alarm, Issue, MailChoice, Run
from sync.models.alarm import TO_TELL
from sync.services.nightly_schedule import next_night

log = structlog.get_logger("sync")
CLAIM = dt.timedelta(minutes=3)
"""How long a worker may take for one mail, and when the next one tries if it did not succeed."""
PUT_OFF = dt.timedelta(hours=1)
"""When a mail is tried again that could not even be written."""
MORNING = dt.time(7, 0)
DAY = dt.timedelta(days=1)


def mails_due() -> list[int]:
    """Organizations in which a mail is to be sent."""
    with system_transaction():
        now = database_clock.now()
        alarms = Alarm.objects.filter(untold(now))
        digests = MailChoice.objects.filter(digest_next_at__lte=now)
        return sorted(
            set(alarms.values_list("organization_id", flat=True))
            | set(digests.values_list("organization_id", flat=True))
        )


def untold(now: dt.datetime) -> Q:
    """Alarms that a mail is due about and that no worker is at."""
    return TO_TELL & (Q(claimed_until=None) | Q(claimed_until__lt=now))


def mails_send() -> int:
    """Sends what is due in the current tenant scope, outside a transaction. Returns how many mails the server took."""
    sent = 0
    while (alarm := _claimed_alarm()) is not None:
        with isolated("a mail about a sync", alarm.organization_id, alarm=alarm.pk) as turn:
            sent += _tell(alarm)
        if turn.reference:
            _put_off(Alarm.objects, alarm.pk, "claimed_until")
    while (choice := _claimed_digest()) is not None:
        with isolated("a digest", choice.organization_id, choice=choice.pk) as turn:
            sent += _digest(choice)
        if turn.reference:
            _put_off(MailChoice.objects, choice.pk, "digest_next_at")
    return sent


def _put_off(rows: TenantManager[Any], key: int, until: str) -> None:
    """What could not be written is tried again after ``PUT_OFF``."""
    with tenant_transaction():
        rows.filter(pk=key).update(**{until: Now() + PUT_OFF})


def _claimed_alarm() -> Alarm | None:
    with tenant_transaction():
        now = database_clock.now()
        free = Alarm.objects.select_for_update(skip_locked=True, of=("self",), no_key=True).select_related("connection")
        alarm = free.filter(untold(now)).order_by("pk").first()
        if alarm is not None:
            Alarm.objects.filter(pk=alarm.pk).update(claimed_until=now + CLAIM)
        return alarm


def _tell(alarm: Alarm) -> int:
    """Mails about one alarm, and books them. A trouble that was over before anybody was told of it is nobody's news."""
    over = alarm.ended_at is not None
    with tenant_transaction():
        recipients = failure_recipients() if not over or alarm.told_at is not None else []
        organization = Organization.objects.get(pk=alarm.organization_id)
    about = {
        "alarm": alarm,
        "connection": alarm.connection,
        "organization": organization,
        "run": run_link(alarm),
        "choices": link("web:notifications"),
        "zone": zone_named(organization.time_zone),
    }
    name = "sync_recovered" if over else ("sync_held" if alarm.code == Run.Result.HELD else "sync_failed")
    subject = {
        "sync_recovered": f"{alarm.connection.name} {'syncs' if alarm.end_run else 'works'} again",
        "sync_held": f"{alarm.connection.name}: a sync waits for your decision",
        "sync_failed": f"{alarm.connection.name}: the sync fails",
    }[name]
    sent = send(recipients, subject, render_to_string(f"emails/{name}.txt", about))
    if sent is None:
        return 0
    told: dict[str, Any] = {"end_told_at": Now()} if over else {"told_at": Now()}
    with tenant_transaction():
        # Another cause meanwhile stays untold: its mail is still to come.
        Alarm.objects.filter(pk=alarm.pk, code=alarm.code, cause=alarm.cause).update(**told)
        Alarm.objects.filter(pk=alarm.pk).update(claimed_until=None)
    return sent


def run_link(alarm: Alarm) -> str:
    """The address of the run that a mail about the alarm is about; "" where it ended without one."""
    run = alarm.run if alarm.ended_at is None else alarm.end_run
    return link("web:run", run) if run is not None else ""


def failure_recipients() -> list[str]:
    """The addresses of those who can do something about a failing connection and did not say no."""
    refusals = MailChoice.objects.filter(failures=False).values("user_id")
    able = Membership.objects.filter(role__permissions__contains=["manage_integrations"], user__is_active=True)
    return list(able.exclude(user_id__in=refusals).order_by("user__email").values_list("user__email", flat=True))


def _claimed_digest() -> MailChoice | None:
    with tenant_transaction():
        now = database_clock.now()
        free = MailChoice.objects.select_for_update(skip_locked=True, of=("self",), no_key=True).select_related("user")
        choice = free.filter(digest_next_at__lte=now).order_by("pk").first()
        if choice is not None:
            MailChoice.objects.filter(pk=choice.pk).update(digest_next_at=now + CLAIM)
        return choice


def _digest(choice: MailChoice) -> int:
    with tenant_transaction():
        organization = Organization.objects.get(pk=choice.organization_id)
        belongs = Membership.objects.filter(
            user_id=choice.user_id, role__permissions__contains=["view_integration_logs"]
        )
        wanted = belongs.exists() and choice.user.is_active
        about = digest_of(organization, database_clock.now()) if wanted else {}
    sent = 0
    if wanted:
        subject = f"{organization.name}: {about['headline']}"
        taken = send([choice.user.email], subject, render_to_string("emails/digest.txt", about))
        if taken is None:
            return 0
        sent = taken
    with tenant_transaction():
        following = digest_next(organization.time_zone, database_clock.now()) if wanted else None
        MailChoice.objects.filter(pk=choice.pk).update(digest_next_at=following)
    return sent


def digest_of(organization: Organization, now: dt.datetime) -> dict[str, Any]:
    """What the last day brought, for the digest's template: a line a connection, open issues, runs that wait for a person."""
    lines = []
    for connection in Connection.objects.exclude(state=Connection.State.DRAFT).order_by("name"):
        runs = Run.objects.filter(connection_id=connection.pk).exclude(kind=Run.Kind.PREVIEW)
        lately = list(runs.filter(finished_at__gte=now - DAY).values_list("result", flat=True))
        good = runs.filter(result__in=["success", "no_change", "warning"]).order_by("-finished_at").first()
        lines.append(
            {
                "connection": connection,
                "runs": len(lately),
                "errors": lately.count(Run.Result.ERROR),
                "warnings": lately.count(Run.Result.WARNING),
                "good_at": good.finished_at if good is not None else None,
                "issues": Issue.objects.filter(connection_id=connection.pk, cleared_at=None, dismissed_at=None).count(),
                "trouble": Alarm.objects.filter(connection_id=connection.pk, ended_at=None).first(),
                "held": [link("web:run", run.pk) for run in runs.filter(state=Run.State.HELD)],
            }
        )
    troubled = [line for line in lines if line["errors"] or line["trouble"] or line["held"] or line["issues"]]
    headline = "all syncs are well" if not troubled else f"{len(troubled)} of {len(lines)} connections need a look"
    return {
        "organization": organization,
        "lines": lines,
        "headline": headline,
        "zone": zone_named(organization.time_zone),
        "issues": link("web:issues"),
        "history": link("web:sync_history"),
        "choices": link("web:notifications"),
    }


def digest_next(zone: str, now: dt.datetime) -> dt.datetime:
    """The next morning of the zone after ``now``, whatever the clocks do in between."""
    return next_night(MORNING, zone_named(zone), dt.timedelta(), after=now)[1]


def mail_choose(*, user: User, organization: Organization, failures: bool, digest: bool) -> MailChoice:
    """Keeps which mails the person wants. In a tenant transaction."""
    following = digest_next(organization.time_zone, database_clock.now()) if digest else None
    choice, _ = MailChoice.objects.update_or_create(
        organization_id=organization.pk,
        user=user,
        defaults={"failures": failures, "digest": digest, "digest_next_at": following},
    )
    return choice


def mail_choice_of(user: User) -> MailChoice:
    """The person's choice, or what holds without one (not stored)."""
    return MailChoice.objects.filter(user=user).first() or MailChoice(user=user)


def link(name: str, *arguments: object) -> str:
    """An address to put into a mail."""
    return settings.BASE_URL + reverse(name, args=arguments)


def send(recipients: Sequence[str], subject: str, body: str) -> int | None:
    """One mail each, so that nobody learns the others' addresses. How many the server took, without those that it refuses;
    None when it was not to be had."""
    taken = 0
    server = get_connection()
    for address in recipients:
        message = EmailMessage(" ".join(subject.split()), body, None, [address])
        try:
            taken += server.send_messages([message]) or 0
        except (OSError, smtplib.SMTPException, UnicodeError, BadHeaderError) as err:
            if not is_refusal(err):
                log.warning("The mail server did not take a mail; it is tried again", error=type(err).__name__)
                return None
            log.warning("One address takes no mail; the others get theirs", error=type(err).__name__)
    return taken


def is_refusal(error: Exception) -> bool:
    """Whether it is one address that is wrong, or what was to be sent to it, and would be so again: SMTP's codes from 500 on."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, UnicodeError | BadHeaderError) or (
        isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500
    )
