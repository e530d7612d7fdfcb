"""The request as our middleware leaves it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from foundation.tenancy.access import Access, Membership
from foundation.tenancy.models import User


def sent_back(request: HttpRequest, otherwise: str) -> HttpResponseRedirect:
    """To the page of ours that a form names as ``next``, else to ``otherwise``."""
    wanted = request.POST.get("next", "")
    ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return HttpResponseRedirect(wanted if ours else otherwise)


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
