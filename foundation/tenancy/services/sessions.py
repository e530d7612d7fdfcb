"""Log-in sessions."""

from __future__ import annotations

from django.db.models import F

from foundation.tenancy.models import User


def sessions_end(*, user: User) -> None:
    """Ends all sessions of the person on all devices: each is bound to the generation that it began in."""
    User.objects.filter(pk=user.pk).update(session_generation=F("session_generation") + 1)
