"""Coming in by an invitation, and changing the organization."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST

from foundation.core.errors import Refused
from foundation.tenancy.access import memberships_of
from foundation.tenancy.models import Organization
from foundation.tenancy.services.invitations import (
    OpenInvitation,
    invitation_accept,
    invitation_accept_as_new,
    invitation_by_token,
)
from foundation.tenancy.services.people import last_organization_set, log_in_exists
from portal.web.middleware import SESSION_KEY
from portal.web.people.forms import NewPersonForm, add_refusal
from portal.web.request import PortalRequest

KEPT_KEYS = ("_auth_", "account_")
"""What a session keeps when the organization changes: the log-in. Messages and anything else belong to the other one."""


@require_POST
@login_required
def switch_organization(request: PortalRequest) -> HttpResponse:
    """To the dashboard of another of the person's organizations; 404 for any other."""
    wanted = request.POST.get("organization", "")
    found = next((m for m in memberships_of(request.user.pk) if str(m.organization_id) == wanted), None)
    if found is None:
        raise Http404
    _enter(request, found.organization_id)
    return redirect(settings.LOGIN_REDIRECT_URL)


@login_required
def no_organization(request: PortalRequest) -> HttpResponse:
    """For somebody who was removed everywhere, or not invited yet."""
    if request.access.membership is not None:
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "people/no_organization.html")


@never_cache
@sensitive_post_parameters("password")
@sensitive_variables("token")
def invitation(request: PortalRequest, token: str) -> HttpResponse:
    """Who invites to what; joining is a press of a button, so that a mail scanner that opens links joins nothing."""
    found = invitation_by_token(token)
    if found is None:
        return render(request, "people/invitation_ended.html", status=404)
    if request.user.is_authenticated:
        return _join(request, token, found)
    if log_in_exists(found.email):
        return render(request, "people/invitation.html", {"invitation": found, "must_log_in": True})
    return _join_as_new(request, token, found)


@sensitive_variables("token")
def _join(request: PortalRequest, token: str, found: OpenInvitation) -> HttpResponse:
    fits = request.user.email.lower() == found.email.lower()
    problem = ""
    if request.method == "POST" and fits:
        try:
            return _welcome(request, invitation_accept(token=token, user=request.user))
        except Refused as refused:
            problem = refused.message
    context = {"invitation": found, "fits": fits, "problem": problem}
    return render(request, "people/invitation.html", context, status=400 if problem else 200)


@sensitive_variables("token")
def _join_as_new(request: PortalRequest, token: str, found: OpenInvitation) -> HttpResponse:
    form = NewPersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user, organization = invitation_accept_as_new(token=token, **form.cleaned_data)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            login(request, user)
            return _welcome(request, organization)
    context = {"invitation": found, "form": form}
    return render(request, "people/invitation.html", context, status=400 if form.errors else 200)


def _welcome(request: PortalRequest, organization: Organization) -> HttpResponse:
    _enter(request, organization.pk)
    return redirect(settings.LOGIN_REDIRECT_URL)


def _enter(request: PortalRequest, organization_id: int) -> None:
    for key in list(request.session.keys()):
        if not key.startswith(KEPT_KEYS):
            del request.session[key]
    request.session[SESSION_KEY] = organization_id
    last_organization_set(user=request.user, organization_id=organization_id)
