"""People of an organization, and their roles."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from foundation.core.errors import Refused
from foundation.tenancy.models import Role
from foundation.tenancy.selectors import invitation_list, member_list, role_list
from foundation.tenancy.services.people import membership_held, membership_remove, membership_role_set
from portal.web.access import requires
from portal.web.people.forms import RoleChoiceForm, add_refusal
from portal.web.request import PortalRequest

PAGE = 50


@requires("manage_users")
def people(request: PortalRequest) -> HttpResponse:
    """Members by name, and the invitations that are open."""
    text = request.GET.get("q", "").strip()
    page = Paginator(member_list(text), PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "text": text, "invitations": invitation_list()[:PAGE]}
    return render(request, "people/people.html", context)


@requires("manage_users")
def person(request: PortalRequest, pk: int) -> HttpResponse:
    """One member: role, and the way out."""
    member = get_object_or_404(member_list(), pk=pk)
    try:
        stored = membership_held(member) if request.method == "POST" else member
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("web:people")
    form = RoleChoiceForm(request.POST or None, roles=grantable(request), initial={"role": stored.role_id})
    if request.method == "POST" and form.is_valid():
        try:
            membership_role_set(membership=stored, role=form.chosen, actor=request.user)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"{member.user} is now {form.chosen.name}.")
            return redirect("web:people")
    return render(request, "people/person.html", {"member": member, "form": form}, status=400 if form.errors else 200)


@require_POST
@requires("manage_users")
def person_remove(request: PortalRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(member_list(), pk=pk)
    try:
        membership_remove(membership=member, actor=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("web:person", pk=pk)
    messages.success(request, f"{member.user} was removed. The log-in stays, without access to this organization.")
    return redirect("web:people")


def grantable(request: PortalRequest) -> list[Role]:
    """The roles that hold nothing which the person lacks."""
    return [role for role in role_list() if all(request.access.can(name) for name in role.permissions)]
