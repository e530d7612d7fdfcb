"""Links that set a new password. Asking for one writes a row and nothing else, whether or not the address has a log-in; a worker looks,
and sends. So neither the answer nor its time tells who has an account, and a mail server that is slow or away holds no page up.
"""

from __future__ import annotations

import datetime as dt
import smtplib

import structlog
from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.mail import send_mail
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string

from foundation.tenancy.models import PasswordResetRequest, User

CLAIM = dt.timedelta(minutes=2)
"""How long a worker may take for one mail, and when the next one tries if it did not succeed."""
GIVES_UP = dt.timedelta(hours=2)
BATCH = 100
TEMPLATE = "account/email/password_reset_key"
logger = structlog.get_logger(__name__)


def password_reset_request(*, email: str) -> None:
    """Keeps that a link was asked for. The same statement for every address."""
    PasswordResetRequest.objects.create(email=email.strip().lower()[:254], asked_at=Now(), not_before=Now())


def password_resets_waiting() -> bool:
    """Whether a worker has something to look at."""
    return PasswordResetRequest.objects.filter(not_before__lte=Now()).exists()


def password_resets_send() -> int:
    """Sends what is due, each address one link. Not to be called inside a transaction. Returns how many mails the server took."""
    sent = 0
    for email in _claimed():
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        if user is not None and not _sent(user):
            continue
        sent += user is not None
        PasswordResetRequest.objects.filter(email=email).delete()
    return sent


def _claimed() -> list[str]:
    """Addresses that nobody else looks at meanwhile."""
    with transaction.atomic():
        PasswordResetRequest.objects.filter(asked_at__lt=Now() - GIVES_UP).delete()
        due = PasswordResetRequest.objects.select_for_update(skip_locked=True, no_key=True).filter(
            not_before__lte=Now()
        )
        rows = dict(due.order_by("not_before").values_list("pk", "email")[:BATCH])
        PasswordResetRequest.objects.filter(pk__in=rows).update(not_before=Now() + CLAIM)
    return list(dict.fromkeys(rows.values()))


def _sent(user: User) -> bool:
    """Whether the mail server took the link; it is tried again otherwise."""
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    context = {"user": user, "password_reset_url": get_adapter().get_reset_password_from_key_url(key)}
    subject = " ".join(render_to_string(f"{TEMPLATE}_subject.txt", context).split())
    try:
        send_mail(subject, render_to_string(f"{TEMPLATE}_message.txt", context), None, [user.email])
    except (OSError, smtplib.SMTPException) as err:
        logger.warning("password_reset_not_sent", user=user.pk, error=type(err).__name__)
        return False
    return True
