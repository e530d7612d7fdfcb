"""The request as our middleware leaves it."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from portal.tenancy.access import Access, Membership
from portal.tenancy.models import User


def number_of(text: str) -> int | None:
    """A row's id in an address; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


class PortalRequest(HttpRequest):
    """For annotations: ``access`` and ``organization`` are set by ``TenantRequest``; behind ``requires(…)`` both are there."""

    access: Access
    organization: Membership
    user: User
    htmx: HtmxDetails


class IncomingRequest(HttpRequest):
    """Before anybody was let in: ``organization`` is None for people without one, and for nobody."""

    access: Access
    organization: Membership | None
