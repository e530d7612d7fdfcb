"""Inviting people, and taking it back. Mails go out between the transactions."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from foundation.core.errors import Refused
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.selectors import invitation_list
from foundation.tenancy.services.invitations import Offered, invitation_create, invitation_renew, invitation_revoke
from portal.web.access import requires
from portal.web.middleware import waits_on_network
from portal.web.people.forms import InviteForm, add_refusal
from portal.web.people.mail import send_invitation
from portal.web.people.members import grantable
from portal.web.request import PortalRequest


@waits_on_network
@requires("manage_users")
def invite(request: PortalRequest) -> HttpResponse:
    """An address and a role."""
    with tenant_transaction():
        form = InviteForm(request.POST or None, roles=grantable(request))
    if request.method == "POST" and form.is_valid():
        try:
            with tenant_transaction():
                offered = invitation_create(email=form.cleaned_data["email"], role=form.chosen, actor=request.user)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return _sent(request, offered)
    return render(request, "people/invite.html", {"form": form}, status=400 if form.errors else 200)


@require_POST
@waits_on_network
@requires("manage_users")
def resend(request: PortalRequest, pk: int) -> HttpResponse:
    try:
        with tenant_transaction():
            invitation = get_object_or_404(invitation_list(), pk=pk)
            offered = invitation_renew(invitation=invitation, actor=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("web:people")
    return _sent(request, offered)


@require_POST
@requires("manage_users")
def revoke(request: PortalRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(invitation_list(), pk=pk)
    try:
        invitation_revoke(invitation=invitation, actor=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, f"The invitation of {invitation.email} was taken back; its link no longer works.")
    return redirect("web:people")


def _sent(request: PortalRequest, offered: Offered) -> HttpResponse:
    email = offered.invitation.email
    if send_invitation(offered, request.organization, request.user):
        messages.success(request, f"An invitation is on its way to {email}.")
    else:
        messages.error(
            request, f"The mail server did not take the invitation to {email}. It is kept: send it again in a while."
        )
    return redirect("web:people")
