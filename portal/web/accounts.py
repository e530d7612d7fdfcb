"""How logging in behaves here, and what of it the audit keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ResetPasswordForm
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from foundation.tenancy.access import memberships_of
from foundation.tenancy.models import User
from foundation.tenancy.origin import acting, current_origin
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.audit import audit_record
from foundation.tenancy.services.log_in_limits import (
    account_of,
    attempt_begin,
    attempt_succeeded,
    failures_forget,
    failures_purge,
)
from foundation.tenancy.services.password_resets import password_reset_request
from foundation.tenancy.services.sessions import sessions_end
from portal.web import known_browser
from portal.web.client_address import client_address, network_of
from sync.dispatch import dispatch_password_resets

View = Callable[..., HttpResponseBase]
logger = structlog.get_logger(__name__)
STRANGER = "Somebody who could not log in"
TOO_MANY = (
    "Too many failed login attempts. Wait a few minutes, or set a new password by the link below: "
    "that lets the right person in at once."
)


class PasswordResetForm(ResetPasswordForm):
    """Keeps the address and looks nobody up: a worker does."""

    def clean_email(self) -> str:
        self.users: list[User] = []
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        email = str(self.cleaned_data["email"])
        password_reset_request(email=email)
        transaction.on_commit(dispatch_password_resets)
        return email


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up by themselves: people are invited. Links in mails lead to BASE_URL, whatever the Host header says."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        user, _, rest = key.partition("-")
        return settings.BASE_URL + reverse("account_reset_password_from_key", kwargs={"uidb36": user, "key": rest})

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """The person, where the password is right. Raises ValidationError when too many were wrong, before it is looked at."""
        account = account_of(str(credentials.get("email") or ""))
        attempt = attempt_begin(
            account=account,
            address=network_of(client_address(request)),
            browser=known_browser.name_of(request, account),
        )
        if not attempt.allowed:
            raise ValidationError(TOO_MANY, code="too_many_login_attempts")
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None:
            attempt_succeeded(attempt)
        else:
            failures_purge()
        return user

    def get_client_ip(self, request: HttpRequest) -> str:
        """For the rate limits. Callers on a unix socket without a trusted proxy count as one."""
        return client_address(request) or "unknown"

    def format_email_subject(self, subject: str) -> str:
        return subject


def logged_in(*, user: User, request: HttpRequest | None = None, **kwargs: Any) -> None:
    _proved(request, user)
    _record_everywhere(user, "session.started")


def logged_out(*, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        _record_everywhere(user, "session.ended")


def logged_out_everywhere(view: View) -> View:
    """The log-out view: with ``everywhere`` all of the person's sessions end, on other devices too."""

    @wraps(view)
    def ended(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if request.method == "POST" and "everywhere" in request.POST and isinstance(user, User):
            sessions_end(user=user)
            _record_everywhere(user, "session.ended_everywhere")
        return view(request, *args, **kwargs)

    return ended


def log_in_failed(*, credentials: dict[str, Any], **kwargs: Any) -> None:
    """Kept where the address belongs to a person; of other addresses only the number shows, in the log."""
    user = User.objects.filter(email__iexact=str(credentials.get("email") or "")).first()
    logger.warning("log_in_failed", known=user is not None, ip_address=current_origin().ip_address)
    if user is not None:
        with acting(replace(current_origin(), actor_id=None, actor_label=STRANGER)):
            _record_everywhere(user, "session.refused", target=user)


def password_changed(*, user: User, **kwargs: Any) -> None:
    _record_everywhere(user, "password.changed")


def password_was_reset(*, user: User, request: HttpRequest | None = None, **kwargs: Any) -> None:
    """By the mailed link: earlier wrong passwords were somebody else's, or are made good."""
    failures_forget(account=account_of(user.email))
    _proved(request, user)
    _record_everywhere(user, "password.changed")


def _proved(request: HttpRequest | None, user: User) -> None:
    """For ``KnownBrowsers``, which sees the answer."""
    if request is not None:
        vars(request)["proved_email"] = user.email


def _record_everywhere(user: User, action: str, target: Model | None = None) -> None:
    """A log-in is one for all of a person's organizations, and each of them may want to know."""
    for membership in memberships_of(user.pk):
        with tenant_transaction(membership.organization_id):
            audit_record(action=action, target=target, actor=None if target else user)
