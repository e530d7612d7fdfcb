"""How logging in behaves here, and what of it the audit keeps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from portal.tenancy.access import memberships_of
from portal.tenancy.models import User
from portal.tenancy.origin import acting, current_origin
from portal.tenancy.scope import tenant_transaction
from portal.tenancy.services.audit import audit_record
from portal.web.client_address import client_address

logger = structlog.get_logger(__name__)
STRANGER = "Somebody who could not log in"


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up by themselves: people are invited. Links in mails lead to BASE_URL, whatever the Host header says."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        user, _, rest = key.partition("-")
        return settings.BASE_URL + reverse("account_reset_password_from_key", kwargs={"uidb36": user, "key": rest})

    def get_client_ip(self, request: HttpRequest) -> str:
        """For the rate limits. Callers on a unix socket without a trusted proxy count as one."""
        return client_address(request) or "unknown"

    def format_email_subject(self, subject: str) -> str:
        return subject


def logged_in(*, user: User, **kwargs: Any) -> None:
    _record_everywhere(user, "session.started")


def logged_out(*, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        _record_everywhere(user, "session.ended")


def log_in_failed(*, credentials: dict[str, Any], **kwargs: Any) -> None:
    """Kept where the address belongs to a person; of other addresses only the number shows, in the log."""
    user = User.objects.filter(email__iexact=str(credentials.get("email") or "")).first()
    logger.warning("log_in_failed", known=user is not None, ip_address=current_origin().ip_address)
    if user is not None:
        with acting(replace(current_origin(), actor_id=None, actor_label=STRANGER)):
            _record_everywhere(user, "session.refused", target=user)


def password_changed(*, user: User, **kwargs: Any) -> None:
    _record_everywhere(user, "password.changed")


def _record_everywhere(user: User, action: str, target: Model | None = None) -> None:
    """A log-in is one for all of a person's organizations, and each of them may want to know."""
    for membership in memberships_of(user.pk):
        with tenant_transaction(membership.organization_id):
            audit_record(action=action, target=target, actor=None if target else user)
