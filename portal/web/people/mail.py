"""Mails to people who were invited."""

from __future__ import annotations

import smtplib

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from foundation.tenancy.access import Membership
from foundation.tenancy.models import User
from foundation.tenancy.services.invitations import Offered

logger = structlog.get_logger(__name__)


def send_invitation(offered: Offered, organization: Membership, sender: User) -> bool:
    """Sends the link; False when the mail server does not take it. Not to be called inside a transaction."""
    body = render_to_string(
        "emails/invitation.txt",
        {
            "link": settings.BASE_URL + reverse("web:invitation", args=[offered.token]),
            "organization": organization.name,
            "sender": sender,
            "role": offered.invitation.role.name,
            "expires_at": offered.invitation.expires_at,
        },
    )
    try:
        send_mail(f"Join {organization.name} on MSPortal", body, None, [offered.invitation.email])
    except (OSError, smtplib.SMTPException) as err:
        logger.warning("invitation_not_sent", error=type(err).__name__)
        return False
    return True
